"""The route of a visit (MA_DOITUONG_KCB): proposed by the rules of the day, confirmed by a clerk.

The proposal decides no money and refuses nobody. It stands in the record as it was made; what a clerk says is an event
of its own, and a second word of theirs another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kiosk.domain.route import Clinic
from kiosk.domain.route_proposal import RouteFacts, RouteRule, propose_route
from kiosk.insurance import tables
from kiosk.insurance.table_schema import Route

_OF_THE_CLINIC = ("station", "level", "once", "points")
_OF_THE_VISIT = ("own", "emergency", "newborn", "referred", "appointment", "away", "inpatient")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOpen:
    """Why no route is proposed: facts, by their names in the rules, that would let one of them speak.

    ``settings`` are the clinic's, which its configuration does not say; ``seen`` are the visit's, which staff see from
    papers. Both are empty where all is known and no rule fits.
    """

    settings: tuple[str, ...]
    seen: tuple[str, ...]


class RouteProposer:
    """Proposes the routes of one clinic.

    :param rules: the rules, first come first; those that come with the program where it is None.
    """

    def __init__(self, clinic: Clinic, rules: Sequence[RouteRule] | None = None) -> None:
        self._clinic = clinic
        self._rules = tables.route_rules() if rules is None else rules

    def propose(
        self, *, home_clinic: str | None, on: date, emergency: bool | None = False, newborn: bool | None = None
    ) -> str | None:
        """The code of the route for somebody who walks in, or None where staff choose.

        :param home_clinic: where the person is registered, as far as known.
        """
        return propose_route(self._facts(home_clinic, emergency, newborn), self._rules, on=on)

    def left_open(
        self, *, home_clinic: str | None, on: date, emergency: bool | None = False, newborn: bool | None = None
    ) -> LeftOpen | None:
        """Why staff choose; None where a route is proposed. The parameters are those of :meth:`propose`."""
        facts = self._facts(home_clinic, emergency, newborn)
        if propose_route(facts, self._rules, on=on) is not None:
            return None
        missing = {name for rule in self._rules if _in_force(rule, on) for name in _missing(rule, facts)}
        return LeftOpen(
            settings=tuple(name for name in _OF_THE_CLINIC if name in missing),
            seen=tuple(name for name in _OF_THE_VISIT if name in missing),
        )

    def _facts(self, home_clinic: str | None, emergency: bool | None, newborn: bool | None) -> RouteFacts:
        return facts_of(
            self._clinic,
            own=None if home_clinic is None else home_clinic == self._clinic.code,
            emergency=emergency,
            newborn=newborn,
            inpatient=False,
        )


def facts_of(clinic: Clinic, **known: bool | None) -> RouteFacts:
    """What the rules ask about the clinic, as its configuration has it, and what is known of a visit."""
    here = clinic.facility
    place = RouteFacts(station=here.station, level=here.level, once=here.once, points=here.points)
    return replace(place, **known)  # type: ignore[arg-type]


def _in_force(rule: RouteRule, on: date) -> bool:
    return rule.first_day <= on and (rule.last_day is None or on <= rule.last_day)


def _missing(rule: RouteRule, facts: RouteFacts) -> list[str]:
    """What the rule asks and nobody knows; nothing where what is known speaks against it."""
    values = {name: getattr(facts, name) for name in rule.when}
    if any(value is not None and value not in rule.when[name] for name, value in values.items()):
        return []
    return [name for name, value in values.items() if value is None]


def routes_on(day: date) -> tuple[Route, ...]:
    """The routes that a clerk can choose on this day, in the order of the list."""
    return tuple(route for route in tables.routes().route if route.in_force(day))
