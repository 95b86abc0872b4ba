"""A chip's right answer by a key too short, or a hash too old, to rely on: found out here, judged by the policy."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from idcard.crypto.curves import Curve as KnownCurve
from idcard.evidence import ChipAuthenticationProof, Evidence, PaceCamProof
from idcard.iso7816.apdu import ResponseApdu
from idcard.lds.layout import File
from idcard.testing import Behaviour, Holder, Issuer, SimulatedCard, Suite, der
from idcard.testing.chip_crypto import SecureChannel
from idcard.testing.chip_curves import BRAINPOOL_P256R1, Curve, Point
from idcard.testing.chip_proof import ChipKey, EcdsaChipKey, RsaChipKey
from idcard.testing.keys import EcKey
from idcard.testing.sod import build as build_sod
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT
from idcard.verification.transcripts import Expectation

Gather = Callable[..., Evidence]
CA_AES192 = "0.4.0.127.0.7.2.2.3.2.3"


def curve_of(name: str) -> Curve:
    """A curve that no simulated chip has by itself."""
    known = KnownCurve.by_name(name)
    point = Point(x=known.gx, y=known.gy)
    return Curve(name=name, oid=known.oid, size=known.size_bytes, p=known.p, a=known.a, b=known.b, g=point, n=known.n)


P192, P224 = curve_of("P-192"), curve_of("P-224")


@pytest.fixture
def judge(issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime) -> Callable[[ChipKey], Fact]:
    def run(key: ChipKey) -> Fact:
        card = issuer.issue(holder, proof=key, behaviour=Behaviour(max_response=1024))
        return verify(gather(card), trust, at=at).fact(FactName.GENUINE_CHIP)

    return run


@pytest.mark.parametrize(
    ("key", "old"),
    [
        (RsaChipKey.generate(bits=1024, digest="sha256"), "rsa1024"),
        (RsaChipKey.generate(bits=1024), "sha1,rsa1024"),
        (RsaChipKey.generate(bits=2048), "sha1"),
        (EcdsaChipKey.generate(os.urandom, curve=P192, digest="sha224"), "ec192"),
        (EcdsaChipKey.generate(os.urandom, digest="sha1"), "sha1"),
    ],
    ids=["a short key", "a short key and an old hash", "an old hash", "a small curve", "an old hash on a curve"],
)
def test_a_weak_answer_is_told_and_judged_by_the_policy(
    key: ChipKey, old: str, judge: Callable[[ChipKey], Fact]
) -> None:
    fact = judge(key)
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CHIP_KEY_WEAK)
    assert (fact.details["old"], fact.details["rung"]) == (old, "anchored")
    assert fact.details["protocol"] == "active authentication"
    assert STRICT.judge(fact).outcome is Outcome.FAILED
    for policy in (VIETNAM_STRICT, CLOSED_READER, READING_ONLY):
        assert policy.judge(STRICT.judge(fact)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "key",
    [
        RsaChipKey.generate(bits=2048, digest="sha256"),
        EcdsaChipKey.generate(os.urandom, curve=P224, digest="sha224"),
        EcdsaChipKey.generate(os.urandom, curve=BRAINPOOL_P256R1),
    ],
    ids=["RSA", "the smallest curve", "what Vietnamese cards announce"],
)
def test_a_strong_answer_is_none(key: ChipKey, judge: Callable[[ChipKey], Fact]) -> None:
    fact = judge(key)
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CHIP_PROVED)
    assert "old" not in fact.details


def test_a_weak_answer_under_a_voucher_needs_both_to_be_enough(
    issuer: Issuer,
    holder: Holder,
    gather: Gather,
    nowhere: TrustStore,
    authority: Vouchers,
    answer: Callable[..., bytes],
    signer: str,
    at: datetime,
) -> None:
    card = issuer.issue(holder, proof=RsaChipKey.generate(bits=1024))
    evidence = gather(card, confirmations=(answer(signer),))
    fact = verify(evidence, nowhere, at=at, vouchers=authority).fact(FactName.GENUINE_CHIP)
    assert dict(fact.details) == {
        "protocol": "active authentication",
        "hash": "sha1",
        "rung": "confirmed",
        "answer_age_s": "3600",
        "old": "sha1,rsa1024",
    }
    lax = replace(STRICT, name="lax", weak_chip_keys=Outcome.PASSED)
    hasty = replace(VIETNAM_STRICT, name="hasty", confirmation_days=0)
    picky = replace(VIETNAM_STRICT, name="picky", weak_chip_keys=Outcome.FAILED)
    judged = [policy.judge(fact).outcome for policy in (VIETNAM_STRICT, lax, hasty, picky)]
    assert judged == [Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, Outcome.FAILED]


def with_agreement_key(card: SimulatedCard, issuer: Issuer, key: EcKey) -> dict[File, bytes]:
    """The card's files with this key for chip authentication, signed anew."""
    info = der.sequence(der.oid(CA_AES192), der.integer(1))
    infos = der.set_of(info, der.sequence(der.oid("0.4.0.127.0.7.2.2.1.2"), key.spki))
    dg14 = bytes.fromhex("6e82") + len(infos).to_bytes(2) + infos
    groups = {file.data_group: data for file, data in card.files.items() if file.data_group} | {14: dg14}
    sod = build_sod(groups, issuer.signer, at=datetime.fromisoformat("2022-02-01T00:00:00+00:00"))
    return {File.of_data_group(number): data for number, data in groups.items()} | {File.SOD: sod}


def agreed(key: EcKey) -> tuple[bytes, ChipAuthenticationProof]:
    """A terminal's private key, and what chip authentication with it leaves behind."""
    curve = key.curve
    private = curve.draw(os.urandom)
    public = curve.multiply(private)
    secret = curve.multiply(key.secret, public).x.to_bytes(curve.size)
    channel = SecureChannel.from_secret(Suite.AES192, secret, 1)
    response = channel.wrap(ResponseApdu(data=b"\x60\x18\x5f\x01", sw=0x9000)).to_bytes()
    proof = ChipAuthenticationProof(oid=CA_AES192, ephemeral_public_key=curve.encode(public), response=response)
    return private.to_bytes(curve.size), proof


def mapped(key: EcKey) -> PaceCamProof:
    """What PACE-CAM leaves behind."""
    curve = key.curve
    scalar = curve.draw(os.urandom)
    point = curve.multiply(scalar, curve.multiply(key.secret))
    return PaceCamProof(
        parameter_id=8 if curve is P192 else 10,
        mapping_public_key=curve.encode(point),
        chip_authentication_data=scalar.to_bytes(curve.size),
    )


@pytest.mark.parametrize(("curve", "old"), [(P192, "ec192"), (P224, None)], ids=["192 bits", "224 bits"])
def test_keys_for_key_agreement_are_measured_too(
    curve: Curve,
    old: str | None,
    honest: SimulatedCard,
    issuer: Issuer,
    gather: Gather,
    trust: TrustStore,
    at: datetime,
) -> None:
    key = EcKey(curve=curve, secret=curve.draw(os.urandom))
    files = with_agreement_key(honest, issuer, key)
    private, proof = agreed(key)
    own = Expectation(ephemeral_key=private)
    for proofs, expectation in (({"chip_authentication": proof}, own), ({"pace_cam": mapped(key)}, Expectation())):
        evidence = gather(honest, files=files, active_authentication=None, **proofs)
        fact = verify(evidence, trust, at=at, expectation=expectation).fact(FactName.GENUINE_CHIP)
        assert fact.outcome is Outcome.PASSED
        assert (fact.reason is Reason.CHIP_KEY_WEAK) is (old is not None)
        assert fact.details.get("old") == old


def test_a_strong_proof_counts_before_a_weak_one(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    card = issuer.issue(holder, proof=RsaChipKey.generate(bits=1024))
    key = EcKey(curve=BRAINPOOL_P256R1, secret=7)
    private, proof = agreed(key)
    evidence = gather(card, files=with_agreement_key(card, issuer, key), chip_authentication=proof)
    fact = verify(evidence, trust, at=at, expectation=Expectation(ephemeral_key=private)).fact(FactName.GENUINE_CHIP)
    assert (fact.reason, fact.details["protocol"]) == (Reason.CHIP_PROVED, "chip authentication")
