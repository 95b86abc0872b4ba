"""The headers of every answer of every app on the kiosk: pages, parts, images, files, refusals and crashes."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from headers import NO_BROWSER, Answer, Walk, crashing, statuses

from idcard import QrTrust
from kiosk.call_config import CallConfig
from kiosk.devices.clock import ManualClock
from kiosk.domain.staff import Role
from kiosk.services.calls import CallBoard, Heard
from kiosk.services.leftovers import Leftovers
from kiosk.services.outgoing import Outgoing
from kiosk.services.view import ScreenView
from kiosk.services.wallet_desk import WalletDesk
from kiosk.wallet_config import WalletConfig
from kiosk.web.call import create_call_app
from kiosk.web.common.door import FORM_LIMIT
from kiosk.web.staff.internal import add_internal
from kiosk.web.staff.ordering import Ordering
from kiosk.web.wallet import create_answers_app, create_wallet_app
from kiosk.web.wallet.answers import ANSWER_LIMIT

PATIENT, STAFF, PUBLIC = "http://127.0.0.1:8000", "http://127.0.0.1:8001", "https://desk.clinic.example"
TOKEN, NOW = bytes(range(32)), datetime(2026, 11, 23, 1, tzinfo=UTC)
PAGE, SOUND, CAMERA = (
    Answer.is_page,
    partial(Answer.is_page, sound=True),
    partial(Answer.is_page, camera=True, sound=True),
)
PHONE = {"REMOTE_ADDR": "192.0.2.9"}
"""An address of the clinic's network, which asks too often."""
NOBODYS = ("act", "code", "key", "kiosk", "notice_id", "sign", "visit_id", "what", "work_id", "wrong_id")
VALUES = {
    **dict.fromkeys(NOBODYS, "nobody"),
    **{"filename": "css/tokens.css", "name": "help", "language": "vi", "clip": "x", "way": "papers"},
    **{"day": "2026-11-23", "month": "11", "year": "2026", "state": "x"},
}
"""What stands for the parameters of routes. A route with another one fails until it stands here."""


def refusals(walk: Walk, client: Any, path: str = "/", *, form: str = "/") -> Any:
    """What the door itself refuses: another host, another site, no token, too much."""
    yield walk.ask(client, "GET", path, base_url="http://evil.example")
    yield walk.ask(client, "POST", form, headers={"Origin": "http://evil.example"})
    yield walk.ask(client, "POST", form, data={"x": "y"})
    yield walk.ask(client, "POST", form, data={"x": "y" * FORM_LIMIT * 2})
    yield walk.ask(client, "GET", "/static/../../config.toml")
    yield walk.ask(client, "GET", "/static/js/nothing.js", headers={"Accept-Encoding": "gzip"})
    yield walk.ask(client, "GET", "/static/css/tokens.css", headers={"Accept-Encoding": "gzip"})
    yield walk.ask(
        client, "GET", "/static/css/tokens.css", headers={"Range": "bytes=0-3", "Accept-Encoding": "identity"}
    )


@pytest.mark.parametrize("shown", ["attract", "ticket"])
def test_the_patients_app(samples: Mapping[str, ScreenView], open_page: Any, shown: str) -> None:
    app, client, _ = open_page(samples[shown])
    token = client.get("/").text.split('data-csrf="')[1].split('"')[0]
    walk = Walk(app=app, values=VALUES, headers={"X-CSRFToken": token}, base_url=PATIENT)
    found = statuses(walk.answers(client), CAMERA) | statuses(refusals(walk, client, form="/room"), CAMERA)
    crashing(app, "show")
    found |= statuses(iter([walk.ask(client, "GET", "/")]), CAMERA)
    assert {200, 204, 400, 403, 404, 405, 413, 500} <= found


def everything(desk: Any, clinic: Any, **more: Any) -> Any:
    """The staff's app with everything that it can have."""
    _, others = desk.others()
    shared = {"clinic": clinic, "device": "desk-1", "clock": desk.clock}
    parts = {
        "outgoing": Outgoing(desk.staff._database, **shared),
        "leftovers": Leftovers(database=desk.staff._database, close_after_days=7, **shared),
        "ordering": Ordering(take=lambda visit, said: True, token=TOKEN),
    }
    app = desk.app(others=others, records=True, shifts=True, **parts, **more)
    add_internal(app, None, TOKEN)
    return app


@pytest.mark.parametrize("role", [None, Role.LEAD])
def test_the_staffs_app(desk: Any, clinic: Any, role: Role | None) -> None:
    app = everything(desk, clinic)
    client = app.test_client() if role is None else desk.log_in(app, "truc")
    walk = Walk(app=app, values=VALUES, headers={"Origin": STAFF}, base_url=STAFF)
    found = statuses(walk.answers(client, skip=frozenset({"log_out", "lock"})), PAGE)
    found |= statuses(refusals(walk, client, form="/login"), PAGE)
    crashing(app, "health")
    found |= statuses(iter([walk.ask(client, "GET", "/health")]), PAGE)
    assert {200, 303, 400, 401, 403, 404, 405, 413, 500} <= found


def test_a_name_that_is_called_over_tls_is_never_called_without_it_again(desk: Any, clinic: Any) -> None:
    app = everything(desk, clinic, public="desk.clinic.example")
    client = app.test_client()
    over_tls, here = (client.get("/login", base_url=base) for base in (PUBLIC, STAFF))
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=15552000"
    assert "Strict-Transport-Security" not in here.headers
    Answer(asked="over TLS", response=over_tls).keeps_its_cookies(secure=True)
    Answer(asked="here", response=here).keeps_its_cookies()
    assert client.get("/", base_url="https://evil.example").status_code == 400


def test_the_call_screens_app() -> None:
    room = {"id": "noi", "name_vi": "N", "name_en": "N", "place_vi": "P", "place_en": "P"}
    clinic = {"code": "79999", "name_vi": "T", "name_en": "T", "rooms": [room]}
    config = CallConfig.model_validate({"mode": "production", "clinic": clinic, "calls_key": "calls.key"})
    board = CallBoard()
    board.put((Heard(seq=1, number=7, room_id="noi", time="08:01"),))
    app = create_call_app(board, config)
    base_url = f"http://127.0.0.1:{config.port}"
    walk = Walk(app=app, values=VALUES, headers={"Origin": base_url}, base_url=base_url)
    client = app.test_client()
    found = statuses(walk.answers(client), SOUND) | statuses(refusals(walk, client), SOUND)
    found |= statuses(iter([walk.too_often(client, "GET", "/health", environ_base=PHONE)]), SOUND)
    crashing(app, "show")
    assert {200, 204, 400, 403, 404, 405, 429, 500} <= found | statuses(iter([walk.ask(client, "GET", "/")]), SOUND)


@pytest.fixture
def asking(clinic: Any, tmp_path: Path) -> tuple[WalletDesk, WalletConfig]:
    (tmp_path / "session.key").write_bytes(os.urandom(32))
    said = {"mode": "demo", "clinic": clinic, "session_key": tmp_path / "session.key", "trust": tmp_path}
    wanted = {"format": "dc+sd-jwt", "kinds": ("https://pid.example",), "claims": (("family_name",),)}
    config = WalletConfig.model_validate(said | wanted | {"address": "https://kiosk.example"})
    life = timedelta(seconds=config.life_s)
    desk = WalletDesk(
        wanted=config.wanted, address=config.address, trust=QrTrust.of(), clock=ManualClock(NOW), life=life
    )
    return desk, config


def test_the_wallets_page(asking: tuple[WalletDesk, WalletConfig]) -> None:
    desk, config = asking
    desk.ask()
    app = create_wallet_app(desk, config)
    base_url = f"http://127.0.0.1:{config.port}"
    walk = Walk(app=app, values=VALUES, headers={"Origin": base_url}, base_url=base_url)
    client = app.test_client()
    found = statuses(walk.answers(client), PAGE) | statuses(refusals(walk, client, form="/ask"), PAGE)
    crashing(app, "show")
    assert {200, 204, 400, 403, 404, 405, 413, 500} <= found | statuses(iter([walk.ask(client, "GET", "/")]), PAGE)


def test_the_door_for_phones(asking: tuple[WalletDesk, WalletConfig]) -> None:
    desk, _ = asking
    app = create_answers_app(desk)
    client = app.test_client()
    walk = Walk(app=app, values=VALUES, bodies={"answer": {"data": {"vp_token": "x"}}})

    def check(answer: Answer) -> None:
        answer.bears(NO_BROWSER | {"Cache-Control": "no-store"})
        assert "Set-Cookie" not in answer.response.headers

    found = statuses(walk.answers(client), check)
    for data in ({"x": "y" * (ANSWER_LIMIT + 1)}, {}):
        found |= statuses(iter([walk.ask(client, "POST", "/answer/x", data=data)]), check)
    found |= statuses(iter([walk.too_often(client, "GET", "/request/x", environ_base=PHONE)]), check)
    crashing(app, "fetch")
    found |= statuses(iter([walk.ask(client, "GET", "/request/x")]), check)
    assert {400, 404, 405, 413, 429, 500} <= found
