"""Admission: one transaction, one ticket a person and day, and only for who is proved."""

from threading import Thread
from typing import Any, get_type_hints

import pytest
from sqlalchemy import select

import idcard
from idcard import VIETNAM_STRICT, Can, VerifiedIdentity
from kiosk.day_key import DayTags
from kiosk.domain.eligibility import CoverReason, Eligibility, decide
from kiosk.domain.tickets import clinic_day
from kiosk.keys import VisitSealer
from kiosk.ports import StoreUnavailable
from kiosk.services.checkin import CheckIn
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.tables import Audit, Counter, Notice, Outbox, Visit

Kiosk = Any
COVERED = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)


@pytest.fixture
def verdict(kiosk: Kiosk, trust: Any) -> idcard.Verdict:
    who = kiosk.holders["insured"]
    evidence = idcard.read(Can(who.can), kiosk.card("insured"))
    return idcard.verify(evidence, trust, VIETNAM_STRICT, at=kiosk.clock.now())


def counts(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {table.__tablename__: len(session.scalars(select(table)).all()) for table in (Visit, Audit, Outbox)}


def test_an_admission_is_a_visit_a_link_and_an_event(kiosk: Kiosk, verdict: idcard.Verdict) -> None:
    ticket = kiosk.checkin.admit(
        verdict.require(), room=kiosk.checkin._clinic.rooms[0], eligibility=COVERED, verdict=verdict, roster_version="7"
    )
    assert counts(kiosk.database) == {"visit": 1, "audit": 1, "outbox": 1}
    with kiosk.database.read() as session:
        visit = session.scalars(select(Visit)).one()
        outbox = session.scalars(select(Outbox)).one()
        assert (visit.id, visit.number, visit.state) == (ticket.visit_id, 1, "admitted")
        assert (visit.roster_version, visit.trust_version) == ("7", verdict.trust_version)
        assert visit.commitment.hex() in outbox.body
        assert visit.id in outbox.body


def test_no_field_of_the_person_is_in_audit_outbox_or_visit(kiosk: Kiosk, verdict: idcard.Verdict) -> None:
    room = kiosk.checkin._clinic.rooms[0]
    kiosk.checkin.admit(verdict.require(), room=room, eligibility=COVERED, verdict=verdict)
    who = kiosk.holders["insured"]
    with kiosk.database.read() as session:
        rows = [*session.scalars(select(Audit)), *session.scalars(select(Outbox)), *session.scalars(select(Visit))]
        text = repr([{key: value for key, value in vars(row).items() if not key.startswith("_")} for row in rows])
    for personal in (who.name, "MAU", who.personal_number, who.document_number, "1999"):
        assert personal not in text


def test_the_types_admit_only_who_is_verified() -> None:
    assert get_type_hints(CheckIn.admit)["identity"] is VerifiedIdentity
    assert not issubclass(idcard.ClaimedIdentity, VerifiedIdentity)


def test_who_is_not_covered_is_not_admitted(kiosk: Kiosk, verdict: idcard.Verdict) -> None:
    refused = decide(None, on=clinic_day(kiosk.clock.now()), clinic="36001")
    room = kiosk.checkin._clinic.rooms[0]
    with pytest.raises(ValueError, match="covered"):
        kiosk.checkin.admit(verdict.require(), room=room, eligibility=refused, verdict=verdict)
    assert counts(kiosk.database) == {"visit": 0, "audit": 0, "outbox": 0}


def test_the_same_person_gets_the_same_ticket_even_at_two_kiosks_at_once(kiosk: Kiosk, verdict: idcard.Verdict) -> None:
    identity, room, tickets = verdict.require(), kiosk.checkin._clinic.rooms[0], []
    databases = [Database.open(kiosk.path, busy_timeout_s=20) for _ in range(4)]

    def check_in(database: Database, device: str) -> None:
        one = CheckIn(
            database=database,
            clinic=kiosk.checkin._clinic,
            device=device,
            sealer=VisitSealer(kiosk.private_key.public_key()),
            tags=DayTags(kiosk.path.with_name("person_day.key")),
            clock=kiosk.clock,
        )
        tickets.append(one.admit(identity, room=room, eligibility=COVERED, verdict=verdict))

    threads = [Thread(target=check_in, args=(each, f"kiosk-{n}")) for n, each in enumerate(databases)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert {(ticket.number, ticket.check_code) for ticket in tickets} == {(1, tickets[0].check_code)}
    assert sorted(ticket.again for ticket in tickets) == [False, True, True, True]
    assert counts(kiosk.database)["visit"] == 1


def admit_for_ever(kiosk: Kiosk, verdict: idcard.Verdict, admitted: list[int]) -> None:
    room = kiosk.checkin._clinic.rooms[0]
    while True:
        admitted.append(kiosk.checkin.admit(verdict.require(), room=room, eligibility=COVERED, verdict=verdict).number)
        kiosk.clock.advance(86400)


@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_a_disk_that_fills_leaves_nothing_half_done(kiosk: Kiosk, verdict: idcard.Verdict, pages: int) -> None:
    with kiosk.database.read() as session:
        connection = session.connection()
        used = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {used + pages}")
    admitted: list[int] = []
    with pytest.raises(StoreUnavailable):
        admit_for_ever(kiosk, verdict, admitted)
    assert counts(kiosk.database) == dict.fromkeys(("visit", "audit", "outbox"), len(admitted))
    with kiosk.database.read() as session:
        assert sum(counter.value for counter in session.scalars(select(Counter))) == len(admitted)
        assert repositories.first_chain_fault(session, "kiosk-1") is None


def test_a_notice_without_a_ticket_is_audited(kiosk: Kiosk) -> None:
    from kiosk.domain.codes import Code

    kiosk.checkin.notify(Code.HELP, ("help",))
    with kiosk.database.read() as session:
        assert session.scalars(select(Notice.code)).all() == ["help"]
        assert session.scalars(select(Audit.kind)).all() == ["notice"]
