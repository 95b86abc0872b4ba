"""What opens the chip, from the command line's options, a file, standard input or a prompt.

Secrets given as ``-`` come from standard input: typed after a prompt where that is a terminal. So they need not stand
in the shell's history or in the list of processes.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import typer

import idcard
from idcard.cli.texts import Language, say
from idcard.vietnam.card_qr import looks_like_card_qr

Keys = idcard.AccessKey | idcard.CardQr

_MAX_TEXT = 8192
_MAX_FILE = 32 << 20
_MRZ_LENGTHS = (90, 72, 88)
_CAN_DIGITS = 6


def take_keys(mrz: str | None, can: str | None, card_qr: str | None, language: Language) -> Keys:
    """The access key, or the card's QR, from the one option that was given.

    :raises typer.BadParameter: if none or several were given, or the one is not well formed.
    """
    given = [
        (option, text, make)
        for option, text, make in (("mrz", mrz, mrz_key), ("can", can, can_key), ("card_qr", card_qr, card_qr_of))
        if text is not None
    ]
    if len(given) != 1:
        raise typer.BadParameter("give exactly one of --mrz, --can and --card-qr")
    option, text, make = given[0]
    return _made(make, ask(option, language) if text == "-" else text)


def _made(make: Callable[[str], Keys], text: str) -> Keys:
    try:
        return make(text)
    except idcard.ProtocolViolation as error:
        raise typer.BadParameter(str(error)) from error


def can_key(text: str) -> idcard.Can:
    """The access key of six digits."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) == _CAN_DIGITS):
        raise typer.BadParameter("--can takes six digits: the last six of the personal number on a Vietnamese card")
    return idcard.Can(digits)


def mrz_key(text: str) -> idcard.MrzKey:
    """The access key of a whole MRZ, or of ``NUMBER,YYMMDD,YYMMDD`` (document number, birth, expiry)."""
    fields = [field.strip().upper() for field in text.split(",")]
    if len(fields) != 3:
        return idcard.MrzKey(idcard.Mrz.parse(text).information)
    try:
        return idcard.MrzKey.of(*fields)
    except ValueError:
        raise typer.BadParameter("--mrz takes the lines of an MRZ, or NUMBER,YYMMDD,YYMMDD") from None


def card_qr_of(text: str) -> idcard.CardQr:
    """The card's QR: its text, or a file (also as ``@FILE``) that holds the text or an image of the code."""
    if looks_like_card_qr(text):
        return idcard.CardQr.parse(text)
    data = _file(Path(text.removeprefix("@")))
    if looks_like_card_qr(data[: _MAX_TEXT + 1].decode("utf-8", "replace")):
        return idcard.CardQr.from_bytes(data)
    for symbol in idcard.scan(data):
        if looks_like_card_qr(symbol.data.decode("utf-8", "replace")):
            return idcard.CardQr.from_bytes(symbol.data)
    raise typer.BadParameter("there is no QR code of a card in this image")


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_FILE + 1)
    except (OSError, ValueError):
        # Neither the system's message nor ours repeats the argument: it may be a mistyped QR text.
        raise typer.BadParameter("--card-qr takes the text of the code, or a file that can be read") from None


def ask(option: str, language: Language) -> str:
    """What somebody types, or standard input holds, for the option ``option``."""
    if not sys.stdin.isatty():
        return sys.stdin.read(_MAX_TEXT)
    if option == "can":
        typed: str = typer.prompt(say("ask.can", language), hide_input=True, err=True)
        return typed
    typer.echo(say(f"ask.{option}", language), err=True)
    return _lines(complete=_whole_mrz if option == "mrz" else looks_like_card_qr)


def _lines(complete: Callable[[str], bool]) -> str:
    """Lines from standard input until an empty one, or until they are complete."""
    text = ""
    while len(text) < _MAX_TEXT:
        line = sys.stdin.readline(_MAX_TEXT)
        text += line
        if not line.strip() or complete(text):
            break
    return text


def _whole_mrz(text: str) -> bool:
    return len("".join(text.split())) in _MRZ_LENGTHS
