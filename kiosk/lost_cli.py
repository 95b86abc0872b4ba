"""``kiosk lost``: whose cards were reported lost.

Numbers come on standard input, one a line: on the command line they would stay in the shell's history, and every user
of the machine could see them. They are kept as keyed hashes, and nobody can read them out of the list again.

Exit codes: 0 done; 1 the store cannot be used; 2 wrong usage or configuration; 3 refused: nothing was changed.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.record_cli import errors_told
from kiosk.roster_words import Language

if TYPE_CHECKING:
    from kiosk.config import StaffConfig
    from kiosk.services.lost_cards import LostCards

REFUSED = 3
BY = "command"
"""Whose acts these are in the audit: whoever may run commands on this machine."""

app = typer.Typer(help="Say whose cards were reported lost.", no_args_is_help=True)

StaffFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]

_WORDS = {
    "added": ("Added: {many}", "Đã ghi: {many}"),
    "removed": ("Removed: {many}", "Đã bỏ ra: {many}"),
    "count": ("On the list: {many}", "Trong danh sách: {many}"),
    "entry": ("{mark}  {at}  {by}", "{mark}  {at}  {by}"),
    "bad": (
        "Line {line} is no personal number. Nothing was changed.",
        "Dòng {line} không phải số căn cước. Chưa thay đổi gì.",
    ),
    "no_key": (
        "The list needs roster_key in the staff's configuration.",
        "Danh sách cần roster_key trong cấu hình của quầy.",
    ),
}


@app.command()
def add(config: StaffFile, language: In = Language.EN) -> None:
    """Take personal numbers onto the list, one a line of standard input; all or none."""
    with _list(config, language) as (settings, cards):
        from kiosk.devices.clock import SystemClock
        from kiosk.staff_process import device_of

        many = cards.add(_numbers(), by=BY, device=device_of(settings), clock=SystemClock())
    typer.echo(_say("added", language, many=many))


@app.command()
def remove(config: StaffFile, language: In = Language.EN) -> None:
    """Take personal numbers off the list, one a line of standard input; all or none."""
    with _list(config, language) as (settings, cards):
        from kiosk.devices.clock import SystemClock
        from kiosk.staff_process import device_of

        many = cards.remove(_numbers(), by=BY, device=device_of(settings), clock=SystemClock())
    typer.echo(_say("removed", language, many=many))


@app.command("list")
def list_(
    config: StaffFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    language: In = Language.EN,
) -> None:
    """Show how many numbers are on the list, and when which was put there; no number is printed: none is known."""
    with _list(config, language) as (_, cards):
        rows, count = cards.rows(), cards.count()
    entries = [{"mark": row.mark, "at": row.added_at.isoformat(), "by": row.added_by} for row in rows]
    if as_json:
        typer.echo(json.dumps({"count": count, "entries": entries}, indent=2))
        return
    typer.echo(_say("count", language, many=count))
    for entry in entries:
        typer.echo(_say("entry", language, **entry))


@contextmanager
def _list(config: Path, language: Language) -> "Iterator[tuple[StaffConfig, LostCards]]":
    with errors_told(language):
        from kiosk.config import StaffConfig, load
        from kiosk.keys_terminal import open_keys
        from kiosk.portrait_parts import lost_cards_of
        from kiosk.services.lost_cards import BadNumber
        from kiosk.store.database import Database

        settings = load(StaffConfig, config)
        if settings.roster_key is None:
            _refuse(_say("no_key", language), language)
        open_keys(settings, language)
        database = Database.open(settings.store)
        try:
            yield settings, lost_cards_of(settings, database)
        except BadNumber as problem:
            _refuse(_say("bad", language, line=problem.line), language)
        finally:
            database.close()


def _numbers() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _say(word: str, language: Language, **values: object) -> str:
    return _WORDS[word][0 if language is Language.EN else 1].format(**values)


def _refuse(words: str, language: Language) -> None:
    typer.echo(f"{'Error' if language is Language.EN else 'Lỗi'}: {words}", err=True)
    raise typer.Exit(REFUSED)
