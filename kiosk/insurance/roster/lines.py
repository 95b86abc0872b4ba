"""The lines of an import file: CSV in UTF-8, one person a line, every value of one exact form.

A line that is not of that form is refused with its column and a reason, never repaired: what is wrong is corrected at
the source. Values repeat (dates, clinics, groups), so each is judged once and remembered.
"""

import csv
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from kiosk.insurance.roster.encoding import Encoder
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.layout import Kind, day_number, first_day, insurance_digits
from kiosk.insurance.roster.names import Described, NameSealer
from kiosk.insurance.roster.stage import DEAD, REMOVED, ROW, Block

COLUMNS = (
    "personal_number",
    "insurance_number",
    "name",
    "birth",
    "sex",
    "valid_from",
    "valid_to",
    "benefit",
    "object_group",
    "home_clinic",
    "status",
)
MAX_NAME, MAX_LINE = 100, 1000
_CHANGES = {"row": ROW, "removed": REMOVED, "dead": DEAD}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BIRTH = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_GROUP = re.compile(r"[A-Z]{2}")
_CLINIC = re.compile(r"[0-9A-Z]{5}")
_MAX_REMEMBERED = 1 << 17


Value = TypeVar("Value")


class _Refused(Exception):
    """A line is not taken; the arguments are its column and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """Whose names are kept: of people whose home clinic is one of these; ``name_key`` is the key's id in the stage."""

    clinics: frozenset[str]
    sealer: NameSealer
    name_key: int


class LineReader:
    """Takes lines in, one after the other; what came of them is in ``block``.

    :param kind_id: gives the id of a kind.
    :param delta: whether the file changes a roster.
    :param subset: whose names are kept, or None where nobody's are.
    """

    def __init__(
        self, encoder: Encoder, *, kind_id: Callable[[Kind], int], delta: bool, subset: Subset | None = None
    ) -> None:
        self.block = Block()
        self._encoder = encoder
        self._kind_id = kind_id
        self._delta = delta
        self._subset = subset
        self._days: dict[str, int] = {}
        self._births: dict[str, bool] = {"": True}
        self._kinds: dict[tuple[object, ...], tuple[int, int]] = {}

    def take_bytes(self, number: int, line: bytes) -> None:
        """Take in a line that may not be UTF-8."""
        try:
            self.take(number, line.decode("utf-8"))
        except UnicodeDecodeError:
            self.block.rejects.append((number, "", "not_utf8"))

    def take(self, number: int, line: str) -> None:
        """Take in the line with this number; it ends in no line break."""
        try:
            self._take(number, line)
        except _Refused as refused:
            column, reason = refused.args
            self.block.rejects.append((number, column, reason))

    def _take(self, number: int, line: str) -> None:
        personal, insurance, name, birth, sex, first, last, benefit, group, clinic, status = _fields(line)
        if personal and not (len(personal) == 12 and personal.isascii() and personal.isdigit()):
            raise _Refused("personal_number", "form")
        digits = insurance_digits(insurance) if insurance else ""
        if digits is None:
            raise _Refused("insurance_number", "form")
        if not personal and not digits:
            raise _Refused("personal_number", "no_number")
        shared = insurance[:-10], bool(personal), bool(digits), benefit, group, clinic, status
        kind, change = self._kinds.get(shared) or self._new_kind(shared)
        if not self._birth_is_right(birth):
            raise _Refused("birth", "form")
        if sex not in ("", "M", "F"):
            raise _Refused("sex", "form")
        if len(name) > MAX_NAME:
            raise _Refused("name", "form")
        valid_from, valid_to = self._dates(first, last, change, status)
        if name and change == ROW and self._subset is not None and clinic in self._subset.clinics:
            described = Described(name=_normal(name), birth=birth, sex=sex)
            self._keep_name(self._subset, number, personal, digits, described)
        self.block.lines.append(self._encoder.staged(number, change, personal, digits, kind, valid_from, valid_to))

    def _keep_name(self, subset: Subset, number: int, personal: str, digits: str, described: Described) -> None:
        sealed = self._encoder.sealed_name(subset.sealer, personal, digits, described)
        self.block.names.append((number, subset.name_key, sealed))

    def _dates(self, first: str, last: str, change: int, status: str) -> tuple[int, int]:
        if not first and status != "row":
            return day_number(first_day()), day_number(None)
        if change != ROW:
            return 0, 0
        valid_from = self._day(first, "valid_from")
        valid_to = self._day(last, "valid_to") if last else day_number(None)
        if valid_to < valid_from:
            raise _Refused("valid_to", "before_valid_from")
        return valid_from, valid_to

    def _day(self, text: str, column: str) -> int:
        found = self._days.get(text)
        if found is None:
            found = _parsed_day(text, column)
            _remember(self._days, text, found)
        return found

    def _birth_is_right(self, text: str) -> bool:
        found = self._births.get(text)
        if found is None:
            found = _is_birth(text)
            _remember(self._births, text, found)
        return found

    def _new_kind(self, shared: tuple[str, bool, bool, str, str, str, str]) -> tuple[int, int]:
        prefix, personal, insured, benefit, group, clinic, status = shared
        change = self._change(status)
        if change == ROW:
            benefit, group = _agreed(benefit, prefix[2:3], "benefit"), _agreed(group, prefix[:2], "object_group")
            _check_kind(benefit, group, clinic, needed=status == "row")
            kind = Kind(prefix, benefit, group, clinic, personal, insured, status == "dead")
            found = self._kind_id(kind), change
        else:
            found = 0, change
        self._kinds[shared] = found
        return found

    def _change(self, status: str) -> int:
        change = _CHANGES.get(status)
        if change is None:
            raise _Refused("status", "form")
        if self._delta:
            return change
        if change == REMOVED:
            raise _Refused("status", "not_in_full")
        return ROW


def check_header(line: bytes) -> None:
    """Nothing, where this is the header of an import file, with or without a byte order mark.

    :raises RosterRefused: ``header`` where it is another.
    """
    if line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n") != ",".join(COLUMNS).encode():
        raise RosterRefused(Refusal.HEADER)


def _fields(line: str) -> list[str]:
    if len(line) > MAX_LINE:
        raise _Refused("", "too_long")
    try:
        fields = line.split(",") if '"' not in line else next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise _Refused("", "quotes") from error
    if len(fields) != len(COLUMNS):
        raise _Refused("", "columns")
    return fields


def _agreed(given: str, of_number: str, column: str) -> str:
    """A value that may stand in its own column, in the insurance number of 15 characters, or in both."""
    if given and of_number and given != of_number:
        raise _Refused(column, "differs_from_number")
    return given or of_number


def _check_kind(benefit: str, group: str, clinic: str, *, needed: bool) -> None:
    if (benefit or needed) and benefit not in ("1", "2", "3", "4", "5"):
        raise _Refused("benefit", "form")
    if group and not _GROUP.fullmatch(group):
        raise _Refused("object_group", "form")
    if (clinic or needed) and not _CLINIC.fullmatch(clinic):
        raise _Refused("home_clinic", "form")


def _parsed_day(text: str, column: str) -> int:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise _Refused(column, "form")
    try:
        return day_number(day)
    except ValueError as error:
        raise _Refused(column, "out_of_range") from error


def _is_birth(text: str) -> bool:
    matched = _BIRTH.fullmatch(text)
    if matched is None:
        return False
    year, month, day = (int(part or 1) for part in matched.groups())
    try:
        return 1880 <= date(year, month, day).year <= 2129
    except ValueError:
        return False


def _normal(name: str) -> str:
    """A name in NFC; unprintable characters refuse the line."""
    normal = unicodedata.normalize("NFC", name)
    if not normal.isprintable():
        raise _Refused("name", "form")
    return normal


def _remember(values: dict[str, Value], text: str, value: Value) -> None:
    """Remember a judged value, as long as there are not too many: a file of rubbish must not fill the memory."""
    if len(values) < _MAX_REMEMBERED:
        values[text] = value
