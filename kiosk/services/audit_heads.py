"""Where audit chains once ended: one head a line of a file, in the daily report, or from the hub.

Theory of operation. A head is a number and a hash; whoever has one can tell whether a chain still leads there. The
places that keep them write them in their own ways, and one reader reads all of them. A file out of which one head does
not come clean is refused whole: a shorter list would let a lost end pass.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idcard import ConfigurationError

_IN_WORDS = re.compile(r"(?P<device>[A-Za-z0-9][A-Za-z0-9._-]{0,31}) · (?P<seq>[0-9]{1,15}) · (?P<hash>[0-9a-f]{64})")
"""A head as the daily report writes it for people."""
_LIKE_A_HASH = re.compile(r"[0-9A-Fa-f]{32,}")


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


def read_heads(path: Path) -> tuple[Head, ...]:
    """The heads in a file: lines of JSON (ours, a copy of ours, or the hub's), or a daily report as JSON, CSV or text.

    :raises ConfigurationError: where it cannot be read, holds no head, or one of them is damaged.
    """
    try:
        # With or without the sign by which spreadsheets know UTF-8.
        return tuple(_heads(path.read_text("utf-8-sig")))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise ConfigurationError(
            f"The file {path.name} does not hold the ends of audit chains.",
            reason="damaged",
            remedy="Name another copy of it, or leave it out: then lost last links cannot be seen.",
        ) from error


def _heads(text: str) -> Iterator[Head]:
    report = _whole_json(text)
    if report is not None and "heads" in report:
        return map(_head, report["heads"])
    if report is not None or text.lstrip().startswith(("{", "[")):
        return (_head(json.loads(line)) for line in text.splitlines() if line.strip())
    return _in_words(text)


def _whole_json(text: str) -> Mapping[str, Any] | None:
    """The object that the text is as a whole, which one of many lines is not."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _in_words(text: str) -> Iterator[Head]:
    """The heads among the words of a report, which may be a table for a spreadsheet."""
    found = 0
    for cells in csv.reader(io.StringIO(text)):
        line = ",".join(cells)
        match = _IN_WORDS.search(line)
        if match is None and _LIKE_A_HASH.search(line):
            raise ValueError("half a head")
        if match is not None:
            found += 1
            yield _head({"device": match["device"], "seq": int(match["seq"]), "hash": match["hash"], "at": ""})
    if text.strip() and not found:
        raise ValueError("no head")


def _head(row: Mapping[str, Any]) -> Head:
    seq, digest = row["seq"], row["hash"]
    if type(seq) is not int or seq < 1 or len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ValueError("no head")
    return Head(device=str(row["device"]), seq=seq, hash=digest.lower(), at=str(row["at"]))
