"""The headers of every answer of the picture, from every route, refused and crashed ones too."""

from typing import Any

import pytest
from headers import Answer, Walk, crashing, statuses

from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.roles import OfficerRole
from kiosk.web.common.door import FORM_LIMIT

VALUES = {
    **{"filename": "css/tokens.css", "code": "36001", "sign": "nobody"},
}
"""What stands for the parameters of routes. A route with another one fails until it stands here."""
OWN = "http://127.0.0.1:8908"


@pytest.mark.parametrize("role", [None, *OfficerRole])
def test_every_answer_of_the_picture(on_sqlite: Any, role: OfficerRole | None) -> None:
    picture = on_sqlite
    client = picture.app.test_client() if role is None else picture.somebody(role).client
    walk = Walk(app=picture.app, values=VALUES, headers={"Origin": OWN}, base_url=OWN)
    found = statuses(walk.answers(client, skip=frozenset({"log_out"})), Answer.is_page)
    asked = [
        walk.ask(client, "GET", "/login", base_url="http://evil.example"),
        walk.ask(client, "POST", "/login", headers={"Origin": "http://evil.example"}),
        walk.ask(client, "POST", "/login", data={"x": "y" * (2 * FORM_LIMIT)}),
    ]
    crashing(picture.app, "health")
    asked.append(walk.ask(client, "GET", "/health"))
    led_away = {303} if role is None else set()
    assert {200, 400, 403, 404, 405, 413, 500} | led_away <= found | statuses(iter(asked), Answer.is_page)


def test_the_name_behind_the_proxy_is_called_over_tls_alone(on_sqlite: Any) -> None:
    made = type(on_sqlite)(
        database=on_sqlite.database, config=PictureConfig(socket="/run/x.sock", public="picture.example")
    )
    client = made.app.test_client()
    answer = client.get("/login", base_url="https://picture.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=15552000"
    Answer(asked="over TLS", response=answer).keeps_its_cookies(secure=True)
