"""Admissions by the roster alone are asked about again, once the network is back or a shift is open.

Theory of operation. Such an admission is marked ``due``. A round asks the payer about each, the oldest first, and stops
where no answer can be had. Somebody about whom the answer itself is of no use is left in peace for a part of the time
since their admission, so that each is asked about rarer and rarer, also after a restart. What was admitted is never
changed: a decision that turns out otherwise is a new event in audit and outbox, and a notice that staff see the same
day, with its code and what to do.

Only the staff process runs this: it alone opens who somebody is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import select

from idcard import BirthDate
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import Eligibility, Step
from kiosk.domain.route import Clinic
from kiosk.insurance.sources import NoOnlineAnswer, OnlineCover
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.services.person import asked_about, person_in
from kiosk.services.record import notice_of
from kiosk.services.worker import Rounds
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.tables import Notice, Visit

OLDEST = timedelta(days=7)
"""Admissions that are older are not asked about any more."""

_PART, _LEAST_PAUSE, _LONGEST_PAUSE = 8, timedelta(minutes=1), timedelta(hours=6)
"""The pause after an answer that is of no use: this part of the time since the admission, within these bounds."""

_FAILURES = 3
"""After so many people about whom no answer came, a round ends: the gateway is down."""

_AT_ONCE = 100
_log = structlog.get_logger(__name__)


class Recheck(StrEnum):
    """What became of an admission by the roster alone."""

    DUE = "due"
    UPHELD = "upheld"
    REVERSED = "reversed"
    """The payer knows no cover: staff were told."""
    UNCLEAR = "unclear"
    """The payer's answer leaves it to a person: staff were told."""
    IMPOSSIBLE = "impossible"
    """Nobody can be asked about: the person was erased, or has no number to ask by."""
    LAPSED = "lapsed"
    """No answer could be had for so long that nobody asks any more: staff were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round came to: how many of each, and why it stopped, where it did."""

    settled: Mapping[Recheck, int]
    stopped: Online | None


class Rechecker:
    """Asks about admissions again.

    :param device: the desk's name in the audit chain and the outbox.
    :param cover: who asks the payer.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        opener: VisitOpener,
        cover: OnlineCover,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._opener = opener
        self._cover = cover
        self._clock = clock
        self._failed: dict[str, int] = {}
        self._useless: dict[str, datetime] = {}

    def round(self) -> Round:
        """Ask about everybody who is due, until no answer can be had.

        Somebody about whom no answer came is asked about last in the next round: one person's bad data must not keep
        everybody else waiting.

        :raises StoreUnavailable: if the store takes nothing; what was settled before stays so.
        """
        settled: dict[Recheck, int] = {}
        failed = 0
        odd: Online | None = None
        for visit_id in self._due():
            state = self._tried(visit_id)
            if isinstance(state, Recheck):
                settled[state] = settled.get(state, 0) + 1
            elif state is Online.MALFORMED:
                # Bad data of one person. Where it is everybody's, the gateway's circuit says so.
                odd = state
            else:
                failed += 1
                if state is not Online.DOWN or failed >= _FAILURES:
                    return Round(settled=settled, stopped=state)
        return Round(settled=settled, stopped=Online.DOWN if failed else odd)

    def _tried(self, visit_id: str) -> Recheck | Online:
        """What became of one admission, or why no answer about it came."""
        asked = self._asked(visit_id)
        try:
            answer = None if asked is None else self._cover.ask(asked)
        except NoOnlineAnswer as problem:
            if problem.why is Online.MALFORMED:
                self._useless[visit_id] = self._clock.now()
            if problem.why is not Online.NO_NUMBER:
                self._failed[visit_id] = self._failed.get(visit_id, 0) + 1
                return problem.why
            answer = None
        state = self._settle(visit_id, answer)
        if state is Recheck.DUE:
            self._useless[visit_id] = self._clock.now()
            self._failed[visit_id] = self._failed.get(visit_id, 0) + 1
            return Online.DOWN
        self._failed.pop(visit_id, None)
        self._useless.pop(visit_id, None)
        return state

    def report(self, *, ok: bool) -> None:
        """Tell staff how the payer's gateway is."""
        with self._database.write() as session:
            state = {"ok": ok}
            repositories.set_device_state(session, self._device, "gateway", state, self._clock.now())

    def _due(self) -> list[str]:
        """The admissions to be asked about now; nobody's record is opened before its turn."""
        since = self._clock.now() - OLDEST
        query = (
            select(Visit.id, Visit.admitted_at)
            .where(Visit.clinic == self._clinic.code, Visit.recheck == Recheck.DUE, Visit.admitted_at > since)
            .order_by(Visit.admitted_at)
        )
        known, awake = set[str](), list[str]()
        with self._database.read() as session:
            for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
                if row.id in self._failed or row.id in self._useless:
                    known.add(row.id)
                if not self._rests(row.id, row.admitted_at):
                    awake.append(row.id)
        # Somebody else may have settled the others, or they lapsed.
        self._failed = {visit_id: many for visit_id, many in self._failed.items() if visit_id in known}
        self._useless = {visit_id: last for visit_id, last in self._useless.items() if visit_id in known}
        return sorted(awake, key=lambda visit_id: self._failed.get(visit_id, 0))

    def _rests(self, visit_id: str, admitted_at: datetime | None) -> bool:
        """Whether the last answer about this admission was of no use, so short a time ago."""
        last = self._useless.get(visit_id)
        if last is None or admitted_at is None:
            return False
        pause = min(_LONGEST_PAUSE, max(_LEAST_PAUSE, (last - admitted_at) / _PART))
        return self._clock.now() < last + pause

    def _asked(self, visit_id: str) -> Asked | None:
        """About whom to ask; None where the record is gone, does not open, or names nobody to ask about."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
        person = None if visit is None else person_in(visit, self._opener)
        if visit is None or person is None:
            return None
        try:
            year, month, day = (*(int(part) for part in (person.birth or "").split("-")), None, None)[:3]
            birth = BirthDate(year=year or 0, month=month, day=day)
        except ValueError:
            return None
        return asked_about(person, birth, on=visit.day)

    def _settle(self, visit_id: str, answer: OnlineAnswer | None) -> Recheck:
        """Write down what came of it, all in one transaction; who settled it meanwhile was right."""
        state = _state_of(answer)
        if state is Recheck.DUE:
            return state
        at = self._clock.now()
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or visit.recheck != Recheck.DUE:
                return Recheck.IMPOSSIBLE if visit is None else Recheck(visit.recheck or Recheck.IMPOSSIBLE)
            visit.recheck = state
            session.flush()
            facts = _facts(visit, answer)
            kind = f"recheck_{state}"
            repositories.append_audit(session, self._device, at, kind, facts)
            repositories.append_outbox(session, self._device, at, kind, facts)
            if answer is not None and answer.eligibility.code is not None:
                session.add(self._notice(visit, answer.eligibility, answer.eligibility.code, state))
        _log.info("rechecked", outcome=state.value)
        return state

    def _notice(self, visit: Visit, eligibility: Eligibility, code: Code, state: Recheck) -> Notice:
        reasons = (f"recheck_{state}", *(reason.value for reason in eligibility.reasons))
        return notice_of(visit, code, reasons, device=self._device, at=self._clock.now())


def _state_of(answer: OnlineAnswer | None) -> Recheck:
    if answer is None:
        return Recheck.IMPOSSIBLE
    if answer.eligibility.next.off_line:
        return Recheck.DUE
    if answer.eligibility.covered:
        return Recheck.UPHELD
    return Recheck.REVERSED if answer.eligibility.step is Step.NOT_COVERED else Recheck.UNCLEAR


def _facts(visit: Visit, answer: OnlineAnswer | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"visit": visit.id, "number": visit.number, "recheck": visit.recheck}
    if answer is None:
        return facts
    decision = answer.eligibility
    return facts | {
        "code": decision.code,
        "reasons": [reason.value for reason in decision.reasons],
        "step": decision.step,
        "next": decision.next,
        "result": decision.result,
        "as_of": answer.as_of.isoformat(),
        "shift": answer.shift_id,
    }


class RecheckThread(Rounds):
    """Runs rounds in the background: now and then, and at once when told that a shift was opened.

    :param every_s: seconds between two rounds; with it a network that is back is found.
    """

    def __init__(self, rechecker: Rechecker, *, every_s: float = 20.0) -> None:
        super().__init__("recheck", every_s=every_s)
        self._rechecker = rechecker
        self._ok: bool | None = None

    def round(self) -> None:
        """A round; staff are told where the payer can be reached again, or no longer."""
        done = self._rechecker.round()
        ok = done.stopped not in (Online.DOWN, Online.REFUSED, Online.NONSENSE)
        if ok != self._ok and (done.settled or done.stopped not in (None, Online.NO_SHIFT)):
            self._rechecker.report(ok=ok)
            self._ok = ok
