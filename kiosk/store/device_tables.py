"""Tables of what devices are asked to do: paper to print, and a morning's test. No column holds a person's field."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.store.tables import Base

PRINT_STATES = ("waiting", "printing", "printed", "sent", "refused", "unsure")


class PrintOrder(Base):
    """One paper of one visit. ``copy`` is 0 for the ticket itself, which stands here only where it did not come out
    for certain; copies count from 1. ``device`` has the printer, ``condition`` says how that was.
    """

    __tablename__ = "print_order"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'printing', 'printed', 'sent', 'refused', 'unsure')", name="state"),
        Index("ix_print_order_device_state", "device", "state"),
        Index("ix_print_order_visit_id", "visit_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"))
    copy: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    condition: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class SelfTest(Base):
    """One self-test of one device: ordered, running, and then what became of each step.

    ``steps`` is a list of ``{"step", "outcome", "reason"}``, stable words all.
    """

    __tablename__ = "self_test"
    __table_args__ = (
        CheckConstraint("state IN ('ordered', 'running', 'passed', 'failed')", name="state"),
        Index("ix_self_test_device_created_at", "device", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    steps: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class TestCard(Base):
    """A card that is known as the clinic's test card, by a keyed hash of its personal number."""

    __tablename__ = "test_card"
    __test__ = False

    clinic: Mapped[str] = mapped_column(String(16), primary_key=True)
    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
