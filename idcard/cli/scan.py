"""What ``idcard scan`` finds in a picture or before a camera, told to people or to programs."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import typer

import idcard
from idcard.cli.camera import FIRST_CAMERA, pictures
from idcard.cli.qr_input import is_picture
from idcard.cli.texts import Language, say

_MAX_FILE = 32 << 20


def scan_file(path: Path) -> idcard.Scan:
    """What is in the picture ``path``; ``-`` is standard input.

    :raises typer.BadParameter: if it cannot be opened.
    """
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}") from error
    if not is_picture(data) and text_of(data) is not None and name_of(data.strip()) != "unknown":
        raise typer.BadParameter("FILE holds text, no picture; a code's own text is judged by: idcard qr verify FILE")
    return idcard.scan(data, mode="still")


def scan_camera(device: str, seconds: float, advise: Callable[[idcard.Advice], None]) -> idcard.Scan:
    """The first picture with a symbol, or the last one without, when the time is over.

    :param device: the camera's file, or ``-`` for the first one.
    :param advise: told what would help, whenever that changes.
    """
    end = monotonic() + seconds
    found, advised = idcard.Scan(), None
    with pictures(FIRST_CAMERA if device == "-" else device) as seen:
        for picture in seen:
            found = idcard.scan(picture)
            if found or monotonic() >= end:
                break
            if found.advice is not None and found.advice is not advised:
                advised = found.advice
                advise(advised)
    return found


def to_json(found: idcard.Scan) -> dict[str, Any]:
    """All that a scan says, for programs; the bytes in hexadecimal, and as text where they are UTF-8."""
    return {
        "symbols": [
            {
                "format": each.format,
                "bytes": each.data.hex(),
                "text": text_of(each.data),
                "recognised": name_of(each.data),
                "corners": [list(corner) for corner in each.corners],
                "module_px": _rounded(each.module_px),
                "unused_correction": _rounded(each.unused_correction),
            }
            for each in found
        ],
        "decoder": found.decoder,
        "rung": found.rung,
        "attempts": found.attempts,
        "ms": _rounded(found.ms),
        "module_px": _rounded(found.module_px),
        "located": found.located,
        "advice": found.advice,
    }


def lines(found: idcard.Scan, language: Language) -> list[str]:
    """The symbols for people: a line about each, and one with what it holds."""
    told = []
    for each in found:
        told.append(say("scan.symbol", language, kind=each.format, count=len(each.data), name=name_of(each.data)))
        text = text_of(each.data)
        told.append(f"  {each.data.hex() if text is None else text}")
    return told


def text_of(data: bytes) -> str | None:
    """The text that UTF-8 strictly makes of it, where a terminal can show it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(part.isprintable() for part in text.splitlines()) else None


def name_of(data: bytes) -> str:
    """The name of the format, which proves nothing; ``malformed`` where its rules are not kept."""
    try:
        return idcard.recognise(data).format
    except idcard.IdCardError:
        return "malformed"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
