"""Where the commands for codes get their codes from: a picture, a file with a code's bytes, or standard input."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

import idcard

_MAX_FILE = 32 << 20
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"II*\0", b"MM\0*")
# Two letters that any text may begin with: so the rest of the head must be a picture's.
_PICTURE_HEAD = re.compile(
    rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|P[1-6]\s+(?:#[^\n]*\n\s*)*[0-9]+\s+[0-9]+\s", re.DOTALL
)
_PART = re.compile(rb"shc:/[0-9]+/[0-9]+/")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A picture, or a code's own bytes; - is standard input.")]
Trust = Annotated[Path | None, typer.Option(metavar="DIR", help="The trust store, with its folder qr.")]
Demonstration = Annotated[
    bool, typer.Option("--accept-demonstration", help="Also take demonstration certificates, which prove nothing.")
]


def codes_in(file: Path) -> tuple[bytes, ...]:
    """The codes in a picture; or the one code whose bytes the file holds, without the end of a line.

    :raises typer.BadParameter: if it cannot be read.
    """
    data = _bytes_of(file)
    if is_picture(data):
        return _with_parts_joined(tuple(symbol.data for symbol in idcard.scan(data, mode="still")))
    text = data.removesuffix(b"\n").removesuffix(b"\r")
    return (text,) if text else ()


def _with_parts_joined(codes: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The codes, those of one health card that is spread over several put together, if all are there."""
    parts = [code for code in codes if _PART.match(code)]
    try:
        return (*(code for code in codes if code not in parts), idcard.join_health_card(parts))
    except idcard.MalformedData:
        return codes


def is_picture(data: bytes) -> bool:
    """Whether it begins as a picture does."""
    return data.startswith(_PICTURES) or _PICTURE_HEAD.match(data) is not None


def signers_in(trust: Path | None, demonstration: bool) -> idcard.QrTrust:
    """Whose codes are believed; nobody's where no directory is given."""
    if trust is None:
        return idcard.QrTrust.of()
    return idcard.QrTrust.from_directory(trust, accept_demonstration=demonstration)


def printable(text: str) -> str:
    """Text from a code, without the control sequences by which it could write on the terminal what it likes."""
    return "".join(part if part.isprintable() else "\ufffd" for part in text)


def _bytes_of(file: Path) -> bytes:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            return stream.read(_MAX_FILE + 1)
    except OSError:
        # The argument is not repeated: it may be the text of a code, given by mistake.
        raise typer.BadParameter("FILE cannot be read; a code's text goes into a file, or to standard input") from None
