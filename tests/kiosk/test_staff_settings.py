"""The staff's settings for other ways and for the worklist."""

from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.config import StaffConfig, load
from kiosk.demo.provision import Options, provision
from kiosk.domain.eligibility import Step
from kiosk.domain.ways import Way


def changed(folder: Path, end: str) -> Path:
    path = provision(folder / "demo", Options()).config("staff")
    path.write_text(path.read_text("utf-8") + end, "utf-8")
    return path


def test_a_clinic_says_how_far_a_way_goes(tmp_path: Path) -> None:
    config = load(StaffConfig, changed(tmp_path, '\n[ways]\ncode = "desk"\nforeigner = "admit"\n'))
    assert config.ways == {Way.CODE: Step.DESK, Way.FOREIGNER: Step.ADMIT}


@pytest.mark.parametrize("wrong", ['chip = "desk"', 'code = "not_covered"', 'plane = "admit"'])
def test_what_is_no_way_or_no_step_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="ways"):
        load(StaffConfig, changed(tmp_path, f"\n[ways]\n{wrong}\n"))


def test_a_roster_needs_its_key(tmp_path: Path) -> None:
    path = provision(tmp_path / "demo", Options()).config("staff")
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("roster_key")]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ConfigurationError, match="roster_key"):
        load(StaffConfig, path)
