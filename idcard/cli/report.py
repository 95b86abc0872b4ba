"""What came of reading and judging one card, as text for people."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli.reasons import sentence, words_of
from idcard.cli.texts import Language, say
from idcard.cli.trusted import Trusted
from idcard.report import TEXTS, Report, judge

_MARKS = {idcard.Outcome.PASSED: ("✓", "green"), idcard.Outcome.FAILED: ("✗", "bold red")}
_OPEN = ("?", "yellow")
_VOUCHED = (idcard.Rung.PINNED, idcard.Rung.CONFIRMED)


def read_and_judge(
    keys: idcard.AccessKey | idcard.CardQr,
    card: idcard.Connection | str | None,
    trusted: Trusted,
    policy: idcard.Policy,
    at: datetime,
    on_progress: Callable[[idcard.Progress], None],
    challenge: bytes | None = None,
    profiles: idcard.Profiles | None = None,
) -> Report:
    """Read a card and judge what was read.

    :param card: an open connection, a reader's name, or None for the first reader with a card.
    :param trusted: whom to believe.
    :param challenge: eight bytes for active authentication, where somebody else will judge it too.
    :param profiles: what is known of types of cards; what this reading teaches is added.
    """
    evidence = idcard.read(keys, card, on_progress=on_progress, challenge=challenge, profiles=profiles)
    report = judge(evidence, trusted.store, policy, at, vouchers=trusted.vouchers, online=trusted.online)
    if profiles is not None:
        idcard.remember_proved(profiles, report.evidence, report.verdict)
    return report


def show(report: Report, console: Console, language: Language) -> None:
    """Print the report for people: the headline, every fact with its reason, and the person."""
    lines = [*_headline(report, language), *_facts(report, language), *_person(report, language)]
    for line in lines:
        console.print(line, soft_wrap=True)


def _headline(report: Report, language: Language) -> list[Text]:
    policy = report.verdict.policy
    failed = any(fact.outcome is idcard.Outcome.FAILED for fact in report.verdict.facts)
    if report.met:
        key, style = ("met", "bold green") if policy.proves else ("read", "bold yellow")
    else:
        key, style = ("failed", "bold red") if failed else ("not_met", "bold yellow")
    lines = [Text(say(key, language, policy=policy.name), style=style)]
    trust = report.verdict.fact(idcard.FactName.TRUST).outcome
    lines.append(Text(f"  {say('rung', language)}: {words_of(report.verdict.rung, trust, language)}"))
    if not report.trust_given and report.verdict.rung not in _VOUCHED:
        lines.append(Text(say("no_trust", language), style="yellow"))
    if report.authority == "unreachable":
        lines.append(Text(say("authority_unreachable", language), style="yellow"))
    return lines


def _facts(report: Report, language: Language) -> list[Text]:
    facts = report.verdict.facts
    names = _aligned([say(f"fact.{fact.name}", language) for fact in facts])
    outcomes = _aligned([say(f"outcome.{fact.outcome}", language) for fact in facts])
    return [_fact(*row, language) for row in zip(facts, names, outcomes, strict=True)]


def _aligned(texts: Sequence[str]) -> list[str]:
    width = max(map(len, texts), default=0)
    return [text.ljust(width) for text in texts]


def _fact(fact: idcard.Fact, name: str, outcome: str, language: Language) -> Text:
    mark, style = _MARKS.get(fact.outcome, _OPEN)
    return Text.assemble((f"  {mark} ", style), f"{name}  ", (outcome, style), f"  {sentence(fact.reason, language)}")


def _person(report: Report, language: Language) -> list[Text]:
    person = report.verified or report.claimed
    if person is None:
        return []
    heading = say("holder.verified" if report.verified else "holder.claimed", language)
    values = {field: value for field, value in _values(report, person, language) if value}
    names = _aligned([say(f"field.{field}", language) for field in values])
    rows = (f"  {name}  {_printable(value)}" for name, value in zip(names, values.values(), strict=True))
    return [Text(""), Text(heading, style="bold"), *map(Text, rows)]


def _values(
    report: Report, person: idcard.VerifiedIdentity | idcard.ClaimedIdentity, language: Language
) -> Sequence[tuple[str, str | None]]:
    expiry = _day(person.expiry, language)
    portrait = report.verified.portrait if report.verified else None
    size = f"{portrait.media_type}, {say('bytes', language, count=len(portrait.image))}" if portrait else None
    return [
        *((field, getattr(person, field, None)) for field in TEXTS),
        ("birth", _day(person.birth, language)),
        ("sex", say(f"sex.{person.sex}", language) if person.sex else None),
        ("expiry", say("never", language) if report.never_expires else expiry),
        ("portrait", size),
    ]


def _day(day: idcard.BirthDate | date | None, language: Language) -> str | None:
    """The day as the language writes it: 1990-01-15, or 15/01/1990 in Vietnamese."""
    if day is None or language is Language.EN:
        return str(day) if day else None
    return "/".join(reversed(str(day).split("-")))


def _printable(text: str) -> str:
    """``text`` without control sequences, with which an unproved chip could write on the terminal what it likes."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
