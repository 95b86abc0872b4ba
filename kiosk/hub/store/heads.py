"""Where the clinics' audit chains once ended: every end that was ever said stays, for whoever looks into a chain.

Theory of operation. Each event says where its device's chain ended when it was made. The hub keeps all of these and not
the last alone: whoever writes links anew at a clinic changes hashes that lie here, down to the last admission. A number
of which two hashes were said is a fork: that raises an alarm, in whatever order the two came.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, literal, select, tuple_

from kiosk.hub.event import TakenEvent
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import audit_head
from kiosk.wire.bodies import AuditHead

_AT_ONCE: Final = 1_000
_Link = tuple[str, str, int]
"""A clinic, a device, and the number of a link in its chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidHead:
    """The end of a device's chain as it was said: a link's number and hash; ``at`` by the clock of who said it."""

    device: str
    seq: int
    hash: bytes
    said_by: str
    at: datetime


def note(connection: Connection, new: Sequence[TakenEvent], now: datetime) -> None:
    """Keep what new events say of chains; the turns of their clinics must be taken."""
    rows = {(*_link(row), row["hash"]): row for each in reversed(new) for row in _said(each, now)}
    if not rows:
        return
    known = _known(connection, {key[:3] for key in rows})
    for key in sorted(rows):
        row, hashes = rows[key], known.setdefault(key[:3], set())
        if hashes - {row["hash"]}:
            facts = {"event": row["event"], "audit_seq": row["seq"], "said_by": row["said_by"]}
            clinic, device, seq = key[:3]
            raise_alarm(connection, clinic, device, "audit_fork", mark=str(seq), at=now, facts=facts)
        hashes.add(row["hash"])
    connection.execute(insert(connection, audit_head).on_conflict_do_nothing(), [rows[key] for key in sorted(rows)])


def heads(connection: Connection, clinic: str, *, device: str | None = None) -> Iterator[SaidHead]:
    """All that was said of a clinic's chains, each in the order of its links."""
    columns = audit_head.c
    place = tuple_(columns.device, columns.seq, columns.hash)
    query = select(audit_head).where(columns.clinic == clinic).order_by(*audit_head.primary_key).limit(_AT_ONCE)
    if device is not None:
        query = query.where(columns.device == device)
    rows = connection.execute(query).all()
    while rows:
        for row in rows:
            yield SaidHead(device=row.device, seq=row.seq, hash=row.hash, said_by=row.said_by, at=row.at)
        # Page after page: there may be hundreds of thousands, and a cursor needs a transaction that stays open.
        behind = place > tuple_(*map(literal, (row.device, row.seq, bytes(row.hash))))
        rows = connection.execute(query.where(behind)).all()


def _said(each: TakenEvent, now: datetime) -> Iterator[dict[str, Any]]:
    """What an event says: of its own device's chain, and where that is what it is about, of another's."""
    header = each.header
    common = {
        "clinic": header.clinic,
        "said_by": header.device,
        "event": header.seq,
        "at": each.happened(now),
        "received_at": now,
    }
    if header.audit_seq:
        yield common | {"device": header.device, "seq": header.audit_seq, "hash": header.audit_hash}
    if isinstance(each.body, AuditHead) and each.body.seq:
        yield common | {"device": each.body.chain or header.device, "seq": each.body.seq, "hash": each.body.hash}


def _link(row: dict[str, Any]) -> _Link:
    return row["clinic"], row["device"], row["seq"]


def _known(connection: Connection, links: Iterable[_Link]) -> dict[_Link, set[bytes]]:
    """The hashes that were said of these links before."""
    columns = audit_head.c
    query = select(columns.clinic, columns.device, columns.seq, columns.hash).where(
        tuple_(columns.clinic, columns.device, columns.seq).in_(sorted(links))
    )
    found: dict[_Link, set[bytes]] = {}
    for row in connection.execute(query):
        found.setdefault((row.clinic, row.device, row.seq), set()).add(bytes(row.hash))
    return found
