"""``kiosk staff-account``: who may log in at the desk's screen.

Names, numbers and passwords are asked for, or come on standard input: on the command line they would stay in the
shell's history, and every user of the machine could see them.

Exit codes: 0 done; 1 the store cannot be used; 2 wrong usage or configuration; 3 refused: nothing was changed.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.account_words import say
from kiosk.domain.staff import Role
from kiosk.record_cli import errors_told
from kiosk.roster_words import Language
from kiosk.terminal import asker

if TYPE_CHECKING:
    from kiosk.services.staff_accounts import Account, StaffAccounts
    from kiosk.services.staff_keys import StaffKeys

REFUSED = 3
BY = "command"
"""Whose acts these are in the audit: whoever may run commands on this machine."""

app = typer.Typer(help="Say who may log in at the desk's screen.", no_args_is_help=True)

Sign = Annotated[str, typer.Argument(help="The account's name, such as lan.nguyen.")]
StaffFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The staff's configuration.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Take what is asked for from standard input, one a line.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]


@app.command()
def add(
    sign: Sign,
    config: StaffFile,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.RECEPTION,
    stdin: FromStdin = False,
    language: In = Language.EN,
) -> None:
    """Make an account. It asks for the full name, the personal number and the password."""
    with _accounts(config, language) as accounts:
        asked = asker(stdin, lambda what: say(what, language))
        name, number = asked("name"), asked("number")
        accounts.add(sign, role, name=name, number=number or None, password=_password(asked, stdin), by=BY)
        typer.echo(say("done.add", language, sign=sign))


@app.command("list")
def list_(
    config: StaffFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    language: In = Language.EN,
) -> None:
    """Show the accounts; names and numbers are not printed."""
    with _accounts(config, language) as accounts:
        found = accounts.all()
    if as_json:
        rows = [
            {"account": each.sign, "role": each.role, "state": each.state, "wrong": each.wrong_tries} for each in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        typer.echo(_line(each, language))
    if not found:
        typer.echo(say("none", language))


@app.command()
def lock(sign: Sign, config: StaffFile, language: In = Language.EN) -> None:
    """Let nobody in with an account, from now on."""
    with _accounts(config, language) as accounts:
        accounts.lock(sign, by=BY)
        typer.echo(say("done.lock", language, sign=sign))


@app.command()
def unlock(sign: Sign, config: StaffFile, language: In = Language.EN) -> None:
    """Let an account in again, and forget its wrong tries."""
    with _accounts(config, language) as accounts:
        accounts.unlock(sign, by=BY)
        typer.echo(say("done.unlock", language, sign=sign))


@app.command()
def password(sign: Sign, config: StaffFile, stdin: FromStdin = False, language: In = Language.EN) -> None:
    """Give an account another password; whoever is logged in with it is logged out."""
    with _accounts(config, language) as accounts:
        accounts.set_password(sign, _password(asker(stdin, lambda what: say(what, language)), stdin), by=BY)
        typer.echo(say("done.password", language, sign=sign))


@app.command()
def remove(sign: Sign, config: StaffFile, language: In = Language.EN) -> None:
    """End an account for ever. Its name stays in the record of what was done, and nobody else gets it."""
    with _accounts(config, language) as accounts:
        accounts.remove(sign, by=BY)
        typer.echo(say("done.remove", language, sign=sign))


@app.command("revoke-keys")
def revoke_keys(sign: Sign, config: StaffFile, language: In = Language.EN) -> None:
    """Put all security keys of an account out of use, where the last one was lost."""
    with _keys(config, language) as keys:
        mine = keys.of(sign)
        for key in mine:
            keys.revoke(key.id, by=BY)
        typer.echo(say("done.revoke_keys", language, sign=sign, count=len(mine)))


@contextmanager
def _accounts(config: Path, language: Language) -> "Iterator[StaffAccounts]":
    with _keys(config, language) as keys:
        yield keys.accounts


@contextmanager
def _keys(config: Path, language: Language) -> "Iterator[StaffKeys]":
    with errors_told(language):
        from kiosk.config import StaffConfig, load
        from kiosk.keys import VisitOpener, load_clinic_private_key
        from kiosk.keys_terminal import open_keys
        from kiosk.services.staff_accounts import BadAccount
        from kiosk.staff_process import accounts_of, keys_of
        from kiosk.store.database import Database

        settings = load(StaffConfig, config)
        open_keys(settings, language)
        opener = VisitOpener(load_clinic_private_key(settings.clinic_private_key))
        database = Database.open(settings.store)
        try:
            yield keys_of(settings, database, opener, accounts_of(settings, database, opener))
        except BadAccount as problem:
            _refuse(say(f"bad.{problem}", language), language)
        except _Differs:
            _refuse(say("bad.differs", language), language)
        finally:
            database.close()


class _Differs(Exception):
    """The password was typed in two ways."""


def _refuse(words: str, language: Language) -> None:
    typer.echo(f"{'Error' if language is Language.EN else 'Lỗi'}: {words}", err=True)
    raise typer.Exit(REFUSED)


def _password(asked: Callable[[str], str], stdin: bool) -> str:
    given = asked("password")
    if not stdin and asked("again") != given:
        raise _Differs
    return given


def _line(account: "Account", language: Language) -> str:
    state = say(f"state.{account.state}", language)
    wrong = f" · {say('state.waits', language, wrong=account.wrong_tries)}" if account.wrong_tries else ""
    return f"{account.sign}  {account.role}  {state}{wrong}"
