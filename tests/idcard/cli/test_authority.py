"""An authority on the command line: asked where no anchor knows the issuer, and only then."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard.cli.shared import here_and_now
from idcard.testing import Holder, Issuer
from idcard.testing.authority import NAME, Authority, serve
from idcard.trust.certificates import Certificate

CHALLENGE = b"8 bytes!"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def authority(key: Ed25519PrivateKey, issuer: Issuer) -> Authority:
    signer = Certificate.from_bytes(issuer.signer.certificate).fingerprint
    return Authority(key=key, signers={signer: "genuine"}, valid_for=timedelta(minutes=10))


@pytest.fixture
def url(authority: Authority) -> Iterator[str]:
    server = serve(authority)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/confirm"
    server.shutdown()
    thread.join(30)
    server.server_close()


@pytest.fixture
def keys(tmp_path: Path, key: Ed25519PrivateKey) -> Path:
    text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    (tmp_path / "authorities.toml").write_text(f'format = 1\n[keys]\n"{NAME}" = "{text}"\n')
    return tmp_path / "authorities.toml"


@pytest.fixture
def visit(issuer: Issuer, holder: Holder, tmp_path: Path) -> Path:
    card = issuer.issue(holder)
    card.power_on()
    idcard.save_evidence(tmp_path / "visit", idcard.read(idcard.Can(holder.can), card, challenge=CHALLENGE))
    return tmp_path / "visit"


def judged(run: Run, visit: Path, *options: object) -> tuple[int, Any]:
    code, out, _ = run("verify", visit, "--challenge", CHALLENGE.hex(), "--json", *options)
    return code, json.loads(out)


def test_the_authority_confirms_an_unknown_signer(
    run: Run, visit: Path, url: str, keys: Path, authority: Authority
) -> None:
    code, told = judged(run, visit, "--authority", url, "--authority-keys", keys)
    assert (code, told["met"], told["verdict"]["rung"], told["authority"]) == (0, True, "confirmed", "answered")
    (asked,) = authority.asked
    assert set(json.loads(asked)) == {"nonce", "signer", "issued_as", "key"}


def test_it_is_not_asked_where_an_anchor_knows_the_issuer(
    run: Run, visit: Path, url: str, keys: Path, authority: Authority, trust: Path
) -> None:
    code, told = judged(run, visit, "--authority", url, "--authority-keys", keys, "--trust", trust)
    assert (code, told["verdict"]["rung"], told["authority"], authority.asked) == (0, "anchored", "not_asked", [])


def test_no_answer_is_said_and_is_no_error(run: Run, visit: Path, keys: Path) -> None:
    nowhere = ("--authority", "http://127.0.0.1:9/", "--authority-keys", keys)
    code, told = judged(run, visit, *nowhere)
    assert (code, told["met"], told["verdict"]["rung"], told["authority"]) == (1, False, "signed", "unreachable")
    _, out, _ = run("verify", visit, *nowhere, "--lang", "vi")
    assert "Cơ quan có thẩm quyền chưa trả lời" in out


def test_an_answer_that_was_kept_counts_again_without_asking(
    run: Run, issuer: Issuer, visit: Path, keys: Path, authority: Authority, tmp_path: Path
) -> None:
    loaded = idcard.load_evidence(visit).evidence
    signer = Certificate.from_bytes(issuer.signer.certificate).fingerprint
    answer = authority.answer(signer, "00" * 16, here_and_now())
    values = {name: getattr(loaded, name) for name in ("files", "access", "active_authentication", "read_at")}
    idcard.save_evidence(tmp_path / "kept", idcard.Evidence(**values, confirmations=(answer,)))
    code, told = judged(run, tmp_path / "kept", "--authority-keys", keys)
    assert (code, told["verdict"]["rung"], told["authority"]) == (0, "confirmed", "not_asked")


@pytest.mark.parametrize("address", ["ftp://x/", "http://authority.example/", "nowhere"])
def test_an_address_that_is_none_is_wrong_usage(run: Run, visit: Path, keys: Path, address: str) -> None:
    code, _, err = run("verify", visit, "--authority", address, "--authority-keys", keys)
    assert (code, "--authority" in err) == (2, True)


def test_a_kept_answer_does_not_save_the_question(
    run: Run, issuer: Issuer, visit: Path, url: str, keys: Path, authority: Authority, tmp_path: Path
) -> None:
    """Whoever made the file chose its answers: since the kept one, the signer was revoked."""
    loaded = idcard.load_evidence(visit).evidence
    signer = Certificate.from_bytes(issuer.signer.certificate).fingerprint
    kept = replace(loaded, confirmations=(authority.answer(signer, "00" * 16, here_and_now()),))
    idcard.save_evidence(tmp_path / "kept", kept)
    object.__setattr__(authority, "signers", {signer: "revoked"})
    code, told = judged(run, tmp_path / "kept", "--authority", url, "--authority-keys", keys)
    assert (code, told["met"], told["authority"], len(authority.asked)) == (1, False, "answered", 1)
    assert {fact["reason"] for fact in told["verdict"]["facts"]} >= {"revoked"}
