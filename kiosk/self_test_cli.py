"""``kiosk self-test`` and ``kiosk test-card``: the morning's test of a kiosk, and the card for it.

Exit codes: 0 passed, or done; 1 the store cannot be used; 2 wrong usage or configuration; 3 the test failed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.record_cli import errors_told
from kiosk.roster_words import Language

if TYPE_CHECKING:
    from kiosk.config import PatientConfig
    from kiosk.domain.self_test import SelfTestRow
    from kiosk.services.self_test import SelfTests
    from kiosk.store.database import Database

FAILED = 3
BY = "command"
_LOOK_S = 0.5
_BEGINS_WITHIN_S = 20.0

In = Annotated[Language, typer.Option("--lang", help="The language of errors.")]
PatientFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The patient's configuration.")]


def self_test(
    config: PatientFile,
    wait: Annotated[float, typer.Option(min=1, max=600, help="Seconds to wait for the end.")] = 200.0,
    language: In = Language.EN,
) -> None:
    """Test a kiosk that runs: reader, test card, printer, scanner, speech, light, store, roster, trust and clock.

    Put the registered test card on the reader when the test waits for it, and type its six digits.
    """
    with errors_told(language), _store(config) as (loaded, database):
        from kiosk.devices.clock import SystemClock
        from kiosk.services.self_test import NoSuchKiosk, SelfTests

        tests = SelfTests(database, clinic=loaded.clinic.code, device=loaded.device, clock=SystemClock())
        try:
            test = tests.order(loaded.device, by=BY)
        except NoSuchKiosk:
            typer.echo(f"{loaded.device} has never run with this store: start it first (kiosk run).", err=True)
            raise typer.Exit(FAILED) from None
        row = _watched(tests, test, wait)
        passed = row is not None and row.state == "passed"
        typer.echo(f"{loaded.device}: the self-test {'passed' if passed else 'FAILED'}.")
    if not passed:
        raise typer.Exit(FAILED)


def register(
    config: PatientFile,
    forget: Annotated[bool, typer.Option("--forget", help="Let no card be a test card any more.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="Take the number from standard input.")] = False,
    language: In = Language.EN,
) -> None:
    """Register a test card by its personal number, which is asked for and kept as a keyed hash only."""
    with errors_told(language), _store(config) as (loaded, database):
        from idcard import MalformedData, PersonalNumber
        from kiosk.devices.clock import SystemClock
        from kiosk.keys import PersonTags, load_secret
        from kiosk.keys_terminal import open_keys
        from kiosk.services.self_test import TestCards

        cards = TestCards(database, clinic=loaded.clinic.code, clock=SystemClock())
        if forget:
            typer.echo(f"{cards.forget_all()} forgotten.")
            return
        asked = input() if stdin else typer.prompt("The card's twelve-digit number", hide_input=True)
        number = asked.strip()
        try:
            PersonalNumber.parse(number)
        except MalformedData:
            typer.echo("That is no personal number: it has twelve digits.", err=True)
            raise typer.Exit(2) from None
        open_keys(loaded, language)
        cards.register(PersonTags(load_secret(loaded.roster_key)).test_card_tag(number), by=BY)
        typer.echo("The card is a test card now.")


def _watched(tests: "SelfTests", test: str, wait_s: float) -> "SelfTestRow | None":
    """The test at its end, or when the time is up; each step is told once it is known."""
    deadline, begins = time.monotonic() + wait_s, time.monotonic() + _BEGINS_WITHIN_S
    told: set[str] = set()
    while True:
        row = tests.get(test)
        if row is not None:
            _tell_new(row, told)
        ended = row is None or row.settled_at is not None
        silent = row is not None and row.state == "ordered" and time.monotonic() > begins
        if silent:
            typer.echo("The kiosk does not take the order: is it running?", err=True)
        if ended or silent or time.monotonic() > deadline:
            return row
        time.sleep(_LOOK_S)


def _tell_new(row: "SelfTestRow", told: set[str]) -> None:
    for result in row.steps:
        line = f"{result.step:9} {result.outcome}{' ' if result.reason else ''}{result.reason}"
        if line not in told:
            told.add(line)
            typer.echo(line)


@contextmanager
def _store(path: Path) -> "Iterator[tuple[PatientConfig, Database]]":
    from kiosk.config import PatientConfig, load
    from kiosk.store.database import Database

    config = load(PatientConfig, path)
    database = Database.open(config.store)
    try:
        yield config, database
    finally:
        database.close()
