"""The address by which the patient's process asks about cover: for nobody else, and not by a page."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask.testing import FlaskClient

from idcard import BirthDate
from kiosk.config import StaffConfig
from kiosk.devices.clock import ManualClock
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import CoverReason, Eligibility
from kiosk.insurance.cover_message import LARGEST, PATH, answer_of, question_bytes
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.keys import VisitOpener
from kiosk.services.shift import ShiftBook
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.shift import Payer

HOST = "http://127.0.0.1:8001"
TOKEN = bytes(range(32))
BEARER = {"Authorization": f"Bearer {TOKEN.hex()}", "Origin": HOST, "Content-Type": "application/json"}
QUESTION = question_bytes(Asked(name="Nguyễn Thị Mẫu", birth=BirthDate(year=1990), personal_number="036190999000"))
AT = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
ANSWER = OnlineAnswer(
    eligibility=Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None), as_of=AT, shift_id="7"
)


@dataclass
class Answering:
    """Somebody who has asked the payer, and counts who asked."""

    asked: list[Asked] = field(default_factory=list)
    why: Online | None = None

    def ask(self, asked: Asked) -> OnlineAnswer:
        self.asked.append(asked)
        if self.why is not None:
            raise NoOnlineAnswer(self.why)
        return ANSWER


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def client(desk: Any, clinic: Any, answering: Answering, tmp_path: Path) -> FlaskClient:
    (tmp_path / "session.key").write_bytes(TOKEN)
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    shifts = ShiftBook(
        database=desk.staff._database,
        clinic=clinic,
        device="desk-1",
        opener=VisitOpener(X25519PrivateKey.generate()),
        clock=ManualClock(AT),
    )
    payer = Payer(shifts=shifts, cover=answering, token=TOKEN, opened=lambda: None)
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    return create_staff_app(desk.staff, config, desk.clock, None, payer, sessions=desk.sessions).test_client()


def status(client: FlaskClient, body: bytes = QUESTION, *, path: str = PATH, **headers: str | None) -> int:
    sent = BEARER | {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in sent.items() if value is not None}
    return client.post(path, base_url=HOST, data=body, headers=kept).status_code


def test_the_patients_process_is_answered(client: FlaskClient, answering: Answering) -> None:
    response = client.post(PATH, base_url=HOST, data=QUESTION, headers=BEARER)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert answer_of(response.data) == ANSWER
    assert [asked.personal_number for asked in answering.asked] == ["036190999000"]
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_why_no_answer_came_is_told(client: FlaskClient, answering: Answering) -> None:
    answering.why = Online.NO_SHIFT
    response = client.post(PATH, base_url=HOST, data=QUESTION, headers=BEARER)
    with pytest.raises(NoOnlineAnswer, match="no_shift"):
        answer_of(response.data)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": f"Bearer {bytes(32).hex()}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer ß"}, 401),
        ({"Origin": None}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Host": "evil.example:8001"}, 400),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_nobody_else_is_answered(
    client: FlaskClient, answering: Answering, headers: dict[str, str | None], expected: int
) -> None:
    assert status(client, **headers) == expected
    assert answering.asked == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", QUESTION[:-1], QUESTION.replace(b"name", b"nome")])
def test_other_bodies_are_refused(client: FlaskClient, answering: Answering, body: bytes) -> None:
    assert status(client, body) == 400
    assert answering.asked == []


def test_a_large_body_is_refused(client: FlaskClient) -> None:
    assert status(client, b" " * (LARGEST + 1)) == 413


def test_no_number_may_stand_in_the_address(client: FlaskClient) -> None:
    assert status(client, path=f"{PATH}?n=1") == 400


def test_it_cannot_be_looked_at(client: FlaskClient) -> None:
    assert client.get(PATH, base_url=HOST).status_code == 405


def test_without_the_payer_there_is_no_such_address(desk: Any) -> None:
    assert status(desk.client) in (400, 404)
