"""Names, cover, tickets, rooms, priority and codes."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard import BirthDate
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Coverage, CoverReason, decide
from kiosk.domain.names import masked, number_tail
from kiosk.domain.priority import has_priority
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import CHECK_ALPHABET, Ticket, check_code, clinic_day

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Trần Thị Mai", "TRẦN THỊ M**"),
        ("NGUYỄN VĂN Ấn", "NGUYỄN VĂN Ấ**"),
        ("Lê Đức", "LÊ Đ**"),
        ("  Nguyễn  Văn   An ", "NGUYỄN VĂN A**"),
        ("Mai", "M**"),
        ("Lê X\u0302a", "LÊ X\u0302**"),
        ("", ""),
    ],
)
def test_a_masked_name_keeps_family_and_middle_names(name: str, shown: str) -> None:
    assert masked(name) == shown
    assert masked(unicodedata.normalize("NFD", name)) == shown


@given(st.text())
def test_a_masked_name_never_shows_the_given_name(name: str) -> None:
    words = unicodedata.normalize("NFC", name).upper().split()
    shown = masked(name)
    assert shown.split() == [] if not words else shown.split()[:-1] == words[:-1]
    assert not words or shown.endswith("**")


@pytest.mark.parametrize(("number", "tail"), [("036099000123", "123"), ("", ""), (None, "")])
def test_three_digits_of_a_number_are_shown(number: str | None, tail: str) -> None:
    assert number_tail(number) == tail


def cover(start: date, end: date | None) -> Coverage:
    return Coverage(valid_from=start, valid_to=end, benefit="4", home_clinic="36001", as_of=AS_OF)


@pytest.mark.parametrize(
    ("coverage", "code", "reasons"),
    [
        (None, Code.NOT_COVERED, (CoverReason.NOT_FOUND,)),
        (cover(DAY, DAY), None, (CoverReason.COVERED,)),
        (cover(date(2020, 1, 1), None), None, (CoverReason.COVERED,)),
        (cover(date(2026, 1, 1), date(2026, 11, 22)), Code.COVER_ENDED, (CoverReason.ENDED,)),
        (cover(date(2026, 11, 24), None), Code.COVER_ENDED, (CoverReason.NOT_YET,)),
    ],
)
def test_cover_counts_both_its_first_and_its_last_day(
    coverage: Coverage | None, code: Code | None, reasons: tuple[CoverReason, ...]
) -> None:
    decision = decide(coverage, on=DAY, clinic="36001")
    assert (decision.code, decision.reasons, decision.covered) == (code, reasons, code is None)


def test_another_home_clinic_is_a_remark_and_no_refusal() -> None:
    decision = decide(cover(DAY, None), on=DAY, clinic="36999")
    assert decision.covered
    assert CoverReason.OTHER_HOME_CLINIC in decision.reasons


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 17, 0, 0, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_a_clinic_day_begins_at_midnight_in_vietnam(at: datetime, day: date) -> None:
    assert clinic_day(at) == day


def test_a_ticket_tells_local_time() -> None:
    ticket = Ticket(
        visit_id="x", number=1, room_id="a", issued_at=datetime(2026, 11, 23, 0, 42, tzinfo=UTC), check_code="ACDE"
    )
    assert ticket.local_time == "07:42"


@given(st.binary(min_size=8, max_size=8))
def test_a_check_code_is_four_clear_letters(entropy: bytes) -> None:
    assert len(check_code(entropy)) == 4
    assert set(check_code(entropy)) <= set(CHECK_ALPHABET)


def test_no_letter_of_a_check_code_looks_like_another() -> None:
    assert not set("0O1IB8S5Z2QG") & set(CHECK_ALPHABET)


@pytest.mark.parametrize(
    ("birth", "first"),
    [
        (BirthDate(year=1951, month=11, day=23), True),
        (BirthDate(year=1951, month=11, day=24), False),
        (BirthDate(year=1951), True),
        (BirthDate(year=1952), False),
        (BirthDate(year=2020, month=11, day=23), False),
        (BirthDate(year=2020, month=11, day=24), True),
        (BirthDate(year=2020), True),
        (BirthDate(year=2019), False),
        (BirthDate(year=1990, month=5, day=1), False),
    ],
)
def test_the_old_and_the_small_go_first(birth: BirthDate, first: bool) -> None:
    assert has_priority(birth, DAY) is first


def room(room_id: str) -> Room:
    return Room(id=room_id, name_vi="Nội", name_en="Medicine", place_vi="Phòng 1", place_en="Room 1")


@pytest.mark.parametrize("ids", ["", "aa", "abcdefg"])
def test_a_clinic_has_one_to_six_different_rooms(ids: str) -> None:
    with pytest.raises(ValueError, match="room"):
        Clinic(code="36001", name_vi="Trạm", name_en="Station", rooms=tuple(room(each) for each in ids))


def test_a_room_is_found_by_its_id() -> None:
    clinic = Clinic(code="36001", name_vi="Trạm", name_en="Station", rooms=(room("a"), room("b")))
    assert clinic.room("b") == room("b")
    assert clinic.room_or_bare("z").name_vi == "z"
    with pytest.raises(ValueError, match="no such room"):
        clinic.room("z")


def test_no_code_on_the_screen_accuses_anybody() -> None:
    assert Code.NOT_GENUINE.public == Code.UNKNOWN_CARD.public == "E04"
    assert Code.NOT_GENUINE.message == Code.UNKNOWN_CARD.message
    assert all(code.public != "E05" and code.message for code in Code)
    assert Code.HELP.public == Code.EMERGENCY.public == ""


def test_every_assurance_has_a_shape_of_its_own() -> None:
    assert len({assurance.shape for assurance in Assurance}) == len(Assurance)
