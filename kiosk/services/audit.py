"""Whether the audit chains are whole: each device's links from the first to the last, none changed, none lost.

Theory of operation. A link's hash covers the link before it, so what is lost or changed in the middle shows by itself.
That the *last* links are gone, or that a chain was written anew, shows only to somebody who knows where it once ended.
So the ends are written down (:class:`Heads`): at each turn of the day, and whenever asked. They are worth as much as
the place where a copy of them is kept: in the daily report, on paper, at the hub.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.services.audit_heads import Head as Head
from kiosk.services.audit_heads import read_heads as read_heads
from kiosk.services.audit_walk import Finding as Finding
from kiosk.services.audit_walk import Link, Walk
from kiosk.services.audit_walk import Wrong as Wrong
from kiosk.store.database import Database
from kiosk.store.tables import Audit

_AT_ONCE: Final = 2_000
_LINKS: Final = """
SELECT seq, CAST(at AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB)
FROM audit WHERE device = ? ORDER BY seq
"""
"""As bytes, so that nothing which somebody put there stops the walk; SQLite's own words, as the store is one."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A device's chain: how many links are there, which one was written down last (0 for none), faults."""

    device: str
    links: int
    anchored: int
    findings: tuple[Finding, ...]


def examine(session: Session, heads: Iterable[Head]) -> tuple[Examined, ...]:
    """Every chain of the store, held against what was written down of it; links are read one by one, none is kept."""
    known: dict[str, dict[int, set[bytes]]] = {}
    for head in heads:
        known.setdefault(head.device, {}).setdefault(head.seq, set()).add(bytes.fromhex(head.hash))
    devices = {*_devices(session), *known}
    return tuple(_examined(session, device, known.get(device, {})) for device in sorted(devices))


def _examined(session: Session, device: str, ends: dict[int, set[bytes]]) -> Examined:
    walk = Walk(device, ends)
    walk.along(_links(session, device))
    return Examined(device=device, links=walk.links, anchored=max(ends, default=0), findings=tuple(walk.findings))


def _links(session: Session, device: str) -> Iterator[Link]:
    """The links as they lie there, past every conversion: those cost more than the walk itself."""
    with closing(session.connection().connection.cursor()) as cursor:
        cursor.execute(_LINKS, (device,))
        while links := cursor.fetchmany(_AT_ONCE):
            yield from links


def _devices(session: Session) -> Iterator[str]:
    """Whose chains there are, from one to the next by the index and past all that lies between."""
    device = session.scalar(select(func.min(Audit.device)))
    while device is not None:
        yield device
        device = session.scalar(select(func.min(Audit.device)).where(Audit.device > device))


class Heads:
    """The file in which the ends of the chains are written down, one a line; nothing in it is ever changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write_down(self, database: Database, at: datetime) -> tuple[Head, ...]:
        """The present ends, and write them to the file; where that fails the log says so, and nobody waits for it."""
        with database.read() as session:
            heads = tuple(heads_of(session, at))
        try:
            _append(self._path, "".join(head.line() + "\n" for head in heads).encode())
        except OSError as error:
            _log.error("audit_heads_not_written", kind=type(error).__name__)
        return heads

    def known(self) -> tuple[Head, ...]:
        """What was written down; nothing where there is no file.

        :raises ConfigurationError: where the file holds anything else.
        """
        return read_heads(self._path) if self._path.exists() else ()


def heads_of(session: Session, at: datetime) -> Iterator[Head]:
    """Where every device's chain ends; ``at`` is the instant (UTC) that is put down with it."""
    for device in _devices(session):
        query = select(Audit.seq, Audit.hash).where(Audit.device == device).order_by(Audit.seq.desc()).limit(1)
        seq, digest = session.execute(query).one()
        yield Head(device=device, seq=seq, hash=digest.hex(), at=at.isoformat())


def _append(path: Path, lines: bytes) -> None:
    if not lines:
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "ab", buffering=0) as file:
        file.write(lines)
        os.fsync(file.fileno())
