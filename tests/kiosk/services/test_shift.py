"""Who is on duty: sealed at rest, masked on the screen, over by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from kiosk.keys import VisitOpener
from kiosk.services.shift import BadShift, ShiftBook
from kiosk.store.tables import Audit, Outbox

Kiosk = Any
NAME, NUMBER = "Phạm Thị Trực", "036185999901"
HOUR = timedelta(hours=1)


@pytest.fixture
def book(kiosk: Kiosk) -> Callable[..., ShiftBook]:
    def make(key: X25519PrivateKey | None = None) -> ShiftBook:
        return ShiftBook(
            database=kiosk.database,
            clinic=kiosk.checkin._clinic,
            device="desk-1",
            opener=VisitOpener(key or kiosk.private_key),
            clock=kiosk.clock,
        )

    return make


def opened(book: ShiftBook, starts: datetime, hours: float = 8, name: str = NAME) -> str:
    return book.open(name, NUMBER, starts_at=starts, ends_at=starts + hours * HOUR, by="desk-1").id


def test_no_shift_is_open_at_first(book: Callable[..., ShiftBook]) -> None:
    assert book().current() is None


def test_a_shift_is_masked_on_the_screen_and_whole_for_the_payer(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now(), name="  Phạm  Thị Trực ")
    shift = book().current()
    assert shift is not None
    assert (shift.officer.name, shift.officer.personal_number) == (NAME, NUMBER)
    assert (shift.masked_name, shift.number_tail) == ("PHẠM THỊ T**", "901")
    assert NAME not in repr(shift)
    assert NUMBER not in repr(shift)


def test_a_shift_ends_by_itself(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now(), hours=8)
    kiosk.clock.advance(8 * 3600 - 1)
    assert book().current() is not None
    kiosk.clock.advance(1)
    assert book().current() is None


def test_a_shift_that_begins_later_leaves_the_present_one_until_then(
    kiosk: Kiosk, book: Callable[..., ShiftBook]
) -> None:
    first = opened(book(), kiosk.clock.now(), hours=8)
    later = opened(book(), kiosk.clock.now() + 2 * HOUR)
    assert getattr(book().current(), "id", None) == first
    kiosk.clock.advance(2 * 3600)
    assert getattr(book().current(), "id", None) == later


def test_a_new_shift_takes_the_place_of_the_present_one(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now())
    kiosk.clock.advance(60)
    second = opened(book(), kiosk.clock.now(), hours=1)
    assert getattr(book().current(), "id", None) == second
    kiosk.clock.advance(3600)
    assert book().current() is None


def test_a_shift_can_be_ended(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now())
    book().close(by="desk-1")
    assert book().current() is None


@pytest.mark.parametrize(
    ("name", "number", "starts", "hours", "field"),
    [
        ("", NUMBER, 0, 8, "officer"),
        ("<b>", NUMBER, 0, 8, "officer"),
        ("x" * 101, NUMBER, 0, 8, "officer"),
        (NAME, "", 0, 8, "officer_number"),
        (NAME, "12345", 0, 8, "officer_number"),
        (NAME, NUMBER, 0, 0, "times"),
        (NAME, NUMBER, 0, 17, "times"),
        (NAME, NUMBER, -9, 8, "times"),
        (NAME, NUMBER, 17, 1, "times"),
    ],
)
def test_a_shift_that_makes_no_sense_is_refused(
    kiosk: Kiosk, book: Callable[..., ShiftBook], name: str, number: str, starts: int, hours: int, field: str
) -> None:
    begin = kiosk.clock.now() + starts * HOUR
    with pytest.raises(BadShift, match=f"^{field}$"):
        book().open(name, number, starts_at=begin, ends_at=begin + hours * HOUR, by="desk-1")
    assert book().current() is None


def test_nothing_at_rest_says_who_it_is(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now())
    rest = kiosk.rest()
    for text in (NAME, NUMBER, "Trực"):
        assert text.encode() not in rest
    with kiosk.database.read() as session:
        assert "shift_opened" in session.scalars(select(Audit.kind)).all()
        assert "shift_opened" in session.scalars(select(Outbox.kind)).all()


def test_another_clinics_key_opens_no_shift(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now())
    assert book(X25519PrivateKey.generate()).current() is None


def test_instants_are_utc(kiosk: Kiosk, book: Callable[..., ShiftBook]) -> None:
    opened(book(), kiosk.clock.now())
    shift = book().current()
    assert shift is not None
    assert shift.starts_at.tzinfo is UTC
