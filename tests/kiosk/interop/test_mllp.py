"""HL7 messages to a receiver in a process of its own, in every mood."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.interop.hl7v2 import Addresses, control_id
from kiosk.interop.mllp import Hl7Sink, MllpClient
from kiosk.interop.sink import Delivered, Down, Failed, GivenUp, Outcome, VisitEvent
from kiosk.interop.visit import Happening, OpenedVisit

PEER = Path(__file__).with_name("mllp_peer.py")
NOW = datetime(2026, 11, 23, 0, 43, tzinfo=UTC)
MakeVisit = Callable[..., OpenedVisit]
MakeEvent = Callable[..., VisitEvent]


@dataclass
class Peer:
    process: subprocess.Popen[str]
    port: int

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    """Starts receivers; they are stopped when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(*moods: str) -> Peer:
        command = [sys.executable, str(PEER), *moods]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Peer(process=process, port=int(process.stdout.readline()))

    yield start
    for process in started:
        process.kill()
        assert process.stdout is not None
        process.stdout.close()
        process.wait()


@pytest.fixture
def send(make_visit: MakeVisit, event: MakeEvent) -> Iterator[Callable[..., Outcome]]:
    """Sends events of a visit to a port, each over the same connection."""
    sinks: dict[int, Hl7Sink] = {}

    def deliver(port: int, happening: Happening = Happening.REGISTERED, **own: Any) -> Outcome:
        client_of = {"tls": False, "seconds": 60.0} | own
        if port not in sinks:
            client = MllpClient("127.0.0.1", port, **client_of)
            sinks[port] = Hl7Sink("his", client, Addresses(), now=lambda: NOW)
        return sinks[port].deliver(event(happening), make_visit())

    yield deliver
    for sink in sinks.values():
        sink.close()


def test_a_receiver_reads_and_takes_each_kind_of_message(
    peer: Callable[..., Peer], send: Callable[..., Outcome], event: MakeEvent
) -> None:
    his = peer("AA")
    expected = Delivered(receipt=control_id(event().id))
    for happening, trigger in zip(tuple(Happening)[:3], ("A04", "A08", "A11"), strict=True):
        assert send(his.port, happening) == expected
        assert his.line() == [trigger, expected.receipt, "AA"]


@pytest.mark.parametrize(
    ("mood", "outcome"),
    [
        ("AE", Failed(reason="hl7_error")),
        ("AR", GivenUp(reason="hl7_rejected")),
        ("other", Failed(reason="other_answer")),
        ("html", Failed(reason="malformed_answer")),
        ("nonsense", Failed(reason="malformed_answer")),
        ("endless", Failed(reason="malformed_answer")),
        ("half", Failed(reason="malformed_answer")),
        ("hang_up", Failed(reason="dropped")),
    ],
)
def test_what_takes_nothing_and_what_comes_after_it(
    peer: Callable[..., Peer], send: Callable[..., Outcome], mood: str, outcome: Outcome
) -> None:
    his = peer(mood, "AA")
    assert send(his.port) == outcome
    assert isinstance(send(his.port), Delivered)


def test_an_answer_that_comes_in_pieces_is_whole(peer: Callable[..., Peer], send: Callable[..., Outcome]) -> None:
    assert isinstance(send(peer("slowly").port), Delivered)


def test_a_receiver_that_says_nothing_is_too_slow(peer: Callable[..., Peer], send: Callable[..., Outcome]) -> None:
    assert send(peer("silent").port, seconds=0.3) == Failed(reason="too_slow")


def test_a_connection_that_was_closed_meanwhile_is_made_again(
    peer: Callable[..., Peer], send: Callable[..., Outcome]
) -> None:
    his = peer("then_hang_up", "then_hang_up", "AA")
    assert [type(send(his.port)) for _ in range(3)] == [Delivered] * 3


def test_nobody_there_costs_no_try(send: Callable[..., Outcome]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert send(probe.getsockname()[1]) == Down(reason="unreachable")


def test_an_erased_person_is_not_registered_any_more(
    make_visit: MakeVisit, event: MakeEvent, peer: Callable[..., Peer]
) -> None:
    sink = Hl7Sink("his", MllpClient("127.0.0.1", peer("AA").port, tls=False), Addresses(), now=lambda: NOW)
    assert sink.deliver(event(), make_visit(person=None)) == GivenUp(reason="record_gone")
    assert isinstance(sink.deliver(event(Happening.CANCELLED), make_visit(person=None)), Delivered)
    sink.close()


def test_another_machine_is_never_reached_without_tls() -> None:
    with pytest.raises(ValueError, match="TLS"):
        MllpClient("his.example", 2575, tls=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "his")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "his.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(encoding))
    return path


def test_a_receiver_whom_the_authority_vouches_for(
    peer: Callable[..., Peer], send: Callable[..., Outcome], certificate: Path
) -> None:
    his = peer(f"tls={certificate}", "AA")
    assert isinstance(send(his.port, tls=True, authority=certificate), Delivered)


def test_a_receiver_whom_nobody_vouches_for_gets_nothing(
    peer: Callable[..., Peer], send: Callable[..., Outcome], certificate: Path
) -> None:
    his = peer(f"tls={certificate}", "AA")
    assert send(his.port, tls=True) == Down(reason="unreachable")
    assert his.line() == ["lost"]
