"""``idcard qr verify``: what the codes in a picture, or in a text, are worth; ``explain`` is beside it.

Exit codes are those of :mod:`idcard.cli`: 0 where every code meets the policy, 1 where one does not or there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli.qr_explain import explain, formats
from idcard.cli.qr_input import Demonstration, File, Trust, codes_in, printable, signers_in
from idcard.cli.qr_words import kind_of, say_outcome, say_qr, say_reason
from idcard.cli.shared import NOT_MET, AsJson, At, In, errors_told, print_json
from idcard.cli.texts import Language, say

_MARKS = {idcard.Outcome.PASSED: ("✓", "green"), idcard.Outcome.FAILED: ("✗", "bold red")}
_OPEN = ("?", "yellow")
_FIELDS = ("name", "name_latin", "personal_number")

app = typer.Typer(help="Judge codes: QR, Data Matrix, Aztec, PDF417.", no_args_is_help=True)
app.command()(explain)
app.command()(formats)


class QrPolicyName(StrEnum):
    """The policies for codes."""

    SIGNED_QR = "signed_qr"
    SINGLE_USE_QR = "single_use_qr"
    ONLINE_QR = "online_qr"


_POLICIES = {one.name: one for one in (idcard.SIGNED_QR, idcard.SINGLE_USE_QR, idcard.ONLINE_QR)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Judged:
    """One code: what it is and its verdict, or why it could not be read."""

    recognised: idcard.Recognised | None = None
    verdict: idcard.QrVerdict | None = None
    error: idcard.IdCardError | None = None

    @property
    def met(self) -> bool:
        """Whether the code meets the policy."""
        return self.verdict is not None and self.verdict.meets()


@app.callback()
def _root() -> None:
    """Judge codes: QR, Data Matrix, Aztec, PDF417."""


@app.command()
def verify(
    file: File,
    trust: Trust = None,
    policy: Annotated[QrPolicyName, typer.Option(help="What must be proved.")] = QrPolicyName.SIGNED_QR,
    at: At = None,
    audience: Annotated[
        str | None, typer.Option(metavar="NAME", help="This machine's name: a hand-off is for the one that it names.")
    ] = None,
    demonstration: Demonstration = False,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Say what a code is, and what it is worth; exit code 0 only where the policy is met.

    Nothing is asked over the network, and whether the code was shown before is not looked up.
    """
    with errors_told(language, as_json):
        signers = signers_in(trust, demonstration)
        moment = at or datetime.now(UTC)
        judged = [judge(payload, signers, _POLICIES[policy], moment, audience) for payload in codes_in(file)]
    if as_json:
        print_json({"codes": [to_json(one) for one in judged], "trust_given": trust is not None})
    else:
        _show(judged, language, trust_given=trust is not None)
    if not judged or not all(one.met for one in judged):
        raise typer.Exit(NOT_MET)


def judge(
    payload: bytes, trust: idcard.QrTrust, policy: idcard.Policy, at: datetime, audience: str | None = None
) -> Judged:
    """What one code is worth."""
    try:
        recognised = idcard.recognise(payload)
    except idcard.IdCardError as error:
        return Judged(error=error)
    verdict = idcard.verify_qr(recognised, trust, policy, at=at, audience=audience)
    return Judged(recognised=recognised, verdict=verdict)


def to_json(judged: Judged) -> dict[str, Any]:
    """A code for programs. It holds the person's data where the code does."""
    if judged.recognised is None or judged.verdict is None:
        error = judged.error
        return {"met": False, "format": None, "error": {"code": error.code, "message": str(error)} if error else None}
    person = judged.verdict.claimed_identity()
    claimed = None
    if person is not None:
        claimed = {
            **{field: getattr(person, field) for field in _FIELDS},
            "birth": str(person.birth) if person.birth else None,
            "sex": person.sex,
        }
    return {
        "met": judged.met,
        "format": judged.recognised.format,
        "kind": kind_of(judged.recognised),
        "verdict": judged.verdict.to_dict(),
        "claimed": claimed,
        "token": _token(judged.recognised.document),
    }


def _token(document: object) -> dict[str, Any] | None:
    if not isinstance(document, idcard.Token):
        return None
    fields = ("clinic", "ticket", "place", "audience", "visit")
    return {"kind": document.kind.value} | {field: getattr(document, field) for field in fields}


def _show(judged: Sequence[Judged], language: Language, *, trust_given: bool) -> None:
    console = Console(highlight=False)
    for one in judged:
        for line in _lines(one, language, trust_given):
            console.print(line, soft_wrap=True)
    if not judged:
        typer.echo(say_qr("nothing", language), err=True)


def _lines(judged: Judged, language: Language, trust_given: bool) -> Iterator[Text]:
    if judged.recognised is None or judged.verdict is None:
        yield Text(say_qr("malformed", language, message=judged.error), style="bold red")
        return
    yield _headline(judged.verdict, language)
    kind = kind_of(judged.recognised)
    yield Text(say_qr(f"kind.{kind}", language), style="bold yellow" if kind == "unsigned" else "")
    if not trust_given and kind in ("signed", "single_use"):
        yield Text(say_qr("no_trust", language), style="yellow")
    yield from _facts(judged.verdict, language)
    yield from _claims(judged, language)


def _headline(verdict: idcard.QrVerdict, language: Language) -> Text:
    failed = any(fact.outcome is idcard.Outcome.FAILED for fact in verdict.facts)
    key, style = ("failed", "bold red") if failed else ("not_met", "bold yellow")
    if verdict.meets():
        key, style = "met", "bold green"
    return Text(say_qr(key, language, policy=verdict.policy.name, format=verdict.format), style=style)


def _facts(verdict: idcard.QrVerdict, language: Language) -> Iterator[Text]:
    names = [say(f"fact.{fact.name}", language) for fact in verdict.facts]
    outcomes = [say_outcome(fact.outcome, language) for fact in verdict.facts]
    name_width, outcome_width = max(map(len, names)), max(map(len, outcomes))
    for fact, name, outcome in zip(verdict.facts, names, outcomes, strict=True):
        mark, style = _MARKS.get(fact.outcome, _OPEN)
        yield Text.assemble(
            (f"  {mark} ", style), f"{name.ljust(name_width)}  ", (outcome.ljust(outcome_width), style),
            f"  {say_reason(fact.reason, language)}",
        )  # fmt: skip


def _claims(judged: Judged, language: Language) -> Iterator[Text]:
    person = judged.verdict.claimed_identity() if judged.verdict is not None else None
    rows: list[tuple[str, object]] = []
    if person is not None:
        rows = [(say(f"field.{field}", language), getattr(person, field)) for field in _FIELDS]
        rows.append((say("field.birth", language), person.birth))
    if judged.recognised is not None:
        rows += [(field, value) for field, value in (_token(judged.recognised.document) or {}).items()]
    shown = [(name, str(value)) for name, value in rows if value is not None]
    if shown:
        yield Text("")
        yield Text(say_qr("claims", language), style="bold")
    for name, value in shown:
        yield Text(f"  {name}  {printable(value)}")
