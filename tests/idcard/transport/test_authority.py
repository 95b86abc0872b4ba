"""Asking the stand-in, which runs in a process of its own, over real HTTP."""

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idcard.errors import AuthorityUnreachable
from idcard.testing.authority import NAME, Authority, serve
from idcard.transport.authority import HttpAuthority
from idcard.transport.deadline import Deadline
from idcard.trust.online import Confirmation, Question, SignerStatus

KEY = Ed25519PrivateKey.generate()
KEYS = {NAME: KEY.public_key()}
GENUINE, REVOKED, STRANGER = ("ab" * 32, "cd" * 32, "ef" * 32)


def question(signer: str = GENUINE) -> Question:
    return Question(signer=signer, nonce=b"0123456789abcdef")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[int]:
    """The stand-in's port."""
    key = tmp_path / "authority.pem"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    command = [sys.executable, "-m", "idcard.testing.authority", "--key", str(key)]
    command += ["--genuine", GENUINE, "--revoked", REVOKED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield int(running.stdout.readline().removeprefix("listening on "))
        running.communicate("", timeout=10)
    assert running.returncode == 0


def test_a_process_of_its_own_answers_over_http(process: int) -> None:
    authority = HttpAuthority(f"http://127.0.0.1:{process}/signers", KEYS)
    said = {
        signer: Confirmation.from_bytes(authority.confirm(question(signer)), KEYS).status
        for signer in (GENUINE, REVOKED, STRANGER)
    }
    assert said == {GENUINE: SignerStatus.GENUINE, REVOKED: SignerStatus.REVOKED, STRANGER: SignerStatus.UNKNOWN}


def ask(fault: str, timeout_s: float = 3.0) -> list[bytes]:
    """What the authority was told."""
    stand_in = Authority(key=KEY, signers={GENUINE: "genuine"}, fault=fault)
    server = serve(stand_in)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        HttpAuthority(f"http://127.0.0.1:{server.server_port}", KEYS, timeout_s=timeout_s).confirm(question())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return stand_in.asked


def test_the_authority_is_told_a_fingerprint_and_a_nonce_and_nothing_else() -> None:
    (told,) = ask("")
    assert json.loads(told) == {"nonce": b"0123456789abcdef".hex(), "signer": GENUINE}


def test_a_question_by_all_names_is_answered_by_all_names() -> None:
    names = {"issued_as": "12" * 32, "key": "34" * 32}
    asked = Question(signer=STRANGER, nonce=bytes(16), **names)
    stand_in = Authority(key=KEY, signers={names["key"]: "revoked"})
    server = serve(stand_in)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        said = HttpAuthority(f"http://127.0.0.1:{server.server_port}", KEYS).confirm(asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    answer = Confirmation.from_bytes(said, KEYS)
    assert (answer.status, answer.signer, answer.issued_as, answer.key) == (
        SignerStatus.REVOKED,
        STRANGER,
        names["issued_as"],
        names["key"],
    )
    assert json.loads(stand_in.asked[0]) == asked.to_dict()


@pytest.mark.parametrize("fault", ["refuse", "nonsense", "other-key", "other-nonce", "hang-up", "endless"])
def test_what_is_no_answer_to_the_question_is_none(fault: str) -> None:
    with pytest.raises(AuthorityUnreachable):
        ask(fault)


@pytest.mark.parametrize("fault", ["late", "drip"])
def test_an_authority_that_takes_its_time_is_not_waited_for(fault: str) -> None:
    before = time.monotonic()
    stand_in = Authority(key=KEY, signers={}, fault=fault)
    server = serve(stand_in)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(AuthorityUnreachable):
            HttpAuthority(f"http://127.0.0.1:{server.server_port}", KEYS, timeout_s=0.3).confirm(question())
        assert time.monotonic() - before < 1.9
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def dripping() -> Iterator[Callable[[bytes], tuple[int, threading.Event]]]:
    """A server that sends this and then a byte now and then: its port, and whether the other side hung up on it."""
    listening, hung_up, over = socket.create_server(("127.0.0.1", 0)), threading.Event(), threading.Event()

    def drip(first: bytes) -> None:
        connected, _ = listening.accept()
        with connected:
            connected.recv(4096)
            try:
                connected.sendall(first)
                for _ in range(600):
                    connected.sendall(b"a")
                    if over.wait(0.05):
                        return
            except OSError:
                hung_up.set()

    threads: list[threading.Thread] = []

    def start(first: bytes) -> tuple[int, threading.Event]:
        threads.append(threading.Thread(target=drip, args=(first,)))
        threads[-1].start()
        return listening.getsockname()[1], hung_up

    yield start
    over.set()
    for thread in threads:
        thread.join(30)
    listening.close()


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["status", "header", "body"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_deadline_for_all_of_it(
    dripping: Callable[[bytes], tuple[int, threading.Event]], first: bytes, scheme: str
) -> None:
    """Who sends a byte now and then is never too late for a socket's own timeout."""
    port, hung_up = dripping(first)
    with pytest.raises(AuthorityUnreachable):
        HttpAuthority(f"{scheme}://127.0.0.1:{port}/", KEYS, timeout_s=0.4).confirm(question())
    assert hung_up.wait(20)


def test_no_time_is_left() -> None:
    deadline = Deadline(0)
    with pytest.raises(TimeoutError):
        deadline.left()


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(AuthorityUnreachable):
        HttpAuthority("https://nowhere.invalid/", KEYS, timeout_s=0.3).confirm(question())


def test_nobody_listens() -> None:
    with pytest.raises(AuthorityUnreachable):
        HttpAuthority("http://127.0.0.1:1/", KEYS, timeout_s=0.5).confirm(question())


@pytest.mark.parametrize(
    "address",
    [
        "http://authority.example/",
        "ftp://127.0.0.1/",
        "https:///x",
        "https://user@authority.example/",
        "https://a/?q=1",
    ],
)
def test_addresses_that_are_not_asked(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        HttpAuthority(address, KEYS)


def test_outside_of_this_machine_it_is_tls() -> None:
    """Nothing that speaks plain HTTP is taken for the authority."""
    server = serve(Authority(key=KEY, signers={GENUINE: "genuine"}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(AuthorityUnreachable):
            HttpAuthority(f"https://127.0.0.1:{server.server_port}/", KEYS, timeout_s=0.5).confirm(question())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_authority_behind_tls_is_asked(tmp_path: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + own.public_bytes(Encoding.PEM)
    (tmp_path / "tls.pem").write_bytes(pem)
    ours, theirs = ssl.create_default_context(cafile=tmp_path / "tls.pem"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(tmp_path / "tls.pem")
    server = serve(Authority(key=KEY, signers={GENUINE: "genuine"}))
    server.socket = theirs.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        asked = HttpAuthority(f"https://127.0.0.1:{server.server_port}/", KEYS, timeout_s=30, tls=ours)
        answer = Confirmation.from_bytes(asked.confirm(question()), KEYS)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert answer.status is SignerStatus.GENUINE
