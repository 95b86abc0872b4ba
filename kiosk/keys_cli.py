"""``kiosk keys``: how the key files of this machine are kept, and who or what opens them.

Passphrases, PINs and codes are asked for, or come on standard input: on the command line they would stay in the shell's
history.

Exit codes: 0 done; 2 wrong usage or configuration, or a place that does not open; 3 refused: nothing was changed.
"""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from kiosk.keys_terminal import key_asker, open_keys
from kiosk.keys_words import say
from kiosk.record_cli import errors_told
from kiosk.roster_words import Language
from kiosk.terminal import Asker

if TYPE_CHECKING:
    from kiosk.config import ProcessConfig
    from kiosk.key_safe.opening import KeySafes
    from kiosk.key_safe.protecting import SlotMaker
    from kiosk.key_safe.state import KeyState

REFUSED = 3
USUAL_PCRS = "7"


class Place(StrEnum):
    """What a safe may be opened by."""

    PASSPHRASE = "passphrase"
    TPM = "tpm"
    PKCS11 = "pkcs11"


app = typer.Typer(help="Say how the key files of this machine are kept.", no_args_is_help=True)

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration of a process.")]
Shared = Annotated[bool, typer.Option("--shared", help="The keys that the patient's process shares.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Take what is asked for from standard input, one a line.")]
In = Annotated[Language, typer.Option("--lang", help="The language of messages.")]
Officer = Annotated[str, typer.Option("--officer", help="The account's name of whoever opens, such as lan.nguyen.")]


@app.command()
def status(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    language: In = Language.EN,
) -> None:
    """Say how each group of keys is kept, and what that withstands; nothing is opened."""
    with errors_told(language):
        from kiosk.checkup import load_any
        from kiosk.key_safe.staff_files import safes_of

        safes = safes_of(load_any(config))
        states = safes.states()
    if as_json:
        typer.echo(json.dumps([asdict(state) | {"officers": _officers(safes, state)} for state in states], indent=2))
        return
    for state in states:
        typer.echo(_line(safes, state, language))


@app.command()
def protect(
    config: ConfigFile,
    place: Annotated[Place, typer.Option("--with", help="What opens them from now on.")],
    shared: Shared = False,
    officer: Officer = "",
    pcrs: Annotated[str, typer.Option(help="The TPM's registers that must be as now; empty for none.")] = USUAL_PCRS,
    module: Annotated[Path | None, typer.Option(help="The library of the token's maker.")] = None,
    token: Annotated[str, typer.Option(help="What the token is called.")] = "",
    stdin: FromStdin = False,
    language: In = Language.EN,
) -> None:
    """Wrap the key files in place, and let a passphrase, the TPM or a token open them. It prints a recovery's code."""
    ask = key_asker(stdin, language)
    with errors_told(language):
        from kiosk.checkup import load_any
        from kiosk.key_safe.protecting import protect as made
        from kiosk.key_safe.staff_files import files_of

        settings = load_any(config)
        group, path = _safe_of(settings, shared, language)
        safes = open_keys(settings, language, ask)
        slot = _slot(
            place, settings, ask, language, officer=officer, pcrs=pcrs, module=module, token=token, stdin=stdin
        )
        done = made(path, safes.secret(group), slot, files_of(settings, group), group=group)
    typer.echo(say("done.protect", language, place=say(place.value, language), count=done.wrapped))
    if done.recovery is not None:
        _show(done.recovery, language)


@app.command()
def recovery(config: ConfigFile, shared: Shared = False, stdin: FromStdin = False, language: In = Language.EN) -> None:
    """Make another recovery's code; the one before opens nothing any more."""
    with errors_told(language):
        from kiosk.checkup import load_any
        from kiosk.key_safe.protecting import new_recovery

        settings = load_any(config)
        group, path = _safe_of(settings, shared, language)
        code = new_recovery(path, _open_secret(settings, group, language, stdin))
    _show(code, language)


@app.command("change-passphrase")
def change_passphrase(
    config: ConfigFile, officer: Officer, stdin: FromStdin = False, language: In = Language.EN
) -> None:
    """Give an officer another passphrase, by the old one, another officer's, or the recovery's code."""
    protect(config, Place.PASSPHRASE, officer=officer, stdin=stdin, language=language)


@app.command("remove-officer")
def remove_officer(config: ConfigFile, officer: Officer, language: In = Language.EN) -> None:
    """Let an officer's passphrase open nothing any more."""
    with errors_told(language):
        from kiosk.checkup import load_any
        from kiosk.key_safe.protecting import remove_officer as removed

        removed(_safe_of(load_any(config), False, language)[1], officer)
    typer.echo(say("done.removed", language, name=officer))


@app.command()
def unprotect(config: ConfigFile, shared: Shared = False, stdin: FromStdin = False, language: In = Language.EN) -> None:
    """Put plain files back, for an older release, which knows no wrapped ones. The safe stays."""
    with errors_told(language):
        from kiosk.checkup import load_any
        from kiosk.key_safe.protecting import unwrap
        from kiosk.key_safe.staff_files import files_of

        settings = load_any(config)
        group, _ = _safe_of(settings, shared, language)
        open_keys(settings, language, key_asker(stdin, language))
        count = unwrap(files_of(settings, group))
    typer.echo(say("done.unprotect", language, count=count))


def _safe_of(config: "ProcessConfig", shared: bool, language: Language) -> tuple[str, Path]:
    from kiosk.config import StaffConfig
    from kiosk.key_safe.state import OWN, SHARED

    group = SHARED if shared or not isinstance(config, StaffConfig) else OWN
    path: Path | None = getattr(config, group)
    if path is None:
        _refuse("bad.unnamed", language, setting=group)
    return group, path


def _open_secret(config: "ProcessConfig", group: str, language: Language, stdin: bool) -> bytes:
    from idcard import ConfigurationError

    secret = open_keys(config, language, key_asker(stdin, language)).secret(group)
    if secret is None:
        raise ConfigurationError(
            "There is no key safe yet.", reason="safe_missing", remedy="Make one: kiosk keys protect."
        )
    return secret


def _slot(
    place: Place,
    config: "ProcessConfig",
    ask: Asker,
    language: Language,
    *,
    officer: str,
    pcrs: str,
    module: Path | None,
    token: str,
    stdin: bool,
) -> "SlotMaker":
    if place is Place.PASSPHRASE:
        return _by_passphrase(officer, ask, language, stdin)
    if place is Place.TPM:
        from kiosk.key_safe import tpm

        return lambda secret, safe: tpm.slot_of(secret, safe=safe, pcrs=pcrs)
    return _by_token(config, module, token, ask, language)


def _by_passphrase(officer: str, ask: Asker, language: Language, stdin: bool) -> "SlotMaker":
    from kiosk.domain.staff import is_sign
    from kiosk.key_safe import passphrase
    from kiosk.key_safe.safe import Kind

    if not is_sign(officer):
        _refuse("bad.officer", language)
    given = ask("passphrase")
    if not stdin and ask("again") != given:
        _refuse("bad.differs", language)
    if not passphrase.is_good(given, officer):
        _refuse("bad.passphrase", language)
    return lambda secret, safe: passphrase.slot_of(Kind.PASSPHRASE, officer, given, secret, safe=safe)


def _by_token(config: "ProcessConfig", module: Path | None, name: str, ask: Asker, language: Language) -> "SlotMaker":
    from kiosk.key_safe import token
    from kiosk.key_safe.opening import read_pin

    if module is None or not name:
        _refuse("bad.token", language)
    typed = config.key_pin is None
    pin = ask("pin") if typed else read_pin(config.key_pin)
    return lambda secret, safe: token.slot_of(secret, safe=safe, module=module, token=name, pin=pin, typed=typed)


def _refuse(word: str, language: Language, **values: str) -> NoReturn:
    typer.echo(f"{'Error' if language is Language.EN else 'Lỗi'}: {say(word, language, **values)}", err=True)
    raise typer.Exit(REFUSED)


def _show(code: str, language: Language) -> None:
    typer.echo(say("recovery", language), err=True)
    typer.echo(code)


def _officers(safes: "KeySafes", state: "KeyState") -> list[str]:
    return list(safes.officers(state.group))


def _line(safes: "KeySafes", state: "KeyState", language: Language) -> str:
    place = "recovery.place" if state.place == "recovery" else state.place
    said = [f"{say(f'group.{state.group}', language)}: {say(place, language)}"]
    said.append(say(f"resists.{state.resists}", language))
    if state.place != "file" and state.plain:
        said.append(say("plain", language, count=state.plain))
    if officers := _officers(safes, state):
        said.append(say("officers", language, names=", ".join(officers)))
    return "; ".join(said)
