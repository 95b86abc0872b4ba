"""The hub over real sockets: what a clinic is answered, and what is refused before it costs anything."""

import gzip
import http.client
import json
import socket
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.hub.app import CLIENT, create_hub_app
from kiosk.hub.config import HubConfig
from kiosk.hub.limits import Buckets, Gate, TooLarge, TooMuch, inflated
from kiosk.hub.serving import HubServer
from kiosk.hub.store import tables
from kiosk.hub.together import Together
from kiosk.wire.batch import ACCEPTS, BATCH_LIMIT, MEDIA_TYPE, read_answer

CBOR = {"Content-Type": MEDIA_TYPE}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("hub", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self.path))


class Client:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(
        self, body: bytes = b"", *, headers: Mapping[str, str] = CBOR, at: str = "/v1/events", method: str = "POST"
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = UnixConnection(self.path)
        try:
            connection.request(method, at, body, dict(headers))
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()


Serving = Callable[..., Any]


@pytest.fixture
def serving(hub: Any, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """Serves a hub on a Unix socket for a while."""

    @contextmanager
    def serve(**settings: Any) -> Iterator[Client]:
        folder = tmp_path_factory.mktemp("s")
        stated = {"mode": "demo", "keys": folder, "store": folder / "unused", "socket": folder / "hub.sock"}
        config = HubConfig(**stated | settings)
        together = Together(hub.ingest)
        server = HubServer(create_hub_app(together, config, probe=hub.database.probe), config)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield Client(folder / "hub.sock")
        finally:
            server.close()
            thread.join(20)
            together.close()
        assert not (folder / "hub.sock").exists()

    return serve


@pytest.fixture(params=["sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path, migrated: Callable[[Path], str]) -> str:
    """These tests ask nothing of the store that the contract does not."""
    return migrated(tmp_path)


def error_of(answer: tuple[int, Mapping[str, str], bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[2])["error"]


def test_a_batch_is_answered(hub: Any, make: Any, serving: Serving) -> None:
    device = hub.enrolled()
    with serving() as client:
        status, headers, data = client(device.batch(device.event(make.admission())))
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, MEDIA_TYPE, "no-store")
    assert "Server" not in headers
    assert read_answer(data).streams["kiosk-1"].acked_through == 1
    assert len(hub.rows(tables.event)) == 1


def test_second_visits_are_named_to_whoever_says_that_they_read_of_them(hub: Any, make: Any, serving: Serving) -> None:
    first, later = hub.enrolled("36001"), hub.enrolled("36002")
    visit = make.uuid7()
    told = later.event(make.admission(visit=visit), hlc=1 << 62)
    with serving() as client:
        client(first.batch(first.event(make.admission())))
        plain = read_answer(client(later.batch(told))[2])
        asked = [read_answer(client(each.batch(), headers=CBOR | {"Accept": ACCEPTS})[2]) for each in (first, later)]
        other = read_answer(client(later.batch(), headers=CBOR | {"Accept": "application/json; v=2"})[2])
    assert [answer.second_visits for answer in (plain, *asked, other)] == [(), (), (visit,), ()]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_batch_is_unpacked(hub: Any, make: Any, serving: Serving, encoding: str, pack: Any) -> None:
    device = hub.enrolled()
    with serving() as client:
        packed = pack(device.batch(device.event(make.admission())))
        assert client(packed, headers=CBOR | {"Content-Encoding": encoding})[0] == 200


def test_what_is_no_batch_is_refused_with_a_status_that_says_what_to_do(hub: Any, serving: Serving) -> None:
    device = hub.enrolled()
    whole = device.batch()
    gzipped = CBOR | {"Content-Encoding": "gzip"}
    with serving() as client:
        assert error_of(client(b"\x00")) == (400, "malformed_message")
        assert error_of(client(whole, headers={})) == (415, "unsupported_media_type")
        assert error_of(client(whole, headers=CBOR | {"Content-Encoding": "br"})) == (415, "unsupported_media_type")
        assert error_of(client(b"no gzip", headers=gzipped)) == (400, "bad_request")
        assert error_of(client(gzip.compress(whole) + b"more", headers=gzipped)) == (400, "bad_request")
        bomb = gzip.compress(bytes(20 * BATCH_LIMIT))
        assert error_of(client(bomb, headers=gzipped)) == (413, "request_entity_too_large")
        assert client(bytes(BATCH_LIMIT + 1))[0] == 413
        assert error_of(client(whole, at="/v1/nothing")) == (404, "refused")
        assert error_of(client(method="GET")) == (405, "refused")


def test_a_stranger_stops_and_a_revoked_device_stops(hub: Any, make: Any, serving: Serving) -> None:
    device = hub.enrolled()
    with serving() as client:
        assert error_of(client(make.Device(name="kiosk-9").batch())) == (401, "unknown_sender")
        assert error_of(client(make.Device().batch())) == (401, "unknown_sender")
        hub.revoke(device)
        assert error_of(client(device.batch())) == (403, "sender_revoked")


def test_behind_a_proxy_the_connection_says_who_sends(hub: Any, serving: Serving) -> None:
    device = hub.enrolled()
    with serving(identity="proxy") as client:
        assert client(device.batch(), headers=CBOR | {CLIENT: "36001/kiosk-1"})[0] == 200
        for said in ({}, {CLIENT: "36001/kiosk-2"}, {CLIENT: "36001"}, {CLIENT: "36001/k x"}):
            assert error_of(client(device.batch(), headers=CBOR | said)) == (401, "unknown_sender")
    with serving() as client:
        # Without a proxy whoever sends could write anything there.
        assert client(device.batch(), headers=CBOR | {CLIENT: "36001/kiosk-2"})[0] == 200


def test_too_many_requests_are_told_when_to_come_again(hub: Any, serving: Serving) -> None:
    device, other = hub.enrolled(), hub.enrolled(name="kiosk-2")
    with serving(per_second=0.1, burst=2) as client:
        assert [client(device.batch())[0] for _ in range(3)] == [200, 200, 429]
        status, headers, _ = client(device.batch())
        assert (status, int(headers["Retry-After"]) > 1) == (429, True)
        assert client(other.batch())[0] == 200


def test_a_store_that_fails_is_said_and_nothing_is_lost(hub: Any, make: Any, serving: Serving) -> None:
    device = hub.enrolled()
    batch = device.batch(device.event(make.admission()))
    with serving() as client:
        assert client(method="GET", at="/v1/health")[0] == 200
        hub.rename("clinic", "clinic_away")
        answer = client(batch)
        assert error_of(answer) == (503, "hub_store_unavailable")
        assert int(answer[1]["Retry-After"]) > 0
        assert client(method="GET", at="/v1/health")[0] == 503
        hub.rename("clinic_away", "clinic")
        assert client(batch)[0] == 200


def test_batches_that_come_together_are_answered_each_for_itself(hub: Any, make: Any) -> None:
    devices = [hub.enrolled(name=f"kiosk-{number}") for number in range(5)]
    stranger = make.Device(name="kiosk-9")
    together = Together(hub.ingest, workers=1)
    found: dict[str, Any] = {}

    def send(device: Any) -> None:
        try:
            found[device.name] = together.receive(make.sent(device, device.event(make.admission(None))))
        except Exception as error:
            found[device.name] = error

    threads = [Thread(target=send, args=(device,)) for device in [*devices, stranger]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together.close()
    assert found.pop("kiosk-9").code == "unknown_sender"
    assert {name: list(answer.streams) for name, answer in found.items()} == {name: [name] for name in found}
    assert len(hub.rows(tables.event)) == 5


def test_a_fault_of_one_batch_is_not_the_others(hub: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [hub.enrolled(name=f"kiosk-{number}") for number in range(4)]
    sent = {device.name: make.sent(device, device.event(make.admission(None))) for device in devices}
    receive_all = hub.ingest.receive_all

    def faulty(many: Any) -> Any:
        if any(each.signed.request.sender == "kiosk-2" for each in many):
            raise RuntimeError("a fault in our own program")
        return receive_all(many)

    monkeypatch.setattr(hub.ingest, "receive_all", faulty)
    together = Together(hub.ingest, workers=1)
    faults = []

    def send(name: str) -> None:
        try:
            together.receive(sent[name])
        except RuntimeError:
            faults.append(name)

    threads = [Thread(target=send, args=(name,)) for name in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together.close()
    assert faults == ["kiosk-2"]
    assert len(hub.rows(tables.event)) == 3


def test_a_socket_that_a_killed_hub_left_is_taken_and_a_living_one_is_not(serving: Serving, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "hub.sock"))
    with (
        serving(socket=tmp_path / "hub.sock"),
        pytest.raises(ConfigurationError, match="cannot listen"),
        serving(socket=tmp_path / "hub.sock"),
    ):
        pass


def test_a_bucket_fills_again() -> None:
    now = 0.0
    buckets = Buckets(2.0, 3, lambda: now)
    for _ in range(3):
        buckets.take(("36001", "kiosk-1"))
    with pytest.raises(TooMuch):
        buckets.take(("36001", "kiosk-1"))
    now = 0.5
    buckets.take(("36001", "kiosk-1"))
    with pytest.raises(TooMuch):
        buckets.take(("36001", "kiosk-1"))


def test_a_gate_sends_away_who_waits_too_long() -> None:
    gate = Gate(1, patience_s=0.01, retry_s=7)
    with gate.entered(), pytest.raises(TooMuch) as refused, gate.entered():
        pass
    assert refused.value.retry_s == 7
    with gate.entered():
        pass


def test_nothing_is_unpacked_beyond_its_bound() -> None:
    assert inflated(zlib.compress(b"a" * 100), 100) == b"a" * 100
    with pytest.raises(TooLarge):
        inflated(zlib.compress(b"a" * 101), 100)
    with pytest.raises(ValueError, match="cut short"):
        inflated(zlib.compress(b"a" * 100)[:-1], 100)


@pytest.mark.parametrize(
    "settings",
    [
        {"port": 8007},
        {"store": "hub.db"},
        {"store": "hub.db", "postgres": "postgresql:///hub", "port": 8007},
        {"postgres": "mysql:///hub", "port": 8007},
        {"postgres": "nonsense", "port": 8007},
        {"store": "hub.db", "port": 8007, "socket": "hub.sock"},
        {"store": "hub.db", "port": 8007, "host": "0.0.0.0"},
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"store|socket|address|loopback"):
        HubConfig(**{"mode": "demo", "keys": "keys"} | settings)
