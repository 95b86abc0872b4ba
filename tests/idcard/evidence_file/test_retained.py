"""What is kept for years holds what its proofs need, and nothing about the person."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard import Evidence, EvidenceFile, FactName, File, Outcome, Reason
from idcard.encoding import tlv
from idcard.testing import SimulatedCard, der
from idcard.trust.certificates import Certificate
from idcard.trust.path import find_path
from idcard.trust.signed_text import draft, signature_line

YEARS = timedelta(days=3653)
AUTHORITY = "authority.example"
NOWHERE = idcard.TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)


@pytest.fixture(scope="module")
def authority() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def kept(
    evidence: Evidence, trust: idcard.TrustStore, at: datetime, authority: Ed25519PrivateKey
) -> Callable[[], EvidenceFile]:
    """What was kept of a visit under an authority's answer, from the bytes of its file."""
    signer = idcard.verify(evidence, trust, at=at).signer
    assert signer is not None
    times = {"at": at.isoformat(), "until": (at + timedelta(days=1)).isoformat()}
    signed = draft("idcard.confirmation/1", times | {"signer": signer, "status": "genuine", "nonce": "00" * 16})
    answered = replace(evidence, confirmations=(signed + signature_line(signed, AUTHORITY, authority),))
    vouchers = idcard.Vouchers(authorities={AUTHORITY: authority.public_key()})
    verdict = idcard.verify(answered, NOWHERE, at=at, vouchers=vouchers)
    assert verdict.require()
    return lambda: EvidenceFile.from_bytes(idcard.retain(answered, verdict).to_bytes())


def test_the_chips_answer_is_checked_again(kept: Callable[[], EvidenceFile], at: datetime) -> None:
    file = kept()
    again = idcard.verify(file.evidence, NOWHERE, at=at + YEARS).fact(FactName.GENUINE_CHIP)
    # Right by the key that was kept; that this key was signed is what the record says.
    assert (again.outcome, again.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED)
    proof = file.evidence.active_authentication
    assert proof is not None
    other = replace(file.evidence, active_authentication=replace(proof, challenge=b"another!"))
    assert idcard.verify(other, NOWHERE, at=at + YEARS).fact(FactName.GENUINE_CHIP).reason is Reason.CHIP_WRONG_ANSWER


def test_who_vouched_for_the_signer_is_checked_again(
    kept: Callable[[], EvidenceFile], at: datetime, authority: Ed25519PrivateKey
) -> None:
    file = kept()
    assert file.verdict is not None
    (data,) = file.evidence.confirmations
    answer = idcard.Confirmation.from_bytes(data, {AUTHORITY: authority.public_key()})
    assert answer.signer == file.verdict["signer"] == hashlib.sha256(file.signer_certificate or b"").hexdigest()
    assert answer.counts_at(datetime.fromisoformat(file.verdict["at"]))
    with pytest.raises(idcard.MalformedData):
        idcard.Confirmation.from_bytes(data, {AUTHORITY: Ed25519PrivateKey.generate().public_key()})


def test_the_signers_certificate_is_traced_again(
    kept: Callable[[], EvidenceFile], trust: idcard.TrustStore, at: datetime
) -> None:
    signer = Certificate.from_bytes(kept().signer_certificate or b"")
    path = find_path(signer, trust, at=at, signed_at=None)
    assert path.problem is None
    assert path.anchor is not None


def test_nothing_about_the_person_is_kept(
    kept: Callable[[], EvidenceFile], card: SimulatedCard, tmp_path: Path
) -> None:
    file = kept()
    assert file.evidence.files.keys() == {File.DG15}
    idcard.save_evidence(tmp_path / "kept", file)
    data = (tmp_path / "kept").read_bytes()
    for name, content in card.files.items():
        assert (content in data) is (name is File.DG15)
        if name is not File.DG15:
            assert hashlib.sha256(content).digest() not in data
    for secret in (b"036090999991", b"090999991", b"NGUYEN", "Nguyễn".encode(), b"900115", b"Reader 00"):
        assert secret not in data


@pytest.mark.parametrize(
    "dg15",
    [
        b"",
        b"\x6f\x02\x30\x00",
        tlv.build(0x6F, b"NGUYEN VAN THU"),
        tlv.build(0x6F, der.sequence(der.octet_string(b"NGUYEN VAN THU"))),
    ],
    ids=["empty", "no key", "a text", "a text in a sequence"],
)
def test_what_is_no_public_key_is_not_kept(
    dg15: bytes, evidence: Evidence, trust: idcard.TrustStore, at: datetime
) -> None:
    odd = replace(evidence, files={**evidence.files, File.DG15: dg15})
    file = idcard.retain(odd, idcard.verify(odd, trust, at=at))
    assert not file.evidence.files
    assert b"NGUYEN" not in file.to_bytes()
