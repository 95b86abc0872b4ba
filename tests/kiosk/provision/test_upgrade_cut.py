"""Upgrades that end in the middle: a power cut, a full disk, a key pressed. Real folders, links, stores and doors.

The processes are an adapter that changes the store as a release would; what they are otherwise is test_release's.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from idcard import ConfigurationError
from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options
from kiosk.demo.provision import provision as demonstration
from kiosk.provision.bundle import Bundle
from kiosk.provision.progress import STATE, WAY_BACK, read_progress
from kiosk.provision.release import WHOLE, Place, recover, rollback, upgrade
from kiosk.provision.services import NotYet, Served
from kiosk.provision.store_copy import copy_store, restore_store, revision_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the kit is for Debian")


def sql(store: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as database:
        rows = [database.execute(statement).fetchall() for statement in statements]
        database.commit()
    return rows[-1]


def visits(store: Path) -> int:
    return len(sql(store, "SELECT * FROM visit"))


@dataclass(slots=True)
class Releases:
    """Processes that write their release into the store's tables when they start."""

    store: Path
    running: str | None = None
    lit: bool = False
    broken: set[str] = field(default_factory=set)
    meanwhile: Callable[[str], None] = lambda version: None

    def stop(self) -> None:
        self.running, self.lit = None, False

    def start(self, release: Path) -> bool:
        tables = revision_of(self.store)
        if not (release / WHOLE).exists() or tables is None or tables > release.name:
            return False
        sql(self.store, f"UPDATE alembic_version SET version_num = '{release.name}'")
        self.meanwhile(release.name)
        self.running = None if release.name in self.broken else release.name
        return self.running is not None

    def done(self) -> None:
        self.lit = True


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A patient's process by its configuration, with a door that is answered at."""
    door = HTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=door.serve_forever, daemon=True).start()
    folder = demonstration(tmp_path_factory.mktemp("data") / "demo", Options(port_base=8000))
    config = load(PatientConfig, folder.config("patient")).model_copy(update={"port": door.server_port})
    yield Served(command="run", file=folder.config("patient"), config=config)
    door.shutdown()
    door.server_close()


@pytest.fixture
def place(served: Served, tmp_path: Path) -> Place:
    """A machine on which release 2 replaced release 1, and seven visits were written since."""
    store = tmp_path / "state" / "store.db"
    store.parent.mkdir()
    sql(
        store,
        "PRAGMA journal_mode = wal",
        "CREATE TABLE visit (id INTEGER PRIMARY KEY)",
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('1')",
    )
    for version in "123":
        (tmp_path / "opt" / "releases" / version).mkdir(parents=True)
        (tmp_path / "opt" / "releases" / version / WHOLE).touch()
    here = replace(served, config=served.config.model_copy(update={"store": store}))
    said: list[str] = []
    made = Place(
        root=tmp_path / "opt",
        served=(here,),
        services=Releases(store),
        backups=tmp_path / "backups",
        say=said.append,
    )
    for version in "12":
        upgrade(made, release(version))
    come(made, 7)
    return made


def release(version: str) -> Bundle:
    return Bundle(folder=Path("nowhere"), version=version)


def come(place: Place, patients: int) -> None:
    sql(place.store, *["INSERT INTO visit DEFAULT VALUES"] * patients)


def processes(place: Place) -> Releases:
    assert isinstance(place.services, Releases)
    return place.services


def cut_off(place: Place, command: Callable[[], object], version: str) -> None:
    """Run the command in a process that ends, as by a power cut, when this version has just started."""
    child = os.fork()
    if child == 0:
        processes(place).meanwhile = lambda started: os._exit(9) if started == version else None
        command()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert place.current == version
    processes(place).stop()


def test_what_a_power_cut_leaves_is_put_back_when_the_machine_starts(place: Place) -> None:
    cut_off(place, lambda: upgrade(place, release("3")), "3")
    assert revision_of(place.store) == "3"
    assert os.readlink(place.root / WAY_BACK) == "releases/2", "the start is not left to the release that is tried"
    recover(replace(place, services=NotYet()))
    assert (place.current, revision_of(place.store), visits(place.store)) == ("2", "2", 7)
    assert processes(place).running is None, "systemd starts it afterwards"
    assert not os.path.lexists(place.root / WAY_BACK)
    assert not recover(place)


def test_after_a_power_cut_the_way_back_is_to_the_release_before(place: Place) -> None:
    cut_off(place, lambda: upgrade(place, release("3")), "3")
    rollback(place, restore=True)
    assert (place.current, revision_of(place.store), visits(place.store)) == ("2", "2", 7)
    assert (processes(place).running, processes(place).lit) == ("2", True)
    before = read_progress(place.root).before
    assert before is not None
    assert before.version == "1", "one can still go back to where one could"


def test_after_a_power_cut_the_upgrade_can_be_done_again(place: Place) -> None:
    cut_off(place, lambda: upgrade(place, release("3")), "3")
    upgrade(place, release("3"))
    assert (place.current, processes(place).running, visits(place.store)) == ("3", "3", 7)
    rollback(place, restore=True)
    assert (place.current, processes(place).running, visits(place.store)) == ("2", "2", 7)


def test_a_way_back_that_is_cut_off_is_put_back_too(place: Place) -> None:
    cut_off(place, lambda: rollback(place, restore=True), "1")
    assert recover(place)
    assert (place.current, processes(place).running, visits(place.store)) == ("2", "2", 7)


def test_a_way_back_to_a_release_that_no_longer_starts_leaves_the_newer_one_serving(place: Place) -> None:
    processes(place).broken.add("1")
    with pytest.raises(ConfigurationError) as failed:
        rollback(place, restore=True)
    assert failed.value.facts["reason"] == "rollback_failed"
    assert (place.current, processes(place).running, visits(place.store)) == ("2", "2", 7)
    assert processes(place).lit


def test_a_state_of_an_older_release_is_read(place: Place) -> None:
    (place.root / STATE).write_text('{"version": "1", "copy": null, "revision": "1"}', "utf-8")
    before = read_progress(place.root).before
    assert before is not None
    assert before.version == "1"
    (place.root / STATE).write_text("{", "utf-8")
    assert read_progress(place.root).before is None


def test_somebody_who_presses_control_c_gets_the_old_release_back(place: Place) -> None:
    def pressed(version: str) -> None:
        if version == "3":
            raise KeyboardInterrupt

    processes(place).meanwhile = pressed
    with pytest.raises(KeyboardInterrupt):
        upgrade(place, release("3"))
    assert (place.current, processes(place).running, visits(place.store)) == ("2", "2", 7)


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_store_that_cannot_be_put_back_does_not_keep_the_clinic_without_a_process(
    place: Place, is_gone: bool
) -> None:
    """The copy cannot be read, as on a disk that breaks; the tables are as they were, and so the old release serves."""

    def lose_the_copy(version: str) -> None:
        trying = read_progress(place.root).trying
        if version == "3" and trying is not None and trying.before.copy is not None:
            sql(place.store, "UPDATE alembic_version SET version_num = '2'")
            Path(trying.before.copy).unlink()
            if not is_gone:
                Path(trying.before.copy).mkdir()

    processes(place).broken.add("3")
    processes(place).meanwhile = lose_the_copy
    with pytest.raises(ConfigurationError, match="The release of before is started again") as failed:
        upgrade(place, release("3"))
    assert failed.value.facts["reason"] == "upgrade_failed"
    assert (place.current, processes(place).running, processes(place).lit) == ("2", "2", True)
    assert visits(place.store) == 7
    trying = read_progress(place.root).trying
    assert (trying is None) is is_gone, "the next command tries again what can be tried"
    if not is_gone:
        with pytest.raises(ConfigurationError, match="goes on where this stopped"):
            rollback(place)
        assert (place.current, processes(place).running, processes(place).lit) == ("2", "2", True)


def test_what_cannot_be_copied_aside_stays_beside_the_store(place: Place) -> None:
    def damage(version: str) -> None:
        if version == "3":
            come(place, 1)
            place.store.write_bytes(b"no longer a store" * 1000)

    processes(place).broken.add("3")
    processes(place).meanwhile = damage
    with pytest.raises(ConfigurationError, match="store as it was"):
        upgrade(place, release("3"))
    assert (processes(place).running, visits(place.store)) == ("2", 7)
    (kept,) = place.store.parent.glob("store-*-3-failed-*/store.db")
    assert kept.read_bytes().startswith(b"no longer a store")


def test_a_store_that_cannot_be_copied_stops_the_upgrade_and_not_the_clinic(place: Place) -> None:
    place.backups.rename(place.backups.with_name("moved"))
    place.backups.write_text("no folder", "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        upgrade(place, release("3"))
    assert refused.value.facts["reason"] == "store_copy"
    assert (place.current, processes(place).running, processes(place).lit) == ("2", "2", True)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A file of root's, which nothing may touch."""
    file = tmp_path / "victim"
    file.write_text("not theirs\n", "utf-8")
    file.chmod(0o600)
    yield file
    assert file.read_text("utf-8") == "not theirs\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("planted", ["store.db.restored", "store.db-wal", "store.db-shm", "store.db-journal"])
def test_no_link_beside_the_store_is_followed(place: Place, victim: Path, tmp_path: Path, planted: str) -> None:
    copy_store(place.store, tmp_path / "copy.db")
    place.store.chmod(0o660)
    for suffix in ("-wal", "-shm"):
        place.store.with_name(f"store.db{suffix}").unlink(missing_ok=True)
    place.store.with_name(planted).symlink_to(victim)
    restore_store(tmp_path / "copy.db", place.store, tmp_path / "aside.db")
    assert stat.S_IMODE(place.store.lstat().st_mode) == 0o660
    assert not place.store.is_symlink()
    assert visits(place.store) == 7


def test_a_store_that_is_a_link_is_neither_copied_nor_written_through(place: Place, tmp_path: Path) -> None:
    """The link leads to a store of somebody else's: its content must not come into ours, nor ours into it."""
    copy_store(place.store, tmp_path / "copy.db")
    other = tmp_path / "other.db"
    sql(other, "CREATE TABLE secret (a)")
    content = other.read_bytes()
    place.store.unlink()
    place.store.symlink_to(other)
    with pytest.raises(ConfigurationError) as refused:
        upgrade(place, release("3"))
    assert refused.value.facts["reason"] == "store_copy"
    assert revision_of(place.store) is None
    kept = restore_store(tmp_path / "copy.db", place.store, tmp_path / "aside.db")
    assert not place.store.is_symlink()
    assert visits(place.store) == 7
    assert other.read_bytes() == content
    assert kept is not None
    assert kept.is_symlink(), "it is kept for whoever looks what happened"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_store_keeps_its_owner(place: Place, tmp_path: Path) -> None:
    copy_store(place.store, tmp_path / "copy.db")
    os.chown(place.store, 65534, 65534)
    restore_store(tmp_path / "copy.db", place.store, tmp_path / "aside.db")
    assert (place.store.stat().st_uid, place.store.stat().st_gid) == (65534, 65534)
    assert stat.S_IMODE((tmp_path / "aside.db").stat().st_mode) == 0o600
