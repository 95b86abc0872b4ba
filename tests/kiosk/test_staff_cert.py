"""``kiosk staff-cert``: an authority for one name, and TLS before the real staff process under that name."""

import contextlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from typer.testing import CliRunner

from idcard import ConfigurationError
from kiosk.certificates import RENEW_BEFORE, SERVER_LIFE, issue
from kiosk.cli import app
from kiosk.web.common.serving import make_server

NAME = "quay1.tram-mau.home.arpa"
NOW = datetime.now(UTC)


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@contextlib.contextmanager
def ended(listener: socket.socket, folder: Path, to: int) -> Iterator[None]:
    """A program that ends TLS and passes all bytes on, as a proxy does that changes no header."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as far:
                request = far.recv(65536)
                with socket.create_connection(("127.0.0.1", to)) as near:
                    near.sendall(request)
                    while part := near.recv(65536):
                        far.sendall(part)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=10)


def fetch(port: int, authority: Path, name: str, path: str = "/login") -> bytes:
    context = ssl.create_default_context(cafile=authority)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname=name) as secure:
        secure.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: secure.recv(65536), b""))


def test_a_pc_that_believes_the_authority_reaches_the_screen_by_its_name(
    desk: object, tmp_path: Path, spare_ports: Callable[[], int]
) -> None:
    issued = issue(tmp_path / "tls", NAME, NOW)
    port, listener = spare_ports(), socket.create_server(("127.0.0.1", 0))
    tls = listener.getsockname()[1]
    app_there = desk.app(port=port, public=f"{NAME}:{tls}")  # type: ignore[attr-defined]
    server = make_server(app_there, host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        with ended(listener, tmp_path / "tls", port):
            answer = fetch(tls, issued.authority, NAME)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b'id="log-in-key"' in answer
            [cookie] = [line for line in answer.split(b"\r\n") if line.startswith(b"Set-Cookie:")]
            assert b"Secure" in cookie
            with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
                fetch(tls, issued.authority, "other.home.arpa")
    finally:
        server.close()
        thread.join(timeout=15)


def test_the_authority_can_sign_for_no_other_name(tmp_path: Path) -> None:
    """What a thief of its key would make: OpenSSL, which is not what made it, refuses that."""
    folder = tmp_path / "tls"
    issued = issue(folder, NAME, NOW)
    authority = certificate(issued.authority)
    stolen = load_pem_private_key((folder / "authority.key").read_bytes(), None)
    for other in (x509.DNSName("bank.example"), x509.IPAddress(ip_address("10.0.0.1"))):
        forged = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(authority.subject)
            .public_key(generate_private_key(SECP256R1()).public_key())
            .serial_number(7)
            .not_valid_before(NOW - timedelta(hours=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([other]), critical=True)
            .sign(stolen, SHA256())  # type: ignore[arg-type]
        )
        path = tmp_path / "forged.crt"
        path.write_bytes(forged.public_bytes(Encoding.PEM))
        assert "subtree violation" in judged(issued.authority, path)
    assert judged(issued.authority, issued.certificate).endswith("server.crt: OK\n")


def judged(authority: Path, path: Path) -> str:
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(authority), str(path)]
    said = subprocess.run(command, capture_output=True, text=True)
    return said.stdout + said.stderr


def test_what_is_good_is_kept_and_what_ends_soon_is_renewed_by_the_same_authority(tmp_path: Path) -> None:
    first = issue(tmp_path, NAME, NOW)
    again = issue(tmp_path, NAME, NOW + SERVER_LIFE - RENEW_BEFORE - timedelta(days=1))
    assert (first.renewed, again.renewed) == (True, False)
    later = issue(tmp_path, NAME, NOW + SERVER_LIFE - RENEW_BEFORE + timedelta(hours=1))
    assert later.renewed
    assert later.fingerprint == first.fingerprint
    assert later.until > first.until
    certificate(later.certificate).verify_directly_issued_by(certificate(later.authority))


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no mode bits")
def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    issue(tmp_path, NAME, NOW)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}


def test_another_name_or_a_damaged_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    issue(tmp_path, NAME, NOW)
    with pytest.raises(ConfigurationError, match="another name's"):
        issue(tmp_path, "quay2.tram-mau.home.arpa", NOW)
    (tmp_path / "authority.key").write_text("nothing")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        issue(tmp_path, NAME, NOW)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from kiosk.demo.provision import Options, provision

    return provision(tmp_path_factory.mktemp("named") / "demo", Options()).config("staff")


def run(config: Path, folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["staff-cert", "--config", str(config), "--dir", str(folder), *more])


def test_the_command_says_what_to_install_and_how_to_know_it(config: Path, tmp_path: Path) -> None:
    without = run(config, tmp_path / "tls")
    assert without.exit_code == 2
    assert "public_name" in without.stderr
    named = config.with_name("named.toml")
    named.write_text(f'public_name = "{NAME}:8443"\n' + config.read_text("utf-8"), "utf-8")
    made = run(named, tmp_path / "tls")
    assert made.exit_code == 0, made.output
    fingerprint = certificate(tmp_path / "tls" / "authority.crt").fingerprint(SHA256()).hex(":").upper()
    assert fingerprint in made.stdout
    assert "still good" in run(named, tmp_path / "tls").stdout
    assert "còn dùng được" in run(named, tmp_path / "tls", "--lang", "vi").stdout
