"""``kiosk hub picture`` and what belongs to it: officers, the invented province, the weekly report, old months.

Passwords are asked for, or come on standard input: on the command line they would stay in the shell's history.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.hub.picture.roles import OfficerRole

if TYPE_CHECKING:
    from kiosk.hub.config import HubConfig
    from kiosk.hub.picture.accounts import Officers
    from kiosk.hub.store.database import HubDatabase

REFUSED, BY = 3, "command"

Told = Callable[[], AbstractContextManager[None]]
Load = Callable[[Path], "HubConfig"]
Store = Callable[[Path], AbstractContextManager["HubDatabase"]]
ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The hub's configuration, hub.toml.")]
Sign = Annotated[str, typer.Argument(metavar="SIGN", help="The account's name, such as lan.nguyen.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Take the password from standard input.")]


def add_picture(app: typer.Typer, *, told: Told, load: Load, store: Store) -> None:
    """Give ``kiosk hub`` these commands.

    :param told: tells errors. :param load: the configuration in a file. :param store: the store that it names.
    """
    app.add_typer(_officers(told, store), name="officer")
    _add_process(app, told, load)
    _add_report(app, told, load, store)

    @app.command("drop-old")
    def drop_old_months(
        config: ConfigFile, months: Annotated[int, typer.Option(min=1, help="How many whole months are kept.")]
    ) -> None:
        """Drop events and pseudonyms older than so many months; their counts stay."""
        with told(), store(config) as database:
            from kiosk.hub.process import utc_now
            from kiosk.hub.store.retention import drop_old

            typer.echo(f"Dropped: {', '.join(drop_old(database, utc_now(), months)) or 'nothing'}.")


def _add_process(app: typer.Typer, told: Told, load: Load) -> None:
    @app.command()
    def picture(config: ConfigFile) -> None:
        """Show the province to its health office."""
        with told():
            from kiosk.hub.picture.process import run_picture
            from kiosk.process import log_to_stderr

            log_to_stderr()
            run_picture(load(config))

    @app.command()
    def invent(
        config: ConfigFile,
        clinics: Annotated[int, typer.Option(min=1, max=288, help="How many.")] = 288,
        seed: Annotated[int, typer.Option(help="The same seed makes the same province.")] = 8,
    ) -> None:
        """Fill an empty hub with an invented province, to look at."""
        with told():
            from kiosk.hub.picture.trying import invent_into

            try:
                many = invent_into(load(config), clinics=clinics, seed=seed)
            except ValueError as error:
                raise _refused("this hub has clinics, or is meant in earnest") from error
            typer.echo(f"Invented: {clinics} clinics, {many} events of today and yesterday.")


def _add_report(app: typer.Typer, told: Told, load: Load, store: Store) -> None:
    @app.command()
    def report(
        config: ConfigFile,
        out: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is put: .pdf or .csv.")],
        week: Annotated[
            str, typer.Option(metavar="DAY", help="The week's Monday; without it, the last whole one.")
        ] = "",
        language: Annotated[str, typer.Option("--lang", help="vi or en.")] = "vi",
    ) -> None:
        """Write the weekly report: published figures, in which nobody is told."""
        if out.suffix not in (".pdf", ".csv") or language not in ("vi", "en"):
            raise typer.BadParameter("a file .pdf or .csv, and --lang vi or en")
        with told(), store(config) as database:
            from kiosk.hub.picture.trying import written_report

            try:
                monday = date.fromisoformat(week) if week else None
                content = written_report(database, load(config), monday, language, kind=out.suffix)
            except ValueError as error:
                raise _refused("the week is not over, or its day is no Monday") from error
            out.write_bytes(content)


def _officers(told: Told, store: Store) -> typer.Typer:
    app = typer.Typer(help="Who may look at the province's picture.", no_args_is_help=True)

    @app.command()
    def add(
        sign: Sign,
        config: ConfigFile,
        role: Annotated[OfficerRole, typer.Option(help="What they may do.")] = OfficerRole.OFFICER,
        stdin: FromStdin = False,
    ) -> None:
        """Make an account; it asks for the password."""
        _change(told, store, config, lambda officers: officers.add(sign, role, _password(stdin), by=BY))

    @app.command("list")
    def list_(config: ConfigFile) -> None:
        """Print every account."""
        with told(), store(config) as database:
            for each in _accounts(database).all():
                typer.echo(f"{each.sign}\t{each.role.value}\t{each.state}\t{each.wrong_tries}")

    @app.command()
    def lock(sign: Sign, config: ConfigFile) -> None:
        """Let nobody in with an account, from now on."""
        _change(told, store, config, lambda officers: officers.lock(sign, by=BY))

    @app.command()
    def unlock(sign: Sign, config: ConfigFile) -> None:
        """Let an account in again, and forget its wrong tries."""
        _change(told, store, config, lambda officers: officers.unlock(sign, by=BY))

    @app.command()
    def password(sign: Sign, config: ConfigFile, stdin: FromStdin = False) -> None:
        """Give an account another password."""
        _change(told, store, config, lambda officers: officers.set_password(sign, _password(stdin), by=BY))

    return app


def _change(told: Told, store: Store, config: Path, change: "Callable[[Officers], None]") -> None:
    with told(), store(config) as database:
        from kiosk.hub.picture.accounts import BadOfficer

        try:
            change(_accounts(database))
        except BadOfficer as error:
            raise _refused(f"{_WHY[str(error)]} ({error})") from error


_WHY = {
    "sign": "an account is called by 2 to 32 small letters, digits, dots or dashes",
    "taken": "there is such an account",
    "unknown": "there is no such account",
    "password": "a password has 10 to 128 characters, not the account's name, and more than a few different ones",
}


def _accounts(database: "HubDatabase") -> "Officers":
    from kiosk.hub.picture.accounts import Officers
    from kiosk.hub.process import utc_now

    return Officers(database, utc_now)


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered


def _refused(why: str) -> typer.Exit:
    typer.echo(f"Error: {why}", err=True)
    return typer.Exit(REFUSED)
