"""The schema of the insurer's tables: what each TOML file in ``kiosk/data`` must look like, and nothing else in it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import Cards, ResultRow
from kiosk.domain.cover_reasons import CoverReason, NextStep
from kiosk.domain.eligibility import Step
from kiosk.domain.route_proposal import Level, Once, Points, RouteFacts

Text = Annotated[str, Field(min_length=1)]
Group = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
ProvinceCode = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
FacilityCode = Annotated[str, Field(pattern=r"^[0-9]{2}[0-9A-Z][0-9]{2}$")]
RouteCode = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")]
Count = Annotated[int, Field(gt=0)]


def checked_pattern(text: str) -> str:
    """The regular expression, once it is seen to be one."""
    try:
        return re.compile(text).pattern
    except re.error as error:
        raise ValueError(f"no pattern: {error}") from None


class Part(BaseModel):
    """A part of a table: nothing unknown in it, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class About(Part):
    """Where a table comes from, when that was looked at, and how sure it is."""

    title: Text
    source: Text
    as_of: date
    confidence: Literal["confirmed", "one_source", "unconfirmed"]


class Table(Part):
    """A table: it says where it comes from."""

    about: About


class Dated(Part):
    """A row that holds from a day on, perhaps until another, both counted."""

    first_day: date
    last_day: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("the last day lies before the first")
        return self

    def in_force(self, on: date) -> bool:
        """Whether the row holds on this day."""
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)


class Named(Part):
    """A row with words in both languages."""

    name_vi: Text
    name_en: Text


class AnyResult(Part):
    """What a result code means; ``meaning`` is the insurer's own words."""

    meaning: Text
    step: Step
    reason: CoverReason
    next: NextStep
    desk: Code | None = None
    cards: Cards = Cards.NONE

    @model_validator(mode="after")
    def _whole(self) -> Self:
        admits = self.step in (Step.ADMIT, Step.ADMIT_AND_RECHECK)
        if admits is not (self.desk is None):
            raise ValueError("a row that admits has no desk code, and every other has one")
        if admits is (self.cards is Cards.NONE):
            raise ValueError("a row that admits says which cards count, and no other does")
        return self

    def row(self) -> ResultRow:
        """The row as the rules see it."""
        return ResultRow(step=self.step, reason=self.reason, next=self.next, code=self.desk, cards=self.cards)


class Result(AnyResult):
    """The row of one result code."""

    code: Annotated[str, Field(pattern=r"^[0-9]{3}$")]


class Results(Table):
    """What the look-up service says."""

    result: tuple[Result, ...]
    unknown: AnyResult

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _once("result code", (row.code for row in self.result))
        if self.unknown.desk is None:
            raise ValueError("an unknown result code must not admit")
        return self


class Payer(Named):
    """Who pays for which groups."""

    id: Text
    groups: tuple[Group, ...]


class PaperCard(Part):
    """The groups that show a paper card where the look-up service does not know them."""

    groups: tuple[Group, ...]


class Groups(Table):
    """The groups of insured persons. A group that is not listed is no fault of a card: the list grows."""

    payer: tuple[Payer, ...]
    paper_card: PaperCard

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _once("group", (group for payer in self.payer for group in payer.groups))
        return self

    def payer_of(self, group: str) -> Payer | None:
        """Who pays for this group, or None where it is not listed."""
        return next((payer for payer in self.payer if group in payer.groups), None)


class BenefitLevel(Named):
    """A benefit level; the groups are those that bear it by rule."""

    code: Annotated[str, Field(pattern=r"^[1-5]$")]
    percent: Annotated[int, Field(ge=0, le=100)]
    groups: tuple[Group, ...]


class BenefitLevels(Table):
    """The benefit levels."""

    level: tuple[BenefitLevel, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _once("level", (level.code for level in self.level))
        _once("group", (group for level in self.level for group in level.groups))
        return self

    def of(self, code: str) -> BenefitLevel | None:
        """The level with this code, or None."""
        return next((level for level in self.level if level.code == code), None)


class Province(Part):
    """A province as it was when its code was made."""

    code: ProvinceCode
    name: Text


class Merger(Part):
    """From ``day`` on, these codes are one province of this name."""

    day: date
    name: Text
    codes: tuple[ProvinceCode, ...]


class Provinces(Table):
    """The provinces, and what became of them."""

    province: tuple[Province, ...]
    merger: tuple[Merger, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _once("province", (province.code for province in self.province))
        known = {province.code for province in self.province}
        strangers = {code for merger in self.merger for code in merger.codes} - known
        if strangers:
            raise ValueError(f"a merger of an unknown province {min(strangers)}")
        return self

    def name(self, code: str, on: date) -> str | None:
        """The name of the province to which the code belongs on this day, or None for no known code."""
        names = [
            merger.name
            for merger in sorted(self.merger, key=lambda each: each.day)
            if code in merger.codes and merger.day <= on
        ]
        return names[-1] if names else next((each.name for each in self.province if each.code == code), None)

    def same(self, code: str, other: str, on: date) -> bool:
        """Whether both codes belong to one province on this day."""
        name = self.name(code, on)
        return name is not None and name == self.name(other, on)


class FacilityShape(Part):
    """How the codes of facilities look, and the ending of a child's temporary card."""

    pattern: Annotated[str, AfterValidator(checked_pattern)]
    temporary: Annotated[str, Field(pattern=r"^[0-9]{3}$")]


class Facility(Part):
    """A facility whose name is known."""

    code: FacilityCode
    name: Text


class Facilities(Table):
    """The codes of facilities, and the names that are known."""

    shape: FacilityShape
    facility: tuple[Facility, ...] = ()

    def well_formed(self, code: str) -> bool:
        """Whether this looks like a facility's code."""
        return re.fullmatch(self.shape.pattern, code) is not None

    def name(self, code: str) -> str | None:
        """The name of this facility, or None where it is not known."""
        return next((facility.name for facility in self.facility if facility.code == code), None)


class VisitKind(Named, Dated):
    """A kind of visit (MA_LOAI_KCB)."""

    code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]


class VisitKinds(Table):
    """The kinds of visit."""

    kind: tuple[VisitKind, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _not_twice_in_force(self.kind, lambda kind: kind.code)
        return self


class Route(Named, Dated):
    """A route (MA_DOITUONG_KCB)."""

    code: RouteCode


class Routes(Table):
    """The routes, in the order in which they count."""

    route: tuple[Route, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _not_twice_in_force(self.route, lambda route: route.code)
        return self

    def of(self, code: str, on: date) -> Route | None:
        """The route with this code on this day, or None."""
        return next((route for route in self.route if route.code == code and route.in_force(on)), None)


class Conditions(Part):
    """The facts of a visit that a rule asks for: those of :class:`~kiosk.domain.route_proposal.RouteFacts`."""

    own: bool | None = None
    emergency: bool | None = None
    newborn: bool | None = None
    referred: bool | None = None
    appointment: bool | None = None
    away: bool | None = None
    inpatient: bool | None = None
    station: bool | None = None
    level: Level | tuple[Level, ...] | None = None
    once: Once | tuple[Once, ...] | None = None
    points: Points | None = None

    def asked(self) -> Mapping[str, frozenset[bool | str]]:
        """For each fact that is asked for, the values that must be."""
        asked = {name: getattr(self, name) for name in RouteFacts.__dataclass_fields__}
        return {
            name: frozenset(value if isinstance(value, tuple) else (value,))
            for name, value in asked.items()
            if value is not None
        }


class Rule(Dated):
    """A rule that proposes a route."""

    code: RouteCode
    when: Conditions

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.when.asked():
            raise ValueError("a rule without a condition")
        return self


class Rules(Table):
    """The rules that propose a route; the first that holds counts."""

    rule: tuple[Rule, ...]


class ProvincePart(Named):
    """A province as its profile names it, with the codes of before and since its merger."""

    codes: tuple[ProvinceCode, ...]
    merged_codes: tuple[ProvinceCode, ...]


class Figures(Part):
    """A province's figures: insured people, linked personal numbers, clinics, and clinics that take the card."""

    insured: Count
    linked: Count
    clinics: Count
    clinics_by_card: Count

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.linked > self.insured or self.clinics_by_card > self.clinics:
            raise ValueError("a part is larger than the whole")
        return self


class Profile(Table):
    """A province's profile."""

    province: ProvincePart
    figures: Figures
    facility: tuple[Facility, ...] = ()


Row = TypeVar("Row", bound=Dated)


def _once(what: str, codes: Iterable[str]) -> None:
    twice = sorted(code for code, times in Counter(codes).items() if times > 1)
    if twice:
        raise ValueError(f"{what} {twice[0]} is there twice")


def _not_twice_in_force(rows: Sequence[Row], code_of: Callable[[Row], str]) -> None:
    """On no day do two rows with one code hold."""
    for day in {row.first_day for row in rows}:
        _once("on one day, the code", (code_of(row) for row in rows if row.in_force(day)))
