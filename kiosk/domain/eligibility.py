"""Whether somebody is covered today: facts in, a decision with its reasons out.

A decision never judges money or route; it says whether the automatic lane may go on.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from kiosk.domain.codes import Code


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Coverage:
    """What the insurer says about one person.

    ``valid_to`` is the last day covered, or None where it is open-ended. ``benefit`` is the benefit level (1 to 5),
    ``home_clinic`` the facility of first registration, ``as_of`` when the source was true (UTC).
    """

    valid_from: date
    valid_to: date | None
    benefit: str
    home_clinic: str
    as_of: datetime

    def __repr__(self) -> str:
        return "Coverage(…)"


class CoverReason(StrEnum):
    """Why a decision came out as it did."""

    COVERED = "covered"
    NOT_FOUND = "cover_not_found"
    NOT_YET = "cover_not_yet"
    ENDED = "cover_ended"
    ROSTER_OLD = "roster_old"
    """A remark: what the decision rests on is old; a clerk may look it up."""
    OTHER_HOME_CLINIC = "other_home_clinic"
    """A remark: the person is registered elsewhere; a clerk looks at the route, and nobody is sent away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """A decision: ``code`` is None where the automatic lane may go on."""

    code: Code | None
    reasons: tuple[CoverReason, ...]
    coverage: Coverage | None

    @property
    def covered(self) -> bool:
        """Whether the automatic lane may go on."""
        return self.code is None


def decide(coverage: Coverage | None, *, on: date, clinic: str, old: bool = False) -> Eligibility:
    """The decision for a visit on this day at this clinic.

    :param coverage: what the source found, or None where it knows nobody by that number.
    :param old: whether the source is so old that every decision says so.
    """
    decision = _decide(coverage, on, clinic)
    return replace(decision, reasons=(*decision.reasons, CoverReason.ROSTER_OLD)) if old else decision


def _decide(coverage: Coverage | None, on: date, clinic: str) -> Eligibility:
    if coverage is None:
        return Eligibility(code=Code.NOT_COVERED, reasons=(CoverReason.NOT_FOUND,), coverage=None)
    if on < coverage.valid_from:
        return Eligibility(code=Code.COVER_ENDED, reasons=(CoverReason.NOT_YET,), coverage=coverage)
    if coverage.valid_to is not None and on > coverage.valid_to:
        return Eligibility(code=Code.COVER_ENDED, reasons=(CoverReason.ENDED,), coverage=coverage)
    return Eligibility(code=None, reasons=_remarks(coverage, clinic), coverage=coverage)


def _remarks(coverage: Coverage, clinic: str) -> tuple[CoverReason, ...]:
    if coverage.home_clinic == clinic:
        return (CoverReason.COVERED,)
    return (CoverReason.COVERED, CoverReason.OTHER_HOME_CLINIC)
