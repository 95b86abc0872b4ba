"""Evidence files that only the judge can read: sealed by one service, opened and judged by another."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from jsonschema import Draft202012Validator

import idcard
from idcard.service.openapi import DESCRIPTION
from idcard.service.server import Judging, Server
from idcard.testing import Holder, Issuer

DEVICE = Ed25519PrivateKey.generate()
JUDGE = X25519PrivateKey.generate()

Ask = Callable[[str, dict[str, Any]], tuple[int, Any]]
Service = Callable[..., Ask]


@pytest.fixture
def service(running: Callable[[Judging], Server], ask: Callable[[Server], Any], trust: idcard.TrustStore) -> Service:
    """A service with these keys, and how a program asks it."""

    def make(**keys: Any) -> Ask:
        post: Ask = ask(running(Judging(trust=trust, policy=idcard.VIETNAM_STRICT, **keys))).post
        return post

    return make


@pytest.fixture
def report(service: Service, hand: Any, issuer: Issuer, holder: Holder) -> dict[str, Any]:
    """What a desk's service says of a card, with the evidence file sealed to the judge."""
    hand.put(issuer.issue(holder))
    desk = service(sign_with=DEVICE, seal_to=JUDGE.public_key())
    status, report = desk("/v1/read", {"can": holder.can, "evidence": True})
    assert status == 200
    assert isinstance(report, dict)
    return report


def test_only_the_judge_reads_it_and_judges_it(service: Service, report: dict[str, Any], holder: Holder) -> None:
    data = b64decode(report["evidence"])
    assert report["sealed"] is True
    assert holder.personal_number.encode() not in data
    with pytest.raises(idcard.EvidenceSealed):
        idcard.EvidenceFile.from_bytes(data)
    known = [b64encode(DEVICE.public_key().public_bytes_raw()).decode()]
    judge = service(open_with=JUDGE)
    status, judged = judge("/v1/verify", {"evidence": report["evidence"], "devices": known})
    assert (status, judged["met"], judged["identity"]) == (200, True, report["identity"])
    assert judged["device"] == report["device"] == idcard.device_fingerprint(DEVICE.public_key())


@pytest.mark.parametrize(
    "keys",
    [{}, {"open_with": X25519PrivateKey.generate()}, {"seal_to": JUDGE.public_key()}],
    ids=["no key", "another key", "a key to seal to"],
)
def test_nobody_else_opens_it(service: Service, report: dict[str, Any], keys: dict[str, Any]) -> None:
    status, answer = service(**keys)("/v1/verify", {"evidence": report["evidence"]})
    assert (status, answer["error"]["code"]) == (400, "bad_request")
    assert answer["error"]["facts"] == {"problem": "evidence_sealed"}


def test_a_sealed_file_with_one_byte_changed(service: Service, report: dict[str, Any]) -> None:
    data = bytearray(b64decode(report["evidence"]))
    data[len(data) // 2] ^= 1
    status, answer = service(open_with=JUDGE)("/v1/verify", {"evidence": b64encode(data).decode()})
    assert (status, answer["error"]["facts"]) == (400, {"problem": "evidence_altered"})


def test_a_judge_reads_files_that_are_not_sealed_too(
    service: Service, hand: Any, issuer: Issuer, holder: Holder
) -> None:
    hand.put(issuer.issue(holder))
    _, report = service()("/v1/read", {"can": holder.can, "evidence": True})
    assert report["sealed"] is False
    assert holder.personal_number.encode() in b64decode(report["evidence"])
    status, judged = service(open_with=JUDGE)("/v1/verify", {"evidence": report["evidence"]})
    assert (status, judged["device"]) == (200, None)


def test_no_request_names_a_key(service: Service, hand: Any, issuer: Issuer, holder: Holder) -> None:
    hand.put(issuer.issue(holder))
    asked = service()
    for path, body in (("/v1/read", {"can": holder.can}), ("/v1/verify", {"evidence": ""})):
        for name in ("seal_to", "open_with", "encrypt_to"):
            status, answer = asked(path, body | {name: "AAAA"})
            assert (status, answer["error"]["code"]) == (400, "bad_request")


def test_the_description_tells_of_it(report: dict[str, Any]) -> None:
    root = {"$ref": "#/components/schemas/Report", "components": DESCRIPTION["components"]}
    assert not [error.message for error in Draft202012Validator(root).iter_errors(report)]
