"""Configurations as a clinic would have them: a patient's and a staff's process, and what the kit must know besides."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kiosk import cli
from kiosk.provision.files import files_of
from kiosk.provision.machine import machine_of
from kiosk.provision.plan import plan_for
from kiosk.provision.settings import Profile
from kiosk.provision.writing import write

CLINIC = """
[clinic]
code = "79999"
name_vi = "Trạm y tế Phường Mẫu"
name_en = "Mau Ward Health Station"
rooms = [
  { id = "noi", name_vi = "Nội tổng quát", name_en = "General medicine", place_vi = "Phòng 12", place_en = "Room 12" },
]
"""
COMMON = """
mode = "production"
store = "/var/lib/idcard/store.db"
trust = "trust"
person_day_key = "/var/lib/idcard/person_day.key"
internal_key = "keys/internal.key"
roster = "/var/lib/idcard/roster.db"
roster_key = "keys/roster.key"
"""
PATIENT = """
port = 8000
session_key = "keys/patient_session.key"
clinic_public_key = "keys/clinic.pub"
receipt_key = "keys/receipt.key"
scanner = "serial:/dev/serial/by-id/usb-scanner"
printer = "network:192.0.2.9"
"""
STAFF = """
port = 8001
session_key = "keys/staff_session.key"
clinic_private_key = "keys/clinic.key"
public_name = "kiosk.clinic.example:8443"
"""
KIT = """
[network]
staff = ["203.0.113.7:443", "[2001:db8::7]:443"]
dns = ["192.0.2.53"]
maintenance = ["192.0.2.0/28"]
clerks = ["192.0.2.16/28", "2001:db8:1::/64"]

[[usb.devices]]
kind = "reader"
id = "072f:90cc"
name = "ACR Reader (PICC)"
serial = "R-1"
port = "1-2"
interfaces = ["0b:00:00"]

[[usb.devices]]
kind = "keypad"
id = "04d9:1203"
interfaces = ["03:01:01", "03:00:00"]
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A root for files that is not this machine's."""
    root = tmp_path / "target"
    root.mkdir()
    return root


@pytest.fixture
def config(target: Path) -> Path:
    """A folder with the three configurations, where the machine would have them."""
    folder = target / "etc" / "idcard"
    folder.mkdir(parents=True)
    for name, text in {"patient": COMMON + PATIENT + CLINIC, "staff": COMMON + STAFF + CLINIC, "kit": KIT}.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def change(config: Path) -> Callable[[str, str, str], None]:
    """Replaces words in one of the configurations."""

    def replace(name: str, before: str, after: str) -> None:
        text = (config / f"{name}.toml").read_text("utf-8")
        assert before in text
        (config / f"{name}.toml").write_text(text.replace(before, after), "utf-8")

    return replace


@pytest.fixture
def kit(config: Path, target: Path) -> Callable[..., Result]:
    """Runs ``kiosk provision`` for that machine."""

    def run(*arguments: str, profile: str = "both") -> Result:
        command = ["provision", "--config", str(config), "--target", str(target), "--profile", profile]
        return CliRunner().invoke(cli.app, [*command, *arguments])

    return run


@pytest.fixture
def written(config: Path, target: Path) -> Path:
    """The machine's root with everything written."""
    write(plan_for(files_of(machine_of(Profile.BOTH, config, target)), target))
    return target


CALL = """
mode = "production"
host = "192.0.2.7"
address = "http://192.0.2.7:8007"
port = 8007
staff_port = 8001
calls_key = "keys/calls.key"
"""
ASSISTED = """
port = 8010
device = "assist-1"
assisted = true
session_key = "keys/assisted_session.key"
clinic_public_key = "keys/clinic.pub"
"""
WALLET = """
mode = "production"
port = 8005
session_key = "keys/wallet_session.key"
trust = "wallet-trust"
address = "https://kiosk.clinic.example"
answers_port = 8006
format = "dc+sd-jwt"
kinds = ["urn:example:person"]
claims = [["family_name"]]
"""


@pytest.fixture
def with_parts(config: Path) -> Path:
    """The same machine with a call screen, a machine at which clerks help, and the wallet's process."""
    for name, text in {
        "call": CALL + CLINIC,
        "assisted": COMMON + ASSISTED + CLINIC,
        "wallet": WALLET + CLINIC,
    }.items():
        (config / f"{name}.toml").write_text(text, "utf-8")
    kit = (config / "kit.toml").read_text("utf-8")
    parts = '[call]\ntelevisions = ["192.0.2.32/28"]\n\n[assisted]\n\n[wallet]\n\n[tls]\n'
    (config / "kit.toml").write_text(f"{parts}\n{kit}", "utf-8")
    return config
