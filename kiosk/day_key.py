"""Who was here today, and never who was here before: a key for tags of people that only goes forward.

Theory of operation. That a person comes twice on one day is known by a tag: a keyed hash of the personal number. Such
numbers are few enough to try them all, so whoever has key and tags knows who came. The key therefore lives for one
day. At the day's turn it is replaced by its hash, K' = BLAKE2b(K), in its file; the old file is overwritten before it
is let go, and the tags of past days are taken out of the store. What is left opens no day but the present one.

The file is one line: 64 hexadecimal digits, and the day that they are for. ``again`` behind it says that the clock ran
ahead and came back to a day on which people were admitted: their tags are gone, so nobody can be told again who
came before. A new file has no day yet; its key is turned before it is first used. Only one process turns it; the
others count forward from what they read, and agree.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog

from idcard import ConfigurationError
from kiosk.durable import replace_secret
from kiosk.key_safe.wrapped import OPENED
from kiosk.keys import SECRET_BYTES, TAG_BYTES, damaged_key, read_key
from kiosk.ports import StoreUnavailable

_LINE = re.compile(rf"([0-9a-f]{{{2 * SECRET_BYTES}}})(?: (\d{{4}}-\d\d-\d\d)( again)?)?\n?")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class DayKey:
    """The key (32 bytes) of a day; without a day it was never used. ``again``: people of that day were forgotten."""

    secret: bytes
    day: date | None
    again: bool = False

    def __repr__(self) -> str:
        return f"DayKey(day={self.day})"

    @classmethod
    def load(cls, path: Path) -> "DayKey":
        """The key in a file.

        :raises ConfigurationError: ``never_set_up`` where there is no file, ``damaged`` where it holds anything else.
        """
        line = _LINE.fullmatch(read_key(path).decode("ascii", "replace"))
        if line is None:
            raise damaged_key(path)
        try:
            return cls(bytes.fromhex(line[1]), date.fromisoformat(line[2]) if line[2] else None, bool(line[3]))
        except ValueError as error:
            raise damaged_key(path) from error

    def on(self, day: date) -> "DayKey":
        """The key for this day: as many hashes on as days have passed, and one where the clock was set back.

        There is no way back, not even then: tags of one day, made before and after, then differ.
        """
        if day == self.day:
            return self
        secret = self.secret
        for _ in range(1 if self.day is None else max(1, (day - self.day).days)):
            secret = hashlib.blake2b(secret, digest_size=SECRET_BYTES, person=b"next day").digest()
        return DayKey(secret, day)

    def tag(self, personal_number: str) -> bytes:
        """16 bytes for a person on the key's day."""
        text = f"{self.day}|{personal_number}"
        return hashlib.blake2b(text.encode(), digest_size=TAG_BYTES, key=self.secret, person=b"day").digest()


class DayTags:
    """Tags of people for one day, under the key in a file that is read anew for each.

    :raises ConfigurationError: as :meth:`DayKey.load` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        DayKey.load(path)

    def tag(self, personal_number: str, day: date) -> bytes:
        """16 bytes for a person on a day: two days of one person cannot be linked.

        :raises StoreUnavailable: if the key can no longer be read.
        """
        return self._load().on(day).tag(personal_number)

    def begun_again(self, day: date) -> bool:
        """Whether the clock came back to this day, and who was admitted before is not known any more.

        :raises StoreUnavailable: if the key can no longer be read.
        """
        key = self._load()
        return key.day == day and key.again

    def turn(self, day: date, *, used: bool = False) -> None:
        """Keep only the key of this day. For one process alone; nothing happens where it was done already.

        :param used: whether somebody was admitted on this day already.
        :raises StoreUnavailable: if the key cannot be read or written; then the old one is still there.
        """
        key = self._load()
        if key.day == day:
            return
        again = " again" if used and key.day is not None and key.day > day else ""
        line = f"{key.on(day).secret.hex()} {day.isoformat()}{again}\n".encode()
        try:
            replace_secret(self._path, OPENED.as_before(self._path, self._path.read_bytes(), line))
        except (OSError, ConfigurationError) as error:
            _log.error("day_key_not_turned", kind=type(error).__name__)
            raise StoreUnavailable("the person-day key cannot be written") from error

    def _load(self) -> DayKey:
        try:
            return DayKey.load(self._path)
        except ConfigurationError as error:
            _log.error("day_key_unusable", reason=error.reason)
            raise StoreUnavailable("the person-day key cannot be read") from error
