"""The headers of every answer of the hub's device interface, from every route, refused and crashed ones too."""

import socket
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from headers import NO_BROWSER, Answer, Walk, crashing, statuses

from kiosk.hub.config import HubConfig
from kiosk.hub.serving import HubServer
from kiosk.wire.batch import BATCH_LIMIT, MEDIA_TYPE
from kiosk.wire.joining import JOINING_TYPE

DAY = "public, max-age=31536000, immutable"
VALUES = {"path": "metadata/timestamp.json"}


@pytest.fixture(params=["sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path, migrated: Any) -> str:
    """These tests ask nothing of the store that the contract does not."""
    found: str = migrated(tmp_path)
    return found


def check(answer: Answer) -> None:
    answer.bears(NO_BROWSER)
    assert "Set-Cookie" not in answer.response.headers
    kept = {"/v1/releases/metadata/1.root.json": DAY, "/v1/releases/metadata/timestamp.json": "no-cache"}
    is_file = answer.response.status_code in (200, 206, 304) and answer.asked.split()[0] in ("GET", "HEAD")
    expected = kept.get(answer.asked.split()[1], "no-store") if is_file else "no-store"
    assert answer.response.headers.getlist("Cache-Control") == [expected], answer.asked


def test_every_answer_of_the_hub(hub_app: Any, hub: Any, make: Any) -> None:
    device = hub.enrolled()
    client = hub_app.test_client()
    batch = {"data": device.batch(device.event(make.admission())), "content_type": MEDIA_TYPE}
    joining = {"data": b"x", "content_type": JOINING_TYPE}
    bodies = {"events": batch, "joining.join": joining, "joining.late": joining, "joining.renew": joining}
    walk = Walk(app=hub_app, values=VALUES, bodies=bodies)
    found = statuses(walk.answers(client), check)
    root, many = "/v1/releases/metadata/1.root.json", b"x" * (BATCH_LIMIT + 1)
    etag = walk.ask(client, "GET", root).response.headers["ETag"]
    found |= statuses(
        iter(
            [
                walk.ask(client, "GET", root),
                walk.ask(client, "GET", root, headers={"Range": "bytes=0-0"}),
                walk.ask(client, "GET", root, headers={"If-None-Match": etag}),
                walk.ask(client, "GET", "/v1/releases/../hub.toml"),
                walk.ask(client, "POST", "/v1/events", data=many, content_type=MEDIA_TYPE),
                walk.ask(client, "POST", "/v1/events", data=b"x", content_type="text/plain"),
                walk.ask(client, "POST", "/v1/enrol", data=many, content_type=JOINING_TYPE),
            ]
        ),
        check,
    )
    hub.rename("device", "gone")
    found |= statuses(iter([walk.ask(client, "POST", "/v1/events", **batch)]), check)
    crashing(hub_app, "health")
    found |= statuses(
        iter([walk.ask(client, "GET", "/v1/health"), walk.too_often(client, "POST", "/v1/events", **batch)]), check
    )
    assert {200, 206, 304, 400, 404, 405, 413, 415, 429, 500, 503} <= found


def test_what_never_reaches_the_app(hub_app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("s")
    place = folder / "hub.sock"
    server = HubServer(hub_app, HubConfig(mode="demo", keys=folder, store=folder / "unused", socket=place))
    thread = Thread(target=server.run)
    thread.start()
    try:
        for sent in (b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(place))
                line.sendall(sent)
                told = line.makefile("rb").read().decode()
            assert all(f"\r\n{name}: {value}\r\n" in told for name, value in NO_BROWSER.items() if value), told
            assert "waitress" not in told.lower()
            assert told.endswith('{"error": "refused"}\n')
    finally:
        server.close()
        thread.join(20)
