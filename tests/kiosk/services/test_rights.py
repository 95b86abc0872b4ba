"""For how long somebody is kept, and what they are shown of it when they ask."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate
from kiosk.domain.worklist import Field, Mismatch, Source
from kiosk.keys import Sealed, VisitOpener
from kiosk.services.audit import examine
from kiosk.services.disclosure import Disclosed, Disclosure
from kiosk.services.erasure import Eraser
from kiosk.services.leftovers import Leftovers
from kiosk.services.retention import Retention
from kiosk.services.worklist import Subject, Worklist
from kiosk.store.tables import Audit, Visit, Work

Kiosk = Any
DAY = date(2026, 11, 23)
KEEP = 30
BORN = BirthDate(year=1960, month=1, day=2)


def born(holder: Any) -> BirthDate:
    return BirthDate(year=holder.birth.year, month=holder.birth.month, day=holder.birth.day)


@pytest.fixture
def leftovers(kiosk: Kiosk) -> Leftovers:
    clinic = kiosk.staff._clinic
    eraser = Eraser(database=kiosk.database, clinic=clinic, device="desk-1", clock=kiosk.clock)
    retention = Retention(eraser, clock=kiosk.clock, by="desk-1", keep_days=KEEP)
    return Leftovers(database=kiosk.database, clinic=clinic, device="desk-1", clock=kiosk.clock, retention=retention)


def named(kiosk: Kiosk) -> list[int]:
    """The tickets of visits that still name their person."""
    with kiosk.database.read() as session:
        return list(session.scalars(select(Visit.number).where(Visit.sealed_key.is_not(None))))


def admit(kiosk: Kiosk, *who: str) -> None:
    for each in who:
        kiosk.admit(each)
        kiosk.clear()


def test_people_are_kept_to_their_last_day_and_not_a_day_longer(kiosk: Kiosk, leftovers: Leftovers) -> None:
    admit(kiosk, "insured", "old")
    before = kiosk.rest()
    kiosk.clock.advance(timedelta(days=KEEP).total_seconds())
    leftovers.round()
    assert named(kiosk) == [1, 2]
    kiosk.clock.advance(timedelta(days=1).total_seconds())
    with kiosk.database.read() as session:
        blobs = [bytes(blob) for blob in session.scalars(select(Visit.blob))]
    assert all(blob in before for blob in blobs)
    leftovers.round()
    assert named(kiosk) == []
    assert not [blob for blob in blobs if blob in kiosk.rest()]
    assert leftovers.round() == 0


def test_the_record_says_that_the_time_was_over_and_holds(kiosk: Kiosk, leftovers: Leftovers) -> None:
    admit(kiosk, "insured")
    kiosk.clock.advance(timedelta(days=KEEP + 1).total_seconds())
    leftovers.round()
    with kiosk.database.read() as session:
        [body] = session.scalars(select(Audit.body).where(Audit.kind == "erased"))
        assert json.loads(body)["facts"]["reason"] == "retention_over"
        assert not [finding for chain in examine(session, ()) for finding in chain.findings]
        assert session.scalars(select(Visit.state)).all() == ["admitted"]


def test_more_people_than_a_turn_takes_go_too(kiosk: Kiosk, leftovers: Leftovers, monkeypatch: Any) -> None:
    monkeypatch.setattr("kiosk.services.erasure._AT_ONCE", 1)
    admit(kiosk, "insured", "old")
    kiosk.clock.advance(timedelta(days=KEEP + 1).total_seconds())
    leftovers.round()
    assert named(kiosk) == []


def note_difference(kiosk: Kiosk, number: str) -> Worklist:
    """An entry that no visit showed: the payer's answer found it later."""
    worklist = Worklist(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        clock=kiosk.clock,
    )
    found = Mismatch(
        field=Field.NAME,
        left_source=Source.CHIP,
        left="Trần Thị Mẫu",
        right_source=Source.GATEWAY,
        right="Trần Thị Lạ",
        grade="different",
        proposed="Trần Thị Mẫu",
    )
    assert worklist.add([found], Subject(personal_number=number)) == 1
    return worklist


def test_what_no_visit_showed_goes_in_its_time_too(kiosk: Kiosk, leftovers: Leftovers) -> None:
    worklist = note_difference(kiosk, kiosk.holders["insured"].personal_number)
    kiosk.clock.advance(timedelta(days=KEEP).total_seconds())
    leftovers.round()
    assert len(worklist.rows()) == 1
    with kiosk.database.read() as session:
        [blob] = [bytes(blob or b"") for blob in session.scalars(select(Work.blob))]
    kiosk.clock.advance(timedelta(days=1).total_seconds())
    leftovers.round()
    assert worklist.rows() == ()
    assert blob not in kiosk.rest()


def test_what_is_to_be_put_right_about_somebody_is_told_without_what_may_be_anothers(kiosk: Kiosk) -> None:
    admit(kiosk, "insured")
    mine = kiosk.holders["insured"]
    note_difference(kiosk, mine.personal_number)
    note_difference(kiosk, kiosk.holders["old"].personal_number)
    [entry] = disclosed(kiosk, mine.personal_number, born(mine)).content["to_put_right"]
    assert (entry["field"], entry["left"], "right" in entry) == ("name", "Trần Thị Mẫu", False)
    assert disclosed(kiosk, mine.personal_number, BORN).content["to_put_right"] == []


def disclosed(kiosk: Kiosk, number: str, birth: BirthDate | None = None) -> Disclosed:
    opener = VisitOpener(kiosk.private_key)
    return Disclosure(
        database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock, opener=opener
    ).of_person(number, birth or BORN, by="desk-1")


def test_somebody_sees_all_of_theirs_and_nothing_of_others(kiosk: Kiosk) -> None:
    admit(kiosk, "insured", "old")
    mine, other = kiosk.holders["insured"], kiosk.holders["old"]
    found = disclosed(kiosk, mine.personal_number, born(mine))
    said = json.dumps(found.content, ensure_ascii=False)
    assert (found.visits, found.alike) == (1, 0)
    assert mine.personal_number in said
    assert mine.name in said
    assert other.personal_number not in said
    [visit] = found.content["visits"]
    assert visit["visit"]["number"] == 1
    assert {act["what"] for act in visit["who_did_what"]} >= {"admitted"}
    assert visit["who_looked"] == []
    with kiosk.database.read() as session:
        [body] = session.scalars(select(Audit.body).where(Audit.kind == "disclosed"))
    assert mine.personal_number not in body
    assert json.loads(body)["facts"]["visits"] == [visit["visit"]["id"]]
    [again] = disclosed(kiosk, mine.personal_number, born(mine)).content["visits"]
    assert [look["page"] for look in again["who_looked"]] == ["disclosed"]


def test_nobody_is_told_nothing_and_it_is_no_event(kiosk: Kiosk) -> None:
    admit(kiosk, "insured")
    found = disclosed(kiosk, "036199999999")
    assert found.visits == 0
    with kiosk.database.read() as session:
        assert not session.scalars(select(Audit).where(Audit.kind == "disclosed")).all()


def test_a_number_that_was_typed_into_anothers_record_gives_nobody_away(kiosk: Kiosk) -> None:
    admit(kiosk, "insured")
    found = disclosed(kiosk, kiosk.holders["insured"].personal_number, BORN)
    assert (found.visits, found.alike, found.content["visits"]) == (0, 1, [])


def test_whose_code_was_shown_beside_the_chip_is_not_told(kiosk: Kiosk) -> None:
    admit(kiosk, "insured")
    opener, mine = VisitOpener(kiosk.private_key), kiosk.holders["insured"]
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        kept = Sealed(key=visit.sealed_key or b"", blob=visit.blob or b"", commitment=visit.commitment or b"")
        fields = opener.open(visit.id, kept) | {"shown_name": "Lê Văn Khác", "guardian_name": "Lê Thị Khác"}
        sealed = opener.sealer().seal(visit.id, fields)
        visit.sealed_key, visit.blob, visit.commitment = sealed.key, sealed.blob, sealed.commitment
    found = disclosed(kiosk, mine.personal_number, born(mine))
    assert found.visits == 1
    assert "Khác" not in json.dumps(found.content, ensure_ascii=False)
