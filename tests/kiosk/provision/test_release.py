"""Releases put in use and taken back, for real: the project's own wheel, pip, environments, processes, migrations.

Only what the project needs besides is not installed anew each time: it is linked from the environment of the tests.
"""

import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options
from kiosk.demo.provision import provision as demonstration
from kiosk.provision import bundle as bundles
from kiosk.provision.bundle import Bundle, open_bundle, seal
from kiosk.provision.progress import Before, Progress, point, read_progress, write_progress
from kiosk.provision.release import CURRENT, WHOLE, Place, rollback, upgrade
from kiosk.provision.services import OwnProcesses, Served
from kiosk.provision.store_copy import revision_of
from kiosk.store.database import Database

MIGRATIONS = "kiosk/store/migrations/versions"
LATER = '''"""Tables of a later release."""

from alembic import op

revision = "9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE of_later (id INTEGER PRIMARY KEY)")


def downgrade() -> None:
    op.execute("DROP TABLE of_later")
'''
LONG = pytest.mark.skipif("KIOSK_GALLERY_ALL" not in os.environ, reason="an environment for each release: --all")
BROKEN = "\nraise SystemExit('this release is broken')\n"


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, as it is now."""
    source = tmp_path_factory.mktemp("source")
    for name in ("idcard", "kiosk"):
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    build = ("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", "dist", ".")
    subprocess.run((sys.executable, *build), cwd=source, check=True, capture_output=True)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def needs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the project needs besides, without the project."""
    folder = tmp_path_factory.mktemp("needs")
    for place in Path(sysconfig.get_path("purelib")).iterdir():
        if not place.name.startswith(("idcard", "__editable__", "_idcard", "pip", "setuptools")):
            (folder / place.name).symlink_to(place)
    return folder


@pytest.fixture(scope="module")
def release(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bundle]:
    """Makes releases of the wheel: another version, with these words after these files."""

    def make(version: str, **additions: str) -> Bundle:
        folder = tmp_path_factory.mktemp("bundle")
        (folder / "wheels").mkdir()
        repacked(wheel, folder / "wheels", version, additions)
        return seal(folder)

    return make


def repacked(wheel: Path, folder: Path, version: str, additions: dict[str, str]) -> None:
    """The wheel under another version, with its record made anew."""
    name, old = wheel.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel) as source:
        files = {each: source.read(each) for each in source.namelist() if not each.endswith("/RECORD")}
    files = {each.replace(f"{name}-{old}.dist-info", info): content for each, content in files.items()}
    metadata = files[f"{info}/METADATA"].decode()
    files[f"{info}/METADATA"] = metadata.replace(f"\nVersion: {old}\n", f"\nVersion: {version}\n").encode()
    for path, text in additions.items():
        path = path.replace("__", "/") + ".py"
        files[path] = files.get(path, b"") + text.encode()
    record = "".join(f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items())
    with zipfile.ZipFile(folder / wheel.name.replace(f"-{old}-", f"-{version}-"), "w") as target:
        for path, content in files.items():
            target.writestr(path, content)
        target.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@pytest.fixture
def place(
    tmp_path: Path, spare_ports: Callable[[int], int], needs: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A machine without systemd: a folder for releases, and a patient's process that could really serve."""
    monkeypatch.setenv("PYTHONPATH", str(needs))
    folder = demonstration(tmp_path / "data", Options(port_base=spare_ports(11)))
    config = load(PatientConfig, folder.config("patient"))
    served = (Served(command="run", file=folder.config("patient"), config=config),)
    services = OwnProcesses(served, start_s=40)
    said: list[str] = []
    yield Place(root=tmp_path / "opt", served=served, services=services, backups=tmp_path / "backups", say=said.append)
    services.stop()


def counts(store: Path) -> int:
    """How often somebody wrote into the store: a row that must outlive everything."""
    with closing(sqlite3.connect(store)) as database:
        return int(database.execute("SELECT count(*) FROM device_state WHERE part = 'remember'").fetchone()[0])


def write_something(store: Path) -> None:
    with closing(sqlite3.connect(store)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(device_state)")]
        assert {"device", "part"} <= set(columns)
        values = {"device": "kiosk-1", "part": "remember", "state": "{}", "updated_at": "2026-11-23 00:00:00.000000"}
        names = [name for name in columns if name in values]
        marks = ", ".join("?" * len(names))
        database.execute(
            f"INSERT INTO device_state ({', '.join(names)}) VALUES ({marks})", [values[name] for name in names]
        )
        database.commit()


def newest(root: Path) -> str:
    """The newest version of the tables, as a migration names it."""
    last = sorted((root / MIGRATIONS).glob("v*.py"))[-1].read_text("utf-8")
    return last.partition('\nrevision = "')[2].partition('"')[0]


def later_tables(root: Path) -> dict[str, str]:
    """A migration that a later release brings."""
    return {f"{MIGRATIONS.replace('/', '__')}__v9999_later": LATER.replace("{newest}", newest(root))}


@LONG
@pytest.mark.serial
@pytest.mark.timeout(600)
def test_a_release_is_put_in_use_replaced_and_brought_back(
    place: Place, release: Callable[..., Bundle], root: Path
) -> None:
    upgrade(place, release("1.0"))
    write_something(place.store)
    upgrade(place, release("1.2", **later_tables(root)))
    assert place.current == "1.2"
    assert (revision_of(place.store), counts(place.store)) == ("9999", 1)

    with pytest.raises(ConfigurationError) as refused:
        rollback(place)
    assert refused.value.facts["reason"] == "tables_changed"
    assert place.current == "1.2"
    rollback(place, restore=True)
    assert place.current == "1.0"
    assert (revision_of(place.store), counts(place.store)) == (newest(root), 1)
    aside = [copy for copy in place.backups.iterdir() if "rolled-back" in copy.name]
    assert [revision_of(copy) for copy in aside] == ["9999"], "what the newer release wrote is kept aside"


@LONG
@pytest.mark.serial
@pytest.mark.timeout(600)
def test_a_release_that_does_not_even_start_leaves_the_old_one_in_use(
    place: Place, release: Callable[..., Bundle]
) -> None:
    upgrade(place, release("1.0"))
    with pytest.raises(ConfigurationError) as failed:
        upgrade(place, release("1.1", kiosk__patient_process=BROKEN))
    assert failed.value.facts["reason"] == "upgrade_failed"
    assert place.current == "1.0"


@pytest.mark.serial
@pytest.mark.timeout(300)
def test_a_release_that_migrates_and_then_dies_leaves_the_store_as_it_was(
    place: Place, release: Callable[..., Bundle], root: Path
) -> None:
    upgrade(place, release("1.0"))
    assert place.current == "1.0"
    assert revision_of(place.store) == newest(root)
    write_something(place.store)
    before = place.store.stat()
    dies = "\n_open = Database.open\nDatabase.open = lambda *a, **n: (_open(*a, **n), exit('broken'))\n"
    with pytest.raises(ConfigurationError, match="store as it was"):
        upgrade(place, release("1.1", **later_tables(root), kiosk__patient_process=dies))
    assert (revision_of(place.store), counts(place.store)) == (newest(root), 1)
    assert (place.store.stat().st_mode, place.store.stat().st_uid) == (before.st_mode, before.st_uid)
    assert place.current == "1.0"
    (failed,) = (copy for copy in place.backups.iterdir() if copy.name.endswith("1.1-failed.db"))
    assert revision_of(failed) == "9999", "it had really changed the tables"


def test_a_folder_that_was_touched_is_not_installed(release: Callable[..., Bundle]) -> None:
    made = release("1.0")
    (wheel,) = made.wheels.iterdir()
    content = wheel.read_bytes()
    for change in (content[:-1], content + b"\0", content[:100] + bytes([content[100] ^ 1]) + content[101:]):
        wheel.write_bytes(change)
        with pytest.raises(ConfigurationError) as caught:
            open_bundle(made.folder)
        assert caught.value.facts["reason"] == "bundle_damaged"
    wheel.write_bytes(content)
    assert open_bundle(made.folder).version == "1.0"
    (made.folder / "wheels" / "more-1.0-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="other files"):
        open_bundle(made.folder)


@pytest.mark.parametrize("line", ["", "x", "0" * 64 + "  ../outside", "0" * 64 + "  /etc/passwd"])
def test_a_list_that_leads_elsewhere_is_refused(release: Callable[..., Bundle], line: str) -> None:
    made = release("1.0")
    (made.folder / bundles.SUMS).write_text(line + "\n", "utf-8")
    with pytest.raises(ConfigurationError):
        open_bundle(made.folder)


@LONG
@pytest.mark.timeout(900)
def test_a_release_is_built_from_a_checkout_with_all_that_it_needs(root: Path, tmp_path: Path) -> None:
    """Fetched at the pinned versions, and installed again without a network; the smallest set, to be quick."""
    source = tmp_path / "checkout"
    for name in ("idcard", "kiosk", "requirements"):
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    made = bundles.build_bundle(source, tmp_path / "release", constraints=None, extras=())
    assert open_bundle(made.folder).version == made.version
    lines = made.requirements.read_text("utf-8").splitlines()
    pins = (root / "requirements" / "constraints.txt").read_text("utf-8").lower().replace("_", "-").splitlines()
    assert all(line.partition(" ")[0] in pins for line in lines if not line.startswith("idcard=="))
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    install = ("install", "-q", "--no-index", "--require-hashes", "--find-links", made.wheels, "-r", made.requirements)
    subprocess.run([tmp_path / "fresh/bin/python", "-I", "-m", "pip", *install], check=True)
    shown = subprocess.run([tmp_path / "fresh/bin/idcard", "--version"], capture_output=True, text=True, check=True)
    assert made.version in shown.stdout


@LONG
@pytest.mark.timeout(600)
def test_a_wheel_that_is_not_the_one_that_was_hashed_is_not_installed(
    place: Place, release: Callable[..., Bundle]
) -> None:
    """Even past the list of sums: pip is told the hash of each wheel."""
    made = release("1.0")
    requirements = made.requirements.read_text("utf-8")
    made.requirements.write_text(requirements.replace("sha256:", "sha256:" + "0" * 8, 1)[: len(requirements)], "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        upgrade(place, made)
    assert caught.value.facts["reason"] == "pip"
    assert place.current is None
    assert not place.store.exists()


def test_there_is_nothing_to_go_back_to(place: Place) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rollback(place)
    assert caught.value.facts["reason"] == "nothing_before"


def test_a_store_that_was_never_copied_is_not_put_back(place: Place) -> None:
    """What could have come back with it is said instead, and nothing is stopped or changed."""
    Database.open(place.store).close()
    for version in ("1.0", "1.1"):
        place.release(version).mkdir(parents=True)
        (place.release(version) / WHOLE).touch()
    point(place.root, CURRENT, "1.1")
    write_progress(place.root, Progress(before=Before(version="1.0", copy=None, revision="0001")))
    before = place.store.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        rollback(place, restore=True)
    assert caught.value.facts["reason"] == "no_copy"
    assert place.current == "1.1"
    assert (read_progress(place.root).trying, place.store.read_bytes()) == (None, before)
    assert not place.backups.exists()
