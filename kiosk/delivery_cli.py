"""``kiosk export`` and ``kiosk deliveries``: what leaves, to a file or to the receivers again.

Exit codes: 0 done; 1 the store cannot be used, or there is nothing of that kind; 2 wrong usage or configuration.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.config import StaffConfig
    from kiosk.interop.visit import OpenedVisit
    from kiosk.store.database import Database

NOTHING, USAGE = 1, 2
BY_HAND = ("visit", "day", "number", "changes", "receipt")

deliveries_app = typer.Typer(help="What is on its way to payer and hospital.", no_args_is_help=True)
ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")]


class Form(StrEnum):
    """In which form admissions are exported."""

    CHECKIN_XML = "checkin-xml"
    FHIR = "fhir"
    HL7 = "hl7"
    CSV = "csv"


class State(StrEnum):
    """States of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written 2026-11-23") from error


def export(
    form: Annotated[Form, typer.Argument(help="The form.")],
    config: ConfigFile,
    out: Annotated[Path, typer.Option(help="The file; it names people, so only this user may read it.")],
    day: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="The day; today without it.")] = None,
) -> None:
    """Write a day's admissions into a file."""
    with _errors_told(), _opened(config) as (settings, database):
        from kiosk.interop.exporting import export_of

        visits = _visits(settings, database, day)
        content, left_out = export_of(form.value, visits, at=datetime.now(UTC))
    _write_private(out, content)
    typer.echo(f"{len(visits) - len(left_out)} written to {out}.")
    for visit_id, reason in left_out:
        typer.echo(f"left out: {visit_id} {reason}", err=True)


@deliveries_app.command("list")
def list_(
    config: ConfigFile,
    sink: Annotated[str | None, typer.Option(metavar="NAME", help="Only this receiver.")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only these states.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List deliveries: those that wait, and those that a person must look at."""
    states = [each.value for each in state or (State.WAITING, State.DEAD)]
    with _errors_told(), _opened(config) as (_, database):
        from kiosk.store import deliveries

        with database.read() as session:
            rows = [
                {
                    "sink": row.sink,
                    "event": row.event_id,
                    "visit": row.visit_id,
                    "state": row.state,
                    "reason": row.reason,
                    "tries": row.tries,
                    "receipt": row.receipt,
                }
                for row in deliveries.listed(session, sink=sink, states=states)
            ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo("  ".join(str(value) for value in row.values() if value is not None))


@deliveries_app.command()
def replay(
    config: ConfigFile,
    sink: Annotated[str, typer.Option(metavar="NAME", help="The receiver.")],
    event: Annotated[str | None, typer.Option(metavar="ID", help="Only this event.")] = None,
    delivered: Annotated[bool, typer.Option("--delivered", help="Also what was delivered already.")] = False,
) -> None:
    """Deliver again what was given up; the staff process does it."""
    states = [State.DEAD.value, State.WAITING.value, *([State.DELIVERED.value] if delivered else [])]
    with _errors_told(), _opened(config) as (_, database):
        from kiosk.store import deliveries

        with database.write() as session:
            many = deliveries.replay(session, datetime.now(UTC), sink=sink, event_id=event, states=states)
    typer.echo(f"{many} to deliver again.")
    if not many:
        raise typer.Exit(NOTHING)


@deliveries_app.command("by-hand")
def by_hand(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    told: Annotated[str | None, typer.Option(metavar="VISIT", help="The payer was told of this one.")] = None,
) -> None:
    """List what the payer took and is no longer right: somebody must tell the payer."""
    with _errors_told(), _opened(config) as (settings, database):
        from kiosk.devices.clock import SystemClock
        from kiosk.services.outgoing import Outgoing

        device = f"desk-{settings.clinic.desk}"
        outgoing = Outgoing(database, clinic=settings.clinic, device=device, clock=SystemClock())
        if told is not None and not outgoing.told(told, by=device):
            typer.echo("Error: there is nothing to tell of this visit.", err=True)
            raise typer.Exit(NOTHING)
        rows = outgoing.by_hand()
    if as_json:
        told_of = ({**asdict(row), "visit": row.visit_id, "day": row.day.isoformat()} for row in rows)
        typer.echo(json.dumps([{key: row[key] for key in BY_HAND} for row in told_of], indent=2))
        return
    for row in rows:
        typer.echo(f"{row.visit_id}  {row.day}  {row.number}  {','.join(row.changes)}  {row.receipt}")


@deliveries_app.command()
def order(
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="The visit's id (MA_LK).")],
    config: ConfigFile,
    code: Annotated[str, typer.Option(help="The code in the common catalogue.")],
    name: Annotated[str, typer.Option(help="Its name there.")],
    kind: Annotated[str, typer.Option(help="service, medicine or supply.")] = "service",
    route: Annotated[str | None, typer.Option(help="MA_DOITUONG_KCB, as staff confirmed it.")] = None,
    visit_kind: Annotated[str, typer.Option(help="MA_LOAI_KCB.")] = "01",
) -> None:
    """Say the first cost of a visit, and its route: then the payer can be told of it."""
    with _errors_told(), _opened(config) as (settings, database):
        from kiosk.devices.clock import SystemClock
        from kiosk.interop.orders import NoSuchVisit, OrderBook, checked_order

        clock = SystemClock()
        device = f"desk-{settings.clinic.desk}"
        try:
            said = checked_order(
                kind=kind, code=code, name=name, route=route, visit_kind=visit_kind, ordered_at=clock.now()
            )
            OrderBook(database, device=device, clock=clock).record(visit, said, by=device)
        except NoSuchVisit:
            typer.echo("Error: no such admission, or its person was erased.", err=True)
            raise typer.Exit(NOTHING) from None
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    typer.echo("Written down.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple["StaffConfig", "Database"]]:
    from kiosk.config import StaffConfig, load
    from kiosk.process import log_to_stderr
    from kiosk.store.database import Database

    log_to_stderr()
    settings = load(StaffConfig, path)
    database = Database.open(settings.store)
    try:
        yield settings, database
    finally:
        database.close()


def _visits(settings: "StaffConfig", database: "Database", day: date | None) -> "list[OpenedVisit]":
    from kiosk.domain.tickets import clinic_day
    from kiosk.interop.parts import usual_orders
    from kiosk.interop.settings import load_settings
    from kiosk.interop.visit import open_visit
    from kiosk.keys import VisitOpener, load_clinic_private_key
    from kiosk.keys_terminal import open_keys
    from kiosk.store import repositories

    open_keys(settings)
    opener = VisitOpener(load_clinic_private_key(settings.clinic_private_key))
    orders = usual_orders(None if settings.interop is None else load_settings(settings.interop))
    with database.read() as session:
        found = repositories.visits(session, settings.clinic.code, day or clinic_day(datetime.now(UTC)), "admitted")
        return [
            orders.completed(open_visit(session, visit, clinic=settings.clinic, opener=opener))
            for visit in reversed(found)
        ]


def _write_private(path: Path, content: bytes) -> None:
    """The file, written whole, which only its owner may read."""
    part = path.with_name(path.name + ".part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with open(os.open(part, flags, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written") from error


@contextmanager
def _errors_told() -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except idcard.IdCardError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(USAGE if isinstance(error, idcard.ConfigurationError) else NOTHING) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: the kiosk needs {error.name}: pip install 'idcard[kiosk]'", err=True)
        raise typer.Exit(USAGE) from error
