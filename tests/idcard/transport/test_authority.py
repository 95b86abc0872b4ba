"""Asking the stand-in, which runs in a process of its own, over real HTTP."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idcard.errors import AuthorityUnreachable
from idcard.testing.authority import NAME, Authority, serve
from idcard.transport.authority import HttpAuthority
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
