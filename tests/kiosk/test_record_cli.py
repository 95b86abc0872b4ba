"""``kiosk audit`` and ``kiosk erase`` as an operator runs them, over a store that real visits were written to."""

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.cli import app
from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.domain.codes import Code
from kiosk.domain.tickets import clinic_day
from kiosk.patient_process import open_parts
from kiosk.record_cli import _REMEDIES
from kiosk.record_words import _WORDS, say
from kiosk.roster_words import Language
from kiosk.services.audit import Wrong
from kiosk.services.card_reader import ToDesk

pytestmark = pytest.mark.serial
WHO, NAME = "036199000001", "Nguyễn Thị Mẫu"
CLAIM = ClaimedIdentity(
    source=ClaimSource.CARD_QR, personal_number=WHO, name=NAME, birth=BirthDate(year=1999, month=5, day=15)
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A demonstration in which somebody was sent to the desk with ticket 1."""
    place = provision(tmp_path / "demo", Options())
    with open_parts(load(PatientConfig, place.config("patient"))) as parts:
        parts.desk._way.send(ToDesk(code=Code.QR_ONLY, claim=CLAIM))
    return place


def run(*arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """What comes of the command, within this process: a second less than in its own."""
    done = CliRunner().invoke(app, [*map(str, arguments)], input=typed, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def in_its_own_process(*arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, input=typed)


def today() -> str:
    return clinic_day(datetime.now(UTC)).isoformat()


def spoil(place: Place, statement: str) -> None:
    connection = sqlite3.connect(place.root / "store.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_whole_store_is_exit_code_0_and_a_lost_end_is_3(place: Place) -> None:
    staff = place.config("staff")
    before = run("audit", "verify", "--config", staff, "--json")
    assert (before.returncode, json.loads(before.stdout)["whole"]) == (0, True)
    written = run("audit", "anchor", "--config", staff, "--json")
    [head] = [json.loads(line) for line in written.stdout.splitlines()]
    assert (head["device"], head["seq"]) == ("kiosk-1", 1)
    spoil(place, "DELETE FROM audit")
    lost = run("audit", "verify", "--config", staff, "--json")
    assert lost.returncode == 3
    [chain] = json.loads(lost.stdout)["chains"]
    assert chain["findings"] == [{"wrong": "last_lost", "first": 1, "last": 1}]
    for language, word in (("vi", "mất đoạn cuối"), ("en", "the last links are lost")):
        told = run("audit", "verify", "--config", staff, "--lang", language)
        assert (told.returncode, word in told.stdout) == (3, True)


def test_a_copy_of_the_ends_that_was_kept_elsewhere_counts_too(place: Place, tmp_path: Path) -> None:
    run("audit", "anchor", "--config", place.config("patient"))
    kept = (place.root / "audit-heads.jsonl").rename(tmp_path / "kept")
    spoil(place, "DELETE FROM audit")
    assert run("audit", "verify", "--config", place.config("patient")).returncode == 0
    assert run("audit", "verify", "--config", place.config("patient"), "--heads", kept).returncode == 3
    missing = run("audit", "verify", "--config", place.config("patient"), "--heads", tmp_path / "none")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    place = provision(tmp_path / "demo", Options())
    told = run("audit", "verify", "--config", place.config("staff"))
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert not (place.root / "store.db").exists()


def test_a_ticket_is_erased_once(place: Place) -> None:
    erase = (
        "erase",
        "--config",
        place.config("staff"),
        "--reason",
        "retention_over",
        "--day",
        today(),
        "--ticket",
        "1",
    )
    first = run(*erase, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["erased"] == [{"day": today(), "ticket": 1}]
    assert run(*erase).returncode == 3
    assert run("audit", "verify", "--config", place.config("staff")).returncode == 0


def test_a_person_is_asked_for_and_never_echoed(place: Place) -> None:
    erase = ("erase", "--config", place.config("staff"), "--reason", "person_asked", "--person", "--lang", "vi")
    nobody = in_its_own_process(*erase, typed="036199000002\n")
    assert nobody.returncode == 3, nobody.stderr
    done = in_its_own_process(*erase, typed=f"{WHO}\n")
    assert done.returncode == 0, done.stderr
    assert "Đã xóa" in done.stdout
    assert WHO not in done.stdout + done.stderr
    assert NAME not in done.stdout + done.stderr


def test_a_ticket_says_which_person_where_a_number_may_be_several_s(place: Place) -> None:
    erase = ("erase", "--config", place.config("staff"), "--reason", "person_asked", "--person", "--day", today())
    assert run(*erase, "--ticket", "2", typed=f"{WHO}\n").returncode == 3
    assert run(*erase, "--ticket", "1", typed=f"{WHO}\n").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--ticket", "1"),
        ("--day", "2026-11-23"),
        ("--person", "--ticket", "1"),
        ("--ticket", "1", "--day", "yesterday"),
    ],
)
def test_whom_must_be_said_in_one_way(place: Place, arguments: tuple[str, ...]) -> None:
    wrong = run("erase", "--config", place.config("staff"), "--reason", "person_asked", *arguments)
    assert wrong.returncode == 2


def test_every_fault_has_words_in_both_languages() -> None:
    values = {"device": "kiosk-1", "which": "1"}
    assert set(_REMEDIES) == set(Wrong)
    for wrong in Wrong:
        assert len({say(f"wrong.{wrong}", language, **values) for language in Language}) == 2
    assert all(vi != en for vi, en in _WORDS.values())


def test_what_is_known_of_somebody_goes_into_a_file_for_them(place: Place, tmp_path: Path) -> None:
    to = tmp_path / "theirs.json"
    asked = ("disclose", "--config", place.config("staff"), "--to", to)
    done = run(*asked, typed=f"{WHO}\n1999-05-15\n")
    assert done.returncode == 0, done.stderr
    assert WHO not in done.stdout + done.stderr
    assert json.loads(to.read_text("utf-8"))["visits"][0]["person"]["name"] == NAME
    again = run(*asked, typed=f"{WHO}\n1999-05-15\n")
    assert (again.returncode, "theirs.json" in again.stderr) == (2, True)
    nobody = run(
        "disclose", "--config", place.config("staff"), "--to", tmp_path / "none", typed="036199000002\n1999-05-15\n"
    )
    assert nobody.returncode == 3
    assert not (tmp_path / "none").exists()
