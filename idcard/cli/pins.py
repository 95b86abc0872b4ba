"""``idcard trust pins``: two people draft and sign the list of document signers that they pin.

Exit codes are those of :mod:`idcard.cli`; 1 means here that a list is not signed by two of the people named.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard.cli.private_keys import key_in, private
from idcard.cli.shared import NOT_MET, AsJson, In, errors_told, here_and_now, print_json
from idcard.cli.texts import Language
from idcard.cli.trust_files import bytes_of
from idcard.cli.trust_words import say_trust
from idcard.cli.trusted import PinKeysFile
from idcard.trust.archive import replace_file
from idcard.trust.certificates import Certificate
from idcard.trust.contents import Contents, items
from idcard.trust.pins import PEOPLE, draft_pins, drafted
from idcard.trust.signed_text import MAX_BYTES, is_name, signature_line

_YEAR = timedelta(days=365)

app = typer.Typer(help="Draft, sign and show lists of pinned document signers.", no_args_is_help=True)

ListFile = Annotated[Path, typer.Argument(metavar="FILE", help="A list of pins, signed or not.")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written 2026-11-23") from error


@app.command()
def draft(
    signers: Annotated[list[str], typer.Argument(metavar="SIGNER…", help="Certificates, or their SHA-256.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")],
    serial: Annotated[
        int | None, typer.Option(min=0, help="The list's number: higher than that of the list before. 1 otherwise.")
    ] = None,
    first: Annotated[
        date | None, typer.Option("--from", parser=_day, metavar="DAY", help="The first day; today otherwise.")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--until", parser=_day, metavar="DAY", help="The last day; a year later otherwise.")
    ] = None,
    note: Annotated[str, typer.Option(help="For people: where the certificates were compared.")] = "",
    previous: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The list before: pins that have not ended are taken over.")
    ] = None,
    pin_keys: PinKeysFile = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Draft a list, which counts once two people have signed it."""
    if (previous is None) != (pin_keys is None):
        raise typer.BadParameter("--previous and --pin-keys go together")
    today = here_and_now().date()
    begins = first or today
    with errors_told(language, as_json):
        before = None if previous is None or pin_keys is None else _signed(previous, pin_keys)
        number = serial if serial is not None else (before.serial + 1 if before else 1)
        if before is not None and number <= before.serial:
            raise typer.BadParameter(f"--serial: the list before has the number {before.serial}")
        kept = [pin for pin in before.pins if pin.last_day >= today] if before else []
        new = [_pin(signer, begins, last or begins + _YEAR, note) for signer in signers]
        _write(to, draft_pins([*kept, *new], number))
    if as_json:
        print_json({"file": str(to), **_to_json([*kept, *new], number)})
        return
    typer.echo(say_trust("pins.draft", language, serial=number, count=len(kept) + len(new), file=to))
    _tell([*kept, *new], language)


@app.command()
def sign(
    file: ListFile,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Your name as it stands in the file of keys.")],
    key: Annotated[Path, typer.Option(metavar="KEY", help="Your Ed25519 private key (PEM).")],
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Put your signature under a list; look at it first with: idcard trust pins show FILE."""
    if not is_name(name):
        raise typer.BadParameter("--as takes a name of small letters, digits, dots and dashes")
    signing = key_in(key, private, Ed25519PrivateKey, "--key")
    with errors_told(language, as_json):
        data = _read(file)
        pins, serial, names = drafted(data)
        if name in names:
            raise typer.BadParameter(f"--as: {name} has signed it already")
        if len(names) >= PEOPLE:
            raise typer.BadParameter(f"{file} has {PEOPLE} signatures already")
        _write(file, data + signature_line(draft_pins(pins, serial), name, signing))
    missing = PEOPLE - len(names) - 1
    if as_json:
        print_json({"file": str(file), **_to_json(pins, serial), "names": [*names, name], "missing": missing})
        return
    _tell(pins, language)
    typer.echo(say_trust("pins.signed", language, name=name))
    if missing:
        typer.echo(say_trust("pins.missing", language, count=missing))


@app.command()
def show(file: ListFile, pin_keys: PinKeysFile = None, as_json: AsJson = False, language: In = Language.EN) -> None:
    """Show what a list says and, with --pin-keys, whether two of the people signed it; exit code 1 where not."""
    with errors_told(language, as_json):
        data = _read(file)
        pins, serial, names = drafted(data)
        people = None if pin_keys is None else idcard.PinKeys.from_file(pin_keys)
    signers = None if people is None else _signers(data, people)
    if as_json:
        print_json(
            {**_to_json(pins, serial), "names": list(names), "signed_by": signers, "checked": people is not None}
        )
    else:
        typer.echo(say_trust("pins.list", language, serial=serial, count=len(pins)))
        _tell(pins, language)
        _tell_signers(names, signers, people is not None, language)
    if people is not None and signers is None:
        raise typer.Exit(NOT_MET)


def _tell_signers(names: Sequence[str], signers: list[str] | None, checked: bool, language: Language) -> None:
    if signers is not None:
        typer.echo(say_trust("pins.good", language, names=", ".join(signers)))
    elif checked:
        typer.echo(say_trust("pins.bad", language, names=", ".join(names)))
    else:
        typer.echo(say_trust("pins.unchecked", language))


def _signers(data: bytes, people: idcard.PinKeys) -> list[str] | None:
    """Who of the people signed the list, where that is enough."""
    try:
        return list(idcard.Pins.from_bytes(data, people).signers)
    except idcard.ConfigurationError:
        return None


def _signed(file: Path, keys: Path) -> idcard.Pins:
    return idcard.Pins.from_file(file, idcard.PinKeys.from_file(keys))


def _pin(signer: str, first: date, last: date, note: str) -> idcard.Pin:
    try:
        return idcard.Pin(fingerprint=_fingerprint(signer), first_day=first, last_day=last, note=note)
    except ValueError as error:
        raise typer.BadParameter(f"{signer}: {error}") from error


def _fingerprint(signer: str) -> str:
    """The fingerprint that ``signer`` is, or that of the one certificate in the file it names."""
    text = signer.lower().replace(":", "")
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return text
    found = [item for part in Contents.of(bytes_of(Path(signer))).parts for item in items(part)]
    if len(found) != 1 or not isinstance(found[0], Certificate):
        raise typer.BadParameter(f"{signer} is not one certificate")
    return found[0].fingerprint


def _read(file: Path) -> bytes:
    return bytes_of(file)[: MAX_BYTES + 1]


def _write(file: Path, data: bytes) -> None:
    try:
        replace_file(file, data)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written") from error


def _to_json(pins: Iterable[idcard.Pin], serial: int) -> dict[str, Any]:
    listed = [
        {
            "fingerprint": pin.fingerprint,
            "from": pin.first_day.isoformat(),
            "until": pin.last_day.isoformat(),
            "note": pin.note,
        }
        for pin in pins
    ]
    return {"serial": serial, "pins": listed}


def _tell(pins: Iterable[idcard.Pin], language: Language) -> None:
    for pin in pins:
        note = "".join(each for each in pin.note if each.isprintable()) or "–"
        days = {"first": pin.first_day, "last": pin.last_day}
        typer.echo("  " + say_trust("pins.pin", language, fingerprint=pin.fingerprint, note=note, **days))
