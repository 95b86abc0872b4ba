"""How large a hub must be: what clinics send by the model of arrivals, against what one was measured to take.

Theory of operation. A day of every clinic is drawn as the laboratory draws it, and the busiest minute of all clinics
together is looked for. What an event weighs is not guessed: one of each kind is made as clinics make it. What one
machine takes was measured (``script/bench hub``, docs/performance.md) and stands here as numbers of that day.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from kiosk.lab.province import PROFILE, SLOT_S, arrivals, clinics

BURST_PER_S: Final = 2339
"""Events a second that one machine of two cores took in bursts, with PostgreSQL on it."""
SUSTAINED_PER_S: Final = 209.7
"""Single events a second that it took for half a minute, at a 99th percentile of 116 ms."""
EVENTS_PER_VISIT: Final = 1.4
"""An admission or desk ticket, and now and then an exception, an override, a correction, a check of the holder.
Assumed, not measured."""
WORKING_DAYS: Final = 300
_BUSY, _DESIGN = 1.5, 2.2
"""A busy Monday, and the day that a hub is laid out for, as parts of a common day."""
_HEARTBEAT_S: Final = 60
_OUTAGE_SLOTS: Final = 8 * 3600 // SLOT_S
_STORED_BYTES: Final = 2_123
"""Bytes that an event takes in PostgreSQL with all that comes of it: rows, indexes, counts. Measured by a run."""
_HEADROOM: Final = 2.0
"""A node is laid out for half of what it was measured to take."""
_PROCESSES, _CONNECTIONS = 2, 6
"""Processes of the hub on a node, and connections of each to its store."""
_DEVICES_PER_CLINIC: Final = 1000 / 288


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Whom a hub is for: facilities, and visits on a common day."""

    name: str
    facilities: int
    visits: int


SCALES: Final = (
    Scale(name="a province", facilities=288, visits=11_400),
    Scale(name="34 provinces", facilities=34 * 288, visits=34 * 11_400),
    Scale(name="the country", facilities=13_000, visits=600_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What comes to a hub of some scale, and what it takes.

    :ivar peak_minute: visits in the busiest minute of a common day.
    """

    scale: Scale
    peak_minute: int

    @property
    def peak_per_s(self) -> float:
        """Events a second in the busiest minute of the day that a hub is laid out for."""
        return self.peak_minute / 60 * _DESIGN * EVENTS_PER_VISIT

    @property
    def heartbeats_per_s(self) -> float:
        """Heartbeats a second: all devices, once a minute."""
        return self.scale.facilities * _DEVICES_PER_CLINIC / _HEARTBEAT_S

    @property
    def nodes(self) -> int:
        """Machines, each with its share of the clinics, so that each takes half of what one was measured to take.

        A clinic's heartbeats travel in one request a minute, events one by one as they happen.
        """
        requests = self.peak_per_s + self.scale.facilities / _HEARTBEAT_S
        opened = self.peak_per_s + self.heartbeats_per_s
        return max(1, math.ceil(_HEADROOM * requests / SUSTAINED_PER_S), math.ceil(_HEADROOM * opened / BURST_PER_S))

    def numbers(self) -> dict[str, float]:
        """All of it by name."""
        events_a_year = self.scale.visits * WORKING_DAYS * EVENTS_PER_VISIT
        backlog = sum(PROFILE[:_OUTAGE_SLOTS]) * self.scale.visits * _DESIGN * EVENTS_PER_VISIT
        return {
            "facilities": self.scale.facilities,
            "visits, common day": self.scale.visits,
            "visits, design day": round(self.scale.visits * _DESIGN),
            "visits in the busiest minute, common day": self.peak_minute,
            "events/s in the busiest minute, common day": round(self.peak_per_s / _DESIGN, 1),
            "events/s in the busiest minute, busy Monday": round(self.peak_per_s / _DESIGN * _BUSY, 1),
            "events/s in the busiest minute, design day": round(self.peak_per_s, 1),
            "heartbeats/s": round(self.heartbeats_per_s, 1),
            "events a year, millions": round(events_a_year / 1e6, 1),
            "GB a year": round(events_a_year * _STORED_BYTES / 1e9),
            "requests/s in the busiest minute, design day": round(
                self.peak_per_s + self.scale.facilities / _HEARTBEAT_S, 1
            ),
            "nodes": self.nodes,
            "connections to the store": self.nodes * _PROCESSES * _CONNECTIONS,
            "s to drain 8 h of a design day, from 06:30": round(backlog / (BURST_PER_S * self.nodes)),
        }


@cache
def load_of(scale: Scale, seed: int) -> Load:
    """What comes to a hub of this scale, by a common day drawn from the seed."""
    minutes: Counter[int] = Counter()
    for clinic in clinics(scale.facilities, seed, visits=scale.visits):
        minutes.update(int(each.at_s) // 60 for each in arrivals(clinic, seed))
    return Load(scale=scale, peak_minute=max(minutes.values()))
