"""``kiosk province status`` and ``again``: how the province is reached, and sending once more.

Exit codes: 0 done; 1 the store cannot be used, nothing was ever sent, or (``status``) a person must look; 2 wrong usage
or configuration.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.services.province_state import Province

PROBLEM, USAGE = 1, 2
ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")]


def status(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say when the hub last answered, how much waits, and whether a person must look."""
    with _opened(config) as found:
        state = found.state()
        if state is None:
            typer.echo("Error: nothing was ever sent to a province from here.", err=True)
            raise typer.Exit(PROBLEM)
    said = asdict(state) | {"answered_at": state.answered_at and state.answered_at.isoformat()}
    if as_json:
        typer.echo(json.dumps(said, indent=2))
    else:
        for name, value in said.items():
            typer.echo(f"{name}: {'-' if value in (None, '') else value}")
    if state.problem:
        raise typer.Exit(PROBLEM)


def again(config: ConfigFile) -> None:
    """Send once more what was put aside, and go on where sending had stopped; the staff process does it."""
    with _opened(config) as found:
        many = found.again(by="command")
    if many is None:
        typer.echo("Error: nothing was ever sent to a province from here.", err=True)
        raise typer.Exit(PROBLEM)
    typer.echo(f"{many} to send again.")


@contextmanager
def _opened(path: Path) -> Iterator["Province"]:
    from kiosk.config import StaffConfig, load
    from kiosk.devices.clock import SystemClock
    from kiosk.process import log_to_stderr
    from kiosk.services.province_state import Province
    from kiosk.store.database import Database

    log_to_stderr()
    try:
        settings = load(StaffConfig, path)
        database = Database.open(settings.store)
        try:
            yield Province(database, device=f"desk-{settings.clinic.desk}", clock=SystemClock())
        finally:
            database.close()
    except idcard.IdCardError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(USAGE if isinstance(error, idcard.ConfigurationError) else PROBLEM) from error
