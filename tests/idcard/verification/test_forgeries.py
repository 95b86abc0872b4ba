"""One card for each class of forgery: its own fact fails, and no other."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from idcard.evidence import AccessProtocol, AccessRecord, ActiveAuthenticationProof, Evidence, KeyKind
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest, records
from idcard.testing.sod import build as build_sod
from idcard.trust.certificates import Certificate
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome
from idcard.verification.policy import STRICT, VIETNAM_STRICT, Policy
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import NotVerified, Verdict

Gather = Callable[..., Evidence]


@dataclass(frozen=True)
class Workshop:
    """What a forger has at hand."""

    issuer: Issuer
    holder: Holder
    honest: SimulatedCard
    gather: Gather
    at: datetime
    trust: TrustStore
    vouchers: Vouchers
    answer: Callable[..., bytes]

    def with_files(self, files: Mapping[File, bytes]) -> Evidence:
        evidence = self.gather(self.honest)
        return replace(evidence, files={**evidence.files, **files})

    def stranger(self) -> Issuer:
        return Issuer.create("UT", "CSCA Utopia", at=self.issuer.validity.start)


@pytest.fixture(scope="module")
def workshop(
    issuer: Issuer,
    holder: Holder,
    honest: SimulatedCard,
    gather: Gather,
    at: datetime,
    authority: Vouchers,
    answer: Callable[..., bytes],
) -> Workshop:
    stranger = Issuer.create("UT", "CSCA Utopia", at=issuer.validity.start)
    anchors = [issuer.csca_certificate, stranger.csca_certificate]
    shop = Workshop(
        issuer=issuer,
        holder=holder,
        honest=honest,
        gather=gather,
        at=at,
        trust=TrustStore.of(anchors, accept_demonstration=True),
        vouchers=authority,
        answer=answer,
    )
    object.__setattr__(shop, "stranger", lambda: stranger)
    return shop


def altered_group(shop: Workshop) -> Evidence:
    return shop.gather(dishonest.altered_dg1(shop.issuer, shop.holder))


def altered_list(shop: Workshop) -> Evidence:
    old, new = shop.honest.files[File.DG13], shop.honest.files[File.DG13].replace(b"Nguy", b"Mguy")
    sod = shop.honest.files[File.SOD].replace(hashlib.sha256(old).digest(), hashlib.sha256(new).digest())
    return shop.with_files({File.DG13: new, File.SOD: sod})


def another_state(shop: Workshop) -> Evidence:
    return shop.gather(shop.stranger().issue(shop.holder))


def same_name(shop: Workshop) -> Evidence:
    return shop.gather(dishonest.foreign_issuer(shop.issuer, shop.holder))


def revoked(shop: Workshop) -> Evidence:
    signer = Certificate.from_bytes(shop.issuer.signer.certificate).fingerprint
    return replace(shop.gather(shop.honest), confirmations=(shop.answer(signer, status="revoked"),))


def expired_signer(shop: Workshop) -> Evidence:
    return shop.gather(dishonest.expired_signer(shop.issuer, shop.holder))


def clone(shop: Workshop) -> Evidence:
    return shop.gather(dishonest.cloned_chip(shop.issuer, shop.holder))


def clone_with_its_own_dg15(shop: Workshop) -> Evidence:
    copy = shop.issuer.issue(shop.holder)
    copy.files[File.SOD], copy.files[File.DG14] = shop.honest.files[File.SOD], shop.honest.files[File.DG14]
    return shop.gather(copy)


def replayed(shop: Workshop) -> Evidence:
    proof = shop.honest.secrets.proof
    assert proof is not None
    challenge = os.urandom(8)
    old = ActiveAuthenticationProof(challenge=challenge, response=proof.answer(challenge, os.urandom))
    return shop.gather(shop.honest, active_authentication=old)


def swapped(shop: Workshop) -> Evidence:
    files = shop.honest.files
    return shop.with_files({File.DG14: files[File.DG15], File.DG15: files[File.DG14]})


def downgraded(shop: Workshop) -> Evidence:
    return shop.gather(shop.honest, access=AccessRecord(protocol=AccessProtocol.BAC, key_kind=KeyKind.MRZ))


def stripped_card_access(shop: Workshop) -> Evidence:
    record = shop.gather(shop.honest).access
    assert record is not None
    return shop.gather(shop.honest, access=replace(record, card_access=b"\x31\x00"))


def copied_list(shop: Workshop) -> Evidence:
    other = shop.issuer.issue(shop.holder)
    return shop.gather(other, files={**shop.gather(other).files, File.SOD: shop.honest.files[File.SOD]})


def one_byte(shop: Workshop) -> Evidence:
    return shop.with_files({File.DG2: shop.honest.files[File.DG2][:-1] + b"\x00"})


def one_byte_of_the_answer(shop: Workshop) -> Evidence:
    evidence = shop.gather(shop.honest)
    proof = evidence.active_authentication
    assert proof is not None
    assert proof.response is not None
    changed = proof.response[:-1] + bytes([proof.response[-1] ^ 1])
    return replace(evidence, active_authentication=replace(proof, response=changed))


def another_cards_qr(shop: Workshop) -> Evidence:
    return replace(shop.gather(shop.honest), given_card_qr=replace(shop.holder, name="Trần Thị Khác").card_qr_text())


def another_dg13(shop: Workshop) -> Evidence:
    """A signer who signs what contradicts itself."""
    groups = {file.data_group: data for file, data in shop.honest.files.items() if file.data_group}
    groups[13] = records.dg13(replace(shop.holder, name="Trần Văn Khác"))
    sod = build_sod(groups, shop.issuer.signer, at=datetime(2022, 2, 1, tzinfo=UTC))
    return shop.with_files({File.DG13: groups[13], File.SOD: sod})


def hidden_by_ef_com(shop: Workshop) -> Evidence:
    return shop.with_files({File.COM: records.com((1, 2, 13, 14))})


def expired_card(shop: Workshop) -> Evidence:
    expiry = shop.at.date().replace(year=shop.at.year - 1)
    return shop.gather(shop.issuer.issue(replace(shop.holder, expiry=expiry)))


FORGERIES: list[tuple[Callable[[Workshop], Evidence], Policy, str, str]] = [
    (altered_group, VIETNAM_STRICT, "integrity", "hash_mismatch"),
    (altered_list, VIETNAM_STRICT, "signature", "signature_wrong"),
    (another_state, VIETNAM_STRICT, "consistency", "signer_of_another_state"),
    (same_name, VIETNAM_STRICT, "trust", "same_name_other_key"),
    (revoked, VIETNAM_STRICT, "revocation", "revoked"),
    (expired_signer, VIETNAM_STRICT, "trust", "signer_expired"),
    (clone, VIETNAM_STRICT, "genuine_chip", "chip_wrong_answer"),
    (clone_with_its_own_dg15, VIETNAM_STRICT, "integrity", "hash_mismatch"),
    (replayed, VIETNAM_STRICT, "genuine_chip", "chip_replayed"),
    (swapped, VIETNAM_STRICT, "integrity", "hash_mismatch"),
    (downgraded, STRICT, "access", "downgraded"),
    (stripped_card_access, STRICT, "access", "card_access_not_as_signed"),
    (copied_list, VIETNAM_STRICT, "integrity", "hash_mismatch"),
    (one_byte, VIETNAM_STRICT, "integrity", "hash_mismatch"),
    (one_byte_of_the_answer, VIETNAM_STRICT, "genuine_chip", "chip_wrong_answer"),
    (another_cards_qr, VIETNAM_STRICT, "consistency", "card_qr_differs"),
    (another_dg13, VIETNAM_STRICT, "consistency", "data_groups_differ"),
    (hidden_by_ef_com, STRICT, "consistency", "lists_differ"),
    (expired_card, VIETNAM_STRICT, "validity", "expired"),
]


def judged(shop: Workshop, evidence: Evidence, policy: Policy, challenge: bytes | None = None) -> Verdict:
    return verify(
        evidence,
        shop.trust,
        policy,
        at=shop.at,
        expectation=Expectation(challenge=challenge),
        vouchers=shop.vouchers,
    )


@pytest.mark.parametrize(
    ("forge", "policy", "fact", "reason"), FORGERIES, ids=[forge.__name__ for forge, *_ in FORGERIES]
)
def test_a_forgery_fails_its_own_fact_and_no_other(
    forge: Callable[[Workshop], Evidence], policy: Policy, fact: str, reason: str, workshop: Workshop
) -> None:
    challenge = bytes(8) if forge is replayed else None
    verdict = judged(workshop, forge(workshop), policy, challenge)
    failed = {each.name.value: each.reason.value for each in verdict.facts if each.outcome is Outcome.FAILED}
    assert failed == {fact: reason}
    with pytest.raises(NotVerified):
        verdict.require()


@pytest.mark.parametrize("policy", [STRICT, VIETNAM_STRICT], ids=lambda policy: policy.name)
def test_the_honest_card_fails_nothing_in_the_same_workshop(policy: Policy, workshop: Workshop) -> None:
    challenge = os.urandom(8)
    proof = workshop.honest.secrets.proof
    assert proof is not None
    fresh = ActiveAuthenticationProof(challenge=challenge, response=proof.answer(challenge, os.urandom))
    verdict = judged(workshop, workshop.gather(workshop.honest, active_authentication=fresh), policy, challenge)
    assert not [fact for fact in verdict.facts if fact.outcome is Outcome.FAILED]
    assert verdict.require(VIETNAM_STRICT).personal_number == workshop.holder.personal_number
    assert verdict.fact(FactName.GENUINE_CHIP).outcome is Outcome.PASSED
