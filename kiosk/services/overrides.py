"""Admissions against what the machine found: each is written down; a clerk has so many of them in a shift."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.domain.staff import Override
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.store import shifts
from kiosk.store.ids import uuid7
from kiosk.store.tables import Visit, VisitEvent

OVERRIDDEN = "overridden"
"""The event of a visit that was admitted against what the machine found."""


def shift_began(session: Session, clinic: str, at: datetime) -> datetime:
    """When the present shift began; without one, the clinic's day (UTC)."""
    shift = shifts.current(session, clinic, at)
    if shift is not None:
        return shift.starts_at
    day = clinic_day(at)
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME).astimezone(UTC)


def overrides_of(session: Session, clinic: str, by: str, at: datetime) -> int:
    """How often a clerk overrode the machine in the present shift."""
    query = select(func.count()).select_from(VisitEvent)
    since = shift_began(session, clinic, at)
    return session.scalar(query.where(VisitEvent.kind == OVERRIDDEN, VisitEvent.by == by, VisitEvent.at >= since)) or 0


def write_override(session: Session, visit: Visit, override: Override, *, by: str, at: datetime, device: str) -> None:
    """Write down that a clerk overrode the machine, why, and who agreed."""
    shift = shifts.current(session, visit.clinic, at)
    session.add(
        VisitEvent(
            id=uuid7(at),
            visit_id=visit.id,
            device=device,
            kind=OVERRIDDEN,
            reason=override.reason,
            before=None,
            after=override.second,
            by=by,
            shift_id=None if shift is None else shift.id,
            at=at,
        )
    )
