"""The roster's file: its tables, and the bytes of a row.

``person`` holds a row for everybody, under 56 bits of the keyed tag of the personal number, or of the insurance number
where there is no other. ``insured`` leads from the tag of an insurance number to that row. Both repeat 32 more bits of
the tag and are asked for all 88: a number that is not in a roster of n rows is taken for another's with probability
n / 2^88 (5e-21 for 1.67 million), so ten thousand million look-ups of strangers go wrong with probability 5e-11. Two
people of one roster share 56 bits with probability n^2 / 2^57 (2e-5); an import finds that and refuses both lines.

A row has 17 bytes: 4 of the tag, 2 and 2 for the first and last day, 3 for the kind, 1 of salt, and 5 for the
insurance number, hidden under a pad that only the personal number and the key give. Rows are all as long, so a change
never makes a page overflow. A kind is what many people share: benefit, group, home clinic.
"""

import re
from dataclasses import astuple, dataclass
from datetime import date
from struct import Struct

FORMAT = 2
KEY_BYTES, CHECK_BYTES = 7, 4
PAGE_BYTES = 8192
KEY_CHECK = "key check"
NO_NUMBER = (1 << 40) - 1
MAX_KINDS = 1 << 24

_EPOCH = date(1950, 1, 1).toordinal()
_OPEN_ENDED = 0xFFFF
_ROW = Struct(">4sHHI5s")
ROW_BYTES = _ROW.size
_INSURANCE = re.compile(r"(?:[A-Z]{2}[1-5][0-9]{2})?([0-9]{10})")

SCHEMA = (
    "CREATE TABLE {0}.meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT",
    """CREATE TABLE {0}.kind (
        id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, benefit TEXT NOT NULL, object_group TEXT NOT NULL,
        home_clinic TEXT NOT NULL, personal INTEGER NOT NULL, insured INTEGER NOT NULL, dead INTEGER NOT NULL
    ) STRICT""",
    "CREATE TABLE {0}.person (tag INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT",
    "CREATE TABLE {0}.insured (tag INTEGER PRIMARY KEY, link BLOB NOT NULL) STRICT",
    "CREATE TABLE {0}.name_key (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE {0}.name (tag INTEGER PRIMARY KEY, name_key INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What many rows share.

    ``prefix`` is the first five characters of an insurance number of 15; ``personal`` and ``insured`` say which
    numbers the person has: a row with both is linked.
    """

    prefix: str
    benefit: str
    object_group: str
    home_clinic: str
    personal: bool
    insured: bool
    dead: bool

    def to_row(self, kind_id: int) -> tuple[object, ...]:
        """The row of this kind in the table of kinds."""
        return (kind_id, *(int(value) if isinstance(value, bool) else value for value in astuple(self)))

    @classmethod
    def from_row(cls, row: tuple[int, str, str, str, str, int, int, int]) -> tuple[int, "Kind"]:
        """The id and the kind of a row in the table of kinds."""
        kind_id, prefix, benefit, object_group, home_clinic, *flags = row
        return kind_id, cls(prefix, benefit, object_group, home_clinic, *(bool(flag) for flag in flags))


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """The parts of a row's 17 bytes; ``kind`` is an id, ``hidden`` the padded insurance number."""

    check: bytes
    valid_from: int
    valid_to: int
    kind: int
    salt: int
    hidden: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> "Row":
        """The parts; ValueError for another length."""
        if len(data) != ROW_BYTES:
            raise ValueError("a row has another length")
        check, valid_from, valid_to, kind_and_salt, hidden = _ROW.unpack(data)
        return cls(check, valid_from, valid_to, kind_and_salt >> 8, kind_and_salt & 0xFF, hidden)

    def to_bytes(self) -> bytes:
        """The 17 bytes."""
        return pack_row(self.check, self.valid_from, self.valid_to, self.kind, self.salt, self.hidden)


def pack_row(check: bytes, valid_from: int, valid_to: int, kind: int, salt: int, hidden: bytes) -> bytes:
    """The 17 bytes of a row."""
    return _ROW.pack(check, valid_from, valid_to, kind << 8 | salt, hidden)


def day_number(day: date | None) -> int:
    """The number of a day, or of no end; ValueError before 1950 and after 2129."""
    if day is None:
        return _OPEN_ENDED
    number = day.toordinal() - _EPOCH
    if not 0 <= number < _OPEN_ENDED:
        raise ValueError("a day is out of range")
    return number


def day_of(number: int) -> date | None:
    """The day of a number, or None for no end."""
    return None if number == _OPEN_ENDED else date.fromordinal(_EPOCH + number)


def first_day() -> date:
    """The first day that a row can hold."""
    return date.fromordinal(_EPOCH)


def insurance_digits(number: str) -> str | None:
    """The ten digits of an insurance number of 10 digits or 15 characters, or None for anything else."""
    matched = _INSURANCE.fullmatch(number)
    return matched[1] if matched else None


def key_of(tag: bytes) -> int:
    """The 56 bits of a tag that are a table's key."""
    return int.from_bytes(tag[:KEY_BYTES], "big")


def check_of(tag: bytes) -> bytes:
    """The 32 further bits of a tag, which tell whether a row is the right one."""
    return tag[KEY_BYTES : KEY_BYTES + CHECK_BYTES]


def link_of(insurance_tag: bytes, row_tag: bytes) -> bytes:
    """What leads from an insurance number to a row: the number's check, and the row's key (7 bytes)."""
    return check_of(insurance_tag) + row_tag[:KEY_BYTES]


def hide(digits: str, pad: bytes) -> bytes:
    """Ten digits, or none, under a pad of five bytes."""
    number = int(digits) if digits else NO_NUMBER
    return (number ^ int.from_bytes(pad, "big")).to_bytes(5, "big")


def reveal(hidden: bytes, pad: bytes) -> str:
    """The ten digits, or none, that were hidden under this pad; ValueError where there is something else."""
    number = int.from_bytes(hidden, "big") ^ int.from_bytes(pad, "big")
    if number == NO_NUMBER:
        return ""
    if number >= 10**10:
        raise ValueError("there is no insurance number under this pad")
    return f"{number:010}"
