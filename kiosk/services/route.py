"""The route of a visit (MA_DOITUONG_KCB): proposed by the rules of the day, confirmed by a clerk.

The proposal decides no money and refuses nobody. It stands in the record as it was made; what a clerk says is an event
of its own, and a second word of theirs another.
"""

from collections.abc import Sequence
from datetime import date

from kiosk.domain.route import Clinic
from kiosk.domain.route_proposal import RouteFacts, RouteRule, propose_route
from kiosk.insurance import tables
from kiosk.insurance.table_schema import Route


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
        here = self._clinic.facility
        facts = RouteFacts(
            own=None if home_clinic is None else home_clinic == self._clinic.code,
            emergency=emergency,
            newborn=newborn,
            inpatient=False,
            station=here.station,
            level=here.level,
            once=here.once,
            points=here.points,
        )
        return propose_route(facts, self._rules, on=on)


def routes_on(day: date) -> tuple[Route, ...]:
    """The routes that a clerk can choose on this day, in the order of the list."""
    return tuple(route for route in tables.routes().route if route.in_force(day))
