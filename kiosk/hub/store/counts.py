"""What is counted of events: by clinic and hour, and how a clinic's day shares out.

The counts are changed in the transaction that stores the events, and :func:`recount` makes them from the events anew:
both must come to the same, which the tests hold them to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete

from kiosk.hub.event import CLINIC_TIME, TakenEvent, clinic_day
from kiosk.hub.store.database import add_up
from kiosk.hub.store.tables import HOUR_NUMBERS, day_share, hour_count
from kiosk.wire.bodies import (
    Admission,
    Body,
    Correction,
    DeskTicket,
    ExceptionClosed,
    ExceptionOpened,
    HolderCheck,
    Override,
)

TAKEN_BACK: Final = frozenset({"cancelled", "erased"})
"""The changes of a correction that take an admission back."""


@dataclass(slots=True)
class Counts:
    """Counts that are to be added."""

    hours: Counter[tuple[str, datetime, str]] = field(default_factory=Counter)
    shares: Counter[tuple[str, date, str, str]] = field(default_factory=Counter)

    def add(self, clinic: str, happened: datetime, body: Body) -> None:
        """Count an event that happened at this time."""
        hour = happened.replace(minute=0, second=0, microsecond=0)
        for name, number in hour_numbers(body):
            self.hours[clinic, hour, name] += number
        day = clinic_day(happened)
        for measure, word in shares(body):
            self.shares[clinic, day, measure, word] += 1

    def write(self, connection: Connection) -> None:
        """Add them to what the store has; the turns of their clinics must be taken."""
        add_up(connection, hour_count, self._hour_rows(), keys=("clinic", "hour"), numbers=HOUR_NUMBERS)
        rows: list[dict[str, Any]] = [
            {"clinic": clinic, "day": day, "measure": measure, "word": word, "n": n}
            for (clinic, day, measure, word), n in self.shares.items()
        ]
        add_up(connection, day_share, rows, keys=("clinic", "day", "measure", "word"), numbers=("n",))

    def _hour_rows(self) -> list[dict[str, Any]]:
        rows: dict[tuple[str, datetime], dict[str, Any]] = {}
        for (clinic, hour, name), number in self.hours.items():
            row = rows.setdefault((clinic, hour), {"clinic": clinic, "hour": hour} | dict.fromkeys(HOUR_NUMBERS, 0))
            row[name] = number
        return list(rows.values())


def counts_of(events: Iterable[TakenEvent], received: datetime) -> Counts:
    """The counts of events that were received together."""
    counts = Counts()
    for each in events:
        counts.add(each.header.clinic, each.happened(received), each.body)
    return counts


def hour_numbers(body: Body) -> Iterator[tuple[str, int]]:
    """What one event adds to the counts of its hour."""
    match body:
        case Admission():
            yield "admissions", 1
            yield "by_machine", int(body.by == "machine")
            yield from _readings(body)
            yield from _link(body)
            yield from _seconds(body)
        case DeskTicket():
            yield "desk_tickets", 1
            yield from _readings(body)
        case Correction() if body.change in TAKEN_BACK:
            yield "withdrawals", 1
        case ExceptionOpened():
            yield "exceptions_opened", 1
        case ExceptionClosed():
            yield "exceptions_closed", 1
        case Override():
            yield "overrides", 1


def _readings(body: Admission | DeskTicket) -> Iterator[tuple[str, int]]:
    if body.tries is not None:
        yield "reads", 1
        yield "first_reads", int(body.tries == 1 and _was_read(body))


def _link(body: Admission) -> Iterator[tuple[str, int]]:
    if body.linked is not None:
        yield "link_known", 1
        yield "linked", int(body.linked)


def _seconds(body: Admission) -> Iterator[tuple[str, int]]:
    if body.wait_s is not None:
        yield "waits", 1
        yield "wait_s", body.wait_s
    if body.taken_s is not None:
        yield "takes", 1
        yield "taken_s", body.taken_s


def _was_read(body: Admission | DeskTicket) -> bool:
    """Whether the card was read in the end: a try that came to nothing is no first-try read."""
    return body.assurance.startswith("chip_")


def shares(body: Body) -> Iterator[tuple[str, str]]:
    """The shares that one event adds to: measure and word."""
    match body:
        case Admission():
            yield "lane", body.lane
            yield "assurance", body.assurance
            yield from _worded(room_type=body.room_type, route=body.route, cover=body.cover)
            if body.benefit is not None:
                yield "benefit", str(body.benefit)
            yield from _cards(body)
        case DeskTicket():
            yield "code", body.code
            yield from _cards(body)
        case Override():
            yield "override", body.reason
        case HolderCheck():
            yield "holder", body.outcome
        case ExceptionOpened():
            yield "exception", body.code


def _worded(**words: str | None) -> Iterator[tuple[str, str]]:
    for measure, word in words.items():
        if word is not None:
            yield measure, word


def _cards(body: Admission | DeskTicket) -> Iterator[tuple[str, str]]:
    """First-try reads by the generation of the card."""
    if body.card is not None and body.tries is not None:
        yield "card", body.card
        if body.tries == 1 and _was_read(body):
            yield "card_first", body.card


def forget_day(connection: Connection, clinic: str, day: date) -> None:
    """Take the counts of a clinic's day away, to count it again."""
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME)
    within = (hour_count.c.hour >= begin, hour_count.c.hour < begin + timedelta(days=1))
    connection.execute(delete(hour_count).where(hour_count.c.clinic == clinic, *within))
    connection.execute(delete(day_share).where(day_share.c.clinic == clinic, day_share.c.day == day))
