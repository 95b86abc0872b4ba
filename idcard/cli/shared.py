"""What every command shares: languages, policies, exit codes, and how an error is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli.texts import Language, remedy, say

NOT_MET, USAGE, CARD_TROUBLE, STOPPED = 1, 2, 3, 130
POLICIES = {
    policy.name: policy for policy in (idcard.VIETNAM_STRICT, idcard.STRICT, idcard.CLOSED_READER, idcard.READING_ONLY)
}


class PolicyName(StrEnum):
    """The policies that the library brings along."""

    VIETNAM_STRICT = "vietnam_strict"
    STRICT = "strict"
    CLOSED_READER = "closed_reader"
    READING_ONLY = "reading_only"


def _moment(text: str) -> datetime:
    """The moment that ``text`` names, in ISO 8601; without a time zone, in that of this machine.

    A zone that is given is kept: its calendar decides whether a document has expired.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.astimezone()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter("a moment is written 2026-11-23 or 2026-11-23T07:59:00+07:00") from error


def here_and_now() -> datetime:
    """This moment, in the zone of this machine: its calendar decides whether a document has expired."""
    return datetime.now().astimezone()


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]
Demanded = Annotated[PolicyName, typer.Option(help="What must be proved.")]
At = Annotated[datetime | None, typer.Option(parser=_moment, metavar="MOMENT", help="Judge as of then; now otherwise.")]


@contextmanager
def errors_told(language: Language, as_json: bool) -> Iterator[None]:
    """Tell an error of the library in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except idcard.IdCardError as error:
        _tell(error, language, as_json)
        usage = isinstance(error, idcard.ConfigurationError | idcard.MissingExtra)
        raise typer.Exit(USAGE if usage else CARD_TROUBLE) from error
    except (KeyboardInterrupt, typer.Abort) as stop:
        typer.echo(say("stopped", language), err=True)
        raise typer.Exit(STOPPED) from stop


def _tell(error: idcard.IdCardError, language: Language, as_json: bool) -> None:
    todo = remedy(error, language)
    if as_json:
        told = {"code": error.code, "message": str(error), "remedy": todo, "facts": dict(error.facts)}
        print_json({"error": told})
        return
    line = " ".join(say("error", language, message=error, code=error.code, remedy=todo).split())
    Console(stderr=True, highlight=False).print(Text(line), soft_wrap=True)


def printable(text: object) -> str:
    """The text in one line without anything that moves a cursor, changes a colour or turns the direction of reading.

    What it says came from a file; such characters are written as escapes.
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text))


def print_json(value: dict[str, Any], *, indent: int | None = 2) -> None:
    """Print ``value`` for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent))
