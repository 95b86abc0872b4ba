"""The thread that runs self-tests in the kiosk's own process, where the devices are."""

from collections.abc import Callable, Mapping
from threading import Lock

import structlog

from kiosk.domain.self_test import CARD_WITHIN_S, Outcome, Step, StepResult, verdict_of
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.self_test import TestCards, take_order, write_steps
from kiosk.services.worker import Worker
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.device_tables import SelfTest

Probe = Callable[[], tuple[Outcome, str]]
"""Looks at one part: what came of it, and a stable word for why not."""

_log = structlog.get_logger(__name__)


class SelfTestThread(Worker):
    """Takes the order of a test, looks at every part, and waits for the test card.

    :param probes: what looks at each part; a part without one is not there.
    :param tag_of: the keyed hash of a personal number.
    """

    def __init__(
        self,
        *,
        database: Database,
        device: str,
        clock: Clock,
        probes: Mapping[Step, Probe],
        cards: TestCards,
        tag_of: Callable[[str], bytes],
        every_s: float = 1.0,
    ) -> None:
        super().__init__("self-test", pause_s=every_s)
        self._database, self._here, self._clock = database, device, clock
        self._probes, self._cards, self._tag_of = probes, cards, tag_of
        self._lock = Lock()
        self._test: str | None = None
        self._until = 0.0
        self._card: tuple[Outcome, str] | None = None

    def takes(self, number: str, reason: str) -> bool:
        """Whether a card with this personal number was put down for a test that waits; then it makes no visit.

        :param reason: why the chip proves nobody, or nothing where it does.
        """
        with self._lock:
            if self._test is None or not self._is_test_card(number):
                return False
            self._card = (Outcome.FAULT, reason) if reason else (Outcome.OK, "")
            return True

    def turn(self) -> None:
        """Begin a test that is ordered, or go on with the one that runs."""
        try:
            if self._test is None or self._is_given_up():
                self._begin()
            else:
                self._go_on()
        except StoreUnavailable:
            _log.warning("self_test_waits_for_the_store")

    def _is_test_card(self, number: str) -> bool:
        try:
            return self._cards.has(self._tag_of(number))
        except StoreUnavailable:
            return False

    def _is_given_up(self) -> bool:
        """Whether another was ordered since."""
        with self._database.read() as session:
            return take_order(session, self._here) is not None

    def _begin(self) -> None:
        with self._database.read() as session:
            ordered = take_order(session, self._here)
            test = None if ordered is None else ordered.id
        if test is None:
            return
        results = tuple(self._looked(step) for step in Step if step is not Step.CARD)
        waiting = StepResult(step=Step.CARD, outcome=Outcome.WAITING)
        with self._lock:
            self._test, self._card = test, None
            self._until = self._clock.monotonic() + CARD_WITHIN_S
        self._write(test, (*results, waiting))

    def _looked(self, step: Step) -> StepResult:
        probe = self._probes.get(step)
        if probe is None:
            return StepResult(step=step, outcome=Outcome.ABSENT)
        try:
            outcome, reason = probe()
        except Exception as error:
            # A part that breaks its test is a part that does not work; the others are still looked at.
            _log.error("self_test_fault", step=step, kind=type(error).__name__)
            outcome, reason = Outcome.FAULT, "internal_fault"
        return StepResult(step=step, outcome=outcome, reason=reason)

    def _go_on(self) -> None:
        with self._lock:
            card, late = self._card, self._clock.monotonic() >= self._until
        if card is None and not late:
            return
        outcome, reason = card or (Outcome.FAULT, "no_card")
        test = self._test or ""
        self._write(test, (StepResult(step=Step.CARD, outcome=outcome, reason=reason),))
        with self._lock:
            self._test = self._card = None

    def _write(self, test: str, results: tuple[StepResult, ...]) -> None:
        """Put what came of these steps beside what is known of the others."""
        at = self._clock.now()
        with self._database.write() as session:
            row = session.get(SelfTest, test)
            if row is None or row.state not in ("ordered", "running"):
                return
            before = {step: (Outcome(said[0]), said[1]) for step, said in row.steps.items()}
            known = before | {result.step.value: (result.outcome, result.reason) for result in results}
            steps = tuple(
                StepResult(step=step, outcome=known[step.value][0], reason=known[step.value][1])
                for step in Step
                if step.value in known
            )
            write_steps(row, steps)
            row.state = verdict_of(steps)
            if row.state != "running":
                row.settled_at = at
                facts = {"test": row.id, "state": row.state}
                repositories.append_audit(session, self._here, at, "self_test", facts)
                _log.info("self_test", state=row.state)
