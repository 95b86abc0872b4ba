"""The check-in table as data: its fields, the rules between them, and what is wrong with a row.

Source: Decision 4750/QĐ-BYT annex (the check-in table), as ``kiosk/data/checkin_fields.toml`` has it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from kiosk.insurance.table_schema import Part, Table, Text, checked_pattern
from kiosk.insurance.tables import DATA, load_table

Row = Mapping[str, str]
"""A row by tag: a text for every field, empty where there is nothing to say."""

Tag = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]*$")]
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMATS = {"day": ("%Y%m%d", 8), "moment": ("%Y%m%d%H%M", 12)}


class FaultKind(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A field with something wrong; what it holds is not said."""

    tag: str
    kind: FaultKind

    def __str__(self) -> str:
        return f"{self.tag}.{self.kind}"


class CheckinField(Part):
    """One field."""

    tag: Tag
    kind: Literal["text", "number", "moment", "birth", "day"]
    longest: Annotated[int, Field(gt=0)]
    required: bool = False
    pattern: Annotated[str, AfterValidator(checked_pattern)] | None = None

    def faults(self, value: str) -> Iterator[Fault]:
        """What is wrong with this value of the field."""
        if not value:
            if self.required:
                yield Fault(tag=self.tag, kind=FaultKind.MISSING)
        elif len(value) > self.longest:
            yield Fault(tag=self.tag, kind=FaultKind.TOO_LONG)
        elif not self._well_formed(value):
            yield Fault(tag=self.tag, kind=FaultKind.MALFORMED)

    def _well_formed(self, value: str) -> bool:
        if _ILLEGAL.search(value) or (self.pattern is not None and not re.fullmatch(self.pattern, value)):
            return False
        match self.kind:
            case "text":
                return True
            case "number":
                return value.isascii() and value.isdigit()
            case "birth":
                return _is_birth(value)
            case _:
                return _is_moment(value, *_FORMATS[self.kind])


class CheckinRules(Part):
    """The rules between the fields."""

    one_of: tuple[Tag, ...]
    not_reported_routes: tuple[Text, ...]
    no_card_routes: tuple[Text, ...]
    newborn_days: int
    together: tuple[tuple[Tag, Tag], ...]
    not_before: tuple[tuple[Tag, Tag], ...]


class CheckinTable(Table):
    """The whole table."""

    rules: CheckinRules
    field: tuple[CheckinField, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        tags = self.tags
        if len(set(tags)) != len(tags):
            raise ValueError("a field is there twice")
        rules = self.rules
        named = {*rules.one_of, *(tag for pair in (*rules.together, *rules.not_before) for tag in pair)}
        if named - set(tags):
            raise ValueError(f"a rule about the unknown field {min(named - set(tags))}")
        return self

    @property
    def tags(self) -> tuple[str, ...]:
        """The fields in their order."""
        return tuple(field.tag for field in self.field)

    def faults(self, row: Row) -> tuple[Fault, ...]:
        """What is wrong with a row; nothing where it may be sent."""
        return (*(fault for field in self.field for fault in field.faults(row[field.tag])), *self._between(row))

    def _between(self, row: Row) -> Iterator[Fault]:
        if not any(row[tag] for tag in self.rules.one_of):
            yield Fault(tag=self.rules.one_of[0], kind=FaultKind.MISSING)
        for first, second in self.rules.together:
            if row[first] and not row[second]:
                yield Fault(tag=second, kind=FaultKind.MISSING)
        for later, earlier in self.rules.not_before:
            # Moments of one kind sort as texts.
            if row[later] and row[earlier] and row[later] < row[earlier]:
                yield Fault(tag=later, kind=FaultKind.TOO_EARLY)


@cache
def checkin_table(path: Path = DATA / "checkin_fields.toml") -> CheckinTable:
    """The table from here, or a clinic's own; ConfigurationError where it cannot be used."""
    return load_table(CheckinTable, path)


def _is_moment(value: str, form: str, length: int) -> bool:
    if len(value) != length or not (value.isascii() and value.isdigit()):
        return False
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def _is_birth(value: str) -> bool:
    """A moment whose day, or day and month, may be unknown: then the rest is zeros."""
    if value.endswith("00000000"):
        return _is_moment(value[:4], "%Y", 4)
    if value.endswith("000000"):
        return _is_moment(value[:6] + "01", "%Y%m%d", 8)
    return _is_moment(value, *_FORMATS["moment"])
