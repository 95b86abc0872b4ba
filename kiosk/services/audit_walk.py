"""One device's chain from its first link to its last, held against what was written down of it.

Theory of operation. A link is sound where its hash covers the link before it and its own words, and where its words
say the same as its columns. Links come from the store one after another and none is kept, so that ten million take no
more memory than ten. The words are compared as bytes with the one spelling in which they are written; only a link that
is not spelt so is parsed, to say what is wrong with it.

What was written down (heads) is asked link by link. Where the chain leads to another hash than a head says, it was
written anew somewhere behind the last head that agrees.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from kiosk.store.repositories import GENESIS

Link = tuple[Any, bytes, bytes, bytes, bytes, bytes]
"""Number, instant, kind, words, hash of the link before, own hash: as they lie in the store, whoever put them there."""


class Wrong(StrEnum):
    """What is wrong with a chain."""

    FIRST_LOST = "first_lost"
    """Links before the first one that is there are gone."""
    LOST = "lost"
    """Links in the middle are gone."""
    LAST_LOST = "last_lost"
    """A link that was written down as the end is gone: it was deleted, or an old copy of the store was put back."""
    ALTERED = "altered"
    """A link is not what was hashed."""
    SWAPPED = "swapped"
    """A link says itself that it stands elsewhere."""
    FORKED = "forked"
    """A link is sound, and does not follow the one before it, or is not the one that was written down: the chain was
    written anew, as it is where a kiosk goes on after an old copy of its store was put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault, and the first and the last link that it concerns."""

    wrong: Wrong
    device: str
    first: int
    last: int


_ALIKE = frozenset((Wrong.ALTERED, Wrong.SWAPPED))
"""Faults of which those that lie side by side are told as one."""


class Walk:
    """A walk along one chain, and what was found on it.

    :param ends: what was written down: the hashes for each number. More than one are a fork by themselves.
    """

    def __init__(self, device: str, ends: Mapping[int, Collection[bytes]]) -> None:
        self._device, self._ends = device, ends
        self._agreed, self._is_parted = 0, False
        self.links = 0
        self.findings: list[Finding] = []

    def along(self, links: Iterable[Link]) -> None:
        """Walk these links to the end, in the order of their numbers."""
        begin = b'+00:00","device":' + json.dumps(self._device, ensure_ascii=False).encode() + b',"facts":{'
        ends, sha256 = self._ends, hashlib.sha256
        many, expected, before = 0, 1, GENESIS
        for link in links:
            seq, at, kind, body, previous, digest = link
            # All that is right with a link, in as few steps as there are: this may be done ten million times.
            if (
                seq == expected
                and previous == before
                and sha256(previous + body).digest() == digest
                and body.startswith(b'{"at":"' + at[:10] + b"T" + at[11:].removesuffix(b".000000") + begin)
                and body.endswith(b'},"kind":"%b","seq":%d}' % (kind, seq))
            ):
                if seq in ends:
                    self._compare(seq, digest)
                before = digest
            else:
                before = self._look_closely(link, expected, before)
            many += 1
            expected = seq + 1 if type(seq) is int else expected
        self.links = many
        if (last := max(self._ends, default=0)) >= expected:
            self._find(Wrong.LAST_LOST, expected, last)

    def _look_closely(self, link: Link, expected: int, before: bytes) -> bytes:
        """Say what is wrong with a link; the hash that the next one must name, or nothing where any may be right."""
        seq, _, _, _, previous, digest = link
        if type(seq) is not int:
            self._find(Wrong.ALTERED, expected, expected)
            return b""
        if seq > expected:
            self._find(Wrong.FIRST_LOST if expected == 1 else Wrong.LOST, expected, seq - 1)
        if (wrong := _wrong_with(self._device, link)) is not None:
            self._find(wrong, seq, seq)
            return b""
        if before and seq <= expected and previous != before:
            self._find(Wrong.FORKED, seq, seq)
        if seq in self._ends:
            self._compare(seq, digest)
        return digest

    def _compare(self, seq: int, digest: bytes) -> None:
        """Hold a link against what was written down of it."""
        known = self._ends[seq]
        if any(each != digest for each in known) and not self._is_parted:
            self._find(Wrong.FORKED, self._agreed + 1, seq)
            self._is_parted = True
        if digest in known:
            self._agreed, self._is_parted = seq, False

    def _find(self, wrong: Wrong, first: int, last: int) -> None:
        former = self.findings[-1] if self.findings else None
        if former is not None and wrong in _ALIKE and former.wrong is wrong and former.last + 1 == first:
            self.findings[-1] = replace(former, last=last)
        else:
            self.findings.append(Finding(wrong=wrong, device=self._device, first=first, last=last))


def _wrong_with(device: str, link: Link) -> Wrong | None:
    """What is wrong with one link in itself."""
    seq, at, kind, body, previous, digest = link
    said = _said(body)
    if type(said.get("seq")) is int and said["seq"] != seq:
        return Wrong.SWAPPED
    try:
        own = {"device": device, "seq": seq, "at": _iso(at), "kind": kind.decode()}
    except ValueError:
        return Wrong.ALTERED
    sound = hashlib.sha256(previous + body).digest() == digest
    return None if sound and own.items() <= said.items() else Wrong.ALTERED


def _iso(at: bytes) -> str:
    """An instant as links say it; ValueError for what is none."""
    return datetime.fromisoformat(at.decode()).isoformat() + "+00:00"


def _said(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
