"""What officers did, written down in the transaction that does it: who, when, what, and why."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from kiosk.hub.event import milliseconds
from kiosk.hub.store.tables import officer_act


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of an officer.

    :ivar sign: whose. :ivar act: a stable word. :ivar subject: what it was done to.
    :ivar reason: a word of a fixed list. :ivar words: the officer's own.
    """

    sign: str
    act: str
    clinic: str | None = None
    subject: str | None = None
    reason: str | None = None
    words: str | None = None


def write_act(connection: Connection, act: Act, now: datetime) -> None:
    """Add it; rows are never changed."""
    row = {"id": _id(now), "at": now, "sign": act.sign, "act": act.act, "clinic": act.clinic}
    row |= {"subject": act.subject, "reason": act.reason, "words": act.words}
    connection.execute(insert(officer_act).values(row))


def newest_acts(connection: Connection, many: int, *, only: str | None = None) -> Sequence[Row[Any]]:
    """The newest acts, the newest first.

    :param only: of this kind alone.
    """
    query = select(officer_act).order_by(officer_act.c.at.desc(), officer_act.c.id.desc()).limit(many)
    return connection.execute(query if only is None else query.where(officer_act.c.act == only)).all()


def _id(now: datetime) -> bytes:
    drawn = bytearray(os.urandom(16))
    drawn[:6] = milliseconds(now).to_bytes(6, "big")
    drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    return bytes(drawn)
