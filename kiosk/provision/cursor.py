"""A theme of cursors that cannot be seen: a screen that is touched needs none, and one left lying about irritates.

Source: Xcursor(3), "Cursor Files": a header, a table of contents, one image with its pixels in ARGB.
"""

import struct
from collections.abc import Iterator

_IMAGE = 0xFFFD0002
_SIZE = 24
NAMES = (
    "default",
    "left_ptr",
    "pointer",
    "hand",
    "hand1",
    "hand2",
    "text",
    "xterm",
    "grab",
    "grabbing",
    "wait",
    "watch",
)


def empty_cursor() -> bytes:
    """A cursor file with one transparent pixel."""
    header = struct.pack("<4sIII", b"Xcur", 16, 0x10000, 1)
    contents = struct.pack("<III", _IMAGE, _SIZE, 28)
    image = struct.pack("<IIIIIIIIII", 36, _IMAGE, _SIZE, 1, 1, 1, 0, 0, 50, 0)
    return header + contents + image


def cursor_files() -> Iterator[tuple[str, bytes]]:
    """The files of the theme, by their paths in it."""
    yield "index.theme", b"[Icon Theme]\nName=idcard-blank\nComment=No cursor\n"
    for name in NAMES:
        yield f"cursors/{name}", empty_cursor()
