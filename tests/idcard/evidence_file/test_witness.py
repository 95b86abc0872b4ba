"""A transcript that convinces only its own maker counts as much as the signature of the device that wrote the file."""

import os
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard import EvidenceFile, Expectation, Fact, FactName, Outcome, Reason
from idcard.evidence import PaceCamProof
from idcard.testing import SimulatedCard


@pytest.fixture(scope="module")
def transcript(card: SimulatedCard, evidence: idcard.Evidence) -> idcard.Evidence:
    """A reading whose only proof is what PACE with chip authentication mapping left behind."""
    curve, chip = card.behaviour.chip_profile.curve, card.secrets.agreement
    assert chip is not None
    scalar = curve.draw(os.urandom)
    proof = PaceCamProof(
        parameter_id=13,
        mapping_public_key=curve.encode(curve.multiply(scalar, curve.multiply(chip))),
        chip_authentication_data=scalar.to_bytes(curve.size),
    )
    return replace(evidence, active_authentication=None, pace_cam=proof)


def judged(data: bytes, trust: idcard.TrustStore, at: datetime, *known: str) -> Fact:
    """The fact about the chip, for a judge who knows these devices."""
    evidence = EvidenceFile.from_bytes(data).evidence
    expectation = Expectation(witnesses=frozenset(known))
    return idcard.verify(evidence, trust, at=at, expectation=expectation).fact(FactName.GENUINE_CHIP)


def test_a_known_devices_signature_is_its_word(
    transcript: idcard.Evidence, trust: idcard.TrustStore, at: datetime, device: Ed25519PrivateKey
) -> None:
    data = EvidenceFile(evidence=transcript).to_bytes(sign_with=device)
    fact = judged(data, trust, at, idcard.device_fingerprint(device.public_key()))
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.WITNESSED_BY_READER)


def test_nobodys_and_a_strangers_signature_are_none(
    transcript: idcard.Evidence, trust: idcard.TrustStore, at: datetime, device: Ed25519PrivateKey
) -> None:
    known = idcard.device_fingerprint(device.public_key())
    for stranger in (None, Ed25519PrivateKey.generate()):
        data = EvidenceFile(evidence=transcript).to_bytes(sign_with=stranger)
        fact = judged(data, trust, at, known)
        assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING)


def test_a_file_is_never_this_process_own_word(
    transcript: idcard.Evidence, trust: idcard.TrustStore, at: datetime
) -> None:
    data = EvidenceFile(evidence=replace(transcript, witness="here")).to_bytes()
    verdict = idcard.verify(EvidenceFile.from_bytes(data).evidence, trust, at=at)
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.WITNESS_MISSING
