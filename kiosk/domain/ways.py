"""How somebody comes who has no chip card that settles all: what they show, who is with them, and what that allows.

Theory of operation. A way names what a person can show. The law says which papers are enough for it (a table, read by
:mod:`kiosk.insurance.papers`); the clinic's policy says how far the lane may go with the rung of assurance that it
reaches. Neither makes cover: a way is at most as good as the decision on cover that goes with it. Only an emergency
asks for nothing first: care comes before papers.

Source: Decree 188/2025/NĐ-CP, Art. 37.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from idcard import BirthDate
from kiosk.domain.assurance import Assurance
from kiosk.domain.eligibility import Eligibility, Step

NEWBORN_DAYS = 28
CHILD_YEARS = 6


class Way(StrEnum):
    """How a person came."""

    CHIP = "chip"
    """The chip card alone: the automatic lane."""
    CHIP_AND_NUMBER = "chip_and_number"
    """The chip proves the person, and an insurance number that is not linked to theirs finds the cover."""
    CODE = "code"
    """A printed or shown code, and a clerk who compares."""
    PAPERS = "papers"
    """Papers, or an insurance number with an identity paper, typed by a clerk."""
    CHILD = "child"
    """A child under six: card, insurance number or birth notification, with a guardian."""
    NEWBORN = "newborn"
    """A child of at most 28 days: the birth notification, or whoever signs for it."""
    GUARDIAN = "guardian"
    """An old or frail person for whom somebody else acts."""
    EMERGENCY = "emergency"
    """Admitted first; the papers come before the discharge."""
    FOREIGNER = "foreigner"
    """A passport, read or typed."""


class Paper(StrEnum):
    """What somebody can show."""

    CHIP_CARD = "chip_card"
    E_IDENTITY = "e_identity"
    """The state's app, level 2, with the insurance in it."""
    INSURANCE_CARD = "insurance_card"
    """Of paper, or in an app."""
    INSURANCE_NUMBER = "insurance_number"
    IDENTITY_PAPER = "identity_paper"
    PASSPORT = "passport"
    BIRTH_NOTIFICATION = "birth_notification"
    GUARDIAN_CARD = "guardian_card"
    SIGNED_FOR = "signed_for"
    """A parent, a relative or somebody of the facility signs the record."""
    APPOINTMENT_SLIP = "appointment_slip"
    """That the card is being issued again."""


Reaches = Literal["as_read", "staff", "none"]
"""The rung of assurance of a way: what the machine read, a clerk's word, or nobody's yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRule:
    """What a way needs and reaches.

    ``enough`` are sets of papers, of which one whole set must be there; empty where nothing is asked first.
    ``due_hours``: within how many hours what is missing is to be brought; None where nothing may be missing.
    ``numberless``: whether the way admits somebody without any number to ask the insurer by.
    """

    way: Way
    enough: tuple[frozenset[Paper], ...]
    reaches: Reaches
    step: Step
    guardian: bool = False
    due_hours: int | None = None
    numberless: bool = False

    def missing(self, seen: Set[Paper]) -> frozenset[Paper]:
        """What is missing of the set that lacks least; nothing where a whole one is there."""
        lacking = [each - seen for each in self.enough]
        return min(lacking, key=lambda papers: (len(papers), sorted(papers)), default=frozenset())

    def rung(self, read: Assurance) -> Assurance:
        """The rung of assurance that a person of this way has.

        :param read: what the machine reached.
        """
        if self.reaches == "none":
            return Assurance.NONE
        proved = read in (Assurance.CHIP_ANCHORED, Assurance.CHIP_PINNED, Assurance.CHIP_CONFIRMED)
        return read if self.reaches == "as_read" and proved else Assurance.STAFF


class Refused(StrEnum):
    """Why a way does not lead to an admission."""

    POLICY = "policy"
    PAPERS = "papers"
    GUARDIAN = "guardian"
    COVER = "cover"
    AGE = "age"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayDecision:
    """Whether the way admits; ``missing`` papers either refuse it, or are brought until ``due``."""

    step: Step
    refused: Refused | None
    missing: frozenset[Paper] = frozenset()
    due: timedelta | None = None

    @property
    def admits(self) -> bool:
        """Whether the person is admitted."""
        return self.refused is None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayPolicy:
    """The law's rules with the clinic's steps: how far each way may go here."""

    rules: Mapping[Way, WayRule]

    def rule(self, way: Way) -> WayRule:
        """What this way needs, and how far it may go at this clinic."""
        return self.rules[way]

    def decide(
        self,
        way: Way,
        *,
        seen: Set[Paper],
        cover: Eligibility | None,
        with_guardian: bool = False,
        birth: BirthDate | None = None,
        on: date,
    ) -> WayDecision:
        """Whether somebody who comes this way is admitted as insured.

        :param seen: what a clerk saw. :param cover: the decision on cover, or None where there was no number to ask by.
        """
        rule = self.rule(way)
        missing = rule.missing(seen)
        if refused := _refused(rule, missing, cover, with_guardian, birth, on):
            return WayDecision(step=Step.DESK, refused=refused, missing=missing)
        doubted = rule.step is Step.ADMIT_AND_RECHECK or cover is None or cover.step is not Step.ADMIT
        due = timedelta(hours=rule.due_hours) if rule.due_hours and (missing or cover is None) else None
        return WayDecision(
            step=Step.ADMIT_AND_RECHECK if doubted else Step.ADMIT, refused=None, missing=missing, due=due
        )


def _refused(
    rule: WayRule,
    missing: frozenset[Paper],
    cover: Eligibility | None,
    with_guardian: bool,
    birth: BirthDate | None,
    on: date,
) -> Refused | None:
    if rule.way is Way.EMERGENCY:
        # Care comes first, whatever the policy and the insurer say.
        return None
    if rule.step not in (Step.ADMIT, Step.ADMIT_AND_RECHECK):
        return Refused.POLICY
    if not _of_age(rule.way, birth, on):
        return Refused.AGE
    if rule.guardian and not with_guardian:
        return Refused.GUARDIAN
    if missing:
        return Refused.PAPERS
    covered = rule.numberless if cover is None else cover.covered
    return None if covered else Refused.COVER


def _of_age(way: Way, birth: BirthDate | None, on: date) -> bool:
    match way:
        case Way.CHILD:
            return birth is None or under_six(birth, on)
        case Way.NEWBORN:
            return birth is not None and newborn(birth, on)
        case _:
            return True


def under_six(birth: BirthDate, on: date) -> bool:
    """Whether somebody may be under six on this day; where only the year is known, the doubt is the child's."""
    latest = (birth.year + CHILD_YEARS, birth.month or 12, birth.day or 31)
    return (on.year, on.month, on.day) < latest and birth.year <= on.year


def newborn(birth: BirthDate, on: date) -> bool:
    """Whether somebody is at most 28 days old on this day; that needs the whole date."""
    if birth.month is None or birth.day is None:
        return False
    age = on - date(birth.year, birth.month, birth.day)
    return timedelta() <= age <= timedelta(days=NEWBORN_DAYS)


def way_of(birth: BirthDate | None, on: date) -> Way | None:
    """The way that an age alone proposes: a newborn's, a child's, or None."""
    if birth is None:
        return None
    if newborn(birth, on):
        return Way.NEWBORN
    return Way.CHILD if under_six(birth, on) else None
