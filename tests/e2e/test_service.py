"""``idcard serve`` with a real pcscd: a card comes, is read, and goes; what is kept of it is sealed."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()", "serve", "--port", "0")


class Service:
    """The service as another program of this machine sees it."""

    def __init__(self, station: Any, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--trust", str(station.trust), *options],
            env=station.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.token = self.process.stdout.readline().split()[-1]
        self.address = self.process.stdout.readline().split()[1].strip(",").removeprefix("http://")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = HTTPConnection(self.address, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        return answer.status, value

    def wait_for(self, *, card: bool) -> None:
        state = {"number": 0, "card": None}
        for _ in range(10):
            _, state = self.ask("GET", f"/v1/events?after={state['number']}&wait=10")
            if state["card"] is card:
                return
        pytest.fail("the service does not feel the card")


@pytest.fixture
def judge(tmp_path: Path) -> tuple[str, ...]:
    """The options that name the judge's keys."""
    key = X25519PrivateKey.generate()
    public, private = tmp_path / "judge.pub", tmp_path / "judge.key"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return "--encrypt-to", str(public), "--open-with", str(private)


@pytest.fixture
def service(station: Any, judge: tuple[str, ...]) -> Iterator[Service]:
    service = Service(station, *judge)
    yield service
    service.process.send_signal(signal.SIGINT)
    out, err = service.process.communicate(timeout=30)
    assert (service.process.returncode, out, err) == (0, "", "")


def test_a_card_comes_is_read_and_goes(service: Service, station: Any) -> None:
    service.wait_for(card=False)
    assert service.ask("GET", "/v1/readers")[1]["readers"][0].startswith("Virtual PCD")
    station.put("honest")
    service.wait_for(card=True)
    status, report = service.ask("POST", "/v1/read", {"can": station.printed("can"), "evidence": True})
    assert (status, report["met"], report["reader"].startswith("Virtual PCD")) == (200, True, True)
    assert report["sealed"] is True
    status, judged = service.ask("POST", "/v1/verify", {"evidence": report["evidence"]})
    assert (status, judged["identity"]["name"]) == (200, report["identity"]["name"])
    station.clear()
    service.wait_for(card=False)
    status, told = service.ask("POST", "/v1/read", {"can": station.printed("can")})
    assert (status, told["error"]["code"]) == (409, "card_removed")
