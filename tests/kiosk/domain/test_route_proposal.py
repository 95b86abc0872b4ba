"""The proposal of a route: by the first rule of the day that holds, and by no guess."""

from datetime import date

import pytest

from kiosk.domain.route_proposal import Level, Once, Points, RouteFacts, RouteRule, propose_route
from kiosk.insurance.tables import route_rules, routes

DAY = date(2026, 11, 23)
STATION = RouteFacts(station=True, level=Level.INITIAL, emergency=False)
HOSPITAL = {"station": False, "own": False, "emergency": False, "inpatient": False}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (STATION, "1.2"),
        (RouteFacts(own=True, station=False), "1.1"),
        (RouteFacts(own=True), None),
        (RouteFacts(referred=True, own=False), "1.3"),
        (RouteFacts(away=True, own=False), "1.4"),
        (RouteFacts(appointment=True), "1.5"),
        (RouteFacts(newborn=True), "1.7"),
        (RouteFacts(**HOSPITAL, level=Level.INITIAL), "1.11"),
        (RouteFacts(**HOSPITAL, level=Level.BASIC, once=Once.DISTRICT, points=Points.UNDER_50), "1.12"),
        (RouteFacts(**HOSPITAL, level=Level.BASIC, once=Once.COMMUNE, points=Points.FROM_50), "1.13"),
        (RouteFacts(**HOSPITAL, level=Level.BASIC, once=Once.PROVINCE), "1.14"),
        (RouteFacts(**(HOSPITAL | {"inpatient": True}), level=Level.BASIC, once=Once.PROVINCE), "1.15"),
        (RouteFacts(**HOSPITAL, level=Level.SPECIALISED, once=Once.PROVINCE), "1.18"),
        (RouteFacts(**HOSPITAL, level=Level.SPECIALISED, once=Once.CENTRAL), "3.1"),
        (RouteFacts(**(HOSPITAL | {"inpatient": True}), level=Level.SPECIALISED, once=Once.PROVINCE), "3.2"),
        (RouteFacts(**HOSPITAL, level=Level.BASIC, once=Once.DISTRICT), "3.3"),
        # "Of one's own accord" is not said of an emergency.
        (RouteFacts(**(HOSPITAL | {"emergency": True}), level=Level.BASIC, once=Once.PROVINCE), "2"),
        (RouteFacts(), None),
        (RouteFacts(level=Level.BASIC), None),
    ],
)
def test_a_route_is_proposed_by_the_rules_of_the_day(facts: RouteFacts, code: str | None) -> None:
    assert propose_route(facts, route_rules(), on=DAY) == code


def test_no_rule_of_today_is_used_for_an_older_day() -> None:
    assert propose_route(STATION, route_rules(), on=date(2025, 6, 30)) is None


def test_a_rule_ends_with_its_last_day() -> None:
    rule = RouteRule(code="1.1", first_day=date(2025, 7, 1), last_day=DAY, when={"own": frozenset({True})})
    assert [rule.holds(RouteFacts(own=True), day) for day in (DAY, date(2026, 11, 24))] == [True, False]


def test_every_proposed_code_is_a_route_of_the_day() -> None:
    assert route_rules()
    assert all(routes().of(rule.code, DAY) for rule in route_rules())
