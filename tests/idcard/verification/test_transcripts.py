"""Chip authentication and PACE-CAM, on evidence made with the chip's side of the simulator."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from chip_side import agreed, answered, mapped

from idcard.evidence import (
    WITNESSED_HERE,
    AccessProtocol,
    AccessRecord,
    ActiveAuthenticationProof,
    Evidence,
    KeyKind,
)
from idcard.iso7816.apdu import ResponseApdu
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Holder, Issuer, Profile, SimulatedCard, Suite, der, records
from idcard.testing.chip_crypto import SecureChannel
from idcard.testing.chip_curves import SECP256R1
from idcard.testing.chip_pace import Mapping as PaceMapping
from idcard.testing.keys import EcKey
from idcard.testing.sod import build as build_sod
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.policy import STRICT, VIETNAM_STRICT
from idcard.verification.transcripts import Expectation

Gather = Callable[..., Evidence]
Judge = Callable[..., Fact]
DEVICE = "d0" * 32
DEVICES = frozenset({DEVICE})
CA, CAM = "chip authentication", "PACE-CAM"
PACE = AccessRecord(protocol=AccessProtocol.PACE, key_kind=KeyKind.CAN, pace_oid="0.4.0.127.0.7.2.2.4.6.2")


@pytest.fixture
def judge(gather: Gather, trust: TrustStore, at: datetime) -> Judge:
    """The fact about the chip, without active authentication unless it is given."""

    def run(card: SimulatedCard, expectation: Expectation | None = None, **changes: Any) -> Fact:
        evidence = gather(card, **({"active_authentication": None, "witness": None} | changes))
        return verify(evidence, trust, at=at, expectation=expectation or Expectation()).fact(FactName.GENUINE_CHIP)

    return run


def test_a_judge_who_made_the_key_is_convinced(honest: SimulatedCard, judge: Judge) -> None:
    key, proof = agreed(honest)
    fact = judge(honest, Expectation(ephemeral_key=key), chip_authentication=proof)
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CHIP_PROVED)
    assert dict(fact.details) == {"protocol": CA, "key": "DG14"}


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("counter", [2, 4, 1 << 40])
def test_every_cipher_and_counter(
    suite: Suite, counter: int, issuer: Issuer, holder: Holder, judge: Judge, honest: SimulatedCard
) -> None:
    card = issuer.issue(holder, behaviour=Behaviour(chip_profile=Profile(suite=suite, parameter_id=13)))
    key, proof = agreed(card, suite, counter)
    assert judge(card, Expectation(ephemeral_key=key), chip_authentication=proof).outcome is Outcome.PASSED
    moved = replace(proof, counter=counter + 1)
    assert judge(card, Expectation(ephemeral_key=key), chip_authentication=moved).reason is Reason.CHIP_WRONG_ANSWER


def test_a_clone_agrees_on_other_keys(issuer: Issuer, holder: Holder, honest: SimulatedCard, judge: Judge) -> None:
    copy = issuer.issue(holder)
    key, proof = agreed(copy)
    fact = judge(honest, Expectation(ephemeral_key=key), chip_authentication=proof)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)
    assert fact.details["protocol"] == CA


def test_a_transcript_with_another_key_than_the_judges_is_a_replay(honest: SimulatedCard, judge: Judge) -> None:
    key, _ = agreed(honest)
    _, old = agreed(honest)
    for other in (key, bytes(32), honest.behaviour.chip_profile.curve.n.to_bytes(32)):
        fact = judge(honest, Expectation(ephemeral_key=other), chip_authentication=old)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_REPLAYED)


@pytest.mark.parametrize("response", [b"", b"\x90\x00", b"\x69\x88", bytes(40), b"\x99\x02\x90\x00\x90\x00"])
def test_an_answer_that_is_not_sealed_is_wrong(honest: SimulatedCard, judge: Judge, response: bytes) -> None:
    key, proof = agreed(honest)
    changed = replace(proof, response=response)
    fact = judge(honest, Expectation(ephemeral_key=key), chip_authentication=changed)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


@pytest.mark.parametrize("response", [b"", b"\x90\x00", b"\x69\x88"])
def test_a_reader_that_recorded_no_answer_bears_witness_to_none(
    honest: SimulatedCard, judge: Judge, response: bytes
) -> None:
    _, proof = agreed(honest)
    bare = replace(proof, response=response)
    fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, chip_authentication=bare)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


def test_a_byte_more_than_a_status_word_is_an_answer(honest: SimulatedCard, judge: Judge) -> None:
    (key, _), (_, old) = agreed(honest), agreed(honest)
    for response, reason in ((b"\x90\x00", Reason.CHIP_WRONG_ANSWER), (b"\x00\x90\x00", Reason.CHIP_REPLAYED)):
        changed = replace(old, response=response)
        assert judge(honest, Expectation(ephemeral_key=key), chip_authentication=changed).reason is reason


def test_a_chip_that_refused_the_protocol_itself_gave_no_answer(honest: SimulatedCard, judge: Judge) -> None:
    _, proof = agreed(honest)
    refused = replace(proof, ephemeral_public_key=b"", response=b"\x6a\x80", counter=0)
    for expectation in (Expectation(ephemeral_key=bytes(31) + b"\x05"), Expectation(witnesses=DEVICES)):
        fact = judge(honest, expectation, witness=DEVICE, chip_authentication=refused)
        assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED)
        assert dict(fact.details) == {"protocol": CA, "sw": "6A80"}


@pytest.mark.parametrize(
    ("witness", "outcome", "reason"),
    [
        (DEVICE, Outcome.PASSED, Reason.WITNESSED_BY_READER),
        ("e0" * 32, Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING),
        (WITNESSED_HERE, Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING),
        (None, Outcome.INCONCLUSIVE, Reason.WITNESS_MISSING),
    ],
)
@pytest.mark.parametrize("protocol", [CA, CAM])
@pytest.mark.parametrize("kept", [False, True], ids=["key forgotten", "key kept"])
def test_somebody_elses_transcript_is_worth_its_readers_signature(
    protocol: str,
    kept: bool,
    witness: str | None,
    outcome: Outcome,
    reason: Reason,
    honest: SimulatedCard,
    judge: Judge,
) -> None:
    key, proof = agreed(honest)
    proof = replace(proof, ephemeral_private_key=key) if kept else proof
    made: dict[str, Any] = {"chip_authentication": proof} if protocol == CA else {"pace_cam": mapped(honest)}
    fact = judge(honest, Expectation(witnesses=DEVICES), witness=witness, **made)
    assert (fact.outcome, fact.reason, fact.details["protocol"]) == (outcome, reason, protocol)
    assert fact.details.get("witness") == ("reader" if outcome is Outcome.PASSED else None)


@pytest.mark.parametrize("protocol", [CA, CAM])
def test_what_this_process_gathered_is_its_own_word(protocol: str, honest: SimulatedCard, judge: Judge) -> None:
    made: dict[str, Any] = (
        {"chip_authentication": agreed(honest)[1]} if protocol == CA else {"pace_cam": mapped(honest)}
    )
    assert judge(honest, witness=WITNESSED_HERE, **made).reason is Reason.WITNESSED_BY_READER


def test_a_kept_key_that_does_not_open_its_own_transcript_is_a_wrong_answer(
    honest: SimulatedCard, judge: Judge
) -> None:
    (key, proof), (other, _) = agreed(honest), agreed(honest)
    for kept in (replace(proof, ephemeral_private_key=other), replace(proof, ephemeral_private_key=key, counter=9)):
        fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, chip_authentication=kept)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


def test_a_point_that_the_chip_cannot_have_sent_is_a_wrong_answer(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, judge: Judge
) -> None:
    proof, n = mapped(honest), honest.behaviour.chip_profile.curve.n
    for changed in (
        mapped(issuer.issue(holder)),
        replace(proof, mapping_public_key=b""),
        replace(proof, chip_authentication_data=b""),
        replace(proof, chip_authentication_data=n.to_bytes(32)),
    ):
        fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=changed)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)
        assert fact.details["protocol"] == CAM


def test_a_transcript_passes_only_under_a_trusted_signer(honest: SimulatedCard, gather: Gather, at: datetime) -> None:
    key, proof = agreed(honest)
    evidence = gather(honest, active_authentication=None, chip_authentication=proof)
    empty = TrustStore.of([], no_anchor_declared=date(2026, 11, 23), accept_demonstration=True)
    verdict = verify(evidence, empty, at=at, expectation=Expectation(ephemeral_key=key))
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.TRUST_NOT_PASSED


def test_a_key_that_nobody_signed_proves_nothing(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, judge: Judge
) -> None:
    copy = issuer.issue(holder)
    key, proof = agreed(copy)
    files = {file: data for file, data in copy.files.items() if file.data_group} | {
        file: honest.files[file] for file in (File.SOD, File.DG15)
    }
    fact = judge(copy, Expectation(ephemeral_key=key), chip_authentication=proof, files=files)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED)


def dg14(*infos: bytes) -> bytes:
    return bytes.fromhex("6e82") + len(der.set_of(*infos)).to_bytes(2) + der.set_of(*infos)


INFO = records.chip_authentication_info(Profile(suite=Suite.AES192, parameter_id=13))


def key_info(spki: bytes, *key_id: int) -> bytes:
    return der.sequence(der.oid("0.4.0.127.0.7.2.2.1.2"), spki, *map(der.integer, key_id))


def signed(card: SimulatedCard, issuer: Issuer, content: bytes) -> Mapping[File, bytes]:
    """The card's files with another DG14, signed anew."""
    groups = {file.data_group: data for file, data in card.files.items() if file.data_group} | {14: content}
    sod = build_sod(groups, issuer.signer, at=datetime.fromisoformat("2022-02-01T00:00:00+00:00"))
    return {File.of_data_group(number): data for number, data in groups.items()} | {File.SOD: sod}


@pytest.mark.parametrize("protocol", [CA, CAM])
def test_several_keys_are_told_apart(protocol: str, honest: SimulatedCard, issuer: Issuer, judge: Judge) -> None:
    chip = honest.secrets.agreement
    assert chip is not None
    curve = honest.behaviour.chip_profile.curve
    own, other = EcKey(curve=curve, secret=chip), EcKey(curve=SECP256R1, secret=7)
    both = signed(honest, issuer, dg14(INFO, key_info(other.spki, 1), key_info(own.spki, 2)))
    key, proof = agreed(honest)
    if protocol == CAM:
        expectation = Expectation(witnesses=DEVICES)
        fact = judge(honest, expectation, files=both, pace_cam=mapped(honest), witness=DEVICE)
        assert fact.outcome is Outcome.PASSED
        return
    expectation = Expectation(ephemeral_key=key)
    for key_id, reason in ((2, Reason.CHIP_PROVED), (1, Reason.CHIP_REPLAYED), (3, Reason.CHIP_KEY_UNUSABLE)):
        named = replace(proof, key_id=key_id)
        assert judge(honest, expectation, files=both, chip_authentication=named).reason is reason
    assert judge(honest, expectation, files=both, chip_authentication=proof).reason is Reason.CHIP_KEY_UNUSABLE


@pytest.mark.parametrize("protocol", [CA, CAM])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.CHIP_KEY_UNUSABLE),
        (dg14(INFO), Reason.CHIP_KEY_UNUSABLE),
        (dg14(INFO, key_info(der.sequence())), Reason.CHIP_KEY_UNUSABLE),
        (dg14(INFO, key_info(der.sequence(der.sequence(der.oid("1.2.3")), der.bit_string(b"\x04")))), None),
    ],
    ids=["no file", "no key", "no key either", "an unknown kind"],
)
def test_keys_that_cannot_be_used_are_inconclusive(
    protocol: str, content: bytes, reason: Reason | None, honest: SimulatedCard, gather: Gather, judge: Judge
) -> None:
    key, proof = agreed(honest)
    made: dict[str, Any] = {"chip_authentication": proof} if protocol == CA else {"pace_cam": mapped(honest)}
    files = {**gather(honest).files, File.DG14: content}
    fact = judge(honest, Expectation(ephemeral_key=key), files=files, **made)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, reason or Reason.UNSUPPORTED_ALGORITHM)
    assert fact.details["protocol"] == protocol


def test_key_agreement_with_rsa_is_not_known(honest: SimulatedCard, issuer: Issuer, judge: Judge) -> None:
    rsa = issuer.issue(SPECIMEN, active_authentication="rsa").files[File.DG15]
    spki = rsa[rsa.index(b"\x30") :]
    key, proof = agreed(honest)
    files = signed(honest, issuer, dg14(INFO, key_info(spki)))
    fact = judge(honest, Expectation(ephemeral_key=key), files=files, chip_authentication=proof)
    assert (fact.reason, fact.details["oid"]) == (Reason.UNSUPPORTED_ALGORITHM, "1.2.840.113549.1.1.1")


def test_parameters_that_are_no_curve_are_not_known(honest: SimulatedCard, judge: Judge) -> None:
    proof = replace(mapped(honest), parameter_id=2)
    fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=proof)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM)


@pytest.mark.parametrize("number", [77, -1])
def test_parameters_that_the_chip_writes_out_itself_are_those_of_ef_card_access(
    number: int, honest: SimulatedCard, judge: Judge
) -> None:
    """-1 stands for the only ones, where the chip gives no number."""
    offer = records.card_access(Profile(parameter_id=13, mapping=PaceMapping.CHIP_AUTHENTICATION, written_as=77))
    proof = replace(mapped(honest), parameter_id=number)

    def judged(access: AccessRecord | None) -> Reason:
        return judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=proof, access=access).reason

    assert judged(replace(PACE, parameter_id=number, card_access=offer)) is Reason.WITNESSED_BY_READER
    for nowhere in (None, PACE, replace(PACE, card_access=records.card_access())):
        assert judged(nowhere) is Reason.UNSUPPORTED_ALGORITHM


def test_standardized_parameters_need_no_record_of_how_the_chip_was_opened(honest: SimulatedCard, judge: Judge) -> None:
    fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=mapped(honest), access=None)
    assert fact.reason is Reason.WITNESSED_BY_READER


def test_parameters_on_which_the_chip_has_no_key(honest: SimulatedCard, judge: Judge) -> None:
    proof = replace(mapped(honest), parameter_id=12)
    fact = judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=proof)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE)


def test_a_protocol_that_dg14_does_not_offer_is_not_taken(honest: SimulatedCard, judge: Judge) -> None:
    key, proof = agreed(honest)
    weaker = replace(proof, oid="0.4.0.127.0.7.2.2.3.2.1")
    fact = judge(honest, Expectation(ephemeral_key=key), chip_authentication=weaker)
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED)


@pytest.mark.parametrize("arc", ["1.5", "2.5", "2.0"])
def test_a_protocol_with_an_unknown_cipher_is_not_known(
    arc: str, honest: SimulatedCard, issuer: Issuer, judge: Judge
) -> None:
    oid = f"0.4.0.127.0.7.2.2.3.{arc}"
    chip = honest.secrets.agreement
    assert chip is not None
    own = EcKey(curve=honest.behaviour.chip_profile.curve, secret=chip)
    info = der.sequence(der.oid(oid), der.integer(1))
    files = signed(honest, issuer, dg14(info, key_info(own.spki)))
    key, proof = agreed(honest)
    changed = replace(proof, oid=oid)
    fact = judge(honest, Expectation(ephemeral_key=key), files=files, chip_authentication=changed)
    assert (fact.reason, fact.details["oid"]) == (Reason.UNSUPPORTED_ALGORITHM, oid)


def test_of_several_proofs_a_wrong_one_decides_then_the_best(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, judge: Judge
) -> None:
    key, proof = agreed(honest)
    (_, wrong), right = agreed(issuer.issue(holder)), answered(honest)
    own, word = Expectation(ephemeral_key=key), Expectation(witnesses=DEVICES)
    refused = ActiveAuthenticationProof(challenge=bytes(8), response=None, sw=0x6D00)

    both = judge(honest, own, witness=WITNESSED_HERE, active_authentication=right, chip_authentication=proof)
    assert (both.reason, both.details["protocol"]) == (Reason.CHIP_PROVED, "active authentication")
    old = judge(honest, own, active_authentication=right, chip_authentication=proof)
    assert (old.reason, old.details["protocol"]) == (Reason.CHIP_PROVED, CA)
    one = judge(honest, own, active_authentication=refused, chip_authentication=proof)
    assert (one.reason, one.details["protocol"]) == (Reason.CHIP_PROVED, CA)
    best = judge(honest, word, witness=DEVICE, active_authentication=right, chip_authentication=proof)
    assert best.reason is Reason.CHIP_PROVED
    said = judge(honest, word, witness=DEVICE, chip_authentication=proof)
    assert said.reason is Reason.WITNESSED_BY_READER
    failed = judge(honest, own, active_authentication=right, chip_authentication=wrong, pace_cam=mapped(honest))
    assert failed.reason is Reason.CHIP_REPLAYED
    unsure = judge(honest, chip_authentication=proof)
    assert unsure.reason is Reason.WITNESS_MISSING


def test_one_wrong_answer_outweighs_all_right_ones(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, judge: Judge
) -> None:
    key, wrong = agreed(issuer.issue(holder))
    right: dict[str, Any] = {"active_authentication": answered(honest), "pace_cam": mapped(honest)}
    assert judge(honest, witness=WITNESSED_HERE, **right).outcome is Outcome.PASSED
    kept = replace(wrong, ephemeral_private_key=key)
    fact = judge(honest, witness=WITNESSED_HERE, chip_authentication=kept, **right)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


def test_a_witnessed_proof_passes_every_proving_policy(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(honest, active_authentication=None, chip_authentication=agreed(honest)[1], witness=DEVICE)
    verdict = verify(evidence, trust, at=at, expectation=Expectation(witnesses=DEVICES))
    assert verdict.require(VIETNAM_STRICT)
    assert {fact.name for fact in verdict.unmet(STRICT)} == {FactName.REVOCATION}


def test_nothing_of_a_transcript_is_shown(honest: SimulatedCard) -> None:
    key, proof = agreed(honest)
    assert repr(replace(proof, ephemeral_private_key=key)) == f"ChipAuthenticationProof({proof.oid})"
    assert repr(mapped(honest)) == "PaceCamProof(13)"
    assert key.hex() not in repr(Expectation(ephemeral_key=key))


def test_one_is_a_private_key_like_any_other(honest: SimulatedCard, judge: Judge) -> None:
    curve, chip = honest.behaviour.chip_profile.curve, honest.secrets.agreement
    assert chip is not None
    static = curve.multiply(chip)
    channel = SecureChannel.from_secret(Suite.AES192, static.x.to_bytes(32), 1)
    proof = replace(
        agreed(honest)[1],
        ephemeral_public_key=curve.encode(curve.g),
        response=channel.wrap(ResponseApdu(sw=0x9000)).to_bytes(),
    )
    fact = judge(honest, Expectation(ephemeral_key=b"\x01"), chip_authentication=proof)
    assert fact.outcome is Outcome.PASSED
    same = replace(mapped(honest), mapping_public_key=curve.encode(static), chip_authentication_data=b"\x01")
    assert judge(honest, Expectation(witnesses=DEVICES), witness=DEVICE, pace_cam=same).outcome is Outcome.PASSED


def test_a_counter_of_zero_follows_the_last_one(honest: SimulatedCard, judge: Judge) -> None:
    key, proof = agreed(honest, counter=0)
    assert judge(honest, Expectation(ephemeral_key=key), chip_authentication=proof).outcome is Outcome.PASSED
