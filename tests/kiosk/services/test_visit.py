"""The ways of a visit, each driven with a card of the simulator through a socket."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from kiosk.domain.assurance import Assurance
from kiosk.domain.flow import Screen
from kiosk.services.view import DeskMessage

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def exceptions(kiosk: Kiosk) -> list[tuple[str, str | None]]:
    return [(row.code.value, row.visit and row.visit.assurance.value) for row in kiosk.staff.exceptions()]


def test_card_digits_room_ticket(kiosk: Kiosk) -> None:
    assert kiosk.turn().screen is Screen.ATTRACT
    view = kiosk.put("insured")
    assert (view.screen, view.card_present, view.tries_left) == (Screen.DIGITS, True, 3)
    confirm = kiosk.digits("insured")
    assert confirm.screen is Screen.CONFIRM
    assert (confirm.masked_name, confirm.birth_year, confirm.number_tail) == ("TRẦN THỊ M**", "1999", "001")
    assert [room.id for room in confirm.rooms] == ["noi", "mat"]
    assert confirm.covered
    kiosk.patient.choose_room("mat")
    view = kiosk.view
    assert view.screen is Screen.TICKET
    ticket = view.ticket
    assert ticket is not None
    assert (ticket.number, ticket.room.id, ticket.issued_at, ticket.again) == (1, "mat", "07:42", False)
    assert (ticket.masked_name, ticket.waiting_before, ticket.priority) == ("TRẦN THỊ M**", 0, False)
    assert (view.masked_name, view.rooms) == ("", ())
    assert kiosk.patient.ticket_image().startswith(b"\x89PNG")
    [row] = kiosk.staff.admissions()
    assert (row.number, row.room.id, row.assurance, row.proved_by) == (1, "mat", Assurance.CHIP_ANCHORED, "chip")
    assert (row.person.name, row.person.personal_number) == ("Trần Thị Mẫu", "036199900001")
    assert row.reasons == ("covered",)


def test_the_ticket_goes_when_its_time_is_up_and_the_card_is_asked_for(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    assert kiosk.after(14.9).screen is Screen.TICKET
    view = kiosk.after(0.2)
    assert (view.screen, view.ticket, kiosk.patient.ticket_image()) == (Screen.TAKE_CARD, None, None)
    assert kiosk.take().screen is Screen.ATTRACT


def test_a_card_taken_at_once_leaves_time_to_read_the_number(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    assert kiosk.take().screen is Screen.TICKET
    assert kiosk.after(4.9).screen is Screen.TICKET
    assert kiosk.after(0.2).screen is Screen.ATTRACT


def test_the_next_card_on_a_ticket_is_the_next_visit(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.take()
    assert kiosk.put("old").screen is Screen.TICKET
    view = kiosk.after(5.1)
    assert (view.screen, view.ticket) == (Screen.DIGITS, None)
    assert kiosk.digits("old").masked_name == "NGUYỄN THỊ G**"


def test_the_old_go_first(kiosk: Kiosk) -> None:
    assert kiosk.admit("old").ticket.priority
    assert kiosk.staff.admissions()[0].priority


def test_the_second_visit_of_a_day_gives_the_same_ticket(kiosk: Kiosk) -> None:
    first = kiosk.admit("insured").ticket
    kiosk.clear()
    kiosk.admit("old")
    kiosk.clear()
    kiosk.clock.advance(3600)
    kiosk.put("insured")
    again = kiosk.digits("insured")
    assert again.screen is Screen.TICKET
    assert (again.ticket.number, again.ticket.check_code, again.ticket.issued_at) == (1, first.check_code, "07:42")
    assert again.ticket.again
    assert len(kiosk.staff.admissions()) == 2


def test_the_next_day_counts_anew(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.clock.advance(timedelta(days=1).total_seconds())
    ticket = kiosk.admit("insured").ticket
    assert (ticket.number, ticket.again) == (1, False)
    assert len(kiosk.staff.admissions()) == 1


def test_waiting_people_are_counted_by_room(kiosk: Kiosk) -> None:
    kiosk.admit("insured", "noi")
    kiosk.clear()
    kiosk.put("old")
    assert [room.waiting for room in kiosk.digits("old").rooms] == [1, 0]
    kiosk.patient.choose_room("noi")
    assert kiosk.view.ticket.waiting_before == 1


def test_the_code_first_then_the_card(kiosk: Kiosk) -> None:
    assert kiosk.show_qr("insured").screen is Screen.PLACE_CARD
    kiosk.put("insured")
    assert kiosk.turn().screen is Screen.CONFIRM


def test_the_code_instead_of_the_digits(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    assert kiosk.show_qr("insured").screen is Screen.READING
    assert kiosk.turn().screen is Screen.CONFIRM


def test_digits_typed_after_the_card_was_picked_up_to_read_them(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    assert kiosk.take().screen is Screen.DIGITS
    assert kiosk.digits("insured").screen is Screen.PLACE_CARD
    kiosk.put("insured")
    assert kiosk.turn().screen is Screen.CONFIRM


@pytest.mark.parametrize("refusal", [0x6A80, 0x6985])
def test_a_card_that_refuses_pace_is_opened_with_its_code(kiosk: Kiosk, refusal: int) -> None:
    kiosk.put(kiosk.card("insured", pace_refused_sw=refusal))
    assert kiosk.digits("insured").screen is Screen.SHOW_QR
    assert kiosk.show_qr("insured").screen is Screen.READING
    assert kiosk.turn().screen is Screen.CONFIRM


def test_a_card_that_refuses_pace_and_has_no_code_goes_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put(kiosk.card("insured", pace_refused_sw=0x6A80))
    kiosk.digits("insured")
    kiosk.patient.no_qr()
    view = kiosk.view
    assert (view.screen, view.desk.public_code, view.desk.ticket_number) == (Screen.DESK, "E04", 1)
    assert exceptions(kiosk) == [("E04", "none")]


def test_three_wrong_numbers_lead_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    for tries_left in (2, 1):
        kiosk.patient.type_digits("123456")
        assert kiosk.view.screen is Screen.READING
        view = kiosk.turn()
        assert (view.screen, view.digits_wrong, view.tries_left) == (Screen.DIGITS, True, tries_left)
    kiosk.patient.type_digits("123456")
    view = kiosk.turn()
    assert (view.screen, view.desk.public_code, view.desk.message) == (Screen.DESK, "E03", DeskMessage.WRONG_DIGITS)
    assert exceptions(kiosk) == [("E03", "none")]
    assert view.desk.ticket_number == 1


def test_digits_that_were_sent_twice_count_once(kiosk: Kiosk) -> None:
    tries = kiosk.put("insured").tries_left
    for _ in range(2):
        kiosk.patient.type_digits("123456", tries)
        view = kiosk.turn()
        assert (view.screen, view.tries_left) == (Screen.DIGITS, 2)
    kiosk.patient.type_digits("123456", view.tries_left)
    assert kiosk.view.screen is Screen.READING


def test_the_right_number_after_a_wrong_one(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits("123456")
    kiosk.turn()
    assert kiosk.digits("insured").screen is Screen.CONFIRM


def test_a_card_that_blocks_its_number_goes_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put(kiosk.card("insured", can_tries=1))
    kiosk.patient.type_digits("123456")
    kiosk.turn()
    kiosk.patient.type_digits("123456")
    assert kiosk.turn().desk.public_code == "E03"


def test_the_code_of_another_card_is_a_wrong_key_and_counts_once(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.show_qr("old")
    view = kiosk.turn()
    assert (view.screen, view.tries_left) == (Screen.DIGITS, 2)
    assert kiosk.show_qr("old").screen is Screen.DIGITS
    assert kiosk.digits("insured").screen is Screen.CONFIRM


def test_a_card_taken_while_read_is_put_back_and_needs_no_second_number(kiosk: Kiosk) -> None:
    kiosk.put("insured", tear_after=12)
    assert kiosk.digits("insured").screen is Screen.PUT_BACK
    kiosk.put("insured")
    assert kiosk.turn().screen is Screen.CONFIRM


def test_a_card_that_is_not_put_back_ends_the_visit(kiosk: Kiosk) -> None:
    kiosk.put("insured", tear_after=12)
    kiosk.digits("insured")
    assert kiosk.after(9.9).screen is Screen.PUT_BACK
    assert kiosk.after(0.2).screen is Screen.ATTRACT
    assert exceptions(kiosk) == []


def test_a_card_torn_away_three_times_goes_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.put("insured", tear_after=12)
    kiosk.digits("insured")
    for _ in range(2):
        kiosk.put("insured", tear_after=20)
        view = kiosk.turn()
    assert (view.screen, view.desk.public_code) == (Screen.DESK, "E02")
    assert exceptions(kiosk) == [("E02", "none")]


@pytest.mark.parametrize("after", range(0, 60, 7))
def test_a_card_torn_away_at_any_moment_admits_nobody(kiosk: Kiosk, after: int) -> None:
    kiosk.put("insured", tear_after=after)
    assert kiosk.digits("insured").screen in (Screen.PUT_BACK, Screen.CONFIRM)
    assert kiosk.staff.admissions() == ()


def test_the_card_may_be_taken_once_it_is_read(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    assert kiosk.take().screen is Screen.CONFIRM
    kiosk.patient.choose_room("noi")
    assert kiosk.view.screen is Screen.TICKET
    assert kiosk.after(15.1).screen is Screen.ATTRACT


def test_nothing_of_the_person_is_left_in_memory_views_logs_or_store(kiosk: Kiosk) -> None:
    who = kiosk.holders["insured"]
    with capture_logs() as logs:
        kiosk.show_qr("old")
        kiosk.put("insured")
        assert kiosk.turn().digits_wrong
        assert kiosk.digits("insured").screen is Screen.CONFIRM
        kiosk.patient.choose_room("noi")
        assert kiosk.screen is Screen.TICKET
        kiosk.patient.acknowledge()
        kiosk.clear()
    assert logs
    everything = repr(kiosk.patient.view()) + repr(logs) + repr(vars(kiosk.patient)) + repr(kiosk.seen)
    rest = kiosk.rest()
    for text in (who.name, who.name.upper(), "TRAN", who.personal_number, who.document_number, who.can, "1999-03-04"):
        assert text not in everything
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert text.encode(encoding) not in rest
    assert "M**" not in everything
