"""``kiosk hub second``: second admissions of somebody on a day, as officers settle them."""

from typing import Annotated

import typer

from kiosk.hub.telling import Clinic, ConfigFile, Sign, nothing, opened_store, told

app = typer.Typer(help="Second admissions of somebody on a day.", no_args_is_help=True)


@app.command("list")
def list_(config: ConfigFile) -> None:
    """Print those that nobody closed, the newest first: clinic, visit, and which was first."""
    with told(), opened_store(config) as database, database.read() as connection:
        from kiosk.hub.store.states import open_seconds

        for row in open_seconds(connection):
            first = f"{row.first_clinic}\t{row.first_visit.hex()}"
            typer.echo(f"{row.clinic}\t{row.visit.hex()}\t{first}\t{row.day.isoformat()}")


@app.command()
def close(
    config: ConfigFile,
    clinic: Clinic,
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="As `list` prints it.")],
    by: Sign,
) -> None:
    """Say that somebody looked at one: it is closed, and stays so whatever else comes."""
    try:
        which = bytes.fromhex(visit)
    except ValueError as error:
        raise typer.BadParameter("the visit that `kiosk hub second list` prints") from error
    with told(), opened_store(config) as database:
        from kiosk.hub.process import utc_now
        from kiosk.hub.store.closing import close_second

        with database.write() as connection:
            closed = close_second(connection, clinic, which, by=by, now=utc_now())
    if not closed:
        raise nothing("There is no such open one.")
