"""``kiosk province join | renew``.

Exit codes: 0 done; 1 the hub does not answer, or refuses; 2 wrong usage, configuration or installation.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from kiosk.wire.joining import Grant

REFUSED, USAGE = 1, 2
_LOOK_EVERY_S = 5.0

Hub = Annotated[str, typer.Argument(metavar="HUB", help="The hub's address, such as https://hub.example.")]
Folder = Annotated[Path, typer.Option("--identity", metavar="DIR", help="The folder of this device's identity.")]


def join(
    hub: Hub,
    folder: Folder,
    code: Annotated[
        str,
        typer.Argument(metavar="[CODE]", help="The code that the province's officer read aloud; else it is asked for."),
    ] = "",
    minutes: Annotated[float, typer.Option(min=0, help="How long to wait; run the same again to go on.")] = 60,
) -> None:
    """Ask the province to let this machine in, and wait until a person there has said so."""
    with _told():
        from kiosk.province.joining import Joining

        joining = Joining(hub, code or typer.prompt("The code"), folder)
        try:
            typer.echo(f"Read these digits to the province's officer:  {joining.begin()}")
            _wait(joining.look, time.monotonic() + minutes * 60)
        finally:
            joining.close()


def renew(hub: Hub, folder: Folder) -> None:
    """Replace this device's certificate now; the staff's process does it by itself in time."""
    with _told():
        from datetime import UTC, datetime

        from kiosk.province.identity import Identity
        from kiosk.province.joining import place_of
        from kiosk.province.renewal import Renewal, Step

        renewal = Renewal(place_of(hub), Identity(folder))
        try:
            step, until = renewal.step(datetime.now(UTC), at_once=True), renewal.until()
        finally:
            renewal.close()
        if step is not Step.RENEWED or until is None:
            typer.echo(f"Error: not renewed ({step}).", err=True)
            raise typer.Exit(REFUSED)
        typer.echo(f"Good until {until.astimezone():%Y-%m-%d %H:%M}.")


def _wait(look: "Callable[[], Grant | None]", deadline: float) -> None:
    """Until it is decided, or the time is up."""
    from kiosk.wire.joining import APPROVED, WAITING

    while True:
        grant = look()
        if grant is not None and grant.state != WAITING:
            break
        if time.monotonic() + _LOOK_EVERY_S > deadline:
            typer.echo("Not decided yet. Run the same again to go on.", err=True)
            raise typer.Exit(REFUSED)
        time.sleep(_LOOK_EVERY_S)
    if grant.state != APPROVED:
        typer.echo("Error: the province refused. Ask there, and for another code.", err=True)
        raise typer.Exit(REFUSED)
    typer.echo(f"This machine is {grant.device} of clinic {grant.clinic}.")


@contextmanager
def _told() -> Iterator[None]:
    """Tell an error in one line, and exit with the code of its kind."""
    try:
        yield
    except idcard.ConfigurationError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(USAGE) from error
    except idcard.IdCardError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(REFUSED) from error
    except OSError as error:
        typer.echo(f"Error: the identity's folder cannot be written: {error.strerror}.", err=True)
        raise typer.Exit(USAGE) from error
