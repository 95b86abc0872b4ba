"""``kiosk report`` as an operator runs it, over a store of a demonstration."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.domain.codes import Code
from kiosk.patient_process import open_parts
from kiosk.services.card_reader import ToDesk

pytestmark = pytest.mark.serial
NAME = "Nguyễn Thị Mẫu"
CLAIM = ClaimedIdentity(
    source=ClaimSource.CARD_QR, personal_number="036199000001", name=NAME, birth=BirthDate(year=1999, month=5, day=15)
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = provision(tmp_path / "demo", Options())
    with open_parts(load(PatientConfig, place.config("patient"))) as parts:
        parts.desk._way.send(ToDesk(code=Code.QR_ONLY, claim=CLAIM))
    return place


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", "report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_report_is_printed_and_written(place: Place, tmp_path: Path) -> None:
    pdf, csv = tmp_path / "day.pdf", tmp_path / "day.csv"
    told = run("--config", place.config("staff"), "--pdf", pdf, "--csv", csv, "--json", "--lang", "vi")
    assert told.returncode == 0, told.stderr
    made = json.loads(told.stdout)
    assert (made["admissions"], made["desk_tickets"], made["exceptions"]["by_code"]) == (0, 1, {"E11": 1})
    assert [head["device"] for head in made["heads"]] == ["kiosk-1"]
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert csv.read_text("utf-8-sig").startswith("Báo cáo ngày,")
    assert NAME not in told.stdout + csv.read_text("utf-8-sig")
    plain = run("--config", place.config("staff"))
    assert plain.stdout.startswith("Report of the day ")
    assert made["heads"][0]["hash"] in plain.stdout


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (("--day", "yesterday"), 2, "2026-11-23"),
        (("--pdf", "/nowhere/day.pdf"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(place: Place, more: tuple[str, ...], code: int, says: str) -> None:
    told = run("--config", place.config("staff"), *more)
    assert told.returncode == code
    assert says in told.stderr
    assert "Traceback" not in told.stderr
