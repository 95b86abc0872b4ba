"""Evidence that another machine gathered: whose challenge it answers, who signed it, and who vouches for its signer."""

import base64
import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

import idcard
from idcard.evidence import ChipAuthenticationProof
from idcard.iso7816.apdu import ResponseApdu
from idcard.service.openapi import DESCRIPTION
from idcard.service.server import Judging, Server
from idcard.testing import Holder, Issuer, SimulatedCard, Suite
from idcard.testing.authority import NAME, Authority, serve
from idcard.testing.chip_crypto import SecureChannel
from idcard.trust.certificates import Certificate

CHALLENGE = b"8 bytes!"
KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


def text(key: Ed25519PrivateKey) -> str:
    return b64encode(key.public_key().public_bytes_raw()).decode()


@pytest.fixture
def file(issuer: Issuer, holder: Holder) -> Callable[..., str]:
    """An evidence file of a card in the hand, in Base64."""

    def made(sign_with: Ed25519PrivateKey | None = KEY, plan: idcard.ReadPlan = idcard.DEFAULT_PLAN) -> str:
        card = issuer.issue(holder)
        card.power_on()
        evidence = idcard.read(idcard.Can(holder.can), card, challenge=CHALLENGE, plan=plan)
        return b64encode(idcard.EvidenceFile(evidence=evidence).to_bytes(sign_with=sign_with)).decode()

    return made


def judged(client: Any, **asked: Any) -> Any:
    status, report = client.post("/v1/verify", asked)
    assert status == 200, report
    root = {"$ref": "#/components/schemas/Report", "components": DESCRIPTION["components"]}
    assert not [error.message for error in Draft202012Validator(root).iter_errors(report)]
    return report


def outcome_of(report: Any, fact: str) -> str:
    return next(str(one["outcome"]) for one in report["verdict"]["facts"] if one["name"] == fact)


def test_a_device_that_is_known_bears_witness(client: Any, file: Callable[..., str]) -> None:
    report = judged(client, evidence=file(), devices=[text(OTHER), text(KEY)])
    assert (report["met"], report["identity"]["verified"]) == (True, True)
    assert report["device"] == idcard.device_fingerprint(KEY.public_key())
    said = report["verdict"]["provenance"]
    assert (said["witness"], said["believed"], said["challenge"]) == ("device", True, "device")
    assert said["device"] == report["device"]
    assert datetime.fromisoformat(said["read_at"]).tzinfo is not None


def test_nobody_elses_file_is_met(client: Any, file: Callable[..., str]) -> None:
    for evidence, devices in ((file(), [text(OTHER)]), (file(), []), (file(None), [text(KEY)])):
        report = judged(client, evidence=evidence, devices=devices, challenge=b64encode(CHALLENGE).decode())
        assert (report["met"], report["identity"]["verified"]) == (False, False)


def test_the_callers_own_challenge_needs_no_witness(client: Any, file: Callable[..., str]) -> None:
    report = judged(client, evidence=file(None), challenge=b64encode(CHALLENGE).decode())
    assert (report["met"], report["device"], report["verdict"]["provenance"]["challenge"]) == (True, None, "caller")


def test_an_unsigned_file_is_not_believed_how_the_chip_was_opened(client: Any, file: Callable[..., str]) -> None:
    report = judged(client, evidence=file(None), challenge=b64encode(CHALLENGE).decode())
    assert outcome_of(report, "access") == "not_performed"
    report = judged(client, evidence=file(), devices=[text(KEY)])
    assert outcome_of(report, "access") == "passed"


def test_an_old_answer_is_a_replay(client: Any, file: Callable[..., str]) -> None:
    report = judged(client, evidence=file(), devices=[text(KEY)], challenge=b64encode(b"another!").decode())
    reasons = {fact["name"]: fact["reason"] for fact in report["verdict"]["facts"]}
    assert (report["met"], reasons["genuine_chip"]) == (False, "chip_replayed")


def agreed(card: SimulatedCard) -> tuple[bytes, ChipAuthenticationProof]:
    """A terminal's private key, and what chip authentication with it leaves behind."""
    profile = card.behaviour.chip_profile
    curve, chip = profile.curve, card.secrets.agreement
    assert chip is not None
    private = curve.draw(os.urandom)
    public = curve.multiply(private)
    channel = SecureChannel.from_secret(Suite.AES192, curve.multiply(chip, public).x.to_bytes(curve.size), 1)
    proof = ChipAuthenticationProof(
        oid=profile.chip_authentication_oid,
        ephemeral_public_key=curve.encode(public),
        response=channel.wrap(ResponseApdu(data=b"\x60\x18\x5f\x01", sw=0x9000)).to_bytes(),
    )
    return private.to_bytes(curve.size), proof


def test_who_made_the_ephemeral_key_needs_no_device(client: Any, issuer: Issuer, holder: Holder) -> None:
    card = issuer.issue(holder)
    key, proof = agreed(card)
    files = {file: data for file, data in card.files.items() if file.data_group or file is idcard.File.SOD}
    evidence = idcard.Evidence(files=files, chip_authentication=proof)
    sent = b64encode(idcard.EvidenceFile(evidence=evidence).to_bytes()).decode()
    outcomes = {}
    for name, given in (("mine", key), ("another", (1).to_bytes(32)), ("none", None)):
        asked = {} if given is None else {"ephemeral_key": b64encode(given).decode()}
        facts = judged(client, evidence=sent, **asked)["verdict"]["facts"]
        outcomes[name] = next(fact["reason"] for fact in facts if fact["name"] == "genuine_chip")
    assert outcomes == {"mine": "chip_proved", "another": "chip_replayed", "none": "witness_missing"}


def test_an_ephemeral_key_changes_nothing_where_chip_authentication_did_not_run(
    client: Any, file: Callable[..., str]
) -> None:
    evidence = file(plan=replace(idcard.DEFAULT_PLAN, chip_authentication=False))
    report = judged(client, evidence=evidence, devices=[text(KEY)], ephemeral_key=b64encode(b"\1" * 32).decode())
    assert report["met"]


@pytest.mark.parametrize("asked", [
    {"challenge": "AAAA"}, {"challenge": 1}, {"challenge": "!"}, {"ephemeral_key": ""}, {"ephemeral_key": "A" * 96},
    {"devices": "x"}, {"devices": {}}, {"devices": ["AAAA"]}, {"devices": [1]}, {"devices": [text(KEY)] * 1001},
    {"devices": [None]}, {"more": 1},
])  # fmt: skip
def test_what_is_not_understood_is_said(client: Any, file: Callable[..., str], asked: dict[str, Any]) -> None:
    status, answer = client.post("/v1/verify", {"evidence": file(), **asked})
    assert (status, answer["error"]["code"]) == (400, "bad_request")


def test_no_field_but_those_described_is_taken(client: Any) -> None:
    for name in ("ReadRequest", "VerifyRequest"):
        path = f"/v1/{name.removesuffix('Request').lower()}"
        _, answer = client.post(path, {"unknown": 1})
        told = answer["error"]["message"].rsplit("than ", 1)[1].split(", ")
        assert sorted(told) == sorted(DESCRIPTION["components"]["schemas"][name]["properties"])


@pytest.fixture
def authority(issuer: Issuer) -> Iterator[tuple[Authority, str]]:
    signer = Certificate.from_bytes(issuer.signer.certificate).fingerprint
    knows = Authority(key=KEY, signers={signer: "genuine"})
    server = serve(knows)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield knows, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join(30)
    server.server_close()


@pytest.fixture
def without_anchor(running: Callable[[Judging], Server], authority: tuple[Authority, str]) -> Server:
    """A service that knows no issuer, asks an authority, and signs what it gives out."""
    known = {NAME: KEY.public_key()}
    judging = Judging(
        trust=idcard.TrustStore.of([], no_anchor_declared=date(2026, 11, 1)),
        policy=idcard.VIETNAM_STRICT,
        vouchers=idcard.Vouchers(authorities=known),
        online=idcard.HttpAuthority(authority[1], known),
        sign_with=OTHER,
    )
    return running(judging)


def test_a_service_asks_its_authority_and_signs_what_it_gives_out(
    hand: Any,
    issuer: Issuer,
    holder: Holder,
    without_anchor: Server,
    authority: tuple[Authority, str],
    ask: Callable[[Server], Any],
) -> None:
    client = ask(without_anchor)
    hand.put(issuer.issue(holder))
    status, report = client.post("/v1/read", {"can": holder.can, "evidence": True})
    assert (status, report["met"], report["verdict"]["rung"], report["authority"]) == (
        200,
        True,
        "confirmed",
        "answered",
    )
    ours = idcard.device_fingerprint(OTHER.public_key())
    evidence = idcard.EvidenceFile.from_bytes(base64.b64decode(report["evidence"])).evidence
    assert (report["device"], evidence.witness, len(evidence.confirmations)) == (ours, ours, 1)
    # The answer was kept with the evidence; but where the authority can be asked, its fresh answer counts.
    again = judged(client, evidence=report["evidence"], devices=[text(OTHER)])
    assert (again["met"], again["authority"], len(authority[0].asked)) == (True, "answered", 2)
