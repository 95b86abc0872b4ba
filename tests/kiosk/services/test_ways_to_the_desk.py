"""The ways to the desk: neutral words for the patient, the truth for staff, nobody admitted."""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.flow import Screen
from kiosk.services.view import DeskMessage

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def exceptions(kiosk: Kiosk) -> list[tuple[str, str | None]]:
    return [(row.code.value, row.visit and row.visit.assurance.value) for row in kiosk.staff.exceptions()]


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


@pytest.mark.parametrize("other", ["1991", "Nguyễn Văn Khác"])
def test_a_code_that_is_not_the_chip_s_goes_to_the_desk(kiosk: Kiosk, other: str) -> None:
    """The number is the card's, so its digits open the chip; birth or name are somebody else's."""
    fields = kiosk.holders["insured"].card_qr_text().split("|")
    fields[2 if other.startswith("N") else 3] = other
    kiosk.put("insured")
    kiosk.patient.show_code("|".join(fields))
    view = kiosk.turn()
    assert view.screen is Screen.DESK
    [row] = kiosk.staff.exceptions()
    assert any("card_qr_differs" in reason for reason in row.reasons)
    assert kiosk.staff.admissions() == ()
