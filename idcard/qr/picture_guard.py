"""What a picture would cost to decode, found out before it is.

Theory of operation. A JPEG may say the same pixels again and again: each *scan* of a progressive picture refines all
of them, and nothing in the format bounds how many there are. A scan takes a few bytes and the time of a whole picture.
So the scans are counted beforehand, from marker to marker, which takes no decoding: cameras and programs write one to
a dozen. What is counted is pixels, each as often as there are scans.

A WebP gets its canvas, and a second one for frames that move, as soon as it is opened: so its size is read beforehand.

Source: ITU-T T.81 (JPEG), "Compressed data formats"; RFC 9649 (WebP), "Extended File Format".
"""

import re

from idcard.errors import BoundExceeded

MAX_SCANS = 64
MAX_SCANNED_PIXELS = 480_000_000
"""Twelve scans of the largest picture, and all 64 of one with 7.5 million pixels."""

_START = b"\xff\xd8"
# What ends a run of compressed data: a marker that is neither a stuffed zero nor a restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH = frozenset({0x01, 0xD8})


def check_scans(image: bytes, *, width: int, height: int) -> None:
    """Nothing, where decoding a JPEG costs no more than it should; other kinds of pictures are not looked at.

    :param width: in pixels, as the picture says. :param height: the same.
    :raises BoundExceeded: if its scans are too many, for themselves or for its size.
    """
    if not image.startswith(_START):
        return
    most = min(MAX_SCANS, MAX_SCANNED_PIXELS // max(1, width * height))
    scans = count_scans(image, most=most)
    if scans > most:
        raise BoundExceeded("image: too many scans", where="image", scans=scans)


def check_canvas(image: bytes, *, most: int) -> None:
    """Nothing, where a WebP's canvas has at most so many pixels; other kinds say their size without being decoded.

    :raises BoundExceeded: if it has more.
    """
    if not (image.startswith(b"RIFF") and image[8:16] == b"WEBPVP8X"):
        # The other two kinds of WebP have sides of 14 bits and one frame, which is decoded later.
        return
    width, height = (int.from_bytes(image[at : at + 3], "little") + 1 for at in (24, 27))
    if width * height > most:
        raise BoundExceeded("image: too many pixels", where="image", width=width, height=height)


def count_scans(jpeg: bytes, *, most: int) -> int:
    """How many scans a JPEG has; once there are more than ``most``, the rest is not looked at."""
    scans, at = 0, 0
    while scans <= most and (marker := _MARKER.search(jpeg, at)):
        kind, at = marker[1][0], marker.end()
        if kind == _END_OF_IMAGE:
            break
        scans += kind == _START_OF_SCAN
        if kind not in _WITHOUT_LENGTH:
            at += int.from_bytes(jpeg[at : at + 2])
    return scans
