"""How many commands a reading takes, counted through the PC/SC daemon and its virtual reader; and what they can do."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

COUNTED = Path(__file__).with_name("counted.py")


@pytest.mark.parametrize(
    ("card", "kind", "bound"),
    [("honest", "can", 106), ("kilobyte", "can", 33), ("long", "can", 14), ("long_bac", "mrz", 10)],
    ids=["apdus_short_aes", "apdus_extended_1k", "apdus_extended_whole", "apdus_bac_whole"],
)
def test_a_warm_reading_takes_no_more_commands(station: Any, card: str, kind: str, bound: int) -> None:
    station.put(card)
    result = station.run(sys.executable, str(COUNTED), kind, station.printed(kind))
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["files"], found["ca"]) == (5, True)
    assert found["commands"] <= bound


def test_what_this_reader_and_this_card_can_do(station: Any) -> None:
    station.put("long")
    result = station.run(sys.executable, "-c", "from idcard.cli import main; main()", "diag", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["travel_document"]
    assert found["resumes"]
    assert found["extended_length"]
    assert found["pace"]
