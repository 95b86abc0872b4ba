"""``kiosk hub``: set up, serve, and look after a hub.

Exit codes: 0 done; 1 the store cannot be used; 2 wrong usage, configuration or installation; 3 there is nothing of
that name.
"""

import base64
import binascii
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.hub import joining_cli, second_cli
from kiosk.hub.picture.cli import add_picture
from kiosk.hub.telling import Clinic, ConfigFile, Name
from kiosk.hub.telling import load_hub as _load
from kiosk.hub.telling import nothing as _nothing
from kiosk.hub.telling import opened_store as _store
from kiosk.hub.telling import told as _told

if TYPE_CHECKING:
    from kiosk.hub.store.heads import SaidHead

_KEY_BYTES = 32

app = typer.Typer(help="The province's hub: takes in what its clinics send.", no_args_is_help=True)
clinic = typer.Typer(help="The clinics of the province.", no_args_is_help=True)
device = typer.Typer(help="Whose events are taken.", no_args_is_help=True)
quarantine = typer.Typer(help="Events that were put aside.", no_args_is_help=True)
for group, called in ((clinic, "clinic"), (device, "device"), (quarantine, "quarantine")):
    app.add_typer(group, name=called)
joining_cli.add_to(app)

Table = Annotated[Path, typer.Argument(metavar="FILE", help="CSV with the columns code and name.")]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where configuration and keys are put.")],
    postgres: Annotated[str | None, typer.Option(metavar="URL", help="postgresql:///hub; without it, SQLite.")] = None,
    socket: Annotated[Path | None, typer.Option(metavar="FILE", help="The Unix socket, behind a proxy.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where there is no socket: a port here.")] = 8007,
    production: Annotated[bool, typer.Option("--production", help="No trial: this is meant in earnest.")] = False,
    nginx: Annotated[
        str | None, typer.Option(metavar="NAME", help="Also nginx before it, for this name, and units for both.")
    ] = None,
    listen: Annotated[str, typer.Option(metavar="PORT", help="Where nginx listens: 443, or ADDRESS:PORT.")] = "443",
) -> None:
    """Write a configuration, make keys and an authority; what is there already stays."""
    with _told():
        from kiosk.hub.kit import SOCKET, write_kit
        from kiosk.hub.setup import create_hub

        mode = "production" if production else "demo"
        door = SOCKET if nginx and socket is None else socket
        path = create_hub(
            folder, postgres=postgres, socket=door, port=None if door else port, mode=mode, server_name=nginx
        )
        if nginx is not None:
            typer.echo(write_kit(path, listen=listen))
        typer.echo(f"{path}\nNext: kiosk hub migrate --config {path}")


@app.command()
def migrate(config: ConfigFile) -> None:
    """Bring the store's tables to this program's version."""
    with _told():
        from kiosk.hub.setup import migrate as bring_up

        made = bring_up(_load(config))
        typer.echo(f"The tables are of this version. Months made: {len(made)}.")


@app.command()
def serve(config: ConfigFile) -> None:
    """Take in what clinics send."""
    with _told():
        from kiosk.hub.process import run_hub
        from kiosk.process import log_to_stderr

        log_to_stderr()
        run_hub(_load(config))


@app.command()
def trial(
    store: Annotated[str, typer.Option(help="sqlite or postgres.")] = "sqlite",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens on this machine.")] = 8007,
    picture: Annotated[int, typer.Option(min=0, max=65535, help="Where its picture does; 0 for none.")] = 0,
    folder: Annotated[Path, typer.Option("--dir", help="Where everything lies.")] = Path("var/hub"),
) -> None:
    """Start a hub on this machine, with a store of its own, and its picture of an invented province."""
    with _told():
        from kiosk.hub.trial import STORES, run_trial
        from kiosk.process import log_to_stderr

        if store not in STORES:
            raise typer.BadParameter("--store is sqlite or postgres")
        log_to_stderr()
        run_trial(folder, store=store, port=port, picture=picture)


@app.command()
def recount(config: ConfigFile, clinic_code: Clinic, day: Annotated[str, typer.Argument(metavar="DAY")]) -> None:
    """Count a clinic's day again from its events."""
    from datetime import date

    try:
        of = date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter("a day is written 2026-11-23") from error
    with _told(), _store(config) as database:
        from kiosk.hub.store.recount import recount as count_again

        count_again(database, clinic_code, of)


@app.command()
def emergency(
    config: ConfigFile,
    reason: Annotated[str, typer.Argument(help="A word, such as signer_distrusted.")],
    by: Annotated[str, typer.Option(help="The sign of whoever raises it.")],
) -> None:
    """Tell every clinic with its next answer to fetch releases at once."""
    with _told(), _store(config) as database:
        from kiosk.hub.process import utc_now
        from kiosk.hub.store.emergencies import raise_emergency
        from kiosk.wire.checks import word

        word(reason, "reason")
        word(by, "by")
        with database.write() as connection:
            number = raise_emergency(connection, reason, by=by, now=utc_now())
        typer.echo(f"Emergency {number}.")


@app.command()
def heads(
    config: ConfigFile,
    clinic_code: Clinic,
    called: Annotated[str | None, typer.Option("--device", metavar="DEVICE", help="Of this one alone.")] = None,
) -> None:
    """Print where the audit chains of a clinic once ended, a line each: for `kiosk audit verify --heads` there."""
    with _told(), _store(config) as database, database.read() as connection:
        from kiosk.hub.store.heads import heads as said

        none = True
        for each in said(connection, clinic_code, device=called):
            none = False
            typer.echo(_head_line(each))
    if none:
        raise _nothing("No end of a chain was ever sent by it.")


@clinic.command("add")
def clinic_add(config: ConfigFile, clinic_code: Clinic, called: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Add a clinic, or give it another name."""
    _add_clinics(config, [(clinic_code, called)])


@clinic.command("import")
def clinic_import(
    config: ConfigFile, file: Annotated[Path, typer.Argument(help="CSV with columns code, name.")]
) -> None:
    """Add every clinic of a table."""
    rows = [(row["code"], row["name"]) for row in _rows(file, "code", "name")]
    _add_clinics(config, rows)


@clinic.command("list")
def clinic_list(config: ConfigFile) -> None:
    """Print every clinic."""
    with _told(), _store(config) as database, database.read() as connection:
        from sqlalchemy import select

        from kiosk.hub.store.tables import clinic as table

        for row in connection.execute(select(table).order_by(table.c.id)):
            typer.echo(f"{row.id}\t{row.name}")


@device.command("add")
def device_add(
    config: ConfigFile,
    clinic_code: Clinic,
    called: Name,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its Ed25519 public key: 32 bytes as hex or base64.")],
) -> None:
    """Let a device in."""
    public = _key(key)
    with _told(), _store(config) as database:
        from kiosk.hub.process import utc_now
        from kiosk.hub.store.database import take_turns
        from kiosk.hub.store.devices import add_device
        from kiosk.wire.checks import name

        name(called, "device")
        with database.write() as connection:
            if not take_turns(connection, [clinic_code]):
                raise _nothing(f"There is no clinic {clinic_code}: kiosk hub clinic add.")
            added = add_device(connection, clinic_code, called, public, utc_now())
    if not added:
        raise _nothing(f"The name {called} is taken in clinic {clinic_code}.")


@device.command("import")
def device_import(
    config: ConfigFile, file: Annotated[Path, typer.Argument(help="CSV with columns clinic, device, key.")]
) -> None:
    """Let every device of a table in; those that are there already stay as they are."""
    rows = [(row["clinic"], row["device"], _key(row["key"])) for row in _rows(file, "clinic", "device", "key")]
    with _told(), _store(config) as database:
        from kiosk.hub.process import utc_now
        from kiosk.hub.store.database import take_turns
        from kiosk.hub.store.devices import add_device
        from kiosk.wire.checks import name

        with database.write() as connection:
            missing = {clinic for clinic, _, _ in rows} - take_turns(connection, {clinic for clinic, _, _ in rows})
            if missing:
                raise _nothing(f"There is no clinic {min(missing)}: kiosk hub clinic add.")
            many = sum(add_device(connection, each, name(dev, "device"), key, utc_now()) for each, dev, key in rows)
        typer.echo(f"New: {many}.")


@device.command("list")
def device_list(config: ConfigFile, clinic_code: Clinic) -> None:
    """Print a clinic's devices."""
    with _told(), _store(config) as database, database.read() as connection:
        from kiosk.hub.store.devices import devices_of

        for each in devices_of(connection, [clinic_code])[clinic_code].values():
            typer.echo(f"{each.name}\t{'active' if each.is_active else 'revoked'}\t{each.public_key.hex()}")


@device.command("revoke")
def device_revoke(config: ConfigFile, clinic_code: Clinic, called: Name) -> None:
    """Let a device in no more, from its next request on; the proxy's list is written too."""
    with _told(), _store(config) as database:
        from kiosk.hub.process import publish_revoked, utc_now
        from kiosk.hub.store.database import take_turns
        from kiosk.hub.store.devices import revoke_device

        with database.write() as connection:
            take_turns(connection, [clinic_code])
            revoked = revoke_device(connection, clinic_code, called, utc_now())
        publish_revoked(_load(config), database)
    if not revoked:
        raise _nothing("There is no such active device.")


@quarantine.command("list")
def quarantine_list(config: ConfigFile) -> None:
    """Print what was put aside and is still open, the oldest first."""
    with _told(), _store(config) as database, database.read() as connection:
        from kiosk.hub.store.aside import open_ones

        for row in open_ones(connection):
            whose = f"{row.clinic}/{row.device or '?'}\t{row.seq or '-'}"
            typer.echo(f"{row.digest.hex()}\t{whose}\t{row.reason}\t{row.received_at.isoformat(timespec='seconds')}")


@quarantine.command("again")
def quarantine_again(config: ConfigFile) -> None:
    """Look at everything that was put aside once more, as after a lost key was found again."""
    with _told():
        from kiosk.hub.process import load_ring, open_store, utc_now
        from kiosk.hub.retry import retry_all

        settings = _load(config)
        database = open_store(settings)
        try:
            many = retry_all(database, load_ring(settings.keys), utc_now())
        finally:
            database.close()
        typer.echo(f"Taken: {many}.")


@quarantine.command("drop")
def quarantine_drop(
    config: ConfigFile, clinic_code: Clinic, digest: Annotated[str, typer.Argument(metavar="DIGEST")]
) -> None:
    """Say of an event that was put aside that nothing comes of it; it stays where it is."""
    with _told(), _store(config) as database:
        from kiosk.hub.store.aside import close

        try:
            which = bytes.fromhex(digest)
        except ValueError as error:
            raise typer.BadParameter("the digest that `kiosk hub quarantine list` prints") from error
        with database.write() as connection:
            dropped = close(connection, clinic_code, which, "dropped")
    if not dropped:
        raise _nothing("There is no such open event.")


def _rows(file: Path, *columns: str) -> list[dict[str, str]]:
    """What a table has in these columns."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return [{name: row[name].strip() for name in columns} for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error) as error:
        wanted = f"{', '.join(columns[:-1])} and {columns[-1]}"
        raise typer.BadParameter(f"{file.name}: a CSV file in UTF-8 with the columns {wanted}") from error


def _add_clinics(config: Path, rows: list[tuple[str, str]]) -> None:
    with _told(), _store(config) as database:
        from kiosk.hub.process import utc_now
        from kiosk.hub.store.devices import add_clinics
        from kiosk.wire.checks import name

        for code, _ in rows:
            name(code, "clinic")
        with database.write() as connection:
            many = add_clinics(connection, rows, utc_now())
        typer.echo(f"New: {many}.")


def _head_line(head: "SaidHead") -> str:
    """As a clinic writes its own, and who said it."""
    said = {"device": head.device, "seq": head.seq, "hash": head.hash.hex(), "at": head.at.isoformat()}
    return json.dumps(said | {"said_by": head.said_by})


def _key(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise typer.BadParameter("a key is 32 bytes, as hex or base64")
    return raw


add_picture(app, told=_told, load=_load, store=_store)
app.add_typer(second_cli.app, name="second")
