"""Which version of TLS is spoken, over real sockets: with ourselves nothing older than 1.3, with others as is set."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kiosk.insurance.gateway_errors import GatewayDown
from kiosk.insurance.wire import Wire
from kiosk.interop.http import Poster
from kiosk.interop.mllp import MllpClient, MllpError
from kiosk.province.identity import AUTHORITY, Identity
from kiosk.province.joining import Place
from kiosk.province.link import HubLink, HubUnreachable, heard_from_anybody
from kiosk.tls import LeastTls


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of this machine, signed by itself, with its key behind it."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / AUTHORITY
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + pem)
    return path


@dataclass
class Old:
    """A server that speaks nothing newer than TLS 1.2, notes whom it agreed with, and hangs up."""

    listening: socket.socket
    context: ssl.SSLContext
    agreed: list[str | None] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def run(self) -> None:
        while not self.stopped.is_set():
            with suppress(OSError):
                plain, _ = self.listening.accept()
                with plain, self.context.wrap_socket(plain, server_side=True) as wrapped:
                    self.agreed.append(wrapped.version())


@pytest.fixture
def old(certificate: Path) -> Iterator[Old]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        server = Old(listening, context)
        thread = Thread(target=server.run)
        thread.start()
        yield server
        server.stopped.set()
        thread.join()


def test_the_hub_is_not_spoken_to_in_an_old_version(old: Old, certificate: Path) -> None:
    place = Place(hub=f"https://127.0.0.1:{old.port}", seconds=5)
    link = HubLink(place, Identity(certificate.parent))
    for ask in (lambda: link.post("/v1/events", b"x", {}), lambda: heard_from_anybody(place, "/v1/enrol/authority")):
        with pytest.raises(HubUnreachable):
            ask()
    link.close()
    assert old.agreed == []


def gateway(port: int, certificate: Path, least: LeastTls) -> None:
    wire = Wire(f"https://127.0.0.1:{port}", authority=str(certificate), least_tls=least)
    with pytest.raises(GatewayDown):
        wire.post("/", query={}, body={}, as_json=True, seconds=5)
    wire.close()


def receiver(port: int, certificate: Path, least: LeastTls) -> None:
    poster = Poster(f"https://127.0.0.1:{port}/", authority=certificate, seconds=5, least_tls=least)
    poster.post(b"x", {})
    poster.close()


def hospital(port: int, certificate: Path, least: LeastTls) -> None:
    client = MllpClient("127.0.0.1", port, authority=certificate, seconds=5, least_tls=least)
    with pytest.raises(MllpError):
        client.exchange(b"x")
    client.close()


@pytest.mark.parametrize("call", [gateway, receiver, hospital])
@pytest.mark.parametrize(("least", "is_spoken"), [("1.2", True), ("1.3", False)])
def test_others_are_spoken_to_as_is_set(
    old: Old, certificate: Path, call: Callable[[int, Path, LeastTls], None], least: LeastTls, is_spoken: bool
) -> None:
    call(old.port, certificate, least)
    assert (old.agreed == ["TLSv1.2"] * len(old.agreed) and bool(old.agreed)) is is_spoken
