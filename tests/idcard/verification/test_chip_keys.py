"""Which file gave the chip's key, and who signed it: DG14 or EF.CardSecurity; and transcripts of version 2."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.evidence import ChipAuthenticationProof, Evidence, PaceCamProof
from idcard.iso7816.apdu import ResponseApdu
from idcard.lds.layout import File
from idcard.testing import Behaviour, Holder, Issuer, Profile, SimulatedCard, der, records, sod
from idcard.testing.chip_crypto import SecureChannel
from idcard.testing.chip_pace import chip_authentication_2
from idcard.testing.sod import DocumentSigner
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.passive_authentication import card_security_authentication
from idcard.verification.transcripts import Expectation

Gather = Callable[..., Evidence]
Judge = Callable[..., Fact]
DEVICE = "d0" * 32
WITNESSED = Expectation(witnesses=frozenset({DEVICE}))
SIGNED_AT = datetime(2022, 2, 1, tzinfo=UTC)
CHIP = Profile(parameter_id=13)
OWN, OTHER = 0xC0FFEE, 0xBEEF
UNNAMED = records.card_security(CHIP.domain.spki(OWN), chip=CHIP, pace=())


def card_security(
    issuer: Issuer, secret: int = OWN, *, version: int = 1, signer: DocumentSigner | None = None
) -> bytes:
    infos = records.card_security(CHIP.domain.spki(secret), chip=CHIP, pace=(), version=version)
    return sod.card_security(infos, signer or issuer.signer, at=SIGNED_AT)


@pytest.fixture(scope="module")
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder, behaviour=Behaviour(chip_profile=CHIP))


@pytest.fixture
def files(card: SimulatedCard, issuer: Issuer) -> Callable[..., Mapping[File, bytes]]:
    """The card's files with a key in DG14, signed anew, and EF.CardSecurity where it is given."""

    def make(
        security: bytes | None = None, *, secret: int | None = OTHER, version: int = 1, issuer: Issuer = issuer
    ) -> dict[File, bytes]:
        groups = {file.data_group: data for file, data in card.files.items() if file.data_group}
        groups[14] = b"\x6e\x02\x31\x00"
        if secret is not None:
            groups[14] = records.dg14(CHIP.domain.spki(secret), None, pace=None, chip=CHIP, version=version)
        made = {File.of_data_group(number): data for number, data in groups.items()}
        made[File.SOD] = sod.build(groups, issuer.signer, at=SIGNED_AT)
        return made if security is None else made | {File.CARD_SECURITY: security}

    return make


@pytest.fixture
def judge(card: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Judge:
    def run(
        expectation: Expectation = WITNESSED,
        *,
        store: TrustStore = trust,
        vouchers: Vouchers | None = None,
        **parts: Any,
    ) -> Fact:
        evidence = gather(card, active_authentication=None, **({"witness": DEVICE} | parts))
        verdict = verify(evidence, store, at=at, expectation=expectation, vouchers=vouchers or Vouchers())
        return verdict.fact(FactName.GENUINE_CHIP)

    return run


def mapped(secret: int = OWN) -> PaceCamProof:
    curve = CHIP.curve
    scalar = curve.draw(os.urandom)
    return PaceCamProof(
        parameter_id=13,
        mapping_public_key=curve.encode(curve.multiply(scalar, curve.multiply(secret))),
        chip_authentication_data=scalar.to_bytes(curve.size),
    )


def agreed(secret: int = OWN, version: int = 2) -> ChipAuthenticationProof:
    domain = CHIP.domain
    private = domain.draw(os.urandom)
    public, nonce = domain.public(private), os.urandom(8)
    if version == 2:
        _, answer = chip_authentication_2(CHIP, secret, public, nonce)
        response = ResponseApdu(data=b"\x7c" + bytes([len(answer)]) + answer, sw=0x9000).to_bytes()
    else:
        channel = SecureChannel.from_secret(CHIP.suite, domain.shared(private, domain.public(secret)), 1)
        response = channel.wrap(ResponseApdu(sw=0x9000)).to_bytes()
    return ChipAuthenticationProof(
        oid=CHIP.chip_authentication_oid,
        ephemeral_public_key=public,
        response=response,
        counter=0 if version == 2 else 2,
        ephemeral_private_key=private.to_bytes(32),
    )


def said(fact: Fact) -> tuple[Outcome, Reason, str | None]:
    return fact.outcome, fact.reason, fact.details.get("key")


# PACE with chip authentication mapping


def test_the_mapping_is_judged_by_the_key_in_card_security(issuer: Issuer, files: Any, judge: Judge) -> None:
    security = card_security(issuer)
    fact = judge(pace_cam=mapped(), files=files(security))
    assert said(fact) == (Outcome.PASSED, Reason.WITNESSED_BY_READER, "EF.CardSecurity")
    wrong = judge(pace_cam=mapped(OTHER), files=files(security))
    assert said(wrong) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER, None)


def test_dg14_stands_in_where_card_security_was_not_read_and_is_named(files: Any, judge: Judge) -> None:
    fact = judge(pace_cam=mapped(OTHER), files=files())
    assert said(fact) == (Outcome.PASSED, Reason.WITNESSED_BY_READER, "DG14")


@pytest.mark.parametrize("security", [b"", b"\x30\x00"], ids=["empty", "no signed data"])
def test_dg14_does_not_stand_in_for_one_that_is_not_well_formed(security: bytes, files: Any, judge: Judge) -> None:
    fact = judge(pace_cam=mapped(OTHER), files=files(security))
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE, None)


def test_of_data_groups_it_says_nothing(issuer: Issuer, files: Any, trust: TrustStore, at: datetime) -> None:
    passive = card_security_authentication(Evidence(files=files(card_security(issuer))), trust, at)
    assert passive is not None
    assert (passive.integrity.outcome, passive.signature.outcome) == (Outcome.NOT_PERFORMED, Outcome.PASSED)
    assert (passive.listed, passive.intact) == (None, frozenset({File.CARD_SECURITY}))


@pytest.mark.parametrize("security", [b"", b"\x30\x00"], ids=["empty", "no signed data"])
def test_one_that_is_not_well_formed_is_signed_by_nobody(
    security: bytes, files: Any, trust: TrustStore, at: datetime
) -> None:
    passive = card_security_authentication(Evidence(files=files(security)), trust, at)
    assert passive is not None
    assert (passive.signature.outcome, passive.trust.outcome) == (Outcome.FAILED, Outcome.NOT_PERFORMED)
    assert passive.signature.reason is Reason.MALFORMED_SECURITY_OBJECT
    assert not passive.intact


def test_for_the_mapping_another_signer_of_the_same_state_may_sign_it(issuer: Issuer, files: Any, judge: Judge) -> None:
    security = card_security(issuer, signer=issuer.document_signer())
    assert judge(pace_cam=mapped(), files=files(security)).outcome is Outcome.PASSED


def test_a_signature_by_nobody_known_proves_nothing(issuer: Issuer, files: Any, judge: Judge) -> None:
    stranger = Issuer.create("VN", "Nobody", at=SIGNED_AT)
    fact = judge(pace_cam=mapped(), files=files(card_security(stranger)))
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED, "EF.CardSecurity")


def test_a_wrong_signature_proves_nothing(issuer: Issuer, files: Any, judge: Judge) -> None:
    right, other = (UNNAMED, records.card_security(CHIP.domain.spki(OTHER), chip=CHIP, pace=()))
    changed = sod.card_security(other, issuer.signer, at=SIGNED_AT).replace(other, right)
    fact = judge(pace_cam=mapped(), files=files(changed))
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")


def test_a_signer_of_another_state_proves_nothing(issuer: Issuer, files: Any, judge: Judge) -> None:
    foreign = Issuer.create("XO", "CSCA Demonstration Elsewhere", at=SIGNED_AT)
    both = TrustStore.of([issuer.csca_certificate, foreign.csca_certificate], accept_demonstration=True)
    fact = judge(pace_cam=mapped(), files=files(card_security(foreign)), store=both)
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")


def test_a_demonstration_never_vouches_for_a_document_that_is_none(files: Any, judge: Judge) -> None:
    shown = Issuer.create("XD", "CSCA Demonstration", at=SIGNED_AT)
    real = Issuer.create("XD", "CSCA Demonstration", at=SIGNED_AT, demonstration=False)
    both = TrustStore.of([shown.csca_certificate, real.csca_certificate], accept_demonstration=True)
    made = files(card_security(shown), issuer=real)
    fact = judge(pace_cam=mapped(), files=made, store=both)
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")
    made = files(card_security(real), issuer=real)
    assert judge(pace_cam=mapped(), files=made, store=both).outcome is Outcome.PASSED


def test_a_signer_that_was_revoked_proves_nothing(
    issuer: Issuer, files: Any, judge: Judge, authority: Vouchers, answer: Callable[..., bytes]
) -> None:
    other = issuer.document_signer()
    revoked = answer(hashlib.sha256(other.certificate).hexdigest(), "revoked")
    parts = {"pace_cam": mapped(), "files": files(card_security(issuer, signer=other)), "confirmations": (revoked,)}
    fact = judge(vouchers=authority, **parts)
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")
    assert judge(**parts).outcome is Outcome.PASSED


def test_a_document_that_nobody_signed_has_no_genuine_chip(issuer: Issuer, files: Any, judge: Judge) -> None:
    made = files(card_security(issuer))
    del made[File.SOD]
    fact = judge(pace_cam=mapped(), files=made)
    assert said(fact) == (Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED, "EF.CardSecurity")


# Chip authentication


@pytest.mark.parametrize("version", [1, 2])
def test_a_key_that_only_card_security_has_may_be_another_cards(
    version: int, issuer: Issuer, files: Any, judge: Judge
) -> None:
    made = files(card_security(issuer, version=version), secret=None)
    proof = agreed(version=version)
    not_signed = (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")
    assert said(judge(chip_authentication=proof, files=made)) == not_signed
    own = Expectation(ephemeral_key=proof.ephemeral_private_key)
    assert said(judge(own, chip_authentication=proof, files=made, witness=None)) == not_signed
    wrong = judge(chip_authentication=agreed(OTHER, version), files=made)
    assert said(wrong) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER, None)


@pytest.mark.parametrize("version", [1, 2])
def test_a_key_that_dg14_has_too_counts_whoever_signed_card_security(version: int, files: Any, judge: Judge) -> None:
    stranger = Issuer.create("VN", "Nobody", at=SIGNED_AT)
    made = files(card_security(stranger, version=version), secret=OWN, version=1)
    fact = judge(chip_authentication=agreed(version=version), files=made)
    assert said(fact) == (Outcome.PASSED, Reason.WITNESSED_BY_READER, "DG14")


@pytest.mark.parametrize("version", [1, 2])
def test_where_both_files_offer_different_keys_the_one_that_answered_decides(
    version: int, issuer: Issuer, files: Any, judge: Judge
) -> None:
    made = files(card_security(issuer, version=version), secret=OTHER, version=version)
    passed = (Outcome.PASSED, Reason.WITNESSED_BY_READER, "DG14")
    not_signed = (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, "EF.CardSecurity")
    assert said(judge(chip_authentication=agreed(OTHER, version), files=made)) == passed
    assert said(judge(chip_authentication=agreed(OWN, version), files=made)) == not_signed
    # Without the terminal's key nobody can say which of them it was.
    bare = replace(agreed(OTHER, version), ephemeral_private_key=None)
    assert said(judge(chip_authentication=bare, files=made)) == not_signed


def test_version_2_with_dg14s_key_where_card_security_offers_version_1(
    issuer: Issuer, files: Any, judge: Judge
) -> None:
    made = files(card_security(issuer, version=1), secret=OTHER, version=2)
    assert said(judge(chip_authentication=agreed(OTHER), files=made))[2] == "DG14"


# Transcripts of version 2


def test_who_made_the_key_is_convinced_by_nonce_and_token(files: Any, judge: Judge) -> None:
    made, proof = files(secret=OWN, version=2), agreed()
    private = proof.ephemeral_private_key
    bare = replace(proof, ephemeral_private_key=None)
    fact = judge(Expectation(ephemeral_key=private), chip_authentication=bare, files=made, witness=None)
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CHIP_PROVED)
    other = judge(Expectation(ephemeral_key=bytes(31) + b"\x05"), chip_authentication=bare, files=made, witness=None)
    assert (other.outcome, other.reason) == (Outcome.FAILED, Reason.CHIP_REPLAYED)


def test_for_everybody_else_it_is_the_readers_word(files: Any, judge: Judge) -> None:
    made, bare = files(secret=OWN, version=2), replace(agreed(), ephemeral_private_key=None)
    assert judge(chip_authentication=bare, files=made).reason is Reason.WITNESSED_BY_READER
    assert judge(chip_authentication=bare, files=made, witness=None).reason is Reason.WITNESS_MISSING


@pytest.mark.parametrize("place", [4, 14, -3])
def test_a_nonce_or_token_that_was_changed_is_a_wrong_answer(place: int, files: Any, judge: Judge) -> None:
    proof = agreed()
    response = bytearray(proof.response)
    response[place] ^= 1
    fact = judge(chip_authentication=replace(proof, response=bytes(response)), files=files(secret=OWN, version=2))
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


@pytest.mark.parametrize(
    "response", [b"\x7c\x90\x00", b"\x7c\x00\x90\x00", b"\x7c\x0a\x81\x08" + bytes(8) + b"\x90\x00"]
)
def test_an_answer_without_nonce_and_token_is_a_wrong_answer(response: bytes, files: Any, judge: Judge) -> None:
    fact = judge(chip_authentication=replace(agreed(), response=response), files=files(secret=OWN, version=2))
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


def test_a_signed_answer_of_another_kind_is_unknown(issuer: Issuer, files: Any, judge: Judge) -> None:
    security = sod.card_security(der.set_of(), issuer.signer, at=SIGNED_AT)
    fact = judge(chip_authentication=agreed(), files=files(security, secret=None))
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED)
