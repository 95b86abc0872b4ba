"""Erasing somebody destroys the keys to what is theirs; the chains stay whole, and say that it was done."""

import json
import sqlite3
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.day_key import DayTags
from kiosk.domain.corrections import EraseReason
from kiosk.keys import VisitOpener
from kiosk.services.audit import examine
from kiosk.services.erasure import Eraser
from kiosk.store.tables import Audit, Visit, VisitEvent, Work

Kiosk = Any
DAY = date(2026, 11, 23)
ASKED = EraseReason.PERSON_ASKED


@pytest.fixture
def eraser(kiosk: Kiosk) -> Eraser:
    return Eraser(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)


def admit(kiosk: Kiosk, *who: str) -> None:
    for each in who:
        kiosk.admit(each)
        kiosk.clear()


def sealed(kiosk: Kiosk) -> dict[int, tuple[bytes, bytes]]:
    """The sealed key and the blob by ticket, of those that have them."""
    with kiosk.database.read() as session:
        found = session.scalars(select(Visit).where(Visit.sealed_key.is_not(None)))
        return {visit.number: (visit.sealed_key or b"", visit.blob or b"") for visit in found}


def chains_hold(kiosk: Kiosk) -> bool:
    with kiosk.database.read() as session:
        return not [finding for chain in examine(session, ()) for finding in chain.findings]


def test_nothing_of_the_erased_is_left_in_any_byte_of_the_store(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured", "old")
    before = sealed(kiosk)
    tag = DayTags(kiosk.path.with_name("person_day.key")).tag(kiosk.holders["insured"].personal_number, DAY)
    assert all(part in kiosk.rest() for part in (*before[1], tag))
    erased = eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    assert (erased.visits, erased.log_emptied) == (((DAY, 1),), True)
    rest = kiosk.rest()
    assert not [part for part in (*before[1], tag) if part in rest]
    assert sealed(kiosk) == {2: before[2]}


def test_the_chain_holds_and_tells_who_erased_and_why_and_not_whom(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    assert chains_hold(kiosk)
    with kiosk.database.read() as session:
        [body] = session.scalars(select(Audit.body).where(Audit.kind == "erased"))
        [event] = session.scalars(select(VisitEvent))
        [commitment] = session.scalars(select(Visit.commitment))
    facts = json.loads(body)["facts"]
    assert (facts["reason"], facts["by"], facts["number"]) == ("person_asked", "desk-1", 1)
    assert facts["commitment"] == commitment.hex()
    assert (event.kind, event.reason, event.by) == ("erased", "person_asked", "desk-1")
    person = kiosk.holders["insured"]
    assert person.personal_number not in body
    assert person.name not in body


def test_staff_see_a_visit_of_nobody(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    [row] = kiosk.staff.admissions()
    assert (row.person, row.unreadable, row.number) == (None, False, 1)


def test_a_person_is_found_in_all_visits_of_all_days(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured", "old")
    kiosk.clock.advance(86400)
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    number = kiosk.holders["insured"].personal_number
    erased = eraser.erase_person(number, VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1")
    assert sorted(erased.visits) == [(DAY, 1), (date(2026, 11, 24), 1)]
    assert list(sealed(kiosk)) == [2]
    assert chains_hold(kiosk)


def test_what_lies_sealed_for_the_visit_elsewhere_goes_with_it(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    now = kiosk.clock.now()
    blob = b"sealed for the list of what is to be put right"
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        session.add(
            Work(
                id="w",
                clinic="36001",
                device="desk-1",
                visit_id=visit.id,
                field="name",
                left_source="chip",
                right_source="roster",
                grade="close",
                state="open",
                sealed_key=b"its key",
                blob=blob,
                created_at=now,
            )
        )
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    assert blob not in kiosk.rest()
    with kiosk.database.read() as session:
        assert session.execute(select(Work.sealed_key, Work.blob)).all() == [(None, None)]


def test_a_companion_is_named_to_the_clerk_and_not_erased_with_the_child(kiosk: Kiosk, eraser: Eraser) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        own = (
            VisitOpener(kiosk.private_key)
            .sealer()
            .seal(visit.id, {"name": "Trần Bé", "guardian_number": "036188800001"})
        )
        visit.sealed_key, visit.blob, visit.commitment = own.key, own.blob, own.commitment
    erased = eraser.erase_person("036188800001", VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1")
    assert (erased.visits, erased.beside) == ((), ((DAY, 1),))
    assert list(sealed(kiosk)) == [1]


def test_a_record_that_does_not_open_is_counted(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        visit.blob = b"0" * 40
    erased = eraser.erase_person("036188800001", VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1")
    assert (erased.visits, erased.unreadable) == ((), 1)


def test_twice_is_once_and_nobody_is_nobody(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    assert eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1").visits
    assert not eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1").visits
    assert not eraser.erase_ticket(DAY, 99, reason=ASKED, by="desk-1").visits
    with kiosk.database.read() as session:
        assert len(session.scalars(select(Audit).where(Audit.kind == "erased")).all()) == 1


def test_while_somebody_reads_it_is_said_that_the_log_is_not_empty(
    kiosk: Kiosk, eraser: Eraser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.services.erasure._FOLD_TRIES", 1)
    admit(kiosk, "insured")
    reader = sqlite3.connect(kiosk.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM visit").fetchone()
    assert not eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1").log_emptied
    reader.execute("ROLLBACK")
    reader.close()
    assert eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1").log_emptied


def test_who_was_erased_and_comes_again_today_is_somebody_new(kiosk: Kiosk, eraser: Eraser) -> None:
    admit(kiosk, "insured")
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    assert kiosk.admit("insured").ticket.number == 2


def test_a_person_is_found_by_the_insurance_number_too(kiosk: Kiosk, eraser: Eraser) -> None:
    claim = ClaimedIdentity(source=ClaimSource.TYPED, name="Lê Văn Mẫu", birth=BirthDate(year=1970))
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        fields = {"name": claim.name, "insurance_number": "GD4363600000001"}
        own = VisitOpener(kiosk.private_key).sealer().seal(visit.id, fields)
        visit.sealed_key, visit.blob, visit.commitment = own.key, own.blob, own.commitment
    erased = eraser.erase_person("gd4363600000001", VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1")
    assert erased.visits == ((DAY, 1),)
