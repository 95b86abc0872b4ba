"""``kiosk release``: what officers of the province do so that something comes down to clinics. See docs/releases.md.

Exit codes: 0 done; 1 not published, or the hub's store cannot be used; 2 wrong usage, configuration or installation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from kiosk.releases.repository import Repository, Signers

NOT_PUBLISHED, USAGE = 1, 2
_SOON = timedelta(days=14)

app = typer.Typer(help="Releases of the province: rosters, trust, lists and settings.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of releases, as the web server shows it.")]
Key = Annotated[list[Path], typer.Option("--key", metavar="FILE", help="A key of the role; once for each.")]
Online = Annotated[Path, typer.Option("--online", metavar="FILE", help="The hub's key, online.pem.")]


@app.command()
def init(
    folder: Folder,
    keys: Annotated[Path, typer.Option("--keys", metavar="DIR", help="Where keys are put, to be carried apart.")],
    roots: Annotated[int, typer.Option(min=2, max=9, help="How many people have a key of the root.")] = 3,
    sign: Annotated[int, typer.Option(min=2, max=9, help="How many of them must sign.")] = 2,
) -> None:
    """Make keys, and a folder with nothing released in it yet; root.json is what clinics are given."""
    with _told():
        from kiosk.releases.errors import CannotPublish
        from kiosk.releases.office import ONLINE, create_key
        from kiosk.releases.repository import Repository, Signers, Thresholds

        if sign > roots:
            raise CannotPublish(f"{sign} keys are to sign, and there are {roots}.")

        def made(name: str) -> "Ed25519PrivateKey":
            return create_key(keys, name, _new_passphrase(name))

        signers = Signers(
            root=tuple(made(f"root-{number}") for number in range(1, roots + 1)),
            targets=(made("targets"),),
            emergency=(made("emergency"),),
            online=(create_key(keys, ONLINE, ""),),
        )
        repository = Repository.create(folder, signers, now=_now(), thresholds=Thresholds(root=sign))
        (keys / "root.json").write_bytes(repository.root())
        typer.echo(f"{folder}\nGive {keys / 'root.json'} to clinics; carry the keys of the root apart, off line.")


@app.command()
def publish(
    folder: Folder,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Such as trust/store.zip: see docs/releases.md.")],
    source: Annotated[Path, typer.Argument(metavar="FILE", help="The file; for a trust store, its folder.")],
    key: Key,
    online: Online,
) -> None:
    """Release a file."""
    with _told():
        from kiosk.releases.names import EMERGENCY, RELAXED
        from kiosk.releases.office import content_of

        if path in (EMERGENCY, RELAXED):
            raise typer.BadParameter("the list of the distrusted is published by: kiosk release distrust")
        _repository(folder).publish({path: content_of(path, source)}, _signers(online, targets=key))
        typer.echo(f"Released: {path}")


@app.command()
def withdraw(folder: Folder, path: Annotated[str, typer.Argument(metavar="PATH")], key: Key, online: Online) -> None:
    """Release a file no more; what clinics have of it goes on counting."""
    with _told():
        from kiosk.releases.names import EMERGENCY, RELAXED

        if path in (EMERGENCY, RELAXED):
            raise typer.BadParameter("what the list of the distrusted says is taken back by: kiosk release distrust")
        _repository(folder).publish({}, _signers(online, targets=key), gone=[path])


@app.command()
def roster(
    folder: Folder,
    clinic: Annotated[str, typer.Argument(metavar="CLINIC", help="The clinic's code.")],
    province: Annotated[Path, typer.Argument(metavar="ROSTER", help="The province's roster.")],
    cuts: Annotated[Path, typer.Option("--cuts", metavar="DIR", help="Where clinics' former rosters are kept.")],
    key: Key,
    online: Online,
    beside: Annotated[list[str] | None, typer.Option("--beside", metavar="CLINIC", help="A neighbour.")] = None,
) -> None:
    """Release a clinic's roster: whole, and what differs from those it may have."""
    with _told():
        from kiosk.releases.office import rosters, stale_deltas

        repository, signers = _repository(folder), _signers(online, targets=key)
        with repository.alone():
            packs = rosters(clinic, province, cuts, beside=beside or ())
            repository.publish(packs, signers, gone=stale_deltas(repository, clinic, packs))
        for path, data in sorted(packs.items()):
            typer.echo(f"{path}\t{len(data)}")


@app.command()
def distrust(
    folder: Folder,
    key: Key,
    online: Online,
    certificates: Annotated[list[str] | None, typer.Argument(metavar="SHA256|FILE", help="Certificates.")] = None,
    again: Annotated[list[str] | None, typer.Option("--again", metavar="SHA256|FILE", help="Counts again.")] = None,
    lane_closed: Annotated[
        bool | None, typer.Option("--close-lanes/--open-lanes", help="Nobody is admitted automatically.")
    ] = None,
    targets: Annotated[
        list[Path] | None,
        typer.Option("--targets", metavar="FILE", help="Key of the officers who release, to take something back."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="hub.toml: tell clinics at once.")
    ] = None,
    by: Annotated[str, typer.Option(help="The sign of whoever does this.")] = "officer",
) -> None:
    """Let certificates count for nothing everywhere, and tell every clinic with its next answer."""
    with _told():
        from kiosk.releases.office import distrusted, names_of, release_list

        named, trusted = names_of(certificates or ()), names_of(again or ())
        repository, signers = _repository(folder), _signers(online, emergency=key, targets=targets)
        # The list follows the released one: nobody releases another between the look and the release.
        with repository.alone():
            listed = distrusted(repository, named, again=trusted, lane_closed=lane_closed)
            release_list(repository, listed, signers)
        typer.echo(f"List {listed.number}: {len(listed.certificates)} names of certificates and keys.")
        if config is None:
            typer.echo("Next: kiosk hub emergency signer_distrusted --by … --config …", err=True)
            return
        from kiosk.hub.cli import emergency

        emergency(config, "lanes_closed" if listed.lane_closed else "signer_distrusted", by)


@app.command(name="change-keys")
def change_keys(
    folder: Folder,
    roles: Annotated[list[str], typer.Argument(metavar="ROLE", help="root, targets, emergency, online: one or more.")],
    keys: Annotated[Path, typer.Option("--keys", metavar="DIR", help="Where the new keys are put: a new folder.")],
    root: Annotated[list[Path], typer.Option("--root", metavar="FILE", help="A key of the root; once for each.")],
    online: Online,
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="FILE", help="The officers' key (targets).")
    ] = None,
    roots: Annotated[int, typer.Option(min=2, max=9, help="How many people get a key of the root.")] = 3,
) -> None:
    """Let other keys count for a role, after a theft or a change of people; clinics follow by themselves."""
    with _told():
        from kiosk.releases.office import ONLINE, create_key
        from kiosk.releases.repository import Signers

        if unknown := set(roles) - {"root", "targets", "emergency", ONLINE}:
            raise typer.BadParameter(f"not a role: {min(unknown)}")
        old = _signers(online, root=root, targets=key)

        def made(role: str) -> "tuple[Ed25519PrivateKey, ...]":
            names = [f"root-{number}" for number in range(1, roots + 1)] if role == "root" else [role]
            return tuple(create_key(keys, name, _new_passphrase(name)) for name in names) if role in roles else ()

        new = Signers(root=made("root"), targets=made("targets"), emergency=made("emergency"), online=made(ONLINE))
        repository = _repository(folder)
        repository.change_keys(old, new)
        (keys / "root.json").write_bytes(repository.root())
        typer.echo(f"Root {keys / 'root.json'}: for clinics that join from now on. The others follow by themselves.")


@app.command()
def refresh(folder: Folder, online: Online) -> None:
    """Say anew that nothing is newer: the hub's work, every hour."""
    with _told():
        _repository(folder).renew(_signers(online))


@app.command()
def status(folder: Folder) -> None:
    """Say what is released, and until when each role's word counts; exit code 1 where one has run out."""
    with _told():
        repository = _repository(folder)
        for path, (length, digest) in sorted(repository.released().items()):
            typer.echo(f"{path}\t{length}\t{digest[:12]}")
        expiries, now = repository.expiries(), _now()
        for role, until in sorted(expiries.items()):
            soon = role not in ("timestamp", "snapshot") and until - now < _SOON
            typer.echo(f"{role}\t{until.isoformat()}\t{'run out' if until < now else 'soon' if soon else 'counts'}")
    if min(expiries.values()) < now:
        raise typer.Exit(NOT_PUBLISHED)


def _now() -> datetime:
    return datetime.now(UTC)


def _repository(folder: Path) -> "Repository":
    from kiosk.releases.repository import Repository

    return Repository(folder, now=_now())


def _new_passphrase(name: str) -> str:
    """What is to keep a new key; the hub's has none, for nobody is there to type it."""
    if name == "online":
        return ""
    return str(typer.prompt(f"Passphrase of {name}", hide_input=True, confirmation_prompt=True, err=True))


def _signers(
    online: Path,
    *,
    root: list[Path] | None = None,
    targets: list[Path] | None = None,
    emergency: list[Path] | None = None,
) -> "Signers":
    from kiosk.releases.office import load_key
    from kiosk.releases.repository import Signers

    def asked(name: str) -> str:
        return str(typer.prompt(f"Passphrase of {name}", hide_input=True, err=True))

    return Signers(
        root=tuple(load_key(path, asked) for path in root or ()),
        targets=tuple(load_key(path, asked) for path in targets or ()),
        emergency=tuple(load_key(path, asked) for path in emergency or ()),
        online=(load_key(online, asked),),
    )


@contextmanager
def _told() -> Iterator[None]:
    """Tell an error in one line, and exit with the code of its kind."""
    try:
        yield
    except idcard.ConfigurationError as error:
        raise _exit(error, USAGE) from error
    except idcard.IdCardError as error:
        raise _exit(error, NOT_PUBLISHED) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: releases need {error.name}: pip install 'idcard[hub]'", err=True)
        raise typer.Exit(USAGE) from error


def _exit(error: idcard.IdCardError, code: int) -> typer.Exit:
    typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
    return typer.Exit(code)
