"""``kiosk export`` and ``kiosk deliveries``, and a staff process that really delivers."""

import csv
import io
import json
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from lxml import etree
from typer.testing import CliRunner

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.cli import app
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.day_key import DayTags
from kiosk.demo.provision import Options, Place, provision
from kiosk.devices.clock import SystemClock
from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason
from kiosk.domain.eligibility import Coverage
from kiosk.insurance.stand_in import direct
from kiosk.insurance.tables import DATA
from kiosk.keys import VisitSealer, create_secret, load_clinic_public_key
from kiosk.services.checkin import CheckIn
from kiosk.staff_process import open_parts
from kiosk.store.database import Database

pytestmark = pytest.mark.serial
PATIENCE_S = 120.0
NAME, NUMBER, INSURANCE = "Đặng Thị Mẫu Mực", "036180999123", "3680999123"
INTEROP = """
[checkin]
proposed_route = true
facility = {{ station = true }}
[checkin.rooms.noi]
code = "02.1896"
name = "Khám Nội"

[[webhook]]
name = "his-hook"
url = "http://127.0.0.1:{hook}/kiosk"
secret = "webhook.key"
person = true

[[hl7]]
name = "his-hl7"
host = "127.0.0.1"
port = {hl7}
tls = false
"""


@dataclass
class Clinic:
    place: Place
    config: StaffConfig
    visit_id: str = ""

    @property
    def path(self) -> Path:
        return self.place.config("staff")

    def admit(self, room: str = "noi") -> None:
        """Somebody whom a clerk admits."""
        patient = load(PatientConfig, self.place.config("patient"))
        database = Database.open(self.config.store)
        checkin = CheckIn(
            database=database,
            clinic=self.config.clinic,
            device="kiosk-1",
            sealer=VisitSealer(load_clinic_public_key(patient.clinic_public_key)),
            tags=DayTags(self.config.person_day_key),
            clock=SystemClock(),
        )
        claim = ClaimedIdentity(
            source=ClaimSource.TYPED,
            name=NAME,
            birth=BirthDate(year=1980, month=5, day=1),
            sex=Sex.FEMALE,
            personal_number=NUMBER,
        )
        coverage = Coverage(
            valid_from=date(2026, 1, 1),
            valid_to=None,
            benefit="4",
            home_clinic="36001",
            as_of=SystemClock().now(),
            insurance_number=INSURANCE,
        )
        self.visit_id = checkin.desk_ticket(claim, code=Code.COVER_UNKNOWN, coverage=coverage).visit_id
        database.close()
        with open_parts(self.config) as parts:
            parts.desk.confirm(self.visit_id, room, by="desk-1")

    def set(self, name: str, value: str) -> None:
        """Change a setting of the staff's configuration."""
        text = self.path.read_text("utf-8")
        assert f"\n{name} = " in text
        self.path.write_text(re.sub(rf"(?m)^{name} = .*$", lambda found: f"{name} = {value}", text), "utf-8")

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """What comes of the command, within this process: a second less than in its own."""
        done = CliRunner().invoke(app, [*map(str, arguments), "--config", str(self.path)], catch_exceptions=False)
        structlog.reset_defaults()  # its logs went to a stream that is closed by now
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def exported(self, form: str, folder: Path) -> bytes:
        result = self.run("export", form, "--out", folder / "out")
        assert (result.returncode, result.stdout[:2]) == (0, "1 "), result.stderr
        assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o600
        assert not [secret for secret in (NAME, NUMBER, INSURANCE) if secret in result.stdout + result.stderr]
        return (folder / "out").read_bytes()

    def leaves_to(self, **ports: int) -> None:
        """Let what happens here leave."""
        (self.place.root / "interop.toml").write_text(INTEROP.format(**ports), "utf-8")
        if not (self.place.root / "webhook.key").exists():
            create_secret(self.place.root / "webhook.key", entropy=lambda length: bytes(range(length)))
        self.set("interop", json.dumps(str(self.place.root / "interop.toml")))
        self.config = load(StaffConfig, self.path)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    place = provision(tmp_path / "demo", Options())
    return Clinic(place=place, config=load(StaffConfig, place.config("staff")))


def test_a_day_in_every_form(clinic: Clinic, tmp_path: Path) -> None:
    clinic.leaves_to(hook=1, hl7=1)
    clinic.admit()
    [row] = csv.DictReader(io.StringIO(clinic.exported("csv", tmp_path).decode("utf-8-sig")))
    assert (row["visit"], row["name"], row["personal_number"]) == (clinic.visit_id, NAME, NUMBER)
    assert json.loads(clinic.exported("fhir", tmp_path))["resourceType"] == "Bundle"
    assert f"|{clinic.visit_id}^^^KIOSK^VN|" in clinic.exported("hl7", tmp_path).decode()
    schema = etree.XMLSchema(etree.parse(str(DATA / "checkin.xsd")))
    assert schema.validate(etree.fromstring(clinic.exported("checkin-xml", tmp_path)))


def test_a_row_that_is_not_whole_is_left_out_and_said(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "nothing.toml").write_text("")
    clinic.set("interop", json.dumps(str(tmp_path / "nothing.toml")))
    clinic.admit()
    result = clinic.run("export", "checkin-xml", "--out", tmp_path / "out")
    assert (result.returncode, result.stdout[:2]) == (0, "0 ")
    assert f"left out: {clinic.visit_id} service_unknown" in result.stderr
    ordered = clinic.run(
        "deliveries", "order", clinic.visit_id, "--code", "02.1896", "--name", "Khám", "--route", "1.1"
    )
    assert ordered.returncode == 0, ordered.stderr
    assert b"<MA_DICH_VU>02.1896</MA_DICH_VU>" in clinic.exported("checkin-xml", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("export", "csv", "--out", "{tmp}/no/folder"), 2),
        (("export", "csv", "--out", "{tmp}/out", "--day", "yesterday"), 2),
        (("export", "pdf", "--out", "{tmp}/out"), 2),
        (("deliveries", "replay", "--sink", "nobody"), 1),
        (("deliveries", "order", "nobody", "--code", "1", "--name", "Khám"), 1),
        (("deliveries", "order", "nobody", "--code", "1", "--name", "Khám", "--route", "99"), 2),
    ],
)
def test_what_cannot_be_done(clinic: Clinic, tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    result = clinic.run(*(each.format(tmp=tmp_path) for each in arguments))
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def free_port(spare_ports: Callable[[], int]) -> int:
    return spare_ports()


@dataclass
class Receiver:
    process: subprocess.Popen[str]
    port: int

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture
def receiver(root: Path) -> Iterator[Callable[..., Receiver]]:
    """Starts the receivers among the examples; they are stopped when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *arguments: str | Path) -> Receiver:
        command = [sys.executable, str(root / "examples" / name), *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        assert started[-1].stdout is not None
        return Receiver(process=started[-1], port=int(started[-1].stdout.readline().split()[-1]))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def listed(clinic: Clinic) -> dict[str, dict[str, Any]]:
    result = clinic.run("deliveries", "list", "--json", "--state", "waiting", "--state", "delivered", "--state", "dead")
    return {row["sink"]: row for row in json.loads(result.stdout)}


def test_a_staff_process_tells_payer_and_hospital_and_no_log(
    clinic: Clinic, stand_in: Any, receiver: Callable[..., Receiver], free_port: int
) -> None:
    (clinic.place.root / "webhook.key").write_text(bytes(range(32)).hex())
    hook = receiver("webhook_receiver.py", clinic.place.root / "webhook.key", "0")
    hl7 = receiver("hl7_receiver.py", "0")
    clinic.leaves_to(hook=hook.port, hl7=hl7.port)
    clinic.place.gateway_account.write_text(
        f'url = "{stand_in.url}"\nusername = "36999_BV"\npassword = "rehearsal"\n', "utf-8"
    )
    clinic.set("port", str(free_port))
    checked = clinic.run("check")
    assert checked.returncode == 0, checked.stderr
    command = [sys.executable, "-m", "kiosk", "staff", "--config", str(clinic.path), "--end-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        clinic.admit()
        try:
            assert hook.line() == "event new\n"
            assert hl7.line() == "received ADT^A04^ADT_A01\n"
            until = time.monotonic() + PATIENCE_S
            while {row["state"] for row in listed(clinic).values()} != {"delivered"}:
                assert time.monotonic() < until, listed(clinic)
                time.sleep(0.05)
        finally:
            _, said = process.communicate()
    rows = listed(clinic)
    assert set(rows) == {"checkin", "his-hook", "his-hl7"}
    assert rows["checkin"]["receipt"] == direct.check_ins(stand_in.port)[clinic.visit_id]
    assert said.count("delivery ") >= 3
    assert not [secret for secret in (NAME, "Mực", NUMBER, INSURANCE, "http://") if secret in said]
    again = clinic.run("deliveries", "replay", "--sink", "his-hl7", "--delivered")
    assert (again.returncode, again.stdout) == (0, "1 to deliver again.\n")
    with open_parts(clinic.config) as parts:
        parts.corrections.cancel(clinic.visit_id, reason=CancelReason.WENT_AWAY, by="desk-1")
    [row] = json.loads(clinic.run("deliveries", "by-hand", "--json").stdout)
    assert (row["visit"], row["changes"], row["receipt"]) == (
        clinic.visit_id, ["cancelled"], rows["checkin"]["receipt"],
    )  # fmt: skip
    assert clinic.run("deliveries", "by-hand", "--told", clinic.visit_id).returncode == 0
    after = clinic.run("deliveries", "by-hand", "--told", clinic.visit_id)
    assert (after.returncode, after.stdout) == (1, "")
