"""``idcard qr explain``: what kind of code this is, what such a code can prove, and how its signer is made known.

It says nothing of the person that the code speaks of, and judges nothing: see :mod:`idcard.cli.qr` for that.
Exit codes: 0 where every code could be explained, 1 where one could not or there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli.qr_explain_signers import Signer, signer_of
from idcard.cli.qr_explain_words import NOT_PROVED, PROVED, TITLES, say_why
from idcard.cli.qr_format_notes import how_to_trust, note_on, page
from idcard.cli.qr_input import Demonstration, File, Trust, codes_in, printable, signers_in
from idcard.cli.qr_words import kind_of, say_qr
from idcard.cli.shared import NOT_MET, AsJson, At, In, errors_told, print_json
from idcard.cli.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explained:
    """One code: its format and kind, and its signer, where it names one; or why it could not be read."""

    format: str | None = None
    kind: str = "unknown"
    signer: Signer | None = None
    error: idcard.IdCardError | None = None


def explain(
    file: File,
    trust: Trust = None,
    at: At = None,
    demonstration: Demonstration = False,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Say what kind of code this is, what it can prove and what not, and how to make its signer known."""
    with errors_told(language, as_json):
        signers = None if trust is None else signers_in(trust, demonstration)
        moment = at or datetime.now(UTC)
        explained = [explain_one(payload, signers, moment) for payload in codes_in(file)]
    if as_json:
        print_json({"codes": [to_json(one) for one in explained]})
    else:
        _show(explained, language)
    if not explained or any(one.error is not None for one in explained):
        raise typer.Exit(NOT_MET)


def formats(language: In = Language.EN) -> None:
    """Say of every format what such codes prove, what not, and how to make their signers known, in Markdown."""
    for line in page(language):
        typer.echo(line)


def explain_one(payload: bytes, signers: idcard.QrTrust | None, at: datetime) -> Explained:
    """What one code is; its signer is judged as of ``at``."""
    try:
        recognised = idcard.recognise(payload)
    except idcard.IdCardError as error:
        return Explained(error=error)
    signer = signer_of(recognised, signers, at)
    return Explained(format=recognised.format, kind=kind_of(recognised), signer=signer)


def to_json(one: Explained) -> dict[str, Any]:
    """What is said of a code, for programs: the words are keys, the same in every language."""
    if one.error is not None:
        return {"format": None, "error": {"code": one.error.code, "message": str(one.error)}}
    signer = None
    if one.signer is not None:
        names = ("issuer", "key_id", "algorithm", "listed")
        signer = {name: getattr(one.signer, name) for name in names}
    return {
        "format": one.format,
        "kind": one.kind,
        "proves": list(PROVED[one.kind]),
        "does_not_prove": list(NOT_PROVED[one.kind]),
        "signer": signer,
    }


def _show(explained: Sequence[Explained], language: Language) -> None:
    console = Console(highlight=False)
    for one in explained:
        for line in _lines(one, language):
            console.print(line, soft_wrap=True)
    if not explained:
        typer.echo(say_qr("nothing", language), err=True)


def _lines(one: Explained, language: Language) -> Iterator[Text]:
    if one.format is None:
        yield Text(say_qr("malformed", language, message=one.error), style="bold red")
        return
    title = TITLES[one.format][list(Language).index(language)]
    yield Text(f"{title} ({one.format})", style="bold")
    if one.kind != "unknown":
        yield Text(say_qr(f"kind.{one.kind}", language), style="bold yellow" if one.kind == "unsigned" else "")
    for heading, mark, style, keys in (
        ("proves", "✓", "green", PROVED[one.kind]),
        ("does_not_prove", "✗", "yellow", NOT_PROVED[one.kind]),
    ):
        if keys:
            yield Text(say_why(heading, language))
        for key in keys:
            yield Text.assemble((f"  {mark} ", style), say_why(f"{heading}.{key}", language))
    if note_on(one.format, language):
        yield Text(note_on(one.format, language))
    yield from _signer_lines(one, language)
    issuer = printable(one.signer.issuer or "") if one.signer is not None else ""
    yield Text(say_why("trust", language) + how_to_trust(one.format, one.kind, language, issuer))


def _signer_lines(one: Explained, language: Language) -> Iterator[Text]:
    if one.signer is None:
        return
    nothing = say_why("not_said", language)
    yield Text(
        say_why(
            "signer",
            language,
            issuer=printable(one.signer.issuer or nothing),
            key_id=one.signer.key_id or nothing,
            algorithm=one.signer.algorithm or nothing,
        )
    )
    listed = {None: "no_list", True: "listed", False: "not_listed"}[one.signer.listed]
    yield Text(say_why(f"signer.{listed}", language), style="" if one.signer.listed else "yellow")
