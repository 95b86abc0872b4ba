"""The page of devices: what each part says, what helps, and a self-test at one press."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.domain.self_test import Outcome, Step, StepResult
from kiosk.services.self_test import write_steps
from kiosk.store.device_tables import SelfTest

# The fixtures' classes live in conftest.py, from which nothing can be imported.
Desk = Any
STAFF = "http://127.0.0.1:8001"


def page(desk: Desk, language: str = "en", at: str = "/devices") -> str:
    answer = desk.client.get(f"{at}?lang={language}", base_url=STAFF)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def press(desk: Desk, kiosk: str) -> int:
    """The answer to the form of a kiosk's self-test, sent with the token of the page."""
    token = page(desk).split('name="csrf_token" value="')[1].split('"')[0]
    answer = desk.client.post(
        f"/devices/{kiosk}/self-test", base_url=STAFF, data={"csrf_token": token}, headers={"Origin": STAFF}
    )
    return int(answer.status_code)


def test_a_printer_without_paper_is_told_with_what_helps(desk: Desk) -> None:
    desk.checkin.report("printer", {"ok": False, "condition": "paper_out", "reason": "paper_out"})
    shown = page(desk)
    assert 'data-part="printer" data-state="fault"' in shown
    assert "no paper" in shown
    assert "Put in paper" in shown


@pytest.mark.parametrize(("condition", "word"), [("paper_low", "paper is low"), ("untold", "tells nothing")])
def test_a_printer_that_prints_still_has_something_to_say(desk: Desk, condition: str, word: str) -> None:
    desk.checkin.report("printer", {"ok": True, "condition": condition})
    assert word in page(desk)
    assert word in page(desk, at="/")


def test_a_kiosk_that_fell_silent_is_no_kiosk_that_works(desk: Desk) -> None:
    desk.checkin.report("kiosk", {"ok": True})
    assert 'data-part="kiosk" data-state="ok"' in page(desk)
    desk.clock.advance(timedelta(minutes=3).total_seconds())
    shown = page(desk)
    assert 'data-part="kiosk" data-state="silent"' in shown
    assert "has fallen silent" in shown


def test_a_self_test_is_ordered_with_one_press_and_its_end_is_shown(desk: Desk) -> None:
    desk.checkin.report("kiosk", {"ok": True})
    assert "never tested" in page(desk)
    assert "no self-test has passed today" in page(desk, at="/")
    assert press(desk, "kiosk-1") == 303
    assert 'http-equiv="refresh"' in page(desk)
    with desk.staff._database.write() as session:
        (row,) = session.query(SelfTest)
        assert row.state == "ordered"
        write_steps(row, (StepResult(step=Step.PRINTER, outcome=Outcome.FAULT, reason="paper_out"),))
        row.state, row.settled_at = "failed", desk.clock.now()
    shown = page(desk, "vi")
    assert "không đạt" in shown
    assert "Thay giấy" in shown


def test_a_kiosk_that_never_spoke_cannot_be_tested(desk: Desk) -> None:
    desk.checkin.report("kiosk", {"ok": True})
    assert press(desk, "kiosk-9") == 404
