"""The ways of a visit, each driven with a card of the simulator through a socket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
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


FORGED: list[Callable[[Issuer, Holder], SimulatedCard]] = [
    dishonest.altered_dg1,
    dishonest.altered_dg13,
    dishonest.foreign_issuer,
    dishonest.cloned_chip,
]


@pytest.mark.parametrize("forge", FORGED)
def test_a_forged_card_gets_neutral_words_and_staff_the_truth(
    kiosk: Kiosk, forge: Callable[[Issuer, Holder], SimulatedCard]
) -> None:
    kiosk.put(forge(kiosk.issuer, kiosk.holders["insured"]))
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.public_code) == (Screen.DESK, "E04")
    assert view.desk.message is DeskMessage.UNKNOWN_CARD
    [row] = kiosk.staff.exceptions()
    assert (row.code, row.visit.assurance, row.visit.needs_typing) == (Code.NOT_GENUINE, Assurance.NONE, True)
    assert row.reasons
    assert row.visit.facts["met"] is False
    assert kiosk.staff.admissions() == ()


def test_forged_and_unknown_cards_look_the_same_to_the_patient(kiosk: Kiosk) -> None:
    views = []
    for card in (
        dishonest.cloned_chip(kiosk.issuer, kiosk.holders["insured"]),
        dishonest.unknown_issuer(kiosk.holders["insured"]),
    ):
        kiosk.put(card)
        view = kiosk.digits("insured")
        views.append((view.screen, view.desk.public_code, view.desk.message, view.desk.desk))
        kiosk.patient.acknowledge()
        kiosk.clear()
    assert views[0] == views[1]


@pytest.mark.parametrize(
    "strange",
    [
        lambda issuer, holder: dishonest.unknown_issuer(holder),
        lambda issuer, holder: dishonest.expired_signer(issuer, holder),
    ],
)
def test_a_card_without_anchor_fills_in_a_desk_ticket(
    kiosk: Kiosk, strange: Callable[[Issuer, Holder], SimulatedCard]
) -> None:
    kiosk.put(strange(kiosk.issuer, kiosk.holders["insured"]))
    assert kiosk.digits("insured").desk.public_code == "E04"
    [row] = kiosk.staff.exceptions()
    assert (row.code, row.visit.assurance) == (Code.UNKNOWN_CARD, Assurance.CHIP_UNANCHORED)
    assert (row.visit.person.name, row.visit.needs_typing) == ("Trần Thị Mẫu", False)


@pytest.mark.parametrize(
    ("who", "code", "message", "reason"),
    [
        ("not_insured", "E07", DeskMessage.NO_COVER, "cover_not_found"),
        ("ended", "E08", DeskMessage.COVER_ENDED, "cover_ended"),
        ("expired", "E06", DeskMessage.CARD_EXPIRED, "validity.expired"),
    ],
)
def test_who_may_not_pass_by_machine_goes_to_the_desk_with_everything_filled_in(
    kiosk: Kiosk, who: str, code: str, message: DeskMessage, reason: str
) -> None:
    kiosk.put(who)
    view = kiosk.digits(who)
    assert (view.screen, view.desk.public_code, view.desk.message) == (Screen.DESK, code, message)
    [row] = kiosk.staff.exceptions()
    assert (row.reasons, row.visit.assurance) == ((reason,), Assurance.CHIP_ANCHORED)
    assert row.visit.person.name == kiosk.holders[who].name
    assert kiosk.staff.admissions() == ()


def test_a_roster_that_broke_since_the_start_sends_to_the_desk(kiosk: Kiosk) -> None:
    (kiosk.path.parent / "roster.db").write_bytes(b"not a roster" * 1000)
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.message) == (Screen.DESK, DeskMessage.COVER_UNKNOWN)


def test_a_code_alone_fills_in_a_desk_ticket(kiosk: Kiosk) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    view = kiosk.view
    assert (view.screen, view.desk.message, view.desk.ticket_number) == (Screen.DESK, DeskMessage.QR_ONLY, 1)
    [row] = kiosk.staff.desk_tickets()
    assert (row.assurance, row.person.name) == (Assurance.QR_UNSIGNED, "Trần Thị Mẫu")
    assert kiosk.staff.admissions() == ()


def test_who_comes_again_with_the_same_code_keeps_the_desk_number(kiosk: Kiosk) -> None:
    for _ in range(2):
        kiosk.show_qr("insured")
        kiosk.patient.no_card()
        assert kiosk.view.desk.ticket_number == 1
        kiosk.patient.acknowledge()
        kiosk.clock.advance(5)
    assert len(kiosk.staff.exceptions()) == 1


def test_a_card_shown_later_replaces_the_desk_ticket(kiosk: Kiosk) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    kiosk.admit("insured")
    assert kiosk.staff.desk_tickets() == ()
    assert kiosk.staff.exceptions() == ()
    assert [row.number for row in kiosk.staff.admissions()] == [2]


def test_an_admission_does_not_hide_a_suspicion(kiosk: Kiosk) -> None:
    kiosk.put(dishonest.cloned_chip(kiosk.issuer, kiosk.holders["insured"]))
    kiosk.digits("insured")
    kiosk.patient.acknowledge()
    kiosk.clear()
    kiosk.admit("insured")
    assert exceptions(kiosk) == [("E05", "none")]


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
    kiosk.take()
    assert kiosk.admit("insured").ticket.number == 1


def test_a_full_disk_also_closes_the_way_to_the_desk_and_the_bell(kiosk: Kiosk) -> None:
    kiosk.fill_disk()
    for _ in range(200):
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


def test_nothing_of_the_person_is_left_in_memory_views_logs_or_store(kiosk: Kiosk) -> None:
    who = kiosk.holders["insured"]
    with capture_logs() as logs:
        kiosk.show_qr("old")
        kiosk.put("insured")
        kiosk.digits("insured")
        kiosk.turn()
        kiosk.patient.type_digits(who.can) if kiosk.screen is Screen.DIGITS else None
        kiosk.turn(2)
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
