"""``kiosk hub code | requests | approve | refuse``: how devices are let in."""

from typing import Annotated

import typer

from kiosk.hub.telling import Clinic, ConfigFile, Name, Sign, load_hub, nothing, opened_store, told


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (code, requests, approve, refuse):
        app.command()(command)


def code(config: ConfigFile, clinic_code: Clinic, called: Name, by: Sign) -> None:
    """Print a code, once, with which this device may ask to be let in."""
    with told(), opened_store(config) as database:
        from kiosk.hub.process import open_enrolment

        made, until = open_enrolment(load_hub(config), database).make_code(clinic_code, called, by=by)
    typer.echo(f"{made}\nGood until {until.astimezone():%Y-%m-%d %H:%M}, once, for {clinic_code}/{called}.")


def requests(config: ConfigFile) -> None:
    """Print who asks to be let in, with the digits that the clinic's screen must show too."""
    with told(), opened_store(config) as database:
        from kiosk.hub.process import open_enrolment

        for each in open_enrolment(load_hub(config), database).requests():
            since = each.asked_at.astimezone().isoformat(timespec="minutes")
            typer.echo(f"{each.clinic}\t{each.device}\t{each.digits}\t{since}")


def approve(
    config: ConfigFile,
    clinic_code: Clinic,
    called: Name,
    by: Sign,
    digits: Annotated[str, typer.Option(help="The 16 digits that the clinic read aloud.")],
) -> None:
    """Let a device in, whose digits the clinic read aloud."""
    with told(), opened_store(config) as database:
        from kiosk.hub.errors import NoSuchRequest
        from kiosk.hub.process import open_enrolment

        try:
            open_enrolment(load_hub(config), database).approve(clinic_code, called, digits, by=by)
        except NoSuchRequest as error:
            raise nothing("Nobody of this clinic and name waits with these digits: if they differ, refuse.") from error
    typer.echo(f"{clinic_code}/{called} is let in.")


def refuse(config: ConfigFile, clinic_code: Clinic, called: Name, by: Sign) -> None:
    """Let nobody in who waits under this name."""
    with told(), opened_store(config) as database:
        from kiosk.hub.errors import NoSuchRequest
        from kiosk.hub.process import open_enrolment

        try:
            open_enrolment(load_hub(config), database).refuse(clinic_code, called, by=by)
        except NoSuchRequest as error:
            raise nothing("Nobody of this clinic and name waits.") from error
    typer.echo(f"{clinic_code}/{called} is refused.")
