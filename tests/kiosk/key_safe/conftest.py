"""The real places: a TPM in software (swtpm), a token in software (SoftHSM), and passphrases that cost little."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from kiosk.config import StaffConfig, load
from kiosk.demo.provision import Options, provision
from kiosk.key_safe import passphrase
from kiosk.key_safe.wrapped import OPENED

CHEAP = passphrase.Cost(memory_kib=64, rounds=1, lanes=1)
HSM = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "4711"


@pytest.fixture(autouse=True)
def nothing_is_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test is a process that has opened nothing yet; a try costs little here."""
    monkeypatch.setattr(passphrase, "USUAL", CHEAP)
    OPENED.forget()
    yield
    OPENED.forget()


@dataclass
class SoftTpm:
    """A TPM in a process of its own: its state is what a machine cannot lose without being another one."""

    state: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.state.mkdir(exist_ok=True)
        places = ["--ctrl", f"type=tcp,port={self.port + 1}", "--server", f"type=tcp,port={self.port}"]
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}", *places]
        self.process = subprocess.Popen([*command, "--flags", "not-need-init,startup-clear"])
        deadline = time.monotonic() + 20
        while self.ran("tpm2_getcap", "properties-fixed") != 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def restart(self) -> None:
        """What a machine does that is switched off and on: its registers begin anew."""
        self.stop()
        self.start()

    def ran(self, *command: str) -> int:
        settings = os.environ | {"TPM2TOOLS_TCTI": self.tcti, "TSS2_LOG": "all+NONE"}
        return subprocess.run(command, capture_output=True, check=False, env=settings).returncode

    @property
    def tcti(self) -> str:
        return f"swtpm:host=127.0.0.1,port={self.port}"


@pytest.fixture
def tpm(tmp_path: Path, spare_ports: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftTpm]:
    """This machine's TPM."""
    made = SoftTpm(tmp_path / "tpm", spare_ports(2))
    made.start()
    monkeypatch.setenv("TPM2TOOLS_TCTI", made.tcti)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token that is plugged in, by its name. The library is loaded once in a process, so it is one for all tests."""
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n", "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        for name in ("clinic", "another"):
            command = ["softhsm2-util", "--init-token", "--free", "--label", name, "--pin", PIN, "--so-pin", "08154711"]
            subprocess.run(command, capture_output=True, check=True)
        yield "clinic"


@pytest.fixture(scope="session")
def _provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = provision(tmp_path_factory.mktemp("safe") / "demo", Options())
    lines = 'key_safe = "keys/staff.safe"\nshared_safe = "keys/shared.safe"\n'
    for name, added in (("staff", lines), ("patient", lines.splitlines(keepends=True)[1])):
        text = place.config(name).read_text("utf-8").replace(str(place.root) + "/", "")
        place.config(name).write_text(text.replace("\n[clinic]", f"{added}\n[clinic]", 1), "utf-8")
    return place.root


@pytest.fixture
def machine(_provisioned: Path, tmp_path: Path) -> Path:
    """A kiosk's folder, whose configurations name safes that are not there yet."""
    return shutil.copytree(_provisioned, tmp_path / "kiosk")


@pytest.fixture
def staff(machine: Path) -> StaffConfig:
    """The staff's configuration."""
    return load(StaffConfig, machine / "staff.toml")


@pytest.fixture
def as_root() -> Callable[..., Any]:
    """Runs ``kiosk keys`` with what is typed."""
    from typer.testing import CliRunner

    from kiosk.cli import app

    def run(*arguments: str | Path, said: str = "") -> Any:
        OPENED.forget()
        done = CliRunner().invoke(app, ["keys", *map(str, arguments)], input=said)
        structlog.reset_defaults()  # the command's own log is closed by now
        return done

    return run
