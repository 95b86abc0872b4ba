"""What is told to the province: events as they are sent, what was told of each source, and how far the hub has them.

No column holds a person's field; what an event says is sealed to the hub, and this clinic cannot open it either.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.store.tables import Base


class ProvinceSender(Base):
    """The device under whose name this clinic sends. One row is made when it first does.

    ``since`` is from when on events are told, ``seq`` the last number that was given, ``hlc`` the clock's last reading.
    ``acked_through`` and ``seen`` are what the hub last said of the numbers, ``lost`` how many it misses that are no
    longer here. ``answered_at`` is when it last answered and ``emergency`` the number of the newest emergency release
    that it named: nobody signed these. ``stopped`` is why nothing is sent until a person says so, or None.
    """

    __tablename__ = "province_sender"

    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    since: Mapped[datetime]
    seq: Mapped[int] = mapped_column(BigInteger)
    hlc: Mapped[int] = mapped_column(BigInteger)
    acked_through: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    lost: Mapped[int] = mapped_column(BigInteger)
    emergency: Mapped[int] = mapped_column(Integer)
    answered_at: Mapped[datetime | None]
    stopped: Mapped[str | None] = mapped_column(String(32))


class ProvinceEvent(Base):
    """One event, made once: the same number always has the same bytes.

    ``source`` says what it tells of, so that it can be told anew under another number; ``again`` counts how often that
    was done. ``state`` is ``waiting``, ``acked`` (the hub has it), or ``aside`` (a person must look: ``reason`` is the
    hub's word). ``tries`` counts answers that put it aside and settled nothing.
    """

    __tablename__ = "province_event"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'acked', 'aside')", name="state"),
        Index("ix_province_event_device_state_seq", "device", "state", "seq"),
    )

    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(96))
    again: Mapped[int] = mapped_column(Integer)
    envelope: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ProvinceMark(Base):
    """What was last told of a source: how far an outbox was read, that a notice was opened, how a part was."""

    __tablename__ = "province_mark"

    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(96), primary_key=True)
    said: Mapped[str] = mapped_column(String(64))
