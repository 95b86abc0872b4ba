"""The door before the staff's app: every address is in the table, and closed to whoever it is not for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.domain.codes import Code
from kiosk.domain.staff import Role
from kiosk.services.leftovers import Leftovers
from kiosk.services.outgoing import Outgoing
from kiosk.services.province_state import Province
from kiosk.store.tables import Audit
from kiosk.web.staff.access import NEEDS, Open
from kiosk.web.staff.internal import add_internal
from kiosk.web.staff.ordering import Ordering

OWN = "http://127.0.0.1:8001"
TOKEN = bytes(range(32))
WHO = {Role.RECEPTION: "lan", Role.LEAD: "truc", Role.ADMINISTRATOR: "mai"}


@pytest.fixture
def app(desk: Any, clinic: Any, tmp_path: Path) -> Flask:
    """The staff's app with everything that it can have."""
    _, others = desk.others()
    shared = {"clinic": clinic, "device": "desk-1", "clock": desk.clock}
    everything = {
        "outgoing": Outgoing(desk.staff._database, **shared),
        "leftovers": Leftovers(database=desk.staff._database, close_after_days=7, **shared),
        "province": Province(desk.staff._database, device="desk-1", clock=desk.clock),
        "ordering": Ordering(take=lambda visit, said: True, token=TOKEN),
    }
    app: Flask = desk.app(others=others, records=True, shifts=True, **everything)
    add_internal(app, None, TOKEN)
    return app


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every endpoint with a method and an address of it; ids are those of nobody."""
    adapter = app.url_map.bind("127.0.0.1:8001")
    for rule in app.url_map.iter_rules():
        values = {name: "papers" if name == "way" else "nobody" for name in rule.arguments}
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, adapter.build(rule.endpoint, values, method=method)


def ask(client: FlaskClient, method: str, address: str, **form: str) -> Any:
    headers = {"Origin": OWN}
    page = client.get("/login", base_url=OWN).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, **form} if method == "POST" else None
    return client.open(address, method=method, base_url=OWN, headers=headers, data=data)


def test_every_address_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in addresses(app)} == set(NEEDS)


def test_without_a_login_nothing_is_shown_and_nothing_is_done(app: Flask, desk: Any) -> None:
    desk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    before = audits(desk)
    for endpoint, method, address in addresses(app):
        answer = ask(app.test_client(), method, address)
        match NEEDS[endpoint]:
            case Open.PROGRAM:
                assert answer.status_code == 401, endpoint
            case Open.ANYBODY:
                assert endpoint in {"static", "health", "login", "log_in", "ask_login", "login_with_key", "state"}
                continue
            case _ if endpoint in ("live", "queue_live"):
                assert answer.status_code == 401
            case _:
                assert answer.status_code == 303, endpoint
                assert answer.headers["Location"].partition("?")[0] == "/login", endpoint
        assert "ticket-" not in answer.text
    refused = [kind for kind in audits(desk)[len(before) :] if kind != "login_refused"]
    assert refused == []


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_past_the_door_where_it_may_and_nowhere_else(app: Flask, desk: Any, role: Role) -> None:
    client = desk.log_in(app, WHO[role])
    for endpoint, method, address in addresses(app):
        needed = NEEDS[endpoint]
        if isinstance(needed, Open) or endpoint in ("log_out", "lock"):
            continue
        status = ask(client, method, address).status_code
        assert (status == 403) is not role.may(needed), (endpoint, status)
        assert status < 500, endpoint


def test_an_address_that_is_not_in_the_table_is_closed(desk: Any) -> None:
    app = desk.app()
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    client = desk.log_in(app, "mai")
    assert ask(client, "GET", "/forgotten").status_code == 403


def test_no_other_cookie_opens_the_door(desk: Any) -> None:
    app = desk.app()
    client = desk.log_in(app)
    assert client.get("/", base_url=OWN).status_code == 200
    restarted = desk.app().test_client()
    cookie = client.get_cookie("kiosk_staff", domain="127.0.0.1")
    assert cookie is not None
    restarted.set_cookie("kiosk_staff", cookie.value, domain="127.0.0.1")
    assert restarted.get("/", base_url=OWN).status_code == 303, "logins end with their process"


def audits(desk: Any) -> list[str]:
    with desk.staff._database.read() as session:
        return list(session.scalars(select(Audit.kind).where(Audit.device == "desk-1").order_by(Audit.seq)))
