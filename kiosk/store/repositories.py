"""The few questions that services ask of the tables. Each takes the session of its caller's transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kiosk.keys import canonical_json
from kiosk.store.ids import uuid7
from kiosk.store.tables import Audit, Counter, DeviceState, Notice, Outbox, Visit

GENESIS = bytes(32)
"""What the first link of a chain says came before it."""
_ONE_ADMISSION = "uq_visit_admitted_person"
"""The index that PostgreSQL names; SQLite names its columns."""


_LAST_LINKS = 5000
"""Among so many links of a chain its latest moment is looked for."""


def next_number(session: Session, clinic: str, day: date, series: str) -> int:
    """The next number of a series on a day, from 1; it belongs to the transaction, so a rollback gives it back."""
    counter = session.get(Counter, (clinic, day, series))
    if counter is None:
        counter = Counter(clinic=clinic, day=day, series=series, value=0)
        session.add(counter)
    counter.value += 1
    return counter.value


def admitted_today(session: Session, clinic: str, day: date, tag: bytes) -> Visit | None:
    """The admission of this person on this day."""
    return session.scalar(
        select(Visit).where(
            Visit.clinic == clinic, Visit.day == day, Visit.person_day_tag == tag, Visit.state == "admitted"
        )
    )


def anybody_admitted(session: Session, clinic: str, day: date) -> bool:
    """Whether somebody was admitted on this day."""
    rows = select(Visit.id).where(Visit.clinic == clinic, Visit.day == day, Visit.state == "admitted")
    return session.scalar(rows.limit(1)) is not None


def insured_today(session: Session, clinic: str, day: date, tag: bytes) -> Visit | None:
    """The first admission of this day under this insurance number."""
    return session.scalar(
        select(Visit)
        .where(Visit.clinic == clinic, Visit.day == day, Visit.insured_day_tag == tag, Visit.state == "admitted")
        .order_by(Visit.number)
        .limit(1)
    )


def is_second_admission(problem: IntegrityError) -> bool:
    """Whether the store refused a second admission of one person on one day, and nothing else."""
    said = str(problem.orig)
    return _ONE_ADMISSION in said or "visit.person_day_tag" in said


def desk_tickets_of(session: Session, clinic: str, day: date, tag: bytes) -> Sequence[Visit]:
    """The open desk tickets that this person was given today, the first one first."""
    return session.scalars(
        select(Visit)
        .where(Visit.clinic == clinic, Visit.day == day, Visit.person_day_tag == tag, Visit.state == "desk")
        .order_by(Visit.number)
    ).all()


def nameless_ticket_since(session: Session, clinic: str, device: str, code: str, since: datetime) -> Visit | None:
    """The latest open desk ticket that this device gave to somebody unknown for this reason, if it is so young."""
    return session.scalar(
        select(Visit)
        .where(
            Visit.clinic == clinic,
            Visit.device == device,
            Visit.code == code,
            Visit.state == "desk",
            Visit.blob.is_(None),
            Visit.created_at > since,
        )
        .order_by(Visit.created_at.desc())
        .limit(1)
    )


def notice_since(session: Session, clinic: str, device: str, code: str, since: datetime) -> Notice | None:
    """An unresolved notice without a visit that this device gave for this reason, if it is so young."""
    return session.scalar(
        select(Notice)
        .where(
            Notice.clinic == clinic,
            Notice.device == device,
            Notice.code == code,
            Notice.state == "new",
            Notice.visit_id.is_(None),
            Notice.created_at > since,
        )
        .limit(1)
    )


def forget_other_days(session: Session, day: date) -> None:
    """Take out of all visits but this day's what would tell a person again."""
    session.execute(
        update(Visit)
        .where(Visit.day != day, or_(Visit.person_day_tag.is_not(None), Visit.insured_day_tag.is_not(None)))
        .values(person_day_tag=None, insured_day_tag=None)
    )


def waiting(session: Session, clinic: str, day: date, *, before: int | None = None) -> Mapping[str | None, int]:
    """How many people wait for each room, and (under None) at the desk.

    :param before: count only tickets with smaller numbers than this one.
    """
    room = func.coalesce(Visit.waits_in, Visit.room_id).label("room_id")
    query = select(room, func.count().label("people")).where(
        Visit.clinic == clinic, Visit.day == day, Visit.state.in_(("desk", "admitted")), Visit.called_at.is_(None)
    )
    if before is not None:
        query = query.where(Visit.number < before)
    return {row.room_id: row.people for row in session.execute(query.group_by(room))}


def how_many(session: Session, clinic: str, day: date, state: str) -> int:
    """How many visits of a day are in one state."""
    query = select(func.count()).where(Visit.clinic == clinic, Visit.day == day, Visit.state == state)
    return session.scalar(query) or 0


def visits(session: Session, clinic: str, day: date, state: str, *, limit: int | None = None) -> Sequence[Visit]:
    """Visits of a day in one state, the latest first."""
    latest = (func.coalesce(Visit.admitted_at, Visit.created_at).desc(), Visit.number.desc())
    # Their ids alone are put in order: whole rows of a day are megabytes.
    shown = (
        select(Visit.id)
        .where(Visit.clinic == clinic, Visit.day == day, Visit.state == state)
        .order_by(*latest)
        .limit(limit)
    )
    return session.scalars(select(Visit).where(Visit.id.in_(shown)).order_by(*latest)).all()


def visit_of_number(session: Session, clinic: str, day: date, series: str, number: int) -> Visit | None:
    """The visit that was given this number on this day."""
    return session.scalar(
        select(Visit).where(Visit.clinic == clinic, Visit.day == day, Visit.series == series, Visit.number == number)
    )


def desk_tickets_before(session: Session, clinic: str, day: date, *, limit: int) -> Sequence[Visit]:
    """The open desk tickets of earlier days: who waits longest comes first."""
    return session.scalars(
        select(Visit)
        .where(Visit.clinic == clinic, Visit.day < day, Visit.state == "desk")
        .order_by(Visit.day, Visit.number)
        .limit(limit)
    ).all()


def open_notices(session: Session, clinic: str) -> Sequence[Notice]:
    """The notices that nobody has resolved, the oldest first."""
    return session.scalars(
        select(Notice).where(Notice.clinic == clinic, Notice.state == "new").order_by(Notice.created_at, Notice.id)
    ).all()


def notices_of_device(session: Session, clinic: str, device: str, code: str) -> Sequence[Notice]:
    """The unresolved notices without a visit that this device gave for this reason."""
    return session.scalars(
        select(Notice).where(
            Notice.clinic == clinic,
            Notice.device == device,
            Notice.code == code,
            Notice.state == "new",
            Notice.visit_id.is_(None),
        )
    ).all()


def notices_settled(session: Session, clinic: str, resolution: str, since: datetime) -> Sequence[Notice]:
    """The notices that were settled in this way since then, the latest first."""
    return session.scalars(
        select(Notice)
        .where(
            Notice.clinic == clinic,
            Notice.state == "resolved",
            Notice.resolution == resolution,
            Notice.resolved_at >= since,
        )
        .order_by(Notice.resolved_at.desc())
    ).all()


def notices_of_visit(session: Session, visit_id: str) -> Sequence[Notice]:
    """The unresolved notices of one visit."""
    return session.scalars(select(Notice).where(Notice.visit_id == visit_id, Notice.state == "new")).all()


def append_audit(session: Session, device: str, at: datetime, kind: str, facts: Mapping[str, Any]) -> Audit:
    """One more link of the device's chain. ``facts`` hold references and commitments, never a person's field."""
    last = session.scalar(select(Audit).where(Audit.device == device).order_by(Audit.seq.desc()).limit(1))
    seq, previous = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
    body = canonical_json({"device": device, "seq": seq, "at": at.isoformat(), "kind": kind, "facts": dict(facts)})
    link = Audit(
        device=device,
        seq=seq,
        at=at,
        kind=kind,
        body=body.decode(),
        previous=previous,
        hash=hashlib.sha256(previous + body).digest(),
    )
    session.add(link)
    # Written at once: the next link of the same transaction must see it.
    session.flush()
    return link


def latest_link_at(session: Session, device: str) -> datetime | None:
    """The latest moment among the last links of a device's chain, or None where it has none.

    Not the last link's: a clock that was set back writes links, too.
    """
    last = select(Audit.at).where(Audit.device == device).order_by(Audit.seq.desc()).limit(_LAST_LINKS).subquery()
    latest: datetime | None = session.scalar(select(func.max(last.c.at)))
    return latest


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFault:
    """The first place where a chain does not hold."""

    device: str
    seq: int


def first_chain_fault(session: Session, device: str) -> ChainFault | None:
    """Where the device's chain is broken: a missing, swapped or altered link; None where all of it holds."""
    previous = GENESIS
    links = session.scalars(select(Audit).where(Audit.device == device).order_by(Audit.seq))
    for expected, link in enumerate(links, start=1):
        computed = hashlib.sha256(previous + link.body.encode()).digest()
        if (link.seq, link.previous, link.hash) != (expected, previous, computed):
            return ChainFault(device=device, seq=expected)
        previous = link.hash
    return None


def append_outbox(session: Session, device: str, at: datetime, kind: str, facts: Mapping[str, Any]) -> Outbox:
    """One more event to send, numbered without gaps. ``facts`` hold references and commitments only."""
    last = session.scalar(select(func.max(Outbox.seq)).where(Outbox.device == device))
    event = Outbox(
        id=uuid7(at),
        device=device,
        seq=(last or 0) + 1,
        kind=kind,
        body=canonical_json(dict(facts)).decode(),
        created_at=at,
    )
    session.add(event)
    session.flush()
    return event


def set_device_state(session: Session, device: str, part: str, state: Mapping[str, Any], at: datetime) -> None:
    """What a part of a device says of itself now."""
    row = session.get(DeviceState, (device, part)) or DeviceState(device=device, part=part)
    row.state, row.updated_at = dict(state), at
    session.add(row)


def forget_device_state(session: Session, device: str, part: str) -> None:
    """Nothing more is known of a part of a device."""
    session.execute(delete(DeviceState).where(DeviceState.device == device, DeviceState.part == part))


def device_states(session: Session) -> Sequence[DeviceState]:
    """What every part of every device last said."""
    return session.scalars(select(DeviceState).order_by(DeviceState.device, DeviceState.part)).all()
