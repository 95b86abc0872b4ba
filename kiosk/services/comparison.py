"""What the chip, a code and the insurer say of one person, field by field: for a clerk who compares."""

from collections.abc import Iterator
from dataclasses import dataclass

from idcard import ConfigurationError
from kiosk.domain.letters import Pieces, pieces
from kiosk.domain.match import BirthGrade, match_births, match_names, parse_birth
from kiosk.domain.worklist import Said, Source
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.services.person import PersonRecord, source_of


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FieldPair:
    """One field of two sources. ``grade``: ``same``, ``missing`` where one side says nothing, or ``differs``.

    ``alike`` is how two names differ, a word of :class:`kiosk.domain.match.Grade`, and nothing for other fields.
    """

    field: str
    left: Pieces
    right: Pieces
    grade: str
    alike: str = ""

    def __repr__(self) -> str:
        return f"FieldPair({self.field})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SideBySide:
    """Two sources and their fields, in the order of a card."""

    left: Source
    right: Source
    fields: tuple[FieldPair, ...]

    def __repr__(self) -> str:
        return "SideBySide(…)"

    @property
    def differs(self) -> bool:
        """Whether any field differs."""
        return any(pair.grade == "differs" for pair in self.fields)


def compared(person: PersonRecord, roster: StaffRoster | None) -> tuple[SideBySide, ...]:
    """The record against the code that was shown with it, and against the roster, where these say anything."""
    own = Said(
        source=source_of(person.source),
        name=person.display_name,
        birth=person.birth or "",
        sex=person.sex or "",
        latin=not person.name,
    )
    return tuple(_pair(own, other) for other in _others(person, roster))


def _others(person: PersonRecord, roster: StaffRoster | None) -> Iterator[Said]:
    if person.shown_source:
        yield Said(
            source=source_of(person.shown_source),
            name=person.shown_name or "",
            birth=person.shown_birth or "",
            sex=person.shown_sex or "",
        )
    if roster is None:
        return
    try:
        for numbers in ((person.personal_number, None), (None, person.insurance_number)):
            kept = roster.said(*numbers) if any(numbers) else None
            if kept is not None:
                yield kept
                return
    except ConfigurationError:
        return


def _pair(left: Said, right: Said) -> SideBySide:
    return SideBySide(
        left=left.source,
        right=right.source,
        fields=(
            _names(left, right),
            _births(left, right),
            _field("sex", left.sex, right.sex, same=left.sex == right.sex),
        ),
    )


def _names(left: Said, right: Said) -> FieldPair:
    grade = match_names(left.name, right.name, a_latin=left.latin, b_latin=right.latin).grade
    return _field("name", left.name, right.name, same=grade.value == "exact", alike=grade.value)


def _births(left: Said, right: Said) -> FieldPair:
    one, other = parse_birth(left.birth), parse_birth(right.birth)
    same = match_births(one, other) in (BirthGrade.SAME, BirthGrade.PARTLY)
    return _field("birth", _day(left.birth), _day(right.birth), same=same)


def _day(text: str) -> str:
    """A birth as people write it, from the day to the year."""
    birth = parse_birth(text)
    return text if birth is None else "/".join(reversed(str(birth).split("-")))


def _field(name: str, left: str, right: str, *, same: bool, alike: str = "") -> FieldPair:
    one, other = pieces(left, right)
    grade = "missing" if not left or not right else "same" if same else "differs"
    return FieldPair(field=name, left=one, right=other, grade=grade, alike=alike if grade == "differs" else "")
