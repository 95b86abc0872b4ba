"""``kiosk hub second``: second admissions of somebody on a day, as officers settle them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kiosk.hub.store.database import HubDatabase

NOTHING = 3
ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The hub's configuration, hub.toml.")]


def second_commands(
    told: Callable[[], AbstractContextManager[None]], store: Callable[[Path], AbstractContextManager["HubDatabase"]]
) -> typer.Typer:
    """The commands. :param told: tells errors. :param store: the store that a configuration names."""
    app = typer.Typer(help="Second admissions of somebody on a day.", no_args_is_help=True)

    @app.command("list")
    def list_(config: ConfigFile) -> None:
        """Print those that nobody closed, the newest first: clinic, visit, and which was first."""
        with told(), store(config) as database, database.read() as connection:
            from kiosk.hub.store.states import open_seconds

            for row in open_seconds(connection):
                first = f"{row.first_clinic}\t{row.first_visit.hex()}"
                typer.echo(f"{row.clinic}\t{row.visit.hex()}\t{first}\t{row.day.isoformat()}")

    @app.command()
    def close(
        config: ConfigFile,
        clinic: Annotated[str, typer.Argument(metavar="CLINIC", help="The clinic's code.")],
        visit: Annotated[str, typer.Argument(metavar="VISIT", help="As `list` prints it.")],
        by: Annotated[str, typer.Option(help="The sign of whoever looked at it.")],
    ) -> None:
        """Say that somebody looked at one: it is closed, and stays so whatever else comes."""
        try:
            which = bytes.fromhex(visit)
        except ValueError as error:
            raise typer.BadParameter("the visit that `kiosk hub second list` prints") from error
        with told(), store(config) as database:
            from kiosk.hub.process import utc_now
            from kiosk.hub.store.closing import close_second

            with database.write() as connection:
                closed = close_second(connection, clinic, which, by=by, now=utc_now())
        if not closed:
            typer.echo("Error: there is no such open one.", err=True)
            raise typer.Exit(NOTHING)

    return app
