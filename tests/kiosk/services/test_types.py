"""The type checker's proof that nobody unverified is admitted automatically."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from idcard import ClaimedIdentity, Verdict, VerifiedIdentity
from kiosk.domain.eligibility import Eligibility
from kiosk.domain.route import Room
from kiosk.services.checkin import CheckIn
from kiosk.services.person import PersonRecord


def proved(checkin: CheckIn, who: VerifiedIdentity, room: Room, eligibility: Eligibility, verdict: Verdict) -> None:
    checkin.admit(who, room=room, eligibility=eligibility, verdict=verdict)


def claimed(checkin: CheckIn, who: ClaimedIdentity, room: Room, eligibility: Eligibility, verdict: Verdict) -> None:
    checkin.admit(who, room=room, eligibility=eligibility, verdict=verdict)


def kept(checkin: CheckIn, who: PersonRecord, room: Room, eligibility: Eligibility, verdict: Verdict) -> None:
    checkin.admit(who, room=room, eligibility=eligibility, verdict=verdict)
"""


def test_the_type_checker_lets_only_a_verified_identity_be_admitted(root: Path, tmp_path: Path) -> None:
    program = tmp_path / "admits.py"
    program.write_text(PROGRAM)
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), str(program)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in result.stdout.splitlines() if "admits.py" in line and "error:" in line]
    assert [line.split(":")[1] for line in complaints] == ["14", "18"], result.stdout + result.stderr
    assert all('"CheckIn" has incompatible type' in line and "[arg-type]" in line for line in complaints)
