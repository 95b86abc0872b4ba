"""What the store says by its present state and not by a row of the outbox: notices, tests, parts, ends of chains.

Of each it is marked what was last told. So nothing is told twice, and nothing is missed by an order of commits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from kiosk.province.telling import Item, notice_item, test_item
from kiosk.services.heartbeat import KIOSK, SILENT_AFTER_S
from kiosk.store import province, repositories
from kiosk.store.device_tables import SelfTest
from kiosk.store.province_tables import ProvinceMark
from kiosk.store.tables import Audit, DeviceState, Notice
from kiosk.wire.bodies import AuditHead, DeviceHealth

if TYPE_CHECKING:
    from kiosk.province.outbox import Device

HEADS_EVERY: Final = timedelta(minutes=10)
"""The end of a chain is told again after so long, where it moved."""
_NOT_TOLD = frozenset({"probe", province.PART})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An item, and the mark that says it was told."""

    item: Item
    mark: tuple[str, str]


def news_of(session: Session, device: "Device", since: datetime, now: datetime, *, limit: int) -> Iterator[News]:
    """What was not told yet.

    :param limit: about so many at most.
    """
    yield from _notices(session, device, since, limit // 4)
    yield from _tests(session, device, since, limit // 4)
    yield from _parts(session, device, now)
    yield from _heads(session, device, now)


def _untold(device: "Device", column: Any, prefix: str) -> Any:
    return and_(ProvinceMark.device == device.name, ProvinceMark.source == prefix + column)


def _notices(session: Session, device: "Device", since: datetime, limit: int) -> Iterator[News]:
    """A notice is told twice: that it was opened, and that it was settled."""
    said = ProvinceMark.said
    query = (
        select(Notice, said)
        .outerjoin(ProvinceMark, _untold(device, Notice.id, "notice."))
        .where(Notice.clinic == device.clinic, Notice.created_at >= since)
        .where(or_(said.is_(None), and_(said == "opened", Notice.state == "resolved")))
        .order_by(Notice.created_at, Notice.id)
        .limit(limit)
    )
    for row in session.execute(query).all():
        notice: Notice = row[0]
        told: str | None = row[1]
        source = f"notice.{notice.id}"
        if told is None:
            yield News(item=notice_item(notice, closed=False), mark=(source, "opened"))
        if notice.state == "resolved":
            yield News(item=notice_item(notice, closed=True), mark=(source, "closed"))


def _tests(session: Session, device: "Device", since: datetime, limit: int) -> Iterator[News]:
    query = (
        select(SelfTest)
        .outerjoin(ProvinceMark, _untold(device, SelfTest.id, "test."))
        .where(SelfTest.clinic == device.clinic, SelfTest.settled_at >= since, ProvinceMark.said.is_(None))
        .order_by(SelfTest.settled_at)
        .limit(limit)
    )
    for test in session.scalars(query).all():
        if test.settled_at is not None:
            yield News(item=test_item(test, test.settled_at), mark=(f"test.{test.id}", test.state))


def part_name(row: DeviceState, desk: str) -> str:
    """A part as the province hears of it: the desk's own by its name, others with their device."""
    return row.part if row.device == desk else f"{row.device}:{row.part}"


def part_state(row: DeviceState, now: datetime) -> str:
    """``ok``, ``failed`` or, for a whole kiosk that says nothing, ``silent``."""
    if row.part == KIOSK and (now - row.updated_at).total_seconds() > SILENT_AFTER_S:
        return "silent"
    return "ok" if row.state.get("ok", True) else "failed"


def _parts(session: Session, device: "Device", now: datetime) -> Iterator[News]:
    for row in repositories.device_states(session):
        if row.part in _NOT_TOLD:
            continue
        name, state = part_name(row, device.desk), part_state(row, now)
        source = f"health.{row.device}.{row.part}"
        was = province.mark(session, device.name, source)
        if was != state:
            at = now if state == "silent" else row.updated_at
            item = Item(
                source=f"{source}.{state}.{int(at.timestamp())}",
                at=at,
                body=DeviceHealth(part=name, state=state, was=was),
            )
            yield News(item=item, mark=(source, state))


def _heads(session: Session, device: "Device", now: datetime) -> Iterator[News]:
    """Where the other chains of the clinic end: each event says of the desk's own where that ends."""
    ends = select(Audit.device, func.max(Audit.seq).label("seq")).where(Audit.device != device.desk)
    for chain, seq in session.execute(ends.group_by(Audit.device)).all():
        source = f"head.{chain}"
        told_seq, _, told_at = (province.mark(session, device.name, source) or "0 0").partition(" ")
        age = now.timestamp() - int(told_at)
        if int(told_seq) == seq or 0 <= age < HEADS_EVERY.total_seconds():
            continue
        link = session.get(Audit, (chain, seq))
        if link is not None:
            body = AuditHead(seq=seq, hash=link.hash, chain=chain)
            item = Item(source=f"{source}.{seq}", at=now, body=body)
            yield News(item=item, mark=(source, f"{seq} {int(now.timestamp())}"))
