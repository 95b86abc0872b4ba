"""Signed webhooks: what is signed, what a receiver refuses, and what each answer means."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.interop.fhir import FhirSink, fhir_systems
from kiosk.interop.http import Poster, checked_url, outcome_of
from kiosk.interop.sink import Delivered, Down, Failed, GivenUp, Outcome, VisitEvent
from kiosk.interop.visit import OpenedVisit
from kiosk.interop.webhooks import WINDOW_S, WebhookSink, is_signed, signature, webhook_body

SECRET = bytes(range(32))
NOW = datetime(2026, 11, 23, 0, 43, tzinfo=UTC)
BODY = b'{"type":"kiosk.visit.registered"}'
MakeVisit = Callable[..., OpenedVisit]
MakeEvent = Callable[..., VisitEvent]


def headers(body: bytes = BODY, *, at: datetime = NOW, secret: bytes = SECRET) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    return {"x-timestamp": timestamp, "x-sign": signature(secret, timestamp, body)}


def test_the_signature_is_an_hmac_over_time_and_body() -> None:
    # Made with: printf '%s' '1795394580.{}' | openssl dgst -sha256 -mac hmac -macopt hexkey:00
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "hmac", "-macopt", f"hexkey:{SECRET.hex()}", "-r"],
        input=b"1795394580." + BODY,
        capture_output=True,
        check=True,
    ).stdout.split()[0]
    assert signature(SECRET, "1795394580", BODY) == "v1=" + made.decode()


def test_a_young_signature_is_good() -> None:
    for seconds in (-WINDOW_S, 0, WINDOW_S):
        assert is_signed(SECRET, headers(), BODY, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-WINDOW_S - 1, WINDOW_S + 1, 86400])
def test_an_old_signature_is_not(seconds: int) -> None:
    assert not is_signed(SECRET, headers(), BODY, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "wrong",
    [
        {"x-sign": ""},
        {"x-sign": "v1="},
        {"x-sign": "v1=é"},
        {"x-sign": headers(BODY + b" ")["x-sign"]},
        {"x-sign": headers(secret=bytes(32))["x-sign"]},
        {"x-sign": headers()["x-sign"].removeprefix("v1=")},
        {"x-timestamp": ""},
        {"x-timestamp": "soon"},
        {"x-timestamp": "-1"},
        {"x-timestamp": "９"},
        {"x-timestamp": "9" * 40},
        {"x-timestamp": str(int(NOW.timestamp()) + 1)},
    ],
)
def test_anything_else_is_not(wrong: dict[str, str]) -> None:
    assert not is_signed(SECRET, headers() | wrong, BODY, now=NOW)
    assert not is_signed(SECRET, {}, BODY, now=NOW)


@given(st.binary(), st.binary())
def test_no_other_body_has_the_signature(body: bytes, other: bytes) -> None:
    assert is_signed(SECRET, headers(body), other, now=NOW) is (body == other)


def test_the_body_names_the_person_only_where_the_clinic_wants_it(make_visit: MakeVisit, event: MakeEvent) -> None:
    bare = webhook_body(event(), make_visit(), with_person=False)
    assert not [word for word in ("Nguyễn", "036190999000", "3690999000", "1990") if word.encode() in bare]
    told = json.loads(bare)
    assert (told["specversion"], told["type"], told["id"]) == ("1.0", "kiosk.visit.registered", event().id)
    assert told["data"]["cover"] == {
        "source": "gateway", "result": "000", "as_of": "2026-11-23T00:42:00+00:00", "recheck": None,
    }  # fmt: skip
    assert json.loads(webhook_body(event(), make_visit(), with_person=True))["data"]["person"] == {
        "name": "Nguyễn Thị Ước Mẫu",
        "birth": "1990-01-15",
        "sex": "F",
        "personal_number": "036190999000",
        "insurance_number": "GD4363690999000",
    }
    assert json.loads(webhook_body(event(), make_visit(person=None), with_person=True))["data"]["person"] is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Delivered(receipt="http_200")),
        (204, Delivered(receipt="http_204")),
        (307, Down(reason="http_307")),
        (400, GivenUp(reason="http_400")),
        (401, Down(reason="http_401")),
        (404, Down(reason="http_404")),
        (410, GivenUp(reason="http_410")),
        (422, GivenUp(reason="http_422")),
        (429, Down(reason="http_429")),
        (500, Failed(reason="http_500")),
        (503, Down(reason="http_503")),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert outcome_of(status) == outcome


@pytest.mark.parametrize(
    "url",
    [
        "http://his.example/hook",
        "ftp://his.example",
        "https://",
        "https://user:secret@his.example/",
        "https://his.example/?patient=1",
        "https://his.example/#x",
        "http://127.0.0.1.his.example/",
    ],
)
def test_addresses_that_are_never_called(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|this machine"):
        checked_url(url)


class Hospital(BaseHTTPRequestHandler):
    """A hospital's server: it keeps what came, and answers as it is told."""

    protocol_version = "HTTP/1.1"
    status: ClassVar[int] = 204
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(self.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture
def hospital() -> Iterator[Server]:
    Hospital.status, Hospital.seen = 204, []
    server = Server(("127.0.0.1", 0), Hospital)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield server
    server.shutdown()
    server.server_close()
    serving.join()


def sink_for(server: Server, **own: Any) -> WebhookSink:
    poster = Poster(f"http://127.0.0.1:{server.server_port}/kiosk", seconds=60.0)
    return WebhookSink("his", poster, secret=SECRET, with_person=own.get("with_person", False), now=lambda: NOW)


def test_a_receiver_can_prove_who_sent_it(hospital: Server, make_visit: MakeVisit, event: MakeEvent) -> None:
    sink = sink_for(hospital)
    assert sink.deliver(event(), make_visit()) == Delivered(receipt="http_204")
    assert sink.deliver(event(), make_visit()) == Delivered(receipt="http_204")
    sink.close()
    for path, said, body in Hospital.seen:
        assert path == "/kiosk"
        assert said["x-event-id"] == event().id == json.loads(body)["id"]
        assert is_signed(SECRET, said, body, now=NOW)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(0, Failed(reason="dropped")), (302, Down(reason="http_302")), (500, Failed(reason="http_500"))],
)
def test_what_takes_nothing(
    hospital: Server, make_visit: MakeVisit, event: MakeEvent, status: int, outcome: Outcome
) -> None:
    Hospital.status = status
    sink = sink_for(hospital)
    assert sink.deliver(event(), make_visit()) == outcome
    sink.close()
    assert len(Hospital.seen) == 1


def test_nobody_there(hospital: Server, make_visit: MakeVisit, event: MakeEvent) -> None:
    sink = sink_for(hospital)
    hospital.shutdown()
    hospital.server_close()
    assert sink.deliver(event(), make_visit()) == Down(reason="unreachable")
    sink.close()


def test_a_fhir_server_gets_the_transaction(hospital: Server, make_visit: MakeVisit, event: MakeEvent) -> None:
    poster = Poster(f"http://127.0.0.1:{hospital.server_port}/fhir", seconds=60.0)
    sink = FhirSink("fhir", poster, fhir_systems(), token="sesame")
    assert sink.deliver(event(), make_visit()) == Delivered(receipt="http_204")
    assert sink.deliver(event(), make_visit(person=None)) == GivenUp(reason="record_gone")
    sink.close()
    [(path, said, body)] = Hospital.seen
    assert (path, said["authorization"]) == ("/fhir", "Bearer sesame")
    assert said["content-type"].startswith("application/fhir+json")
    assert json.loads(body)["type"] == "transaction"


def test_the_receiver_among_the_examples_takes_it(
    root: Path, tmp_path: Path, make_visit: MakeVisit, event: MakeEvent
) -> None:
    (tmp_path / "secret").write_text(SECRET.hex())
    command = [sys.executable, str(root / "examples" / "webhook_receiver.py"), str(tmp_path / "secret")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().split()[-1]
        for secret, outcome in ((SECRET, Delivered(receipt="http_204")), (bytes(32), GivenUp(reason="http_400"))):
            poster = Poster(f"http://127.0.0.1:{port}/", seconds=60.0)
            sink = WebhookSink("his", poster, secret=secret, with_person=True, now=lambda: datetime.now(UTC))
            assert sink.deliver(event(), make_visit()) == outcome
            sink.close()
    finally:
        process.kill()
        process.communicate()
