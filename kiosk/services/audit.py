"""Whether the audit chains are whole: each device's links from the first to the last, none changed, none lost.

Theory of operation. A link's hash covers the link before it, so what is lost or changed in the middle shows by itself.
That the *last* links are gone, or that a chain was written anew, shows only to somebody who knows where it once ended.
So the ends are written down (:class:`Heads`): at each turn of the day, and whenever asked. They are worth as much as
the place where a copy of them is kept: in the daily report, on paper, at the hub.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idcard import ConfigurationError
from kiosk.store.database import Database
from kiosk.store.repositories import GENESIS
from kiosk.store.tables import Audit

_log = structlog.get_logger(__name__)


class Wrong(StrEnum):
    """What is wrong with a chain."""

    FIRST_LOST = "first_lost"
    """Links before the first one that is there are gone."""
    LOST = "lost"
    """Links in the middle are gone."""
    LAST_LOST = "last_lost"
    """A link that was written down as the end is gone."""
    ALTERED = "altered"
    """A link is not what was hashed."""
    SWAPPED = "swapped"
    """A link says itself that it stands elsewhere."""
    FORKED = "forked"
    """A link is sound, and does not follow the one before it, or is not the one that was written down: the chain was
    written anew from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault, and the first and the last link that it concerns."""

    wrong: Wrong
    device: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a device's chain ended at an instant (UTC): its last link's number and hash (hexadecimal)."""

    device: str
    seq: int
    hash: str
    at: str

    def line(self) -> str:
        """The head in one line of a file."""
        return json.dumps({"device": self.device, "seq": self.seq, "hash": self.hash, "at": self.at})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A device's chain: how many links are there, which one was written down last (0 for none), faults."""

    device: str
    links: int
    anchored: int
    findings: tuple[Finding, ...]


def examine(session: Session, heads: Iterable[Head]) -> tuple[Examined, ...]:
    """Every chain of the store, held against what was written down of it."""
    known = list(heads)
    devices = set(session.scalars(select(Audit.device).distinct())) | {head.device for head in known}
    return tuple(
        _examined(session, device, [head for head in known if head.device == device]) for device in sorted(devices)
    )


def _examined(session: Session, device: str, heads: Sequence[Head]) -> Examined:
    links = session.scalars(select(Audit).where(Audit.device == device).order_by(Audit.seq)).all()
    return Examined(
        device=device,
        links=len(links),
        anchored=max((head.seq for head in heads), default=0),
        findings=(*_faults(device, links), *_against(device, links, heads)),
    )


def _faults(device: str, links: Iterable[Audit]) -> Iterator[Finding]:
    expected, previous = 1, GENESIS
    for link in links:
        if link.seq > expected:
            wrong = Wrong.FIRST_LOST if expected == 1 else Wrong.LOST
            yield Finding(wrong=wrong, device=device, first=expected, last=link.seq - 1)
        elif link.previous != previous:
            yield Finding(wrong=Wrong.FORKED, device=device, first=link.seq, last=link.seq)
        if wrong_link := _wrong_with(link):
            yield Finding(wrong=wrong_link, device=device, first=link.seq, last=link.seq)
        expected, previous = link.seq + 1, link.hash


def _wrong_with(link: Audit) -> Wrong | None:
    """What is wrong with one link in itself."""
    said = _said(link.body)
    if said.get("seq") != link.seq and isinstance(said.get("seq"), int):
        return Wrong.SWAPPED
    own = {"device": link.device, "seq": link.seq, "at": link.at.isoformat(), "kind": link.kind}
    sound = hashlib.sha256(link.previous + link.body.encode()).digest() == link.hash
    return None if sound and own.items() <= said.items() else Wrong.ALTERED


def _said(body: str) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _against(device: str, links: Sequence[Audit], heads: Iterable[Head]) -> Iterator[Finding]:
    hashes = {link.seq: link.hash.hex() for link in links}
    last = max(hashes, default=0)
    ends = {head.seq: head for head in heads}
    for seq, head in sorted(ends.items()):
        if seq in hashes and hashes[seq] != head.hash:
            yield Finding(wrong=Wrong.FORKED, device=device, first=seq, last=seq)
    if ends and max(ends) > last:
        yield Finding(wrong=Wrong.LAST_LOST, device=device, first=last + 1, last=max(ends))


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


def read_heads(path: Path) -> tuple[Head, ...]:
    """The heads in a file, a copy of it, or a report's lines.

    :raises ConfigurationError: where it cannot be read, or a line is no head.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        return tuple(_head(json.loads(line)) for line in lines if line.strip())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The file {path.name} does not hold the ends of audit chains.",
            reason="damaged",
            remedy="Name another copy of it, or leave it out: then lost last links cannot be seen.",
        ) from error


def _head(row: Mapping[str, Any]) -> Head:
    seq, digest = row["seq"], row["hash"]
    if type(seq) is not int or len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ValueError("no head")
    return Head(device=str(row["device"]), seq=seq, hash=digest, at=str(row["at"]))


def heads_of(session: Session, at: datetime) -> Iterator[Head]:
    """Where every device's chain ends; ``at`` is the instant (UTC) that is put down with it."""
    ends = select(Audit.device, func.max(Audit.seq).label("seq")).group_by(Audit.device).subquery()
    query = select(Audit).join(ends, (Audit.device == ends.c.device) & (Audit.seq == ends.c.seq))
    for link in session.scalars(query.order_by(Audit.device)):
        yield Head(device=link.device, seq=link.seq, hash=link.hash.hex(), at=at.isoformat())


def _append(path: Path, lines: bytes) -> None:
    if not lines:
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "ab", buffering=0) as file:
        file.write(lines)
        os.fsync(file.fileno())
