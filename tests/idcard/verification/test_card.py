"""Verdicts on honest cards and on each kind of forgery: exactly the fact that is forged fails."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from idcard.evidence import AccessProtocol, AccessRecord, ActiveAuthenticationProof, Evidence, KeyKind
from idcard.identity import BirthDate, ClaimSource, Sex
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.policy import READING_ONLY, STRICT, VIETNAM_STRICT
from idcard.verification.verdict import NotVerified, Verdict

Gather = Callable[..., Evidence]
BAC = AccessRecord(protocol=AccessProtocol.BAC, key_kind=KeyKind.MRZ)


def failed(verdict: Verdict) -> dict[str, str]:
    return {fact.name.value: fact.reason.value for fact in verdict.facts if fact.outcome is Outcome.FAILED}


def inconclusive(verdict: Verdict) -> dict[str, str]:
    return {fact.name.value: fact.reason.value for fact in verdict.facts if fact.outcome is Outcome.INCONCLUSIVE}


def test_an_honest_card_proves_its_holder(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime, signer: str
) -> None:
    verdict = verify(gather(honest), trust, at=at)
    assert {fact.name: fact.reason for fact in verdict.facts} == {
        FactName.INTEGRITY: Reason.HASHES_MATCH,
        FactName.SIGNATURE: Reason.SIGNATURE_VERIFIED,
        FactName.TRUST: Reason.ANCHORED,
        FactName.REVOCATION: Reason.NO_REVOCATION_LIST,
        FactName.GENUINE_CHIP: Reason.CHIP_PROVED,
        FactName.ACCESS: Reason.OPENED_WITH_PACE,
        FactName.VALIDITY: Reason.IN_FORCE,
        FactName.CONSISTENCY: Reason.CONSISTENT,
    }
    assert all(value for fact in verdict.facts for value in fact.details.values())
    assert not [fact for fact in verdict.facts if "old" in fact.details]
    assert "certificate" not in verdict.fact(FactName.SIGNATURE).details
    assert verdict.anchor == trust.anchors[0].fingerprint
    assert verdict.signer_certificate is not None
    assert verdict.signer == hashlib.sha256(verdict.signer_certificate).hexdigest() == signer
    identity = verdict.require()
    assert (identity.name, identity.name_latin) == ("Nguyễn Văn Thử", "NGUYEN VAN THU")
    assert identity.birth == BirthDate(year=1990, month=1, day=15)
    assert (identity.sex, identity.expiry) == (Sex.MALE, date(2030, 1, 15))
    assert (identity.document_number, identity.personal_number) == ("090999991", "036090999991")
    assert (identity.issuing_state, identity.nationality) == ("VNM", "VNM")
    assert identity.portrait is not None
    assert identity.portrait.media_type == "image/jpeg"


def test_an_honest_card_with_an_rsa_key_proves_its_holder(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(issuer.issue(holder, active_authentication="rsa")), trust, at=at)
    assert verdict.meets(VIETNAM_STRICT)


def test_strict_also_wants_a_revocation_list(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(honest), trust, STRICT, at=at)
    assert [fact.name for fact in verdict.unmet()] == [FactName.REVOCATION]
    assert verdict.meets(VIETNAM_STRICT)


@pytest.mark.parametrize("file", [File.DG1, File.DG13])
def test_an_altered_data_group_fails_integrity_alone(
    file: File, issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    forge = dishonest.altered_dg1 if file is File.DG1 else dishonest.altered_dg13
    verdict = verify(gather(forge(issuer, holder)), trust, at=at)
    assert failed(verdict) == {"integrity": "hash_mismatch"}
    assert verdict.fact(FactName.INTEGRITY).details["data_groups"] == str(file.data_group)
    assert inconclusive(verdict) == {"consistency": "integrity_not_verified"}
    with pytest.raises(NotVerified):
        verdict.require()


def test_an_altered_dg13_never_gives_its_name_to_a_verified_identity(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.altered_dg13(issuer, holder)), trust, at=at)
    claimed = verdict.claimed_identity()
    assert claimed is not None
    assert claimed.name == dishonest.IMPOSTOR
    assert verdict.proved is not None
    assert verdict.proved.name == "NGUYEN VAN THU"


def test_an_issuer_of_the_same_name_fails_trust_alone(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.foreign_issuer(issuer, holder)), trust, at=at)
    assert failed(verdict) == {"trust": "same_name_other_key"}
    assert inconclusive(verdict) == {"genuine_chip": "trust_not_passed"}


def test_an_unknown_issuer_is_inconclusive_not_failed(
    holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.unknown_issuer(holder)), trust, at=at)
    assert failed(verdict) == {}
    assert inconclusive(verdict) == {"trust": "no_anchor", "genuine_chip": "trust_not_passed"}
    assert verdict.fact(FactName.INTEGRITY).outcome is Outcome.PASSED
    with pytest.raises(NotVerified):
        verdict.require()


def test_a_store_that_declares_no_anchor_says_so(honest: SimulatedCard, gather: Gather, at: datetime) -> None:
    empty = TrustStore.of([], no_anchor_declared=date(2026, 11, 23), accept_demonstration=True)
    verdict = verify(gather(honest), empty, at=at)
    assert inconclusive(verdict) == {"trust": "no_anchor_yet", "genuine_chip": "trust_not_passed"}
    claimed = verdict.claimed_identity()
    assert claimed is not None
    assert (claimed.source, claimed.name) == (ClaimSource.CHIP_NOT_PROVED, "Nguyễn Văn Thử")


def test_an_expired_signer_fails_trust_alone(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.expired_signer(issuer, holder)), trust, at=at)
    assert failed(verdict) == {"trust": "signer_expired"}
    assert inconclusive(verdict) == {"genuine_chip": "trust_not_passed"}


def test_a_copied_chip_fails_its_proof_alone(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.cloned_chip(issuer, holder)), trust, at=at)
    assert failed(verdict) == {"genuine_chip": "chip_wrong_answer"}
    assert inconclusive(verdict) == {}


def test_a_copy_with_its_own_key_in_dg15_does_not_prove_its_chip(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    copy = issuer.issue(holder)
    copy.files[File.SOD] = honest.files[File.SOD]
    copy.files[File.DG14] = honest.files[File.DG14]
    verdict = verify(gather(copy), trust, at=at)
    assert failed(verdict) == {"integrity": "hash_mismatch"}
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.CHIP_KEY_NOT_SIGNED


def test_a_wrong_answer_fails_even_where_nobody_is_trusted(
    issuer: Issuer, holder: Holder, gather: Gather, at: datetime
) -> None:
    empty = TrustStore.of([], no_anchor_declared=date(2026, 11, 23), accept_demonstration=True)
    verdict = verify(gather(dishonest.cloned_chip(issuer, holder)), empty, at=at)
    assert failed(verdict) == {"genuine_chip": "chip_wrong_answer"}


def test_an_answer_to_another_challenge_is_a_replay(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    old = gather(honest).active_authentication
    assert old is not None
    replayed = ActiveAuthenticationProof(challenge=bytes(8), response=old.response)
    verdict = verify(gather(honest, active_authentication=replayed), trust, at=at)
    assert failed(verdict) == {"genuine_chip": "chip_wrong_answer"}


def test_the_signed_list_of_another_card_fails_integrity(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    other = issuer.issue(holder)
    files = dict(other.files) | {File.SOD: honest.files[File.SOD]}
    files = {file: data for file, data in files.items() if file.data_group or file is File.SOD}
    verdict = verify(gather(other, files=files), trust, at=at)
    assert failed(verdict) == {"integrity": "hash_mismatch"}


def test_a_changed_list_of_hashes_fails_the_signature_alone(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    """The impostor changes DG13 and its hash in the list: then the hashes hold, but the signature does not."""
    old, new = honest.files[File.DG13], honest.files[File.DG13].replace(b"Nguy", b"Mguy")
    sod = honest.files[File.SOD].replace(hashlib.sha256(old).digest(), hashlib.sha256(new).digest())
    files = {file: data for file, data in honest.files.items() if file.data_group or file is File.COM}
    verdict = verify(gather(honest, files=files | {File.DG13: new, File.SOD: sod}), trust, at=at)
    assert failed(verdict) == {"signature": "signature_wrong"}
    assert verdict.fact(FactName.TRUST).reason is Reason.SIGNATURE_NOT_VERIFIED
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.TRUST_NOT_PASSED


def test_a_state_cannot_sign_for_another(holder: Holder, gather: Gather, at: datetime) -> None:
    other = Issuer.create("UT", "CSCA Utopia", at=datetime(2022, 1, 2, tzinfo=UTC))
    trust = TrustStore.of([other.csca_certificate], accept_demonstration=True)
    verdict = verify(gather(other.issue(holder)), trust, at=at)
    assert failed(verdict) == {"consistency": "signer_of_another_state"}


def test_a_downgrade_is_the_policy_s_to_judge(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    refused = AccessRecord(protocol=AccessProtocol.BAC, key_kind=KeyKind.MRZ, pace_refused_sw=0x6982)
    verdict = verify(gather(honest, access=refused), trust, at=at)
    assert verdict.fact(FactName.ACCESS).reason is Reason.DOWNGRADED
    assert verdict.fact(FactName.ACCESS).outcome is Outcome.PASSED
    assert verdict.fact(FactName.ACCESS).details["pace_refused_sw"] == "6982"
    assert verdict.require() is not None
    assert {fact.name: fact.outcome for fact in verdict.unmet(STRICT)}[FactName.ACCESS] is Outcome.FAILED
    strict = verify(gather(honest, access=refused), trust, STRICT, at=at)
    assert strict.fact(FactName.ACCESS).outcome is Outcome.FAILED
    assert strict.meets(VIETNAM_STRICT)


def test_what_was_not_read_is_said(honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> None:
    verdict = verify(Evidence(files={}), trust, at=at)
    assert not [fact.name for fact in verdict.facts if fact.outcome in (Outcome.PASSED, Outcome.FAILED)]
    assert {fact.reason for fact in verdict.facts} == {
        Reason.NO_SECURITY_OBJECT,
        Reason.CHIP_KEY_NOT_READ,
        Reason.NO_ACCESS_RECORD,
        Reason.EXPIRY_UNKNOWN,
        Reason.NOTHING_TO_COMPARE,
    }
    assert verdict.claimed_identity() is None
    with pytest.raises(NotVerified):
        verdict.require(READING_ONLY)


def test_a_list_alone_is_signed_but_holds_nothing(honest: SimulatedCard, trust: TrustStore, at: datetime) -> None:
    verdict = verify(Evidence(files={File.SOD: honest.files[File.SOD]}), trust, at=at)
    integrity = verdict.fact(FactName.INTEGRITY)
    assert (integrity.outcome, integrity.reason) == (Outcome.NOT_PERFORMED, Reason.NOTHING_READ)
    assert verdict.fact(FactName.SIGNATURE).outcome is Outcome.PASSED


def test_a_data_group_that_nobody_signed_fails_integrity(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    files = dict(gather(honest).files) | {File.DG11: b"\x6b\x00"}
    verdict = verify(gather(honest, files=files), trust, at=at)
    assert failed(verdict) == {"integrity": "data_group_not_signed"}


def test_a_list_that_is_no_list_fails(honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> None:
    files = dict(gather(honest).files) | {File.SOD: b"\x77\x02\x30\x00"}
    verdict = verify(gather(honest, files=files), trust, at=at)
    assert failed(verdict) == {"integrity": "malformed_security_object", "signature": "malformed_security_object"}
    for name in (FactName.TRUST, FactName.REVOCATION):
        assert verdict.fact(name).outcome is Outcome.NOT_PERFORMED


def test_reading_only_never_proves_anybody(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(honest), trust, READING_ONLY, at=at)
    assert verdict.meets()
    with pytest.raises(NotVerified):
        verdict.require()
    assert verdict.require(VIETNAM_STRICT)


def test_an_expired_card_fails_validity_alone(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    last = datetime(2030, 1, 15, 23, 59, tzinfo=UTC)
    assert verify(gather(honest), trust, at=last).meets()
    assert failed(verify(gather(honest), trust, at=last + timedelta(hours=1))) == {"validity": "expired"}


def test_a_verdict_holds_nothing_about_the_person_that_shows(
    honest: SimulatedCard, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(honest, given_card_qr=holder.card_qr_text()), trust, STRICT, at=at)
    with pytest.raises(NotVerified) as caught:
        verdict.require()
    shown = repr(verdict) + json.dumps(verdict.to_dict()) + str(caught.value) + repr(verdict.proved)
    # Four digits stand in a hash by chance now and then, and say nothing there.
    shown = re.sub(r"[0-9a-f]{32,}", "", shown)
    for secret in (holder.personal_number, holder.document_number, "Nguyễn", "NGUYEN", "1990", "9001"):
        assert secret not in shown


def test_the_moment_of_judgement_needs_a_zone(honest: SimulatedCard, gather: Gather, trust: TrustStore) -> None:
    with pytest.raises(ValueError, match="zone"):
        verify(gather(honest), trust, at=datetime(2026, 11, 23))
