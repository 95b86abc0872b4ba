"""Limits, odd input, calls, lost readers, full disks and threads."""

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.domain.codes import Code, Resolution
from kiosk.domain.flow import Screen
from kiosk.domain.tickets import clinic_day
from kiosk.services.report import Reporter
from kiosk.services.view import DeskMessage

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def exceptions(kiosk: Kiosk) -> list[tuple[str, str | None]]:
    return [(row.code.value, row.visit and row.visit.assurance.value) for row in kiosk.staff.exceptions()]


def test_a_code_of_something_else_is_hinted_at(kiosk: Kiosk, qr_png: Callable[[str], bytes]) -> None:
    kiosk.bench.picture = qr_png("https://example.invalid/")
    kiosk.camera.turn()
    assert (kiosk.view.screen, kiosk.view.hint) == (Screen.ATTRACT, "qr_unknown")
    assert kiosk.after(5.1).hint == ""


@pytest.mark.parametrize("image", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture_changes_nothing(kiosk: Kiosk, image: bytes) -> None:
    before = kiosk.view
    kiosk.patient.show_image(image)
    assert kiosk.view == before


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "12345a", "１２３４５６", "12 456"])
def test_only_six_digits_are_a_number(kiosk: Kiosk, digits: str) -> None:
    kiosk.put("insured")
    with pytest.raises(ValueError, match="six"):
        kiosk.patient.type_digits(digits)


def test_what_does_not_fit_the_screen_does_nothing(kiosk: Kiosk) -> None:
    kiosk.turn()
    before = kiosk.view
    for act in (
        lambda: kiosk.patient.type_digits("123456"),
        lambda: kiosk.patient.choose_room("noi"),
        kiosk.patient.no_qr,
        kiosk.patient.no_card,
        kiosk.patient.not_me,
        kiosk.patient.stop,
        kiosk.patient.acknowledge,
        kiosk.patient.more_time,
        kiosk.patient.touch,
    ):
        act()
    assert kiosk.view == before
    assert exceptions(kiosk) == []
    with pytest.raises(ValueError, match="room"):
        kiosk.patient.choose_room("nowhere")
    with pytest.raises(ValueError, match="called"):
        kiosk.patient.call_staff("pizza")


def test_not_me_clears_the_screen(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.patient.not_me()
    view = kiosk.view
    assert (view.screen, view.masked_name, view.rooms) == (Screen.TAKE_CARD, "", ())


def test_idle_people_are_asked_and_then_forgotten(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    assert kiosk.after(29.9).screen is Screen.CONFIRM
    view = kiosk.after(0.2)
    assert (view.screen, view.masked_name, view.rooms) == (Screen.STILL_THERE, "", ())
    assert view.seconds_left == pytest.approx(25)
    assert kiosk.after(24.9).screen is Screen.STILL_THERE
    assert kiosk.after(0.2).screen is Screen.TAKE_CARD
    assert kiosk.staff.admissions() == ()


def test_more_time_comes_back_and_doubles_the_limits(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.after(30.1)
    kiosk.patient.more_time()
    view = kiosk.view
    assert (view.screen, view.masked_name) == (Screen.CONFIRM, "TRẦN THỊ M**")
    assert kiosk.after(59.9).screen is Screen.CONFIRM
    assert kiosk.after(0.2).screen is Screen.STILL_THERE
    kiosk.patient.stop()
    kiosk.clear()
    kiosk.put("insured")
    assert kiosk.after(30.1).screen is Screen.STILL_THERE


def test_a_touch_starts_the_idle_time_anew(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.clock.advance(29)
    kiosk.patient.touch()
    assert kiosk.after(29).screen is Screen.DIGITS
    assert kiosk.after(1.1).screen is Screen.STILL_THERE


def test_limits_pass_also_when_only_pages_ask(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.clock.advance(31)
    assert kiosk.patient.view().screen is Screen.STILL_THERE
    kiosk.clock.advance(26)
    assert kiosk.patient.wait(0, 0).screen is Screen.TAKE_CARD


def test_another_card_on_still_there_never_shows_the_last_person(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.take()
    kiosk.after(30.1)
    view = kiosk.put("old")
    assert (view.screen, view.masked_name) == (Screen.DIGITS, "")
    assert kiosk.digits("old").masked_name == "NGUYỄN THỊ G**"


def test_a_code_on_still_there_comes_back_to_its_screen(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.after(30.1)
    assert kiosk.show_qr("insured").screen is Screen.READING
    assert kiosk.turn().screen is Screen.CONFIRM


def test_stopping_gives_up_the_read_and_drops_what_comes_late(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    commands = []

    def stop_in_the_middle() -> None:
        commands.append(1)
        if len(commands) == 15:
            kiosk.patient.stop()

    kiosk.bench.card.before_each = stop_in_the_middle
    assert kiosk.turn().screen is Screen.TAKE_CARD
    assert len(commands) == 15
    assert kiosk.turn(3).screen is Screen.TAKE_CARD


def test_a_read_that_never_ends_goes_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    kiosk.bench.card.before_each = lambda: kiosk.clock.advance(4)
    view = kiosk.turn()
    assert (view.screen, view.desk.public_code) == (Screen.DESK, "E02")


def test_reading_is_shown_in_four_steps(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    steps: list[int] = []
    kiosk.bench.card.before_each = lambda: steps.append(kiosk.view.steps_done)
    kiosk.turn()
    assert sorted(set(steps)) == [0, 1, 2]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("what", "code", "number"), [("help", "help", None), ("emergency", "emergency", None), ("child", "E17", 1)]
)
def test_staff_are_called_from_anywhere(kiosk: Kiosk, what: Any, code: str, number: int | None) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.patient.call_staff(what)
    kiosk.patient.call_staff(what)
    view = kiosk.view
    assert (view.screen, view.desk.message, view.desk.ticket_number) == (Screen.CALLED, DeskMessage(what), number)
    assert [row[0] for row in exceptions(kiosk)] == [code]
    kiosk.patient.acknowledge()
    assert kiosk.view.screen is Screen.TAKE_CARD


@pytest.mark.parametrize(("what", "code"), [("help", "help"), ("emergency", "emergency"), ("child", "E17")])
def test_thirty_taps_in_a_minute_are_one_call(kiosk: Kiosk, what: Any, code: str) -> None:
    def tap() -> int | None:
        kiosk.patient.call_staff(what)
        number: int | None = kiosk.view.desk.ticket_number
        kiosk.patient.acknowledge()
        kiosk.clock.advance(1.9)
        return number

    numbers = {tap() for _ in range(30)}
    assert numbers == ({1} if what == "child" else {None})
    assert [row[0] for row in exceptions(kiosk)] == [code]
    kiosk.clock.advance(5)
    assert tap() == (2 if what == "child" else None)
    assert [row[0] for row in exceptions(kiosk)] == [code, code]


@pytest.mark.parametrize("what", ["help", "emergency", "child"])
def test_a_call_after_the_last_one_was_settled_is_a_new_one(kiosk: Kiosk, what: Any) -> None:
    kiosk.patient.call_staff(what)
    kiosk.patient.acknowledge()
    [notice] = kiosk.staff.exceptions()
    kiosk.staff.resolve(notice.notice_id, by="chi-hoa", resolution=Resolution.HELPED)
    kiosk.patient.call_staff(what)
    assert len(kiosk.staff.exceptions()) == 1


def test_another_call_is_another_call(kiosk: Kiosk) -> None:
    for what in ("help", "emergency", "child"):
        kiosk.patient.call_staff(what)
        kiosk.patient.acknowledge()
    assert len(kiosk.staff.exceptions()) == 3


def test_a_lost_reader_closes_its_lane_and_comes_back(kiosk: Kiosk) -> None:
    kiosk.turn()
    kiosk.bench.vanish()
    view = kiosk.turn(2)
    assert (view.screen, view.reader_ok) == (Screen.ATTRACT, False)
    assert exceptions(kiosk) == [("E14", None)]
    assert [row.state for row in kiosk.staff.devices()] == [{"ok": False}]
    kiosk.bench.come_back()
    assert kiosk.turn().reader_ok
    assert [row.state for row in kiosk.staff.devices()] == [{"ok": True}]
    assert kiosk.admit("insured").screen is Screen.TICKET


def test_a_reader_lost_in_a_visit_sends_the_person_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.bench.vanish()
    view = kiosk.turn()
    assert (view.screen, view.desk.public_code, view.desk.message) == (Screen.DESK, "E14", DeskMessage.READER)
    kiosk.bench.come_back()


def test_a_reader_lost_while_it_reads_sends_the_person_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    kiosk.bench.vanish()
    assert kiosk.turn().desk.public_code == "E14"
    kiosk.bench.come_back()


def test_without_a_reader_a_code_still_makes_a_desk_ticket(kiosk: Kiosk, qr_png: Callable[[str], bytes]) -> None:
    kiosk.turn()
    kiosk.bench.vanish()
    kiosk.turn()
    kiosk.patient.show_image(qr_png(kiosk.holders["insured"].card_qr_text()))
    assert kiosk.view.desk.public_code == "E14"
    assert kiosk.staff.desk_tickets()[0].person.name == "Trần Thị Mẫu"
    kiosk.bench.come_back()


def test_a_full_disk_closes_the_kiosk_and_admits_nobody(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.fill_disk()
    for _ in range(100):
        kiosk.patient.choose_room("noi")
        if kiosk.screen is not Screen.TICKET:
            break
        kiosk.patient.acknowledge()
        kiosk.clear()
        kiosk.clock.advance(86400)
        kiosk.put("insured")
        kiosk.digits("insured")
    view = kiosk.view
    assert (view.screen, view.desk.public_code, view.desk.message) == (Screen.CLOSED, "E16", DeskMessage.CLOSED)
    assert (view.ticket, view.masked_name) == (None, "")
    admitted_today = kiosk.staff.admissions()
    kiosk.free_disk()
    assert kiosk.turn().screen is Screen.CLOSED
    view = kiosk.after(5.1)
    assert view.screen is Screen.TAKE_CARD
    assert kiosk.staff.admissions() == admitted_today == ()
    [back] = kiosk.staff.came_back()
    assert (back.code, back.device, back.visit) == (Code.STORE_FAULT, "kiosk-1", None)
    assert kiosk.staff.exceptions() == (), "it works again: nobody need do anything"
    [down] = reporter_of(kiosk).report(clinic_day(kiosk.clock.now())).down.items()
    assert down == ("kiosk-1", pytest.approx(5.1, abs=0.2)), "since it closed, and not since it could be told"
    kiosk.take()
    assert kiosk.admit("insured").ticket.number == 1


def test_a_store_that_fails_again_is_told_once_more_and_a_fault_that_lasts_once(kiosk: Kiosk) -> None:
    for lasts in (1, 3):
        kiosk.admit("insured")
        kiosk.clear()
        kiosk.fill_disk()
        close(kiosk)
        for _ in range(lasts):
            assert kiosk.after(5.1).screen is Screen.CLOSED
        kiosk.free_disk()
        assert kiosk.after(5.1).screen is not Screen.CLOSED
        kiosk.clear()
    assert [row.code for row in kiosk.staff.came_back()] == [Code.STORE_FAULT] * 2


def close(kiosk: Kiosk) -> None:
    """Ask for help until nothing can be stored any more."""
    for _ in range(200):
        kiosk.clock.advance(61)
        kiosk.patient.call_staff("child")
        if kiosk.screen is Screen.CLOSED:
            return
        kiosk.patient.acknowledge()
    raise AssertionError


def reporter_of(kiosk: Kiosk) -> Reporter:
    return Reporter(database=kiosk.database, clinic=kiosk.staff._clinic, clock=kiosk.clock)


def test_a_full_disk_also_closes_the_way_to_the_desk_and_the_bell(kiosk: Kiosk) -> None:
    kiosk.fill_disk()
    for _ in range(200):
        kiosk.clock.advance(61)
        kiosk.patient.call_staff("child")
        if kiosk.screen is Screen.CLOSED:
            break
        kiosk.patient.acknowledge()
    assert kiosk.screen is Screen.CLOSED
    assert kiosk.after(5.1).screen is Screen.CLOSED
    kiosk.patient.call_staff("help")
    assert kiosk.screen is Screen.CLOSED


def test_a_long_poll_ends_with_the_next_change(kiosk: Kiosk) -> None:
    from threading import Timer

    version = kiosk.turn().version
    timer = Timer(0.05, lambda: kiosk.patient.call_staff("help"))
    timer.start()
    view = kiosk.patient.wait(version, 10)
    timer.join()
    assert view.version > version


def test_the_threads_run_a_visit_by_themselves(kiosk: Kiosk) -> None:
    kiosk.reader.start()
    kiosk.camera.start()
    version = wait_for(kiosk, Screen.ATTRACT, 0)
    kiosk.bench.put(kiosk.card("insured"))
    version = wait_for(kiosk, Screen.DIGITS, version)
    kiosk.bench.picture = kiosk.qr(kiosk.holders["insured"])
    version = wait_for(kiosk, Screen.CONFIRM, version)
    kiosk.patient.choose_room("noi")
    version = wait_for(kiosk, Screen.TICKET, version)
    kiosk.bench.picture = b""
    kiosk.bench.take()
    kiosk.clock.advance(16)
    wait_for(kiosk, Screen.ATTRACT, version)


def wait_for(kiosk: Kiosk, screen: Screen, version: int) -> int:
    view = kiosk.patient.view()
    for _ in range(50):
        if view.screen is screen:
            return int(view.version)
        view = kiosk.patient.wait(view.version, 0.5)
    raise AssertionError(f"{screen} did not come")
