"""What is kept for years holds what its proofs need, and nothing about the person."""

import base64
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
from idcard.testing import Holder, Issuer, SimulatedCard, der
from idcard.trust.certificates import Certificate
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.path import find_path
from idcard.trust.signed_text import draft, signature_line
from idcard.vietnam.card_access import CARD_ACCESS

YEARS = timedelta(days=3653)
AUTHORITY, SOD = "authority.example", File.SOD
PACE = "0.4.0.127.0.7.2.2.4.2.2"
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


OFFERED = CARD_ACCESS[2 + 15 + 17 :]  # What the two entries for other protocols leave: the one for PACE.


@pytest.mark.parametrize(
    ("card_access", "left"),
    [
        (None, None),
        (CARD_ACCESS, tlv.build(0x31, OFFERED)),
        (b"NGUYEN VAN THU, 036090999991", b"\x31\x00"),
        (CARD_ACCESS + b"NGUYEN", b"\x31\x00"),
        (tlv.build(0x31, OFFERED, der.sequence(der.oid("1.2.3"), der.utf8("NGUYEN"))), tlv.build(0x31, OFFERED)),
        (tlv.build(0x31, OFFERED[:-3], b"NGUYEN"), b"\x31\x00"),
        (tlv.build(0x31, der.sequence(der.oid(PACE), der.integer(2), der.integer(13), der.utf8("NGUYEN"))),
         tlv.build(0x31, OFFERED)),
        (tlv.build(0x31, der.sequence(der.oid(PACE), der.integer(2), der.integer(0x4E47))), b"\x31\x00"),
        (tlv.build(0x31, der.sequence(der.oid(PACE[:-1] + "20039"), der.integer(2), der.integer(13))), b"\x31\x00"),
        (tlv.build(0x31, der.sequence(der.oid(PACE), der.integer(78))), b"\x31\x00"),
        (tlv.build(0x31, der.sequence(der.oid(PACE), der.integer(2))),
         tlv.build(0x31, der.sequence(der.oid(PACE), der.integer(2)))),
        (tlv.build(0x31, OFFERED, OFFERED), tlv.build(0x31, OFFERED)),
    ],
)  # fmt: skip
def test_what_the_chip_wrote_beside_its_ways_to_run_pace_is_not_kept(
    card_access: bytes | None, left: bytes | None, evidence: Evidence, trust: idcard.TrustStore, at: datetime
) -> None:
    assert evidence.access is not None
    given = replace(evidence, access=replace(evidence.access, card_access=card_access))
    verdict = idcard.verify(given, trust, at=at)
    kept = idcard.retain(given, verdict)
    assert kept.evidence.access == replace(evidence.access, card_access=left)
    assert b"NGUYEN" not in kept.to_bytes()


def test_a_downgrade_is_still_seen_in_what_is_kept(evidence: Evidence, trust: idcard.TrustStore, at: datetime) -> None:
    opened = idcard.AccessRecord(
        protocol=idcard.AccessProtocol.BAC, key_kind=idcard.KeyKind.MRZ, card_access=CARD_ACCESS
    )
    given = replace(evidence, access=opened, files={**evidence.files, File.DG14: b""})
    assert idcard.verify(given, trust, at=at).fact(FactName.ACCESS).reason is Reason.DOWNGRADED
    kept = replace(idcard.retain(given, idcard.verify(given, trust, at=at)).evidence, witness=given.witness)
    assert idcard.verify(kept, trust, at=at).fact(FactName.ACCESS).reason is Reason.DOWNGRADED


def test_a_way_that_no_standard_knows_is_not_kept(evidence: Evidence, trust: idcard.TrustStore, at: datetime) -> None:
    opened = idcard.AccessRecord(
        protocol=idcard.AccessProtocol.PACE, key_kind=idcard.KeyKind.CAN, pace_oid="NGUYEN VAN THU", parameter_id=13
    )
    given = replace(evidence, access=opened)
    access = idcard.retain(given, idcard.verify(given, trust, at=at)).evidence.access
    assert access == replace(opened, pace_oid=None, parameter_id=None)


def test_a_signers_certificate_that_the_store_brought_is_kept(
    evidence: Evidence, issuer: Issuer, holder: Holder, at: datetime, tmp_path: Path
) -> None:
    signer = issuer.signer.certificate
    bare = issuer.issue(holder, signer=replace(issuer.signer, certificate=b""))
    given = replace(evidence, files={file: data for file, data in bare.files.items() if file.data_group or file is SOD})
    ldif = b"version: 1\ndn: c=VN\nuserCertificate;binary:: " + base64.b64encode(signer) + b"\n"
    with editing(tmp_path / "store", at=at) as store:
        add_file(store, issuer.csca_certificate, name="csca.cer", at=at, accept_demonstration=True)
        add_file(store, ldif, name="pkd.ldif", at=at, accept_demonstration=True)
    trust = idcard.TrustStore.from_directory(tmp_path / "store", accept_demonstration=True)
    verdict = idcard.verify(given, trust, at=at)
    assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
    assert idcard.retain(given, verdict).signer_certificate == signer == verdict.signer_certificate
