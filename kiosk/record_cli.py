"""``kiosk audit``, ``kiosk erase`` and ``kiosk disclose``: whether the record is whole, and somebody's rights in it.

Exit codes: 0 whole, or done; 1 the store cannot be used; 2 wrong usage or configuration; 3 a chain is not whole, or
there was nothing to erase; 4 erased, but the write-ahead log could not be emptied yet.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import idcard
from kiosk.domain.corrections import EraseReason
from kiosk.record_words import say
from kiosk.roster_words import Language

if TYPE_CHECKING:
    from kiosk.config import ProcessConfig
    from kiosk.services.audit import Examined, Finding, Head
    from kiosk.services.disclosure import Disclosed
    from kiosk.services.erasure import Erased
    from kiosk.store.database import Database

STORE_TROUBLE, USAGE, NOT_WHOLE, NOTHING, LOG_KEPT = 1, 2, 3, 3, 4

app = typer.Typer(help="See whether the audit chains are whole.", no_args_is_help=True)

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration of a process.")]
StaffFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written 2026-11-23") from error


@app.command()
def verify(
    config: ConfigFile,
    heads: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Where ends were written down besides: a copy of the file, a daily report, or `kiosk hub heads`.",
        ),
    ] = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Walk every device's chain, and say what is lost, altered, swapped or written anew: exit code 3."""
    with errors_told(language), _store(config) as (settings, database):
        from kiosk.services.audit import Heads, examine, read_heads

        known = [head for path in heads or () for head in read_heads(path)]
        with database.read() as session:
            examined = examine(session, [*Heads(settings.heads).known(), *known])
    if as_json:
        _print({"whole": not _findings(examined), "chains": [_chain(chain) for chain in examined]})
    else:
        _tell(examined, language)
    if _findings(examined):
        raise typer.Exit(NOT_WHOLE)


@app.command()
def anchor(config: ConfigFile, as_json: AsJson = False, language: In = Language.EN) -> None:
    """Write down where every chain ends now, and print it: keep a copy elsewhere."""
    with errors_told(language), _store(config) as (settings, database):
        from kiosk.services.audit import Heads

        written = Heads(settings.heads).write_down(database, datetime.now(UTC))
    for head in written:
        typer.echo(head.line() if as_json else say("written", language, **_named(head)))
    if not written and not as_json:
        typer.echo(say("nothing", language))


def erase(
    config: StaffFile,
    reason: Annotated[EraseReason, typer.Option(help="Why.")],
    ticket: Annotated[int | None, typer.Option(min=1, help="The number of the ticket.")] = None,
    day: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="The ticket's day.")] = None,
    person: Annotated[
        bool,
        typer.Option(
            "--person",
            help="Ask for a number, and erase its owner from all visits; with --ticket and --day, that visit's person.",
        ),
    ] = False,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Destroy the key of what is personal in a visit, or in all visits of a person; the chains stay whole."""
    if (ticket is None) != (day is None) or not (person or ticket):
        raise typer.BadParameter("--ticket with --day, or --person, or all three")
    with errors_told(language):
        visit = None if ticket is None or day is None else (day, ticket)
        erased = _erased(config, reason, visit, _asked(language) if person else None)
    if as_json:
        _print(_told(erased))
    else:
        for line in _lines(erased, language):
            typer.echo(line)
    if not erased.log_emptied:
        raise typer.Exit(LOG_KEPT)
    if not erased.visits:
        raise typer.Exit(NOTHING)


def disclose(
    config: StaffFile,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write; it must not be there yet.")],
    ticket: Annotated[int | None, typer.Option(min=1, help="The number of a ticket of theirs.")] = None,
    day: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="The ticket's day.")] = None,
    language: In = Language.EN,
) -> None:
    """Ask for a number and a birth, and write everything that is known of that person into a file for them: JSON."""
    if (ticket is None) != (day is None):
        raise typer.BadParameter("--ticket with --day, or neither")
    with errors_told(language):
        which = None if ticket is None or day is None else (day, ticket)
        found = _disclosed(config, _asked(language), _born(language), which)
        if found.visits:
            _hand_out(to, found.content)
    told = ("disclosed", found.visits), ("disclosed_alike", found.alike), ("disclosed_unreadable", found.unreadable)
    for word, many in told:
        if many:
            typer.echo(say(word, language, many=many, file=to.name))
    if not found.visits:
        typer.echo(say("nobody", language))
    if not found.visits or found.unreadable:
        raise typer.Exit(NOTHING)


def _born(language: Language) -> "idcard.BirthDate":
    from kiosk.domain.match import parse_birth

    while (birth := parse_birth(typer.prompt(say("birth", language), err=True).strip())) is None:
        typer.echo(say("birth_form", language), err=True)
    return birth


def _disclosed(config: Path, number: str, birth: "idcard.BirthDate", ticket: tuple[date, int] | None) -> "Disclosed":
    from kiosk.config import StaffConfig, load
    from kiosk.devices.clock import SystemClock
    from kiosk.keys import VisitOpener, load_clinic_private_key
    from kiosk.keys_terminal import open_keys
    from kiosk.services.disclosure import Disclosure
    from kiosk.staff_process import device_of

    settings = load(StaffConfig, config)
    open_keys(settings)
    own = device_of(settings)
    with opened(settings) as database:
        opener = VisitOpener(load_clinic_private_key(settings.clinic_private_key))
        disclosure = Disclosure(
            database=database, clinic=settings.clinic, device=own, clock=SystemClock(), opener=opener
        )
        return disclosure.of_person(number, birth, by=own, ticket=ticket)


def _hand_out(to: Path, content: Mapping[str, Any]) -> None:
    """Write the file, for its owner alone; what is there stays."""
    try:
        with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
    except OSError as error:
        raise idcard.ConfigurationError(
            f"The file {to.name} cannot be written: {error.strerror}.",
            reason="unwritable",
            remedy="Name a file that is not there yet, in a folder that you can write to.",
        ) from error


def _erased(config: Path, reason: EraseReason, ticket: tuple[date, int] | None, number: str | None) -> "Erased":
    from kiosk.config import StaffConfig, load
    from kiosk.devices.clock import SystemClock
    from kiosk.keys import VisitOpener, load_clinic_private_key
    from kiosk.keys_terminal import open_keys
    from kiosk.services.erasure import Eraser
    from kiosk.staff_process import device_of

    settings = load(StaffConfig, config)
    by = device_of(settings)
    with opened(settings) as database:
        eraser = Eraser(database=database, clinic=settings.clinic, device=by, clock=SystemClock())
        if number is None and ticket is not None:
            return eraser.erase_ticket(*ticket, reason=reason, by=by)
        open_keys(settings)
        opener = VisitOpener(load_clinic_private_key(settings.clinic_private_key))
        return eraser.erase_person(number or "", opener, reason=reason, by=by, ticket=ticket)


def _asked(language: Language) -> str:
    """The number, from standard input: on the command line it would stay in the shell's history."""
    number: str = typer.prompt(say("number", language), hide_input=True, err=True)
    return "".join(number.split())


@contextmanager
def _store(config: Path) -> "Iterator[tuple[ProcessConfig, Database]]":
    from kiosk.checkup import load_any

    settings = load_any(config)
    with opened(settings) as database:
        yield settings, database


@contextmanager
def opened(settings: "ProcessConfig") -> "Iterator[Database]":
    """The store that a configuration names; ConfigurationError where there is none yet."""
    from kiosk.store.database import Database

    if not settings.store.exists():
        # A new one would be whole, and have nobody in it: that answers nothing.
        raise idcard.ConfigurationError(
            f"There is no store {settings.store.name}.",
            reason="missing",
            remedy="Name the configuration of its process.",
        )
    database = Database.open(settings.store)
    try:
        yield database
    finally:
        database.close()


_REMEDIES = {
    "first_lost": "do.lost",
    "lost": "do.lost",
    "last_lost": "do.lost",
    "altered": "do.altered",
    "swapped": "do.altered",
    "forked": "do.forked",
}


def _findings(examined: "tuple[Examined, ...]") -> "list[Finding]":
    return [finding for chain in examined for finding in chain.findings]


def _chain(chain: "Examined") -> dict[str, Any]:
    found = [{"wrong": each.wrong.value, "first": each.first, "last": each.last} for each in chain.findings]
    return {"device": chain.device, "links": chain.links, "anchored": chain.anchored, "findings": found}


def _tell(examined: "tuple[Examined, ...]", language: Language) -> None:
    for chain in examined:
        if not chain.findings:
            word = "whole" if chain.anchored else "unanchored"
            typer.echo(say(word, language, device=chain.device, links=chain.links, anchored=chain.anchored))
        for each in chain.findings:
            which = say("one" if each.first == each.last else "some", language, first=each.first, last=each.last)
            typer.echo(say(f"wrong.{each.wrong}", language, device=each.device, which=which))
    for remedy in dict.fromkeys(_REMEDIES[each.wrong.value] for each in _findings(examined)):
        typer.echo(say(remedy, language))
    if _findings(examined):
        typer.echo(say("do", language))
    if not examined:
        typer.echo(say("nothing", language))


def _named(head: "Head") -> dict[str, Any]:
    return {"device": head.device, "seq": head.seq, "hash": head.hash}


def _told(erased: "Erased") -> dict[str, Any]:
    def listed(visits: tuple[tuple[date, int], ...]) -> list[dict[str, Any]]:
        return [{"day": day.isoformat(), "ticket": number} for day, number in visits]

    return {
        "erased": listed(erased.visits),
        "beside": listed(erased.beside),
        "alike": listed(erased.alike),
        "unreadable": erased.unreadable,
        "log_emptied": erased.log_emptied,
    }


def _lines(erased: "Erased", language: Language) -> Iterator[str]:
    for word, visits in (("erased", erased.visits), ("beside", erased.beside), ("alike", erased.alike)):
        for day, number in visits:
            yield say(word, language, number=number, day=day.isoformat())
    if not erased.visits:
        yield say("several" if erased.alike else "nobody", language)
    if erased.unreadable:
        yield say("unreadable", language, count=erased.unreadable)
    if not erased.log_emptied:
        yield say("log_kept", language)


@contextmanager
def errors_told(language: Language) -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        from kiosk.process import log_to_stderr

        log_to_stderr()
        yield
    except idcard.IdCardError as error:
        typer.echo(f"{'Error' if language is Language.EN else 'Lỗi'}: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(USAGE if isinstance(error, idcard.ConfigurationError) else STORE_TROUBLE) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: the kiosk needs {error.name}: pip install 'idcard[kiosk]'", err=True)
        raise typer.Exit(USAGE) from error


def _print(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
