"""The address by which the hospital's program says a visit's first cost: with its own token, on this machine alone."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from kiosk.config import StaffConfig
from kiosk.domain.ways import Way
from kiosk.interop.orders import OrderBook
from kiosk.services.ways import Told
from kiosk.store.tables import Audit, Visit, VisitOrder
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.ordering import PATH, Ordering

HOST = "http://127.0.0.1:8001"
TOKEN = bytes(range(32))
BEARER = {"Authorization": f"Bearer {TOKEN.hex()}", "Origin": HOST, "Content-Type": "application/json"}
ORDER = {"code": "02.1896", "name": "Khám Nội", "route": "1.1"}


@pytest.fixture
def staff(desk: Any, clinic: Any, tmp_path: Path) -> Any:
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    book = OrderBook(desk.staff._database, device="desk-1", clock=desk.clock)
    ordering = Ordering(take=partial(book.take, by="hospital"), token=TOKEN)
    desk.client = create_staff_app(
        desk.staff, config, desk.clock, ordering=ordering, sessions=desk.sessions
    ).test_client()
    desk.visit_id = desk.staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="desk-1").visit_id
    return desk


def send(staff: Any, body: object, **own: Any) -> Any:
    headers = {name: value for name, value in (BEARER | own.pop("headers", {})).items() if value is not None}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return staff.client.post(own.pop("path", PATH), base_url=HOST, data=data, headers=headers, **own)


def written(staff: Any) -> list[tuple[Any, ...]]:
    with staff.staff._database.read() as session:
        return [(row.visit_id, row.kind, row.code, row.route, row.recorded_by) for row in session.query(VisitOrder)]


def test_what_the_hospital_says_is_written_down_with_a_link_of_the_chain(staff: Any) -> None:
    answer = send(staff, {"visit": staff.visit_id, **ORDER})
    assert (answer.status_code, answer.data) == (204, b"")
    assert written(staff) == [(staff.visit_id, "service", "02.1896", "1.1", "hospital")]
    with staff.staff._database.read() as session:
        [link] = session.query(Audit).filter(Audit.kind == "ordered")
    assert json.loads(link.body)["facts"]["by"] == "hospital"
    assert send(staff, {"visit": staff.visit_id, **ORDER, "code": "03.1", "route": None}).status_code == 204
    assert written(staff) == [(staff.visit_id, "service", "03.1", None, "hospital")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": f"Bearer {bytes(32).hex()}"}, 401),
        ({"Content-Type": "text/plain"}, 415),
        ({"Origin": "http://hospital.example"}, 403),
        ({"Host": "hospital.example"}, 400),
    ],
)
def test_nobody_else_is_heard(staff: Any, headers: dict[str, str | None], status: int) -> None:
    answer = send(staff, {"visit": staff.visit_id, **ORDER}, headers=headers)
    assert answer.status_code in (status, 403, 421)
    assert answer.status_code >= 400
    assert written(staff) == []


def test_nor_from_another_machine_nor_with_a_query(staff: Any) -> None:
    body = {"visit": staff.visit_id, **ORDER}
    assert send(staff, body, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code >= 400
    assert send(staff, body, path=f"{PATH}?visit=1").status_code == 400
    assert written(staff) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": ""}, "code"),
        ({"kind": "surgery"}, "kind"),
        ({"route": "99"}, "route"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"visit_kind": "99"}, "visit_kind"),
        ({"visit": "\ud800"}, "visit: the id"),
        ({"visit": "a\x00"}, "visit: the id"),
        ({"patient": "036190999000"}, "an order has"),
    ],
)
def test_what_is_no_order_is_refused_by_the_name_of_its_field(staff: Any, change: dict[str, Any], said: str) -> None:
    answer = send(staff, {"visit": staff.visit_id, **ORDER, **change})
    assert answer.status_code == 400
    assert answer.text.startswith(said)
    assert "036190999000" not in answer.text
    assert written(staff) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"7", b'{"visit": "x"}', b"\xff"])
def test_nor_is_anything_that_is_no_object(staff: Any, body: bytes) -> None:
    assert send(staff, body).status_code == 400


def test_a_visit_that_is_not_there(staff: Any) -> None:
    assert send(staff, {"visit": "nobody", **ORDER}).status_code == 404


@pytest.mark.parametrize(
    "became",
    [
        {"state": "cancelled"},
        {"state": "closed", "admitted_at": None},
        {"state": "desk", "admitted_at": None},
        {"sealed_key": None, "blob": None, "commitment": bytes(32)},
    ],
    ids=["cancelled", "closed", "not yet admitted", "erased"],
)
def test_nothing_is_written_down_where_nobody_is_admitted_any_more(staff: Any, became: dict[str, Any]) -> None:
    with staff.staff._database.write() as session:
        session.execute(update(Visit).values(became))
    assert send(staff, {"visit": staff.visit_id, **ORDER}).status_code == 404
    assert written(staff) == []


def test_without_a_key_there_is_no_such_address(desk: Any) -> None:
    desk.client = desk.app().test_client()
    assert send(desk, {"visit": "x", **ORDER}).status_code >= 400
