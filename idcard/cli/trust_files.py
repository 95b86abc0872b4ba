"""Files that somebody wants to have in the trust store, and what to say of one that cannot be that."""

from pathlib import Path
from typing import ClassVar, Final

import typer

from idcard.errors import MalformedData

MAX_FILE_BYTES = 512 << 20

_BEGINNINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"PK\x03\x04", "a ZIP archive, which must be unpacked first"),
    (b"\x1f\x8b", "a gzip archive, which must be unpacked first"),
    (b"<", "a web page or XML"),
    (b"{", "JSON"),
    (b"idcard.pins/", "a list of pinned signers, which belongs to --pins"),
    (b"format = ", "settings of a trust store"),
    (b"\xa3fformat", "an evidence file"),
)


class NothingForTheStore(MalformedData):
    """The file holds nothing that belongs into a trust store; ``looks_like`` says what it seems to be."""

    code: ClassVar[str] = "nothing_for_the_store"

    def __init__(self, looks_like: str, *, where: str) -> None:
        super().__init__(f"is nothing that belongs into a trust store; it looks like {looks_like}", where=where)


def bytes_of(file: Path) -> bytes:
    """What is in the file.

    :raises typer.BadParameter: if it cannot be read, or is too long.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read") from error
    if len(data) > MAX_FILE_BYTES:
        raise typer.BadParameter(f"{file} is too long")
    return data


def looks_like(data: bytes, problem: str) -> str:
    """What data seems to be that is nothing for the store; ``problem`` is what was found wrong with it."""
    start = data[:4096].lstrip()
    if not start:
        return "an empty file"
    if b"PRIVATE KEY-----" in data:
        return "a private key, which belongs to nobody but its owner"
    if start[:1] == b"\x30" or b"-----BEGIN " in data:
        return f"a damaged certificate or list, or something else in that form ({problem})"
    known = next((name for beginning, name in _BEGINNINGS if start.startswith(beginning)), None)
    return known or ("text" if _is_text(start) else "data of an unknown kind")


def _is_text(start: bytes) -> bool:
    return b"\0" not in start and start.decode("utf-8", "replace").count("\ufffd") <= 1
