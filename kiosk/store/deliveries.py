"""The questions about deliveries. Each takes the session of its caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import Session

from kiosk.store.tables import Delivery, DeliveryCursor, Outbox

PAYER = "checkin"
"""The payer's name among the receivers."""

ERASED = "erased"
"""What stands for the payer's number of a row once its person was erased and the payer was told."""

_NOTHING = "not_"


def was_taken(receipt: str | None) -> bool:
    """Whether a receiver took something, by its word for it; ours for what was not sent begin with ``not_``."""
    return receipt is not None and not receipt.startswith(_NOTHING)


def payer_took() -> ColumnElement[bool]:
    """The same as a condition on the payer's rows."""
    taken = and_(Delivery.receipt.is_not(None), Delivery.receipt.not_like("not!_%", escape="!"))
    return and_(Delivery.sink == PAYER, taken)


def devices(session: Session) -> Sequence[str]:
    """Every device that ever wrote an event."""
    return session.scalars(select(Outbox.device).distinct().order_by(Outbox.device)).all()


def cursor(session: Session, sink: str, device: str) -> int | None:
    """Up to which event of the device deliveries were made; None for a receiver that was never served."""
    row = session.get(DeliveryCursor, (sink, device))
    return None if row is None else row.seq


def last_before(session: Session, device: str, at: datetime) -> int:
    """The number of the device's last event before an instant, or 0."""
    return session.scalar(select(func.max(Outbox.seq)).where(Outbox.device == device, Outbox.created_at < at)) or 0


def events_after(session: Session, device: str, seq: int, limit: int) -> Sequence[Outbox]:
    """The device's next events, in their order."""
    return session.scalars(
        select(Outbox).where(Outbox.device == device, Outbox.seq > seq).order_by(Outbox.seq).limit(limit)
    ).all()


def move_cursor(session: Session, sink: str, device: str, seq: int) -> None:
    """Deliveries of this device's events were made up to this one."""
    row = session.get(DeliveryCursor, (sink, device))
    if row is None:
        session.add(DeliveryCursor(sink=sink, device=device, seq=seq))
    else:
        row.seq = seq


def due(session: Session, sink: str, now: datetime, *, limit: int) -> Sequence[tuple[str, str]]:
    """What a receiver may be handed now, each as its event and its visit: the oldest that waits of each visit.

    Not what it says, and not all of it: a receiver may be away all day, and everybody waits then.
    """
    age = Outbox.created_at, Outbox.device, Outbox.seq
    place = func.row_number().over(partition_by=Delivery.visit_id, order_by=age).label("place")
    first = (
        select(Delivery.event_id, Delivery.visit_id, Delivery.next_at, place, *age)
        .join(Outbox, Outbox.id == Delivery.event_id)
        .where(Delivery.sink == sink, Delivery.state == "waiting")
        .subquery()
    )
    query = (
        select(first.c.event_id, first.c.visit_id)
        .where(first.c.place == 1, first.c.next_at <= now)
        .order_by(first.c.created_at, first.c.device, first.c.seq)
    )
    return [(row.event_id, row.visit_id) for row in session.execute(query.limit(limit))]


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many deliveries there are of each receiver and state."""
    query = select(Delivery.sink, Delivery.state, func.count().label("many")).group_by(Delivery.sink, Delivery.state)
    return {(row.sink, row.state): row.many for row in session.execute(query)}


def listed(
    session: Session, *, sink: str | None, states: Sequence[str], limit: int | None = None
) -> Sequence[Delivery]:
    """Deliveries in these states, the oldest first."""
    query = select(Delivery).where(Delivery.state.in_(states)).order_by(Delivery.sink, Delivery.event_id).limit(limit)
    return session.scalars(query if sink is None else query.where(Delivery.sink == sink)).all()


def replay(session: Session, at: datetime, *, sink: str, event_id: str | None, states: Sequence[str]) -> int:
    """Let deliveries wait again as if they had never been tried; how many there were.

    Which row the payer took, and when, stays: what changed since then is still to be told.
    """
    query = update(Delivery).where(Delivery.sink == sink, Delivery.state.in_(states))
    if event_id is not None:
        query = query.where(Delivery.event_id == event_id)
    settled = case((payer_took(), Delivery.settled_at), else_=None)
    changed = session.execute(query.values(state="waiting", reason=None, tries=0, next_at=at, settled_at=settled))
    return int(getattr(changed, "rowcount", 0))


def hasten(session: Session, visit_id: str, at: datetime) -> None:
    """Let what waits about this visit be looked at again now."""
    session.execute(
        update(Delivery).where(Delivery.visit_id == visit_id, Delivery.state == "waiting").values(next_at=at)
    )


def was_cancelled_before(session: Session, sink: str, visit_id: str) -> bool:
    """Whether the receiver's delivery of this visit's cancellation is settled: taken, or given up."""
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Outbox, Outbox.id == Delivery.event_id)
        .where(Delivery.sink == sink, Delivery.visit_id == visit_id)
        .where(Outbox.kind == "cancelled", Delivery.state != "waiting")
    )
    return bool(session.scalar(query))


def was_answered(session: Session, sink: str, visit_id: str, receipt: str, kinds: Sequence[str]) -> bool:
    """Whether a delivery of one of these kinds of events of the visit ended with this receipt."""
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Outbox, Outbox.id == Delivery.event_id)
        .where(Delivery.sink == sink, Delivery.visit_id == visit_id)
        .where(Outbox.kind.in_(kinds), Delivery.receipt == receipt)
    )
    return bool(session.scalar(query))
