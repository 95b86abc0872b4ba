"""What is done to a clinic's chains shows, whichever place kept their ends: the clinic, its daily report, the hub."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.config import load
from kiosk.demo.provision import Options, Place, provision
from kiosk.hub.config import HubConfig
from kiosk.hub.process import load_ring, open_store
from kiosk.keys import load_clinic_private_key
from kiosk.services.audit import Heads
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.wire.bodies import SelfTest

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
KIOSK, CLINIC, LINKS = "kiosk-1", "36001", 6
SOURCES = ("file", "report", "table", "hub")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A clinic with six links, its backup after three, and a folder with what each place wrote down."""

    place: Place
    heads: Path

    @property
    def store(self) -> Path:
        return self.place.root / "store.db"

    def verify(self, source: str | None) -> tuple[int, list[tuple[str, int, int]]]:
        words = ["audit", "verify", "--config", str(self.place.config("staff")), "--json"]
        words += [] if source is None else ["--heads", str(self.heads / source)]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        chains = {chain["device"]: chain for chain in json.loads(done.stdout)["chains"]}
        found = chains[KIOSK]["findings"] if KIOSK in chains else []
        return done.exit_code, [(each["wrong"], each["first"], each["last"]) for each in found]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    place = provision(folder / "demo", Options())
    store, heads = place.root / "store.db", folder / "heads"
    heads.mkdir()
    database = Database.open(store)
    said = []
    for number in range(1, LINKS + 1):
        with database.write() as session:
            link = repositories.append_audit(session, KIOSK, AT, "admitted", {"number": number})
            said.append((link.seq, link.hash))
        if number in (3, LINKS):
            Heads(heads / "file").write_down(database, AT)
        if number == 3:
            copy_of(store, folder / "backup.db")
    database.close()
    report(place, heads)
    (heads / "hub").write_text(at_the_hub(folder / "hub", said), "utf-8")
    copy_of(store, folder / "whole.db")
    return Kept(place=place, heads=heads)


def copy_of(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as read, sqlite3.connect(target) as write:
        read.backup(write)
    read.close()
    write.close()


def run(*words: Any) -> str:
    done = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def report(place: Place, folder: Path) -> None:
    (folder / "report").write_text(run("report", "--config", place.config("staff"), "--json"), "utf-8")
    run("report", "--config", place.config("staff"), "--csv", folder / "table")


def at_the_hub(folder: Path, said: list[tuple[int, bytes]]) -> str:
    """What the hub prints after a device sent an event with each of these ends."""
    from tests.kiosk.hub.conftest import (
        Device,
        Hub,
    )  # the classes; a fixture of a module cannot have fixtures of a test

    run("hub", "init", folder)
    config = folder / "hub.toml"
    run("hub", "migrate", "--config", config)
    run("hub", "clinic", "add", CLINIC, "Trạm y tế xã Mỹ Xá", "--config", config)
    settings = load(HubConfig, config)
    database = open_store(settings)
    hub = Hub(database=database)
    hub.ingest._ring = load_ring(settings.keys)
    device: Device = hub.enrolled(CLINIC, KIOSK)
    to = load_clinic_private_key(settings.keys / "hub.key")
    events = [device.event(SelfTest(passed=True), to=to, audit_seq=seq, audit_hash=digest) for seq, digest in said]
    hub.receive(device, *events)
    database.close()
    return run("hub", "heads", CLINIC, "--config", config)


@pytest.fixture
def clinic(kept: Kept) -> Kept:
    """The clinic as it was, whatever a test before did to it; it wrote no ends down itself."""
    for path in kept.store.parent.glob("store.db*"):
        path.unlink()
    shutil.copy(kept.heads.parent / "whole.db", kept.store)
    return kept


def sql(*statements: str) -> Callable[[Kept], None]:
    def change(kept: Kept) -> None:
        connection = sqlite3.connect(kept.store)
        connection.create_function("link", 2, lambda previous, body: hashlib.sha256(previous + body.encode()).digest())
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return change


def restored(kept: Kept) -> None:
    for path in kept.store.parent.glob("store.db*"):
        path.unlink()
    shutil.copy(kept.heads.parent / "backup.db", kept.store)


def goes_on(kept: Kept) -> None:
    restored(kept)
    database = Database.open(kept.store)
    for number in range(4, 9):
        with database.write() as session:
            repositories.append_audit(session, KIOSK, AT, "admitted", {"number": 100 + number})
    database.close()


def anew(kept: Kept) -> None:
    """Link 4 is changed, and all behind it made to fit."""
    edit = """UPDATE audit SET body = replace(body, '"number":4', '"number":9') WHERE seq = 4"""
    fit = "UPDATE audit SET previous = (SELECT hash FROM audit b WHERE b.seq = audit.seq - 1) WHERE seq = {}"
    sql(edit, *(line.format(seq) for seq in (4, 5, 6) for line in (fit, "UPDATE audit SET hash = link(previous, body)"
        " WHERE seq = {}")))(kept)  # fmt: skip


SWAP = [f"UPDATE audit SET seq = {to} WHERE seq = {seq}" for seq, to in ((2, 99), (4, 2), (99, 4))]
ANEW = {"file": (4, 6), "report": (1, 6), "table": (1, 6), "hub": (4, 4)}
"""Between which links a chain was written anew, as narrow as what each place wrote down can say."""
TAMPERED: list[tuple[str, Callable[[Kept], None], list[tuple[str, int, int]] | None, bool]] = [
    ("first", sql("DELETE FROM audit WHERE seq = 1"), [("first_lost", 1, 1)], True),
    ("middle", sql("DELETE FROM audit WHERE seq IN (3, 4)"), [("lost", 3, 4)], True),
    ("last", sql("DELETE FROM audit WHERE seq = 6"), [("last_lost", 6, 6)], False),
    ("all", sql("DELETE FROM audit"), [("last_lost", 1, 6)], False),
    ("swap", sql(*SWAP), [("swapped", 2, 2), ("swapped", 4, 4)], True),
    ("neighbours", sql(*(s.replace("4", "3") for s in SWAP)), [("swapped", 2, 3)], True),
    ("altered", sql("UPDATE audit SET body = body || ' ' WHERE seq = 5"), [("altered", 5, 5)], True),
    ("foreign", sql("UPDATE audit SET body = x'ff00', previous = 'text' WHERE seq = 2"), [("altered", 2, 2)], True),
    ("backup", restored, [("last_lost", 4, 6)], False),
    ("goes_on", goes_on, None, False),
    ("anew", anew, None, False),
]
"""What is done; what is found (None: a fork, see above); whether it shows without any end written down."""


@pytest.mark.parametrize("source", SOURCES)
def test_what_was_not_tampered_with_is_whole(clinic: Kept, source: str) -> None:
    assert clinic.verify(source) == (0, [])


@pytest.mark.parametrize("source", [*SOURCES, None])
@pytest.mark.parametrize(("name", "tamper", "expected", "shows"), TAMPERED, ids=[each[0] for each in TAMPERED])
def test_tampering_shows(
    clinic: Kept,
    name: str,
    tamper: Callable[[Kept], None],
    expected: list[tuple[str, int, int]] | None,
    shows: bool,
    source: str | None,
) -> None:
    tamper(clinic)
    found = expected or ([("forked", *ANEW[source])] if source else [])
    assert clinic.verify(source) == ((3, found) if source or shows else (0, []))


def test_a_hub_that_has_no_such_clinic_says_so(kept: Kept) -> None:
    config = kept.heads.parent / "hub" / "hub.toml"
    words = ["hub", "heads", "36999", "--config", str(config)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3
    assert "No end of a chain" in done.stderr
    assert run("hub", "heads", CLINIC, "--device", KIOSK, "--config", config).count("\n") == LINKS


@pytest.mark.parametrize("source", ["report", "table"])
def test_a_damaged_report_is_refused_and_never_a_shorter_one(clinic: Kept, tmp_path: Path, source: str) -> None:
    text = (clinic.heads / source).read_text("utf-8-sig")
    (digest,) = {part for part in text.replace('"', " ").split() if len(part) == 64}
    for damage in (digest[:-1], "", digest[:40] + "\n" + digest[40:]):
        path = tmp_path / "damaged"
        path.write_text(text.replace(digest, damage), "utf-8")
        words = ["audit", "verify", "--config", str(clinic.place.config("staff")), "--heads", str(path)]
        assert CliRunner().invoke(app, words).exit_code == 2


def test_what_to_do_is_said_once_for_each_kind(clinic: Kept) -> None:
    sql("DELETE FROM audit WHERE seq IN (1, 3)", "UPDATE audit SET kind = 'x' WHERE seq = 5")(clinic)
    words = ["audit", "verify", "--config", str(clinic.place.config("staff"))]
    told = CliRunner().invoke(app, words).stdout
    assert [told.count(word) for word in ("Lost links", "Altered or swapped", "Written anew")] == [1, 1, 0]
    assert "link 1." in told
