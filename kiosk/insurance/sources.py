"""Roster and payer together: the roster answers at once, the payer within a cut-off, and the visit never waits longer.

The payer's answer counts where it comes in time and says anything of the person. Else the roster decides, and whoever
it admits is asked about again later. A roster that cannot be used, or is too old to decide, leaves only the payer.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import Protocol

import structlog

from idcard import ConfigurationError
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.cover_basis import Asked, CoverBasis, Online, OnlineAnswer
from kiosk.domain.eligibility import Coverage, CoverSource, Eligibility, Step, decide, settle
from kiosk.domain.freshness import Freshness, RosterAge
from kiosk.insurance.cutoff import CutOff, within
from kiosk.ports import Clock, EligibilitySource

_AT_ONCE = 4
"""How many calls may be under way, those included for which nobody waits any more."""

_log = structlog.get_logger(__name__)


class NoOnlineAnswer(Exception):
    """The payer was not asked, or gave no usable answer. :param why: in one word."""

    def __init__(self, why: Online) -> None:
        super().__init__(why.value)
        self.why = why


class OnlineCover(Protocol):
    """Whoever asks the payer."""

    def ask(self, asked: Asked) -> OnlineAnswer:
        """What the payer says about this person; NoOnlineAnswer where it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverFinding:
    """A decision, what it rests on, and beside a desk code why the sources could not decide."""

    eligibility: Eligibility
    basis: CoverBasis
    trouble: VisitReason | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons as they are recorded."""
        own = () if self.trouble is None else (self.trouble.value,)
        return own + tuple(reason.value for reason in self.eligibility.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByRoster:
    decision: Eligibility
    as_of: datetime | None
    trouble: VisitReason | None


class CoverDesk:
    """Whom the visit asks about cover; safe to use from several threads.

    :param clinic: the facility code, for remarks on the route.
    :param online: who asks the payer, or None where nobody does.
    :param cut_off_s: how long the visit waits for that, in seconds.
    :param recheck: whether somebody whom the roster alone admitted is asked about again.
    """

    def __init__(
        self,
        *,
        source: EligibilitySource,
        freshness: Freshness,
        clinic: str,
        clock: Clock,
        online: OnlineCover | None = None,
        cut_off_s: float = 3.0,
        recheck: bool = True,
    ) -> None:
        self._source = source
        self._freshness = freshness
        self._clinic = clinic
        self._clock = clock
        self._online = online
        self._cut_off_s = cut_off_s
        self._recheck = recheck
        self._places = BoundedSemaphore(_AT_ONCE)

    def use(self, freshness: Freshness) -> None:
        """Judge the source's age by this from now on."""
        self._freshness = freshness

    def find(self, asked: Asked, *, on: date) -> CoverFinding:
        """The decision about this person for a visit on this day."""
        by_roster = self._by_roster(asked, on)
        if asked.insurance_number is None and by_roster.decision.coverage is not None:
            asked = replace(asked, insurance_number=by_roster.decision.coverage.insurance_number)
        try:
            return self._settled(by_roster, self._answer(asked))
        except NoOnlineAnswer as problem:
            return self._off_line(by_roster, problem.why)

    def _by_roster(self, asked: Asked, on: date) -> _ByRoster:
        try:
            as_of = self._source.as_of
            age = self._freshness.age(as_of, self._clock.now())
            coverage = self._coverage(asked)
        except ConfigurationError as error:
            _log.error("source_unusable", reason=error.reason)
            return _ByRoster(decision=_unknown(), as_of=None, trouble=VisitReason.SOURCE_UNUSABLE)
        if age is RosterAge.TOO_OLD:
            decision = replace(_unknown(), coverage=coverage)
            return _ByRoster(decision=decision, as_of=as_of, trouble=VisitReason.ROSTER_TOO_OLD)
        decision = decide(coverage, on=on, clinic=self._clinic, old=age is RosterAge.FLAGGED)
        return _ByRoster(decision=decision, as_of=as_of, trouble=None)

    def _coverage(self, asked: Asked) -> Coverage | None:
        """By the personal number, which is the stronger one; else by an insurance number that somebody showed."""
        found = self._source.find(asked.personal_number) if asked.personal_number else None
        if found is None and asked.insurance_number is not None:
            found = self._source.find_insurance(asked.insurance_number)
        return found

    def _answer(self, asked: Asked) -> OnlineAnswer:
        online = self._online
        if online is None:
            raise NoOnlineAnswer(Online.OFF)
        if not self._places.acquire(blocking=False):
            raise NoOnlineAnswer(Online.BUSY)

        def ask() -> OnlineAnswer:
            try:
                return online.ask(asked)
            finally:
                self._places.release()

        try:
            return within(self._cut_off_s, ask, name="online-cover")
        except CutOff:
            raise NoOnlineAnswer(Online.TOO_LATE) from None

    def _settled(self, by_roster: _ByRoster, answer: OnlineAnswer) -> CoverFinding:
        decision = settle(by_roster.decision, answer.eligibility)
        if decision is not answer.eligibility:
            return self._finding(by_roster, decision, Online.ANSWERED, answer.shift_id)
        basis = CoverBasis(
            source=CoverSource.GATEWAY,
            as_of=answer.as_of,
            roster_version=self._source.version,
            online=Online.ANSWERED,
            shift_id=answer.shift_id,
        )
        return CoverFinding(eligibility=decision, basis=basis)

    def _off_line(self, by_roster: _ByRoster, why: Online) -> CoverFinding:
        if why is Online.OFF:
            return self._finding(by_roster, by_roster.decision, why, None)
        _log.info("online_cover_missing", why=why.value)
        return self._finding(by_roster, settle(by_roster.decision, None), why, None)

    def _finding(
        self, by_roster: _ByRoster, decision: Eligibility, online: Online, shift_id: str | None
    ) -> CoverFinding:
        if online is not Online.OFF and not self._recheck and decision.step is Step.ADMIT_AND_RECHECK:
            decision = replace(decision, step=Step.ADMIT)
        basis = CoverBasis(
            source=CoverSource.ROSTER,
            as_of=by_roster.as_of,
            roster_version=self._source.version,
            online=online,
            shift_id=shift_id,
        )
        return CoverFinding(eligibility=decision, basis=basis, trouble=by_roster.trouble)


def _unknown() -> Eligibility:
    """Nobody can tell: a clerk looks it up."""
    return Eligibility(code=Code.COVER_UNKNOWN, reasons=(), coverage=None, step=Step.DESK)
