"""The morning's self-test: what is looked at, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PASSED_FOR = timedelta(hours=24)
"""So long a passed test speaks for a kiosk."""

CARD_WITHIN_S = 180.0
"""So long a test waits for the test card."""


class Step(StrEnum):
    """What a self-test looks at, in its order."""

    STORE = "store"
    CLOCK = "clock"
    TRUST = "trust"
    ROSTER = "roster"
    READER = "reader"
    SCANNER = "scanner"
    PRINTER = "printer"
    SPEECH = "speech"
    LIGHT = "light"
    CARD = "card"


class Outcome(StrEnum):
    """What came of a step."""

    OK = "ok"
    FAULT = "fault"
    ABSENT = "absent"
    """This kiosk has no such part."""
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What came of one step; ``reason`` is a stable word where it is a fault."""

    step: Step
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestRow:
    """One self-test. ``state``: ``ordered``, ``running``, ``passed`` or ``failed``."""

    id: str
    device: str
    state: str
    by: str
    steps: tuple[StepResult, ...]
    created_at: datetime
    settled_at: datetime | None

    def speaks(self, now: datetime) -> bool:
        """Whether it passed, and not too long ago."""
        return self.state == "passed" and self.settled_at is not None and now - self.settled_at <= PASSED_FOR


def verdict_of(steps: tuple[StepResult, ...]) -> str:
    """``running`` while a step waits, else ``passed`` or ``failed``."""
    outcomes = {result.outcome for result in steps}
    if Outcome.WAITING in outcomes:
        return "running"
    return "failed" if Outcome.FAULT in outcomes else "passed"
