"""``kiosk hub``: set up, looked after, and served by a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.config import load
from kiosk.hub.config import HubConfig
from kiosk.hub.process import load_ring, open_store
from kiosk.hub.store import tables

RUN = CliRunner()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A new hub, with one clinic."""
    assert RUN.invoke(app, ["hub", "init", str(tmp_path)]).exit_code == 0
    path = tmp_path / "hub.toml"
    assert ok("migrate", path) == "The tables are of this version. Months made: 0.\n"
    assert ok("clinic", "add", path, "36001", "Trạm y tế xã Mỹ Xá") == "New: 1.\n"
    return path


def run(*words: Any) -> Any:
    """The command with its configuration, which is the one path among the words."""
    texts = [str(word) for word in words if not isinstance(word, Path) or word.suffix != ".toml"]
    (path,) = (word for word in words if isinstance(word, Path) and word.suffix == ".toml")
    return RUN.invoke(app, ["hub", *texts, "--config", str(path)])


def ok(*words: Any) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_setting_up_again_keeps_the_keys(config: Path) -> None:
    key = (config.parent / "keys" / "hub.key").read_bytes()
    assert RUN.invoke(app, ["hub", "init", str(config.parent)]).exit_code == 0
    assert (config.parent / "keys" / "hub.key").read_bytes() == key
    assert (config.parent / "keys").stat().st_mode & 0o077 == 0


def test_a_device_is_let_in_listed_and_revoked(config: Path, make: Any) -> None:
    public = make.Device().key.public_key().public_bytes_raw()
    assert run("device", "add", config, "36001", "kiosk-1", public.hex()).exit_code == 0
    assert run("device", "add", config, "36001", "kiosk-1", public.hex()).exit_code == 3
    assert run("device", "add", config, "36777", "kiosk-1", public.hex()).exit_code == 3
    assert run("device", "add", config, "36001", "kiosk-2", "no key").exit_code == 2
    assert run("device", "add", config, "36001", "Máy 1", public.hex()).exit_code == 2
    assert ok("device", "list", config, "36001") == f"kiosk-1\tactive\t{public.hex()}\n"
    assert run("device", "revoke", config, "36001", "kiosk-1").exit_code == 0
    assert run("device", "revoke", config, "36001", "kiosk-1").exit_code == 3
    assert "revoked" in ok("device", "list", config, "36001")


def test_devices_come_from_a_table(config: Path, tmp_path: Path, make: Any) -> None:
    keys = [make.Device().key.public_key().public_bytes_raw().hex() for _ in range(2)]
    table = tmp_path / "devices.csv"
    table.write_text(f"clinic,device,key\n36001,kiosk-1,{keys[0]}\n36001,desk-1,{keys[1]}\n", "utf-8")
    assert ok("device", "import", config, table) == "New: 2.\n"
    assert ok("device", "import", config, table) == "New: 0.\n"
    assert keys[1] in ok("device", "list", config, "36001")
    table.write_text(f"clinic,device,key\n36001,kiosk-3,{keys[0]}\n36777,kiosk-1,{keys[0]}\n", "utf-8")
    assert run("device", "import", config, table).exit_code == 3
    assert "kiosk-3" not in ok("device", "list", config, "36001")
    for wrong in ("clinic,device\n36001,x\n", "clinic,device,key\n36001,x,no key\n", "clinic,device,key\n36001,x\n"):
        table.write_text(wrong, "utf-8")
        assert run("device", "import", config, table).exit_code == 2


def test_clinics_come_from_a_table(config: Path, tmp_path: Path) -> None:
    table = tmp_path / "clinics.csv"
    table.write_text("code,name\n36001,Trạm y tế Mỹ Xá\n36002,Trạm y tế Lộc Vượng\n", "utf-8-sig")
    assert ok("clinic", "import", config, table) == "New: 1.\n"
    assert ok("clinic", "list", config) == "36001\tTrạm y tế Mỹ Xá\n36002\tTrạm y tế Lộc Vượng\n"
    table.write_text("a,b\n1,2\n", "utf-8")
    assert run("clinic", "import", config, table).exit_code == 2


def test_an_emergency_has_the_next_number(config: Path) -> None:
    assert ok("emergency", "signer_distrusted", "--by", "ha", config) == "Emergency 1.\n"
    assert ok("emergency", "signer_distrusted", "--by", "ha", config) == "Emergency 2.\n"
    assert run("emergency", "Trần Thị Mận", "--by", "ha", config).exit_code == 2


def test_what_was_put_aside_is_looked_at_again(config: Path, make_hub: Any, make: Any) -> None:
    settings = load(HubConfig, config)
    database = open_store(settings)
    hub = make_hub(database)
    device = hub.enrolled(clinic="36001")
    hub.receive(device, device.event(make.admission(1)), device.event(make.admission(1)))
    # Of another hub's key: nothing here opens it, until that key lies beside the others.
    digests = [line.split("\t")[0] for line in ok("quarantine", "list", config).splitlines()]
    assert digests == []
    hub.ingest._ring = load_ring(settings.keys)
    hub.receive(device, *(device.event(make.admission(2)) for _ in range(2)))
    listed = ok("quarantine", "list", config).splitlines()
    assert len(listed) == 2
    assert ok("quarantine", "again", config) == "Taken: 0.\n"
    assert run("quarantine", "drop", config, "36001", listed[0].split("\t")[0]).exit_code == 0
    assert run("quarantine", "drop", config, "36001", listed[0].split("\t")[0]).exit_code == 3
    write_key(make.HUB, settings.keys / "former-2026.key")
    assert ok("quarantine", "again", config) == "Taken: 1.\n"
    assert ok("quarantine", "list", config) == ""
    assert sum(row.admissions for row in hub.rows(tables.hour_count)) == 3
    database.close()


def write_key(key: Any, path: Path) -> None:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_a_hub_without_tables_says_what_to_do(tmp_path: Path) -> None:
    RUN.invoke(app, ["hub", "init", str(tmp_path)])
    result = run("serve", tmp_path / "hub.toml")
    assert result.exit_code == 2
    assert "kiosk hub migrate" in result.output


def test_a_store_that_cannot_be_reached_is_its_own_exit_code(tmp_path: Path) -> None:
    url = f"postgresql:///hub?host={tmp_path}"
    RUN.invoke(app, ["hub", "init", str(tmp_path), "--postgres", url])
    assert run("migrate", tmp_path / "hub.toml").exit_code == 1


@pytest.fixture
def trial_folder() -> Iterator[Path]:
    """Where a trial's PostgreSQL may lie: its user can go there, unlike into the tests' own folders."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-trial-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.serial
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_trial_serves_keeps_what_came_and_ends_when_told(trial_folder: Path, spare_ports: Any, store: str) -> None:
    port = spare_ports()
    command = [sys.executable, "-m", "kiosk", "hub", "trial", "--store", store, "--port", str(port)]
    for _ in range(2 if store == "postgres" else 1):
        process = subprocess.Popen([*command, "--dir", str(trial_folder)], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        first = next((line for line in process.stderr if "hub_serves" in line), "")
        path = trial_folder / store / "hub.toml"
        assert f"port={port}" in first
        new = ok("clinic", "add", path, "36001", "Trạm y tế Mỹ Xá")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stderr.close()
    assert new == ("New: 0.\n" if store == "postgres" else "New: 1.\n")
    assert not running_in(trial_folder)


def running_in(folder: Path) -> list[str]:
    """Programs that were told of this folder and still run."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (found := list(_told_of(folder))):
        time.sleep(0.1)
    return found


def _told_of(folder: Path) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and path.parent.name != str(os.getpid()):
            yield words


def test_a_second_admission_is_listed_and_closed_once(config: Path, make: Any) -> None:
    first, second, day = bytes(16), bytes(range(16)), make.NOW.date()
    row = {"clinic": "36001", "visit": second, "first_clinic": "36001", "first_visit": first}
    database = open_store(load(HubConfig, config))
    with database.write() as connection:
        connection.execute(tables.second_visit.insert().values(**row, day=day, state="open", found_at=make.NOW))
    database.close()
    assert ok("second", "list", config) == f"36001\t{second.hex()}\t36001\t{first.hex()}\t{day.isoformat()}\n"
    assert run("second", "close", config, "36001", "no-visit", "--by", "chi-lan").exit_code == 2
    assert ok("second", "close", config, "36001", second.hex(), "--by", "chi-lan") == ""
    assert run("second", "close", config, "36001", second.hex(), "--by", "chi-lan").exit_code == 3
    assert ok("second", "list", config) == ""
