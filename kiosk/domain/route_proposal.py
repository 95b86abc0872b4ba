"""Which route (MA_DOITUONG_KCB) is proposed for a visit: by rules of the day, for a clerk to confirm.

The proposal decides no money and refuses nobody. What is not known about a visit or a facility is None, and None holds
in no condition: so a rule never fires on a guess, and where none fires, staff choose.

Source: Decision 3276/QĐ-BYT (17/10/2025), annex 1 and its notes; the rules themselves are data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Level(StrEnum):
    """The level of a facility since 2025."""

    INITIAL = "initial"
    BASIC = "basic"
    SPECIALISED = "specialised"


class Once(StrEnum):
    """The level of a facility before 2025."""

    COMMUNE = "commune"
    DISTRICT = "district"
    PROVINCE = "province"
    CENTRAL = "central"


class Points(StrEnum):
    """The score by which a facility of the basic level was placed."""

    UNDER_50 = "under_50"
    FROM_50 = "from_50"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What is known about a visit and its facility; None is "not known".

    ``own`` is whether the facility is the one of first registration, ``away`` whether the person's place of stay
    changed, ``station`` whether the facility is a health station or the like.
    """

    own: bool | None = None
    emergency: bool | None = None
    newborn: bool | None = None
    referred: bool | None = None
    appointment: bool | None = None
    away: bool | None = None
    inpatient: bool | None = None
    station: bool | None = None
    level: Level | None = None
    once: Once | None = None
    points: Points | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One rule: its route code, the days on which it holds, and for some facts the values that must be."""

    code: str
    first_day: date
    last_day: date | None
    when: Mapping[str, frozenset[bool | str]]

    def holds(self, facts: RouteFacts, on: date) -> bool:
        """Whether every condition holds on this day."""
        in_force = self.first_day <= on and (self.last_day is None or on <= self.last_day)
        return in_force and all(getattr(facts, name) in allowed for name, allowed in self.when.items())


def propose_route(facts: RouteFacts, rules: Sequence[RouteRule], *, on: date) -> str | None:
    """The code of the first rule that holds, or None where staff must choose."""
    return next((rule.code for rule in rules if rule.holds(facts, on)), None)
