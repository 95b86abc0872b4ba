"""Whether somebody is covered today: facts in, a decision with its reasons out.

A decision never judges money or route; it says whether the automatic lane may go on. It says nothing of the ID card:
an expired ID card does not end insurance, so its expiry is a desk code of the card's verdict and no reason here.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from kiosk.domain.codes import Code
from kiosk.domain.cover_reasons import CoverReason, NextStep

__all__ = ["CoverReason", "CoverSource", "Coverage", "Eligibility", "NextStep", "Step", "decide", "off_line", "settle"]

CHILD_GROUP = "TE"
"""The group of insured persons that children under six are."""
_TEMPORARY_CLINIC = "000"


class CoverSource(StrEnum):
    """Who said that somebody is covered."""

    ROSTER = "roster"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Coverage:
    """What the insurer says about one person.

    ``valid_to`` is the last day covered, or None where it is open-ended. ``benefit`` is the benefit level (1 to 5, or
    empty where nobody said), ``home_clinic`` the facility of first registration, ``as_of`` when the source was true
    (UTC). ``insurance_number`` has ten digits or 15 characters; ``object_group`` is the two letters of the group of
    insured persons. ``deceased``: the insurer was told that this person died.
    """

    valid_from: date
    valid_to: date | None
    benefit: str
    home_clinic: str
    as_of: datetime
    insurance_number: str | None = None
    object_group: str | None = None
    source: CoverSource = CoverSource.ROSTER
    deceased: bool = False

    def __repr__(self) -> str:
        return "Coverage(…)"

    def covers(self, day: date) -> bool:
        """Whether this day lies within the dates; both the first and the last day count."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Step(StrEnum):
    """What a decision amounts to."""

    ADMIT = "admit"
    ADMIT_AND_RECHECK = "admit_and_recheck"
    """The automatic lane goes on, and the insurer is asked again later."""
    DESK = "desk"
    """Only a person can tell."""
    NOT_COVERED = "not_covered"
    """The insurer knows no cover for today; staff offer the visit at own cost, unless they find otherwise."""


_ADMITTING = (Step.ADMIT, Step.ADMIT_AND_RECHECK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """A decision: ``code`` is None where the automatic lane may go on, and only there.

    ``result`` is the insurer's own result code, where it was asked.
    """

    code: Code | None
    reasons: tuple[CoverReason, ...]
    coverage: Coverage | None
    step: Step = Step.ADMIT
    next: NextStep = NextStep.NONE
    result: str | None = None

    def __post_init__(self) -> None:
        if (self.code is None) is not (self.step in _ADMITTING):
            raise ValueError("a decision admits, or it has a desk code")

    @property
    def covered(self) -> bool:
        """Whether the automatic lane may go on."""
        return self.step in _ADMITTING


def decide(coverage: Coverage | None, *, on: date, clinic: str, old: bool = False) -> Eligibility:
    """The decision for a visit on this day at this clinic.

    :param coverage: what the source found, or None where it knows nobody by that number.
    :param old: whether the source is so old that every decision says so; who is admitted is then asked about again.
    """
    decision = _decide(coverage, on, clinic)
    return _doubted(decision, CoverReason.ROSTER_OLD) if old else decision


def off_line(decision: Eligibility) -> Eligibility:
    """A roster's decision where the insurer was to be asked and could not be: admitted now, asked about later."""
    return _doubted(decision, CoverReason.NOT_CONFIRMED)


def settle(roster: Eligibility, gateway: Eligibility | None) -> Eligibility:
    """The decision that counts: the insurer's answer, or the roster's where no answer about the person came.

    :param gateway: what was judged of the insurer's answer, or None where none came in time.
    """
    if gateway is None:
        return off_line(roster)
    if gateway.next.off_line:
        decision = off_line(roster)
        return replace(decision, reasons=(*decision.reasons, *gateway.reasons), result=gateway.result)
    if roster.covered and CoverReason.NO_DATA in gateway.reasons:
        # The insurer delivered the roster, and finds nobody by the number: only a person can tell which is right.
        return replace(gateway, step=Step.DESK)
    return gateway


def _doubted(decision: Eligibility, remark: CoverReason) -> Eligibility:
    step = Step.ADMIT_AND_RECHECK if decision.covered else decision.step
    return replace(decision, step=step, reasons=(*decision.reasons, remark))


def _decide(coverage: Coverage | None, on: date, clinic: str) -> Eligibility:
    if coverage is None:
        return _refused(Code.NOT_COVERED, CoverReason.NOT_FOUND, None)
    if coverage.deceased:
        return _deceased(coverage)
    if on < coverage.valid_from:
        return _refused(Code.COVER_ENDED, CoverReason.NOT_YET, coverage)
    if not coverage.covers(on):
        return _refused(Code.COVER_ENDED, CoverReason.ENDED, coverage)
    admitted = Eligibility(code=None, reasons=_remarks(coverage, clinic), coverage=coverage)
    return _doubted(admitted, CoverReason.TEMPORARY_CHILD_CARD) if _temporary_child(coverage) else admitted


def _deceased(coverage: Coverage) -> Eligibility:
    """To the desk, and quietly: the person who stands there lives, so an office was told something wrong."""
    return Eligibility(
        code=Code.COVER_UNKNOWN,
        reasons=(CoverReason.DECEASED,),
        coverage=coverage,
        step=Step.DESK,
        next=NextStep.LOOK_UP,
    )


def _refused(code: Code, reason: CoverReason, coverage: Coverage | None) -> Eligibility:
    return Eligibility(code=code, reasons=(reason,), coverage=coverage, step=Step.NOT_COVERED, next=NextStep.LOOK_UP)


def _remarks(coverage: Coverage, clinic: str) -> tuple[CoverReason, ...]:
    if coverage.home_clinic == clinic:
        return (CoverReason.COVERED,)
    return (CoverReason.COVERED, CoverReason.OTHER_HOME_CLINIC)


def _temporary_child(coverage: Coverage) -> bool:
    """A child's card whose first registration is the province's ``000``: it stands until the lasting one comes."""
    return coverage.object_group == CHILD_GROUP and coverage.home_clinic[2:] == _TEMPORARY_CLINIC
