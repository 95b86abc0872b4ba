"""The tables. No column holds a name, a number or a date of a person: those lie in ``visit.blob``, sealed.

Clinic and device stand in every key, so that a clinic with several kiosks, and a province, can hold the same rows.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VISIT_STATES = ("desk", "admitted", "closed", "cancelled")
NOTICE_STATES = ("new", "resolved")
EVENT_KINDS = (
    "route_confirmed",
    "corrected",
    "cancelled",
    "erased",
    "closed",
    "payer_told",
    "overridden",
    "reprinted",
    "holder_checked",
)
DELIVERY_STATES = ("waiting", "delivered", "dead")
RECHECK_STATES = ("due", "upheld", "reversed", "unclear", "impossible", "lapsed")
WORK_STATES = ("open", "sent", "closed")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC without a zone in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC, bare."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The instant, aware."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The root of the tables; constraints have names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        datetime: UtcDateTime,
        date: Date,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[str]: JSON,
        bool: Boolean,
    }


class Visit(Base):
    """One person's visit: a desk ticket, an admission, a desk ticket that staff closed without one, or an admission
    that was taken back (``cancelled``).

    ``read_assurance`` is what the machine reached and never changes; ``assurance`` is what holds now, and ``proved_by``
    says whose word it is (``chip``, ``staff``, or ``code`` for a signed one that the payer
    confirmed; ``none`` for a desk ticket). ``reasons`` are stable words, ``verdict``
    the verdict's facts: both free of personal data. ``sealed_key`` is None where nobody was read, or the person was
    erased. ``day`` and ``number`` are those of the admission; a desk ticket that was confirmed on a later day had
    ``first_day`` and ``first_number`` before. The columns ``cover_…`` say what the decision rests on: who said it,
    when that was true, the payer's result code, and what came of asking; ``shift_id`` in whose shift. ``recheck`` is
    None, or one of :data:`RECHECK_STATES`. ``way`` is how the person came (:class:`kiosk.domain.ways.Way`),
    ``cover_next`` what a decision on cover says to do next; ``compared_at`` is when the record was compared with the
    roster.

    ``person_day_tag`` tells a person again on the same day, by the personal number or, without one, by the insurance
    number; ``insured_day_tag`` by the insurance number, where one is known.

    ``route_proposed`` is the route (MA_DOITUONG_KCB) by the rules of the day, ``route`` the one that a clerk confirmed.
    ``took_ms`` is how long the visit took at the kiosk until it was recorded, in milliseconds. ``holder_check`` is
    None, ``due``, ``not_made`` once the day is over, or what a clerk saw who compared the portrait with the person
    (:class:`kiosk.domain.holder.HolderSeen`). ``card`` is the generation of the card, ``readings`` how many it took;
    ``shown_code`` is the hash of the code that was shown, sealed to the clinic.
    ``receipt`` is the signed code on the ticket. ``corrects`` is the cancelled visit, of a wrong person, whose place
    this one takes. What was done later is in :class:`VisitEvent`.

    ``waits_in`` is the room that somebody was sent on to, where it is not ``room_id``; ``stands_at`` is by which
    instant they stand in line, where it is not that of ``created_at``; ``queue_state`` is what became of a call
    (:class:`kiosk.domain.queue.State`) while ``called_at`` is set: without it somebody waits. ``priority_by`` is the
    clerk who gave priority or took it back, ``assisted_by`` the one who stood beside an admission at the machine.
    """

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("clinic", "day", "series", "number"),
        CheckConstraint("state IN ('desk', 'admitted', 'closed', 'cancelled')", name="state"),
        CheckConstraint("(state IN ('admitted', 'cancelled')) = (admitted_at IS NOT NULL)", name="admitted_at"),
        Index(
            "uq_visit_admitted_person",
            "clinic",
            "day",
            "person_day_tag",
            unique=True,
            sqlite_where=text("state = 'admitted'"),
            postgresql_where=text("state = 'admitted'"),
        ),
        Index("ix_visit_clinic_day_state", "clinic", "day", "state"),
        Index("ix_visit_clinic_recheck", "clinic", "recheck"),
        Index("ix_visit_clinic_day_insured_day_tag", "clinic", "day", "insured_day_tag"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    day: Mapped[date]
    series: Mapped[str] = mapped_column(String(16))
    number: Mapped[int] = mapped_column(Integer)
    first_day: Mapped[date | None]
    first_number: Mapped[int | None] = mapped_column(Integer)
    room_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    assurance: Mapped[str] = mapped_column(String(24))
    read_assurance: Mapped[str] = mapped_column(String(24))
    proved_by: Mapped[str] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(String(16))
    reasons: Mapped[list[str]]
    verdict: Mapped[dict[str, Any] | None]
    trust_version: Mapped[str | None] = mapped_column(String(64))
    roster_version: Mapped[str | None] = mapped_column(String(64))
    check_code: Mapped[str] = mapped_column(String(8))
    priority: Mapped[bool]
    person_day_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    insured_day_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    sealed_key: Mapped[bytes | None]
    blob: Mapped[bytes | None]
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    admitted_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    cover_source: Mapped[str | None] = mapped_column(String(16))
    cover_as_of: Mapped[datetime | None]
    cover_result: Mapped[str | None] = mapped_column(String(8))
    cover_online: Mapped[str | None] = mapped_column(String(24))
    shift_id: Mapped[str | None] = mapped_column(String(36))
    recheck: Mapped[str | None] = mapped_column(String(16))
    way: Mapped[str | None] = mapped_column(String(24))
    cover_next: Mapped[str | None] = mapped_column(String(24))
    compared_at: Mapped[datetime | None]
    route_proposed: Mapped[str | None] = mapped_column(String(8))
    route: Mapped[str | None] = mapped_column(String(8))
    receipt: Mapped[str | None] = mapped_column(Text)
    corrects: Mapped[str | None] = mapped_column(String(36))
    waits_in: Mapped[str | None] = mapped_column(String(32))
    stands_at: Mapped[datetime | None]
    queue_state: Mapped[str | None] = mapped_column(String(16))
    priority_by: Mapped[str | None] = mapped_column(String(64))
    assisted_by: Mapped[str | None] = mapped_column(String(64))
    took_ms: Mapped[int | None] = mapped_column(Integer)
    holder_check: Mapped[str | None] = mapped_column(String(16))
    card: Mapped[str | None] = mapped_column(String(16))
    readings: Mapped[int | None] = mapped_column(Integer)
    shown_code: Mapped[bytes | None]


class VisitEvent(Base):
    """What was done to a visit after it was recorded; the audit link of the record itself stays as it was.

    ``kind`` is one of :data:`EVENT_KINDS`; ``before`` and ``after`` are a room, a route or a visit's id, never a
    person's field. ``by`` is the desk or the clerk, ``shift_id`` the officer's shift at that moment.
    """

    __tablename__ = "visit_event"
    __table_args__ = (Index("ix_visit_event_visit_id", "visit_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"))
    device: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(32))
    before: Mapped[str | None] = mapped_column(String(36))
    after: Mapped[str | None] = mapped_column(String(36))
    by: Mapped[str] = mapped_column(String(64))
    shift_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]


class Shift(Base):
    """An officer's time on duty. Who it is lies in ``blob``, sealed as a person's fields are."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_clinic_ends_at", "clinic", "ends_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    sealed_key: Mapped[bytes]
    blob: Mapped[bytes]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]


class Notice(Base):
    """Something staff must look at: an exception with its desk code. ``owner`` is the account that took it, if any."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("state IN ('new', 'resolved')", name="state"),
        Index("ix_notice_clinic_state_created_at", "clinic", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[str]]
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visit.id"))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str | None] = mapped_column(String(32))
    owner: Mapped[str | None] = mapped_column(String(64))
    taken_at: Mapped[datetime | None]


class Work(Base):
    """Something to put right: two sources that differ, a number to link, papers that are still to come.

    What the sources say, and about whom, lies in ``blob``, sealed as a person's fields are, and is taken away when the
    visit is erased. ``field``, ``grade``, ``left_source`` and ``right_source`` are stable words. ``due_at`` is when
    staff are reminded, ``roster_version`` what the roster was when the entry was made. ``same`` is a keyed hash of what
    makes two entries the same, under a key of the staff's alone; None for papers, and once the entry is closed.
    """

    __tablename__ = "work"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'sent', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        Index("ix_work_clinic_state_created_at", "clinic", "state", "created_at"),
        Index("uq_work_clinic_same", "clinic", "same", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(32))
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visit.id"))
    field: Mapped[str] = mapped_column(String(16))
    left_source: Mapped[str] = mapped_column(String(16))
    right_source: Mapped[str] = mapped_column(String(16))
    grade: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    sealed_key: Mapped[bytes | None]
    blob: Mapped[bytes | None]
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    same: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    roster_version: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_how: Mapped[str | None] = mapped_column(String(24))


class Audit(Base):
    """One link of a device's chain: ``hash`` is SHA-256(previous || body)."""

    __tablename__ = "audit"

    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Outbox(Base):
    """One event that waits to be sent: references and commitments only."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("device", "seq"), Index("ix_outbox_sent_at", "sent_at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    device: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class VisitOrder(Base):
    """What the hospital said of a visit: its first cost, with the codes of the common catalogues, and its route."""

    __tablename__ = "visit_order"
    __table_args__ = (CheckConstraint("kind IN ('service', 'medicine', 'supply')", name="kind"),)

    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(1024))
    ordered_at: Mapped[datetime]
    route: Mapped[str | None] = mapped_column(String(8))
    visit_kind: Mapped[str] = mapped_column(String(2))
    recorded_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Delivery(Base):
    """One event on its way to one receiver. ``reason`` is a stable word for why it waits or was given up.

    ``tries`` counts answers that took nothing. ``receipt`` is the receiver's own word for what it took.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
        Index("ix_delivery_sink_state_event_id", "sink", "state", "event_id"),
    )

    sink: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"), primary_key=True)
    visit_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime]
    receipt: Mapped[str | None] = mapped_column(String(128))
    settled_at: Mapped[datetime | None]


class DeliveryCursor(Base):
    """Up to which event of a device a receiver's deliveries were made."""

    __tablename__ = "delivery_cursor"

    sink: Mapped[str] = mapped_column(String(32), primary_key=True)
    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)


class Counter(Base):
    """The last number given out in a series on a day."""

    __tablename__ = "counter"

    clinic: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    series: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class DeviceState(Base):
    """What a device last said of one of its parts, for the staff screen."""

    __tablename__ = "device_state"

    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    part: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]
