"""The laboratory against a real hub: lines fail and processes are killed, and every admission is accounted for once."""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import create_engine
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.domain.codes import Code
from kiosk.hub.cluster import is_installed
from kiosk.lab.account import Account, account
from kiosk.lab.clinic import Setting, StoredClinic
from kiosk.lab.faults import Fault, Weather
from kiosk.lab.line import Came, Sending
from kiosk.lab.province import OPENS_S, ClinicPlan, arrivals, clinics
from kiosk.lab.real import RealClinic, person_of
from kiosk.wire.batch import BatchAnswer, Stream, read_request
from kiosk.wire.envelope import read_event

SEED, MINUTES, SPEED, CLINICS = 7, 0.05, 2400, 3
END_S = OPENS_S + MINUTES * 60 * SPEED
HUB = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def lab(folder: Path, *words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["lab", "run", "--json", "--seed", str(SEED), "--keep", str(folder), *words])
    assert done.exit_code == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that ended, and what it left."""

    said: dict[str, Any]
    folder: Path

    def account(self) -> Account:
        engine = create_engine(f"sqlite:///{self.folder / 'hub.db'}")
        plans, clinics_of = clinics(CLINICS, SEED), self.folder / "clinics"
        with engine.connect() as connection:
            found = account(plans, clinics_of, connection, seed=SEED, begin_s=OPENS_S, end_s=END_S)
        engine.dispose()
        return found

    def at_hub(self, *statements: str) -> None:
        connection = sqlite3.connect(self.folder / "hub.db")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("lab") / "run"
    words = (
        "--clinics",
        str(CLINICS),
        "--minutes",
        str(MINUTES),
        "--speed",
        str(SPEED),
        "--workers",
        "1",
        "--real",
        "1",
    )
    return Ran(said=lab(folder, *words, "--faults", "all", "--kill", "hub,kiosks"), folder=folder)


@pytest.fixture
def again(ran: Ran, tmp_path: Path) -> Ran:
    """A copy of what the run left, to change."""
    shutil.copytree(ran.folder, tmp_path / "run")
    return replace(ran, folder=tmp_path / "run")


@pytest.mark.serial
def test_nothing_is_lost_or_doubled_whatever_dies(ran: Ran) -> None:
    said = ran.said
    assert said["whole"]
    assert said["killed"] == {"hub": 1, "kiosks": 1}
    assert said["account"] == ran.account().numbers()
    planned = sum(each.at_s < END_S for plan in clinics(CLINICS, SEED) for each in arrivals(plan, SEED))
    assert said["account"]["planned"] == planned > 50
    assert 0 < said["account"]["audit_heads"] <= said["account"]["events_at_hub"]


@pytest.mark.serial
@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("DELETE FROM event WHERE rowid = (SELECT min(rowid) FROM event WHERE kind = 'admission')", "missing"),
        ("UPDATE event SET visit = zeroblob(16) WHERE rowid = 1", "foreign"),
        (
            "INSERT INTO event SELECT clinic, device, seq, '2000-01-01', id, kind, at, hlc, visit, body, envelope "
            "FROM event LIMIT 1",
            "doubled",
        ),
        ("UPDATE hour_count SET admissions = admissions + 1", "miscounted"),
        (
            "INSERT INTO alarm VALUES ('3600001', 'kiosk-1', 'audit_fork', '1', '{}', '2026-11-23', NULL, NULL)",
            "alarms",
        ),
    ],
)
def test_the_account_finds_what_is_wrong(again: Ran, statement: str, wrong: str) -> None:
    assert again.account().is_whole
    again.at_hub(statement)
    found = again.account()
    assert not found.is_whole
    assert found.numbers()[wrong] > 0


@pytest.mark.serial
def test_an_admission_that_no_clinic_made_is_missed(again: Ran) -> None:
    (path, *_) = sorted((again.folder / "clinics").glob("36*.db"))
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM made WHERE rowid = 1")
    connection.commit()
    connection.close()
    found = again.account()
    assert (found.is_whole, found.foreign > 0) == (False, True)


@pytest.mark.serial
@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE visit SET state = 'admitted', admitted_at = created_at WHERE state = 'desk'", "missing"),
        ("UPDATE visit SET state = 'desk', admitted_at = NULL", "foreign"),
        ("DELETE FROM province_event WHERE seq = 1", "foreign"),
    ],
)
def test_what_a_real_clinic_did_and_did_not_tell_is_found(again: Ran, statement: str, wrong: str) -> None:
    (path,) = (again.folder / "clinics").glob("*/store.db")
    assert again.account().is_whole
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    found = again.account()
    assert not found.is_whole
    assert found.numbers()[wrong] > 0


def test_a_real_clinic_that_dies_amid_an_admission_makes_it_whole(
    plan: ClinicPlan, setting: Setting, tmp_path: Path, spare_ports: Any
) -> None:
    line = {"port": spare_ports(), "weather": Weather(frozenset(), SEED, plan.code)}
    clinic = RealClinic(plan, setting, tmp_path, **line)
    came = clinic.admit_until(OPENS_S + 3600)
    with closing(sqlite3.connect(tmp_path / plan.code / "store.db")) as store:
        before = store.execute("SELECT count(*), sum(state = 'admitted') FROM visit").fetchone()
    # The next one has a ticket, and nobody admitted them yet.
    coming = next(each for each in clinic._all[came:] if clinic._is_admitted(each))
    came += clinic.admit_until(coming.at_s)
    clinic._kiosks["kiosk-1"].desk_ticket(person_of(clinic._plan.code, coming.number), code=Code.COVER_UNKNOWN)
    clinic.close()
    clinic = RealClinic(plan, setting, tmp_path, **line)
    assert clinic.admit_until(coming.at_s + 0.001) == 0
    clinic.close()
    with closing(sqlite3.connect(tmp_path / plan.code / "store.db")) as store:
        after = store.execute("SELECT count(*), sum(state = 'admitted') FROM visit").fetchone()
    assert (before[0] > 5, after[0]) == (True, came + 1)
    assert after[1] == sum(map(clinic._is_admitted, clinic._all[: came + 1]))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Where PostgreSQL's own user may go, unlike into the tests' own folders."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-lab-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.serial
@pytest.mark.timeout(600)
@pytest.mark.skipif(not os.environ.get("KIOSK_GALLERY_ALL"), reason="a minute: script/test --all")
@pytest.mark.skipif(not is_installed(), reason="without PostgreSQL")
def test_nothing_is_lost_or_doubled_when_the_database_dies_too(open_folder: Path) -> None:
    words = ("--clinics", "60", "--minutes", "1", "--speed", "180", "--store", "postgres")
    said = lab(open_folder / "run", *words, "--faults", "all", "--kill", "all")
    assert said["whole"]
    assert said["killed"] == {"hub": 5, "database": 5, "kiosks": 5}


@pytest.fixture
def plan() -> ClinicPlan:
    (plan,) = clinics(1, SEED, visits=60)
    return plan


@pytest.fixture
def setting() -> Setting:
    midnight = datetime(2026, 11, 22, 17, tzinfo=UTC)
    return Setting(seed=SEED, hub=HUB.public_key(), midnight=midnight, begin_s=OPENS_S, end_s=END_S)


def events_of(clinic: StoredClinic, *, leave_out: bool = False) -> tuple[bytes, ...]:
    """What its next request bears, but for the heartbeat."""
    body = clinic.request(leave_out=leave_out)
    return () if body is None else read_request(body).request.events[:-1]


def test_a_clinic_goes_on_where_it_was_with_the_same_bytes(plan: ClinicPlan, setting: Setting, tmp_path: Path) -> None:
    clinic = StoredClinic(plan, setting, tmp_path)
    assert events_of(clinic) == ()
    came = clinic.admit_until(OPENS_S + 3600)
    before = events_of(clinic)
    clinic.close()
    clinic = StoredClinic(plan, setting, tmp_path)
    assert clinic.admit_until(OPENS_S + 3600) == 0
    assert events_of(clinic) == before
    assert len(before) >= came > 5
    assert events_of(clinic, leave_out=True) == before[::-2]
    headers = [read_event(raw).header for raw in before]
    assert all(header.audit_seq == header.seq for header in headers)
    assert len({header.id for header in headers}) == len(headers)
    clinic.close()


def test_what_the_hub_has_is_let_go_and_no_more(plan: ClinicPlan, setting: Setting, tmp_path: Path) -> None:
    clinic = StoredClinic(plan, setting, tmp_path)
    clinic.admit_until(OPENS_S + 3600)
    many = clinic.waiting()
    stream = Stream(acked_through=3, seen=9, gaps=((4, 8),))
    clinic.heard(BatchAnswer(at=0, hlc=0, emergency=0, streams={"kiosk-1": stream}))
    assert clinic.waiting() == many - 3
    assert read_event(events_of(clinic)[0]).header.seq == 4
    clinic.close()


def test_a_line_that_fails_waits_longer_each_time(
    plan: ClinicPlan, setting: Setting, tmp_path: Path, spare_ports: Any
) -> None:
    clinic = StoredClinic(plan, setting, tmp_path)
    weather = Weather(frozenset(), SEED, plan.code)
    sending = Sending(clinic=clinic, weather=weather, port=spare_ports(), seed=SEED, code=plan.code)
    assert sending.turn(OPENS_S, now=0.0) is Came.NOTHING
    clinic.admit_until(OPENS_S + 3600)
    waits = []
    for number in range(7):
        assert sending.turn(OPENS_S, now=100.0 * number) is Came.FAILED
        assert 0 <= sending.not_before - 100.0 * number <= sending.wait_s
        waits.append(sending.wait_s)
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    sending.not_before = 1000.0
    assert sending.turn(OPENS_S, now=999.0) is Came.NOTHING
    clinic.close()


def test_a_cut_line_sends_nothing(plan: ClinicPlan, setting: Setting, tmp_path: Path) -> None:
    clinic = StoredClinic(plan, setting, tmp_path)
    clinic.admit_until(OPENS_S + 3600)
    code = next(each for each in map(str, range(99)) if Weather(frozenset({Fault.CUT}), SEED, each).cut.end_s)
    weather = Weather(frozenset({Fault.CUT}), SEED, code)
    # A port on which nobody can listen: to send would be an error of another kind.
    sending = Sending(clinic=clinic, weather=weather, port=-1, seed=SEED, code=code)
    assert sending.turn(weather.cut.begin_s, now=0.0) is Came.FAILED
    clinic.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kill", "database"), "--store postgres"),
        (("--kill", "printer"), "printer is none of"),
        (("--faults", "rain"), "rain is none of"),
        (("--store", "oracle"), "sqlite or postgres"),
    ],
)
def test_what_cannot_be_run_says_why(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["lab", "run", "--keep", str(tmp_path / "run"), *words], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", "utf-8")
    done = CliRunner().invoke(app, ["lab", "run", "--keep", str(tmp_path)])
    assert (done.exit_code, [each.name for each in tmp_path.iterdir()]) == (2, ["mine"])
    assert "is not empty" in done.stderr


def test_the_plan_is_printed_for_people_and_programs() -> None:
    numbers = json.loads(CliRunner().invoke(app, ["lab", "plan", "--json"]).stdout)
    assert list(numbers) == ["a province", "34 provinces", "the country"]
    told = CliRunner().invoke(app, ["lab", "plan"], env={"COLUMNS": "160"})
    assert told.exit_code == 0
    assert "connections to the store" in told.stdout
