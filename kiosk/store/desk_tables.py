"""The tables of the desk: its accounts, and acts on lines, beside a machine, on exceptions and on lost cards."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.store.tables import Base

NOTICE_EVENT_KINDS = ("taken", "handed_back", "logged_out")


class QueueEvent(Base):
    """One act on a ticket in a line, numbered through the clinic's day; nothing here is ever changed or taken away.

    ``act`` is a :class:`kiosk.domain.queue.Act`. ``before`` and ``after`` are what the visit's own columns of the queue
    said (state, room, place, priority), so that an act can be taken back by another one, which ``undoes`` it.
    """

    __tablename__ = "queue_event"
    __table_args__ = (
        UniqueConstraint("clinic", "day", "seq"),
        UniqueConstraint("undoes"),
        Index("ix_queue_event_visit_id", "visit_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    day: Mapped[date]
    seq: Mapped[int] = mapped_column(Integer)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"))
    number: Mapped[int] = mapped_column(Integer)
    device: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(16))
    room_id: Mapped[str | None] = mapped_column(String(32))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    undoes: Mapped[str | None] = mapped_column(ForeignKey("queue_event.id"))


class Assistance(Base):
    """A clerk's time beside patients at one machine: admissions there bear the clerk's account meanwhile."""

    __tablename__ = "assistance"
    __table_args__ = (Index("ix_assistance_clinic_device_until", "clinic", "device", "until"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime]
    until: Mapped[datetime]


class NoticeEvent(Base):
    """Who took a notice and who gave it back: ``kind`` is one of :data:`NOTICE_EVENT_KINDS`."""

    __tablename__ = "notice_event"
    __table_args__ = (Index("ix_notice_event_notice_id", "notice_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.id"))
    kind: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class LostCard(Base):
    """A personal number whose card was reported lost: a keyed hash, from which nobody reads the number."""

    __tablename__ = "lost_card"

    clinic: Mapped[str] = mapped_column(String(16), primary_key=True)
    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]


class StaffAccount(Base):
    """Somebody who works at the desk. Name and number lie in ``blob``, sealed; ``password`` is an Argon2id hash.

    ``proof`` is the staff process's own mark of the row: whoever else writes here makes no account. ``wrong_tries``
    counts those at the door, ``inside_tries`` those of a login that unlocks its screen, or of a second person.
    """

    __tablename__ = "staff_account"
    __table_args__ = (CheckConstraint("state IN ('open', 'locked', 'removed')", name="state"),)

    clinic: Mapped[str] = mapped_column(String(16), primary_key=True)
    sign: Mapped[str] = mapped_column(String(32), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    password: Mapped[str] = mapped_column(String(255))
    proof: Mapped[bytes] = mapped_column(LargeBinary(16))
    sealed_key: Mapped[bytes | None]
    blob: Mapped[bytes | None]
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    wrong_tries: Mapped[int] = mapped_column(Integer)
    next_try_at: Mapped[datetime | None]
    inside_tries: Mapped[int] = mapped_column(Integer, server_default="0")
    inside_next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Look(Base):
    """Somebody at the desk opened a page that shows a person: who, when, of which visit, and which page.

    ``visit_id`` is None for a list of many people. ``link`` is the desk's link of the audit chain that holds the
    commitment to this row and its neighbours; None until there is one.
    """

    __tablename__ = "look"
    __table_args__ = (
        Index("ix_look_clinic_at", "clinic", "at"),
        Index("ix_look_visit_id", "visit_id"),
        Index("ix_look_device_link", "device", "link"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visit.id"))
    page: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    link: Mapped[int | None] = mapped_column(Integer)
