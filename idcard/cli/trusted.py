"""Whom a command believes: its trust store, the pins and authorities beside it, and what it remembers of them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import idcard
from idcard.trust.key_file import keys_from_file
from idcard.trust.rollback import check_not_rolled_back

_PANEL = "Whose signatures count"

Trust = Annotated[Path | None, typer.Option("--trust", metavar="DIR", help="The trust store.", rich_help_panel=_PANEL)]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Remembers the newest store and refuses an older one; in your state folder otherwise.",
        rich_help_panel=_PANEL,
    ),
]
PinsFile = Annotated[
    Path | None,
    typer.Option(
        "--pins", metavar="FILE", help="Document signers that two named people pinned.", rich_help_panel=_PANEL
    ),
]
PinKeysFile = Annotated[
    Path | None,
    typer.Option(
        "--pin-keys", metavar="FILE", help="The people whose signatures on --pins count.", rich_help_panel=_PANEL
    ),
]
AuthorityUrl = Annotated[
    str | None,
    typer.Option(
        "--authority", metavar="URL", help="Asked about a signer whose issuer is not known.", rich_help_panel=_PANEL
    ),
]
AuthorityKeys = Annotated[
    Path | None,
    typer.Option(
        "--authority-keys", metavar="FILE", help="The authorities whose answers count.", rich_help_panel=_PANEL
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What a command judges with, its files read before a card is."""

    store: idcard.TrustStore | None
    vouchers: idcard.Vouchers
    online: idcard.OnlineVerifier | None

    @classmethod
    def of(
        cls,
        trust: Path | None,
        state: Path | None,
        pins: Path | None,
        pin_keys: Path | None,
        authority: str | None,
        authority_keys: Path | None,
    ) -> "Trusted":
        """What the options ask for.

        :raises typer.BadParameter: if they do not fit together.
        :raises ConfigurationError: if a file is damaged, was never set up or was rolled back.
        """
        if (pins is None) != (pin_keys is None):
            raise typer.BadParameter("--pins and --pin-keys go together")
        if authority is not None and authority_keys is None:
            raise typer.BadParameter("--authority needs --authority-keys")
        known = {} if authority_keys is None else keys_from_file(authority_keys)
        vouched = None if pins is None or pin_keys is None else pins_in(pins, pin_keys, state)
        return cls(
            store=None if trust is None else store_in(trust, state),
            vouchers=idcard.Vouchers(pins=vouched, authorities=known),
            online=None if authority is None else _online(authority, known),
        )


def _online(address: str, known: Mapping[str, Ed25519PublicKey]) -> idcard.OnlineVerifier:
    try:
        return idcard.HttpAuthority(address, known)
    except ValueError as error:
        raise typer.BadParameter(f"--authority: {error}") from error


def store_in(directory: Path, state: Path | None, *, accept_demonstration: bool = False) -> idcard.TrustStore:
    """The store in ``directory``, where it is not older than the newest that was seen.

    :raises ConfigurationError: if it cannot be used, or was rolled back.
    """
    with _told_where(state_of(directory, state)) as memory:
        return idcard.TrustStore.from_directory(directory, accept_demonstration=accept_demonstration, state=memory)


def not_rolled_back(directory: Path, state: Path | None, sequence: int, digest: str) -> None:
    """Nothing, where the store of that number is not older than the newest that was seen; a newer one is noted.

    :raises ConfigurationError: if it was rolled back, or that cannot be noted.
    """
    with _told_where(state_of(directory, state)) as memory:
        check_not_rolled_back(memory, sequence=sequence, digest=digest)


def pins_in(file: Path, keys: Path, state: Path | None) -> idcard.Pins:
    """The pins in ``file``, where the list is not older than the newest that was seen.

    :raises ConfigurationError: if it cannot be used, or was rolled back.
    """
    people = idcard.PinKeys.from_file(keys)
    beside = None if state is None else state.with_name(f"{state.name}.pins")
    with _told_where(state_of(file, beside)) as memory:
        return idcard.Pins.from_file(file, people, state=memory)


def state_of(what: Path, given: Path | None) -> Path:
    """The file that remembers the newest of ``what``: the one that was given, or one in the user's state folder.

    That is ``$XDG_STATE_HOME/idcard``, or ``~/.local/state/idcard``, with a name made of the path of ``what``.

    Source: XDG Base Directory Specification.
    """
    if given is not None:
        return given
    place = what.resolve()
    name = f"{place.name}-{sha256(os.fsencode(place)).hexdigest()[:16]}.state"
    return _state_home() / "idcard" / name


def _state_home() -> Path:
    home = Path(os.environ.get("XDG_STATE_HOME", ""))
    return home if home.is_absolute() else Path(os.path.expanduser("~")) / ".local" / "state"


@contextmanager
def _told_where(memory: Path) -> Iterator[Path]:
    """The state file, its folder made where that is the default one; errors about it say where it is."""
    try:
        if memory.parent == _state_home() / "idcard":
            memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield memory
    except OSError as error:
        raise idcard.ConfigurationError(
            "The folder for the state file cannot be made.", reason="not_writable", remedy="Name a file with --state."
        ) from error
    except idcard.ConfigurationError as error:
        if error.reason not in ("rolled_back", "not_writable"):
            raise
        message = str(error).removesuffix(f" {error.remedy}")
        remedy = f"{error.remedy} It is {memory}; --state names another."
        raise idcard.ConfigurationError(message, reason=error.reason, remedy=remedy) from error
