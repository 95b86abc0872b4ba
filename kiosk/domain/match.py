"""Whether two records are about one person: graded, with the differences side by side, and never a plain "not found".

Theory of operation. The personal number is the key; names and births protect from a number typed wrongly and from a
record linked to the wrong number. So nothing matches automatically without the same number, and what the number and the
birth cannot make up for goes to a clerk:

* names alike but for case, spacing, the place of a tone or i for y match, with the birth date or its year alone; words
  run together only where they part in one way, or Thu Yên would be Thuyên and Hồ Ngân Hồng Ân;
* the surname last, or the given name first, matches with its marks and the whole birth date, but only as a whole turn:
  two words that changed places elsewhere make another name;
* a name wholly without marks matches the marked one only where it was certainly stripped (by the source, as in
  the chip's zone, or because its words cannot be without marks), and only with the whole birth date;
* one tone, one mark or one letter more or less between marked names is another person until a clerk says otherwise:
  twins have one birth date and such names.

What no rule can tell: two people whose records agree in all that the records hold. Twins named Hùng and Hưng whose
insurer keeps one of them as HUNG, under the other's number, are such.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from idcard import BirthDate, Sex
from kiosk.domain.alignment import Difference, Kind, side_by_side
from kiosk.domain.spelling import has_marks, joined, no_syllable, one_slip, plain, syllable, unmarked, words
from kiosk.domain.syllables import spaced_alike

__all__ = [
    "BirthGrade",
    "Difference",
    "Grade",
    "Kind",
    "MatchRule",
    "NameMatch",
    "PersonFacts",
    "PersonMatch",
    "match_births",
    "match_names",
    "match_person",
    "parse_birth",
    "parse_sex",
    "same_sex",
]


class Grade(StrEnum):
    """How alike two names are, best first."""

    EXACT = "exact"
    """The same but for case, spacing and the way characters are put together."""
    SAME_SPELLING = "same_spelling"
    """The same but for habits of spelling: the place of a tone, i for y, words run together that part in one way."""
    NO_ACCENTS = "no_accents"
    """One of them is certainly written without any marks, and is the same otherwise."""
    SWAPPED = "swapped"
    """The same words, the surname last or the given name first."""
    CLOSE = "close"
    """A slip of a letter, or marks missing where they may also be another name: a clerk looks."""
    DIFFERENT = "different"


class BirthGrade(StrEnum):
    """How alike two births are."""

    SAME = "same"
    """The same day."""
    PARTLY = "partly"
    """One of them is a year or a month only, and they agree so far."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"


_ORDER = tuple(Grade)
_AS_WRITTEN = (Grade.EXACT, Grade.SAME_SPELLING)
_SHARED = ("văn", "thị")
_SEXES = {"nam": Sex.MALE, "nu": Sex.FEMALE}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NameMatch:
    """The grade of two names, and word by word what is the same and what differs."""

    grade: Grade
    words: tuple[Difference, ...]

    def __repr__(self) -> str:
        return f"NameMatch(grade={self.grade.value!r}, …)"

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The words that differ."""
        return tuple(word for word in self.words if word.kind is not Kind.SAME)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonFacts:
    """What one record says of a person; ``latin`` is whether its source never writes marks, as the chip's zone.

    ``number`` is the personal number that the record is of, or was found by.
    """

    name: str
    birth: BirthDate | None
    number: str | None = None
    sex: Sex | None = None
    latin: bool = False

    def __repr__(self) -> str:
        return "PersonFacts(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMatch:
    """How two records agree. ``automatic`` is whether they may count as one person's without anybody looking."""

    names: NameMatch
    births: BirthGrade
    same_number: bool
    same_sex: bool
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRule:
    """Up to which grade names match automatically. No setting lets a slip of a letter through."""

    automatic_up_to: Grade = Grade.SWAPPED

    def __post_init__(self) -> None:
        if self.automatic_up_to in (Grade.CLOSE, Grade.DIFFERENT):
            raise ValueError("names that are only close never match automatically")

    def allows(self, grade: Grade, births: BirthGrade) -> bool:
        """Whether this grade, with these births and the same number, is enough."""
        if _ORDER.index(grade) > _ORDER.index(self.automatic_up_to):
            return False
        # A name without its marks is several names, and one that is turned round may be another family's. The number
        # tells the year by itself: so a year alone adds nothing, and only the name as it is written makes up for it.
        return births is BirthGrade.SAME or (births is BirthGrade.PARTLY and grade in _AS_WRITTEN)


def match_names(a: str, b: str, *, a_latin: bool = False, b_latin: bool = False) -> NameMatch:
    """How alike two names are.

    :param a_latin: whether the source of ``a`` never writes marks; likewise ``b_latin``.
    """
    one, other = plain(a), plain(b)
    grade = _grade(one, other, a_latin, b_latin)
    return NameMatch(grade=grade, words=side_by_side(words(one), words(other)))


def match_births(a: BirthDate | None, b: BirthDate | None) -> BirthGrade:
    """How alike two births are; nothing is read into a first of January."""
    if a is None or b is None:
        return BirthGrade.UNKNOWN
    known = [(x, y) for x, y in ((a.year, b.year), (a.month, b.month), (a.day, b.day)) if None not in (x, y)]
    if any(x != y for x, y in known):
        return BirthGrade.DIFFERENT
    return BirthGrade.SAME if len(known) == 3 else BirthGrade.PARTLY


def match_person(a: PersonFacts, b: PersonFacts, rule: MatchRule | None = None) -> PersonMatch:
    """How two records agree, and whether that is enough by the rule."""
    names = match_names(a.name, b.name, a_latin=a.latin, b_latin=b.latin)
    births = match_births(a.birth, b.birth)
    same_number = a.number is not None and a.number == b.number
    sexes = same_sex(a.sex, b.sex)
    enough = (rule or MatchRule()).allows(names.grade, births)
    return PersonMatch(
        names=names,
        births=births,
        same_number=same_number,
        same_sex=sexes,
        automatic=enough and same_number and sexes,
    )


_BIRTHS = (
    re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})"),
    re.compile(r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?:(?P<month>[0-9]{1,2})[/.-]?)?(?P<year>[0-9]{4})"),
)


def parse_birth(text: str) -> BirthDate | None:
    """The birth that a record writes (``dd/MM/yyyy``, ``ddMMyyyy``, ``MM/yyyy``, ``yyyy``, ISO), or None.

    Zeros for the day, or for day and month, are a year or a month only.
    """
    match = next((found for form in _BIRTHS if (found := form.fullmatch(text.strip()))), None)
    if match is None:
        return None
    parts = {name: int(value) or None for name, value in match.groupdict().items() if value}
    year, month = parts.get("year"), parts.get("month")
    day = parts.get("day") if month else None
    if year is None or not date.min.year <= year <= date.max.year:
        return None
    try:
        return BirthDate(year=year, month=month, day=day)
    except ValueError:
        return None


def parse_sex(text: str) -> Sex | None:
    """The sex that the payer's service writes (``Nam``, ``Nữ``, also without marks); None for anything else."""
    return _SEXES.get(unmarked(plain(text)))


def same_sex(a: Sex | None, b: Sex | None) -> bool:
    """Whether nothing is known that two records differ in; who says no sex differs from nobody."""
    return a is None or b is None or Sex.UNSPECIFIED in (a, b) or a is b


def _grade(one: str, other: str, one_latin: bool, other_latin: bool) -> Grade:
    if not one or not other:
        return Grade.DIFFERENT
    a, b = words(one), words(other)
    if one == other:
        return Grade.NO_ACCENTS if one_latin or other_latin else Grade.EXACT
    if _spelled(a) == _spelled(b):
        return Grade.SAME_SPELLING
    if joined(one) == joined(other):
        return Grade.SAME_SPELLING if spaced_alike(one, other) else Grade.CLOSE
    if _bare(a) == _bare(b):
        return _grade_of_bare(a, b, one_latin, other_latin)
    if _turned(a, b):
        # Without marks it is several names, and turned round it is several more.
        return Grade.SWAPPED if any(map(has_marks, a)) else Grade.CLOSE
    return Grade.CLOSE if _close(a, b) else Grade.DIFFERENT


def _spelled(name: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(syllable(word) for word in name)


def _bare(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unmarked(syllable(word)[0]) for word in name)


def _grade_of_bare(a: tuple[str, ...], b: tuple[str, ...], a_latin: bool, b_latin: bool) -> Grade:
    """Two names that differ in marks only."""
    marked_a, marked_b = any(map(has_marks, a)), any(map(has_marks, b))
    if marked_a and marked_b:
        return Grade.DIFFERENT
    marked, stripped_by_source = (a, b_latin) if marked_a else (b, a_latin)
    return Grade.NO_ACCENTS if stripped_by_source or _was_stripped(marked) else Grade.CLOSE


def _was_stripped(marked: tuple[str, ...]) -> bool:
    """Whether the bare form of this name is no likely name of its own.

    Brothers and sisters share a surname, and Văn or Thị. So where one of these is bare, or two words are, or one that
    is no syllable without marks, the marks were lost. One bare word behind an unmarked surname may be a sister's:
    Phan Minh An, Phan Minh Ân.
    """
    with_marks = [word for word in marked if has_marks(word)]
    shared = has_marks(marked[0]) or (len(marked) > 2 and marked[1] in _SHARED)
    return shared or len(with_marks) > 1 or any(no_syllable(unmarked(word)) for word in with_marks)


def _turned(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one is the other with its first word last, or its last word first.

    A word that is there twice would let a turn look like a change in the middle.
    """
    left, right = _spelled(a), _spelled(b)
    if len(left) != len(right) or len(set(left)) != len(left):
        return False
    return right in (left[1:] + left[:1], left[-1:] + left[:-1])


def _close(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """One word more or less, words in another order, or a slip in one word."""
    bare_a, bare_b = _bare(a), _bare(b)
    if sorted(bare_a) == sorted(bare_b):
        return True
    if abs(len(a) - len(b)) == 1:
        return _without_one(*sorted((bare_a, bare_b), key=len))
    slips = [(x, y) for x, y in zip(bare_a, bare_b, strict=False) if x != y]
    return len(a) == len(b) and len(slips) == 1 and one_slip(*slips[0])


def _without_one(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    return any(shorter == each for each in _each_left_out(longer))


def _each_left_out(name: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (name[:at] + name[at + 1 :] for at in range(len(name)))
