"""The few questions about shifts. Each takes the session of its caller's transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.store.tables import Shift


def current(session: Session, clinic: str, at: datetime) -> Shift | None:
    """The shift that goes on at this instant; of several the one that was opened last."""
    return session.scalar(
        select(Shift)
        .where(Shift.clinic == clinic, Shift.starts_at <= at, Shift.ends_at > at)
        .order_by(Shift.created_at.desc(), Shift.id.desc())
        .limit(1)
    )


def end_by(session: Session, clinic: str, at: datetime) -> None:
    """Let every shift end by this instant at the latest; one that would only begin later never does."""
    for shift in session.scalars(select(Shift).where(Shift.clinic == clinic, Shift.ends_at > at)):
        shift.ends_at = max(at, shift.starts_at)
