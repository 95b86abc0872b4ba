"""The headers of every answer of the service, from every route, refused and crashed ones too."""

from typing import Any

import pytest
from headers import NO_BROWSER, Answer, Walk, crashing, statuses

import idcard
from idcard.service.app import Door, Judging, create_app
from idcard.service.desk import Watcher

HOST = "127.0.0.1:8765"
DOOR = Door(token="t" * 43, hosts=frozenset({HOST}))


def check(answer: Answer) -> None:
    answer.bears(NO_BROWSER | {"Cache-Control": "no-store"})
    assert "Set-Cookie" not in answer.response.headers
    assert "Access-Control-Allow-Origin" not in answer.response.headers
    assert answer.response.mimetype == "application/json"


@pytest.fixture
def walk(hand: Any, trust: idcard.TrustStore) -> Walk:
    app = create_app(Judging(trust=trust, policy=idcard.VIETNAM_STRICT), DOOR, Watcher(hand))
    bodies: dict[str, Any] = {"read": {"json": {"can": "123456"}}, "verify": {"json": {"evidence": "AAAA"}}}
    shown = {"Authorization": f"Bearer {DOOR.token}"}
    return Walk(
        app=app, headers=shown, base_url=f"http://{HOST}", bodies=bodies | {"events": {"query_string": "wait=0"}}
    )


def test_every_answer_of_the_service(walk: Walk) -> None:
    client = walk.app.test_client()
    found = statuses(walk.answers(client), check)
    for headers in ({"Authorization": "Bearer x"}, {"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        found |= statuses(iter([walk.ask(client, "GET", "/v1/state", headers=headers)]), check)
    large = walk.ask(client, "POST", "/v1/verify", data=bytes(17 << 20), content_type="application/json")
    crashing(walk.app, "state")
    found |= statuses(iter([large, walk.ask(client, "GET", "/v1/state")]), check)
    assert {200, 400, 401, 404, 405, 409, 413, 500} <= found
