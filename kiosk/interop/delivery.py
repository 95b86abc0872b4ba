"""Deliveries: from the outbox to a receiver, at least once, in the order of a visit's events.

Theory of operation. An event of the outbox becomes a row for each receiver that wants it, once: a cursor for each
receiver and device says how far that went, and device and number of an event have no gaps. A round hands over what is
due. What a receiver does not take waits longer each time, never twice the same, and after so many tries a person must
look; later events of the same visit wait behind it. A receiver that cannot be reached costs no try: it is left in peace
for a while, and another delivery goes first the next time. A crash between handing over and writing that down hands
over again, so every message bears the event's id and receivers know it again. What is sent again by hand is held
against what happened since: a visit whose cancellation is settled is not registered again. Rows hold references; the
person is opened for one message and forgotten.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.interop.orders import NOTHING_USUAL, UsualOrders
from kiosk.interop.sink import NO_LONGER, NOT_SENT, Delivered, Down, Failed, GivenUp, Outcome, Sink, VisitEvent, Waiting
from kiosk.interop.visit import HAPPENINGS, Happening, OpenedVisit, open_visit
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.store import deliveries, repositories
from kiosk.store.database import Database
from kiosk.store.tables import Delivery, Outbox, Visit

PART = "deliveries"
"""Under what the staff's screen shows how a receiver is."""

MOST_TRIES = 20
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
LONGEST_WAIT = timedelta(days=3)
"""What is still not known then, a person must find out."""

LONGEST_DOWN = timedelta(days=7)
"""What could not be handed over by then goes to a person, too."""

_REGISTRATIONS = tuple(kind for kind, what in HAPPENINGS.items() if what is Happening.REGISTERED)
_LOOK_AGAIN_S, _LOOK_AT_LEAST_S, _PART_OF_AGE = 60.0, 900.0, 8
"""How soon it is looked again for what only a person can find out: rarer the longer they take, for where nobody does, a
whole day's people are looked at each time. Whoever finds it out hastens the delivery.
"""
_STEP_BACK_S = 10.0
_BATCH = 500
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A delivery that is to be tried now."""

    event: VisitEvent
    visit: OpenedVisit | None
    is_over: bool = False
    """The receiver's word on the visit's cancellation is there already."""

    is_unheard: bool = False
    """The receiver never heard of the visit, because its person was erased before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What a round came to: how many the receiver took, how many wait for a person now, and whether it is there."""

    delivered: int
    given_up: int
    down: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What deliveries need of the staff process."""

    database: Database
    clinic: Clinic
    opener: VisitOpener
    clock: Clock
    orders: UsualOrders = NOTHING_USUAL
    chance: Callable[[], float] = field(default=random.random)


class Deliverer:
    """Hands over what is due to one receiver.

    :param most_tries: after so many answers that took nothing, a person must look.
    """

    def __init__(self, works: Works, sink: Sink, *, most_tries: int = MOST_TRIES) -> None:
        self._works = works
        self._sink = sink
        self._most_tries = most_tries
        self._peace_until: datetime | None = None
        self._downs = 0

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self._sink.name

    def round(self) -> Delivering:
        """Take in new events, and hand over what is due.

        :raises StoreUnavailable: if the store takes nothing; what was handed over before stays written down.
        """
        self._take_in()
        tally = {"waiting": 0, "delivered": 0, "dead": 0, "gone": 0}
        is_there = self._serve(tally)
        self._report()
        return Delivering(delivered=tally["delivered"], given_up=tally["dead"], down=not is_there)

    def close(self) -> None:
        """Let go of the receiver."""
        self._sink.close()

    def _take_in(self) -> None:
        """Make deliveries of the events that came since the last time."""
        with self._works.database.read() as session:
            devices = deliveries.devices(session)
        for device in devices:
            while self._take_in_some(device):
                continue

    def _take_in_some(self, device: str) -> bool:
        """Whether there may be more. A receiver that is new hears of today, and of no day before."""
        now, sink = self._works.clock.now(), self._sink
        with self._works.database.read() as session:
            seq = deliveries.cursor(session, sink.name, device)
            if seq is not None and not deliveries.events_after(session, device, seq, 1):
                return False
            start = deliveries.last_before(session, device, _midnight(now)) if seq is None else seq
        with self._works.database.write() as session:
            events = deliveries.events_after(session, device, start, _BATCH)
            for event in events:
                visit_id = self._visit_of(event)
                if visit_id is not None:
                    session.add(_new_delivery(sink.name, event.id, visit_id, now))
            deliveries.move_cursor(session, sink.name, device, events[-1].seq if events else start)
        return len(events) == _BATCH

    def _visit_of(self, event: Outbox) -> str | None:
        """The visit of which the receiver is told; None for an event that is not its business."""
        happening, visit_id = HAPPENINGS.get(event.kind), json.loads(event.body).get("visit")
        wanted = happening is not None and self._sink.wants(happening)
        return visit_id if wanted and isinstance(visit_id, str) else None

    def _serve(self, tally: dict[str, int]) -> bool:
        """Whether the receiver is there, as far as we know."""
        now = self._works.clock.now()
        if self._peace_until is not None and now < self._peace_until:
            return False
        for event_id, visit_id in self._due():
            due = self._looked_up(event_id, visit_id)
            outcome = self._tried(due)
            if isinstance(outcome, Down):
                self._leave_in_peace(due.event, outcome.reason)
                return False
            self._peace_until, self._downs = None, 0
            tally[self._write_down(due.event, outcome)] += 1
        return True

    def _leave_in_peace(self, event: VisitEvent, reason: str) -> None:
        now = self._works.clock.now()
        self._downs += 1
        self._peace_until = now + timedelta(seconds=self._pause_s(self._downs))
        _log.info("receiver_down", sink=self.name, reason=reason)
        with self._works.database.write() as session:
            row = session.get(Delivery, (self.name, event.id))
            if row is not None and row.state == "waiting":
                # Another one goes first the next time: it may be this one alone that brings the receiver down.
                row.reason, row.next_at = reason, self._peace_until + timedelta(seconds=_STEP_BACK_S)
                if now - event.at > LONGEST_DOWN:
                    row.state, row.settled_at = "dead", now

    def _due(self) -> Sequence[tuple[str, str]]:
        """Events and visits that are to be tried now: of each visit the oldest event, and none behind one that waits.

        The next event of a visit goes in the next round, once it is known what came of this one.
        """
        with self._works.database.read() as session:
            return deliveries.due(session, self.name, self._works.clock.now(), limit=_BATCH)

    def _looked_up(self, event_id: str, visit_id: str) -> _Due:
        """One delivery, its person opened: nobody's before their turn."""
        with self._works.database.read() as session:
            return self._one(session, session.get_one(Outbox, event_id), visit_id)

    def _one(self, session: Session, event: Outbox, visit_id: str) -> _Due:
        visit = self._opened(session, visit_id)
        cancelled = visit is not None and visit.state == "cancelled" and event.kind != "cancelled"
        over = cancelled and deliveries.was_cancelled_before(session, self.name, visit_id)
        unheard = deliveries.was_answered(session, self.name, visit_id, NOT_SENT.receipt, _REGISTRATIONS)
        return _Due(event=_event(event), visit=visit, is_over=over, is_unheard=unheard)

    def _opened(self, session: Session, visit_id: str) -> OpenedVisit | None:
        visit = session.get(Visit, visit_id)
        if visit is None:
            return None
        works = self._works
        return works.orders.completed(open_visit(session, visit, clinic=works.clinic, opener=works.opener))

    def _tried(self, due: _Due) -> Outcome:
        if due.visit is None:
            return GivenUp(reason="no_such_visit")
        if due.is_over and due.event.happening in (Happening.REGISTERED, Happening.UPDATED):
            return NO_LONGER
        if due.is_unheard and due.event.happening is Happening.CANCELLED:
            return NOT_SENT
        try:
            return self._sink.deliver(due.event, due.visit)
        except Exception as error:
            # A bug with one visit must not stop all others; the words of an error may hold personal data.
            _log.error("delivery_fault", sink=self.name, event_id=due.event.id, kind=type(error).__name__)
            return Failed(reason="internal_fault")

    def _write_down(self, event: VisitEvent, outcome: Outcome) -> str:
        """The delivery's state, once it is written."""
        now = self._works.clock.now()
        with self._works.database.write() as session:
            row = session.get(Delivery, (self.name, event.id))
            if row is None or row.state != "waiting":
                return "gone"
            told_before = self.name == deliveries.PAYER and deliveries.was_taken(row.receipt)
            first = (row.receipt, row.settled_at)
            self._apply(row, outcome, now, event.at)
            if isinstance(outcome, Waiting) and now - event.at > LONGEST_WAIT:
                row.state = "dead"
            if row.state != "waiting":
                row.settled_at = now
            if told_before:
                # What changed since the payer took the row is told by hand, by the number that it had then.
                row.receipt, row.settled_at = first
            state = row.state
        _log.info("delivery", sink=self.name, event_id=event.id, state=state)
        return state

    def _apply(self, row: Delivery, outcome: Outcome, now: datetime, at: datetime) -> None:
        match outcome:
            case Delivered(receipt=receipt):
                row.state, row.reason, row.receipt = "delivered", None, receipt or None
            case Waiting(reason=reason):
                row.reason, row.next_at = reason, now + _until_looked_again(now - at)
            case Failed(reason=reason):
                row.tries += 1
                row.reason, row.next_at = reason, now + timedelta(seconds=self._pause_s(row.tries))
                if row.tries >= self._most_tries:
                    row.state = "dead"
            case GivenUp(reason=reason):
                row.state, row.reason = "dead", reason
            case Down():
                raise ValueError("nothing became of a delivery whose receiver is down")

    def _pause_s(self, failed: int) -> float:
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failed - 1, 16))
        return longest * (0.5 + self._works.chance() / 2)

    def _report(self) -> None:
        """Tell staff whether the receiver has given something back."""
        with self._works.database.read() as session:
            is_ok = not deliveries.counts(session).get((self.name, "dead"))
            said = {row.device: row.state.get("ok") for row in repositories.device_states(session) if row.part == PART}
        if said.get(self.name) is not is_ok:
            with self._works.database.write() as session:
                repositories.set_device_state(session, self.name, PART, {"ok": is_ok}, self._works.clock.now())


def _midnight(now: datetime) -> datetime:
    day = clinic_day(now)
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME)


def _until_looked_again(age: timedelta) -> timedelta:
    return timedelta(seconds=min(_LOOK_AT_LEAST_S, max(_LOOK_AGAIN_S, age.total_seconds() / _PART_OF_AGE)))


def _new_delivery(sink: str, event_id: str, visit_id: str, now: datetime) -> Delivery:
    return Delivery(
        sink=sink,
        event_id=event_id,
        visit_id=visit_id,
        state="waiting",
        reason=None,
        tries=0,
        next_at=now,
        receipt=None,
        settled_at=None,
    )


def _event(row: Outbox) -> VisitEvent:
    return VisitEvent(id=row.id, kind=row.kind, happening=HAPPENINGS[row.kind], at=row.created_at)
