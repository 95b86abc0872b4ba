"""Whose word a reading is: what this process read, what a known device signed, and what anybody could have written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from idcard.evidence import WITNESSED_HERE, Evidence
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.testing.chip_proof import RsaChipKey
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason, Rung
from idcard.verification.policy import CLOSED_READER, STRICT, VIETNAM_STRICT
from idcard.verification.provenance import NOWHERE
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import NotVerified, Verdict

DEVICE, STRANGER = "ab" * 32, "cd" * 32
Gather = Callable[..., Evidence]
Answer = Callable[..., bytes]
Judge = Callable[..., Verdict]


@pytest.fixture
def read(honest: SimulatedCard, gather: Gather, at: datetime) -> Evidence:
    return gather(honest, read_at=at)


@pytest.fixture
def judge(trust: TrustStore, at: datetime) -> Judge:
    def run(evidence: Evidence, **contributed: Any) -> Verdict:
        return verify(evidence, trust, at=at, expectation=Expectation(**contributed))

    return run


def challenge_of(evidence: Evidence) -> bytes:
    assert evidence.active_authentication is not None
    return evidence.active_authentication.challenge


def told(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = verdict.to_dict()["provenance"]
    return found


def test_what_this_process_read_is_believed(read: Evidence, judge: Judge, at: datetime) -> None:
    verdict = judge(read)
    assert told(verdict) == {
        "witness": "here",
        "device": None,
        "believed": True,
        "read_at": at.isoformat(),
        "challenge": "here",
    }
    assert verdict.fact(FactName.ACCESS).outcome is Outcome.PASSED
    assert verdict.require()


def test_a_known_devices_word_is_believed(read: Evidence, judge: Judge) -> None:
    verdict = judge(replace(read, witness=DEVICE), witnesses=frozenset({DEVICE}))
    assert told(verdict) | {"read_at": None} == {
        "witness": "device",
        "device": DEVICE,
        "believed": True,
        "read_at": None,
        "challenge": "device",
    }
    assert verdict.require()


@pytest.mark.parametrize("witness", [None, STRANGER])
def test_nobodys_and_a_strangers_word_is_not(witness: str | None, read: Evidence, judge: Judge) -> None:
    verdict = judge(replace(read, witness=witness), witnesses=frozenset({DEVICE, WITNESSED_HERE}))
    provenance = told(verdict)
    assert (provenance["witness"], provenance["device"]) == ("device" if witness else "none", witness)
    assert (provenance["believed"], provenance["challenge"]) == (False, "unknown")
    access, chip = verdict.fact(FactName.ACCESS), verdict.fact(FactName.GENUINE_CHIP)
    assert (access.outcome, access.reason) == (Outcome.NOT_PERFORMED, Reason.ACCESS_UNWITNESSED)
    assert (chip.outcome, chip.reason) == (Outcome.INCONCLUSIVE, Reason.CHALLENGE_UNWITNESSED)
    assert chip.details["protocol"] == "active authentication"
    for policy in (STRICT, VIETNAM_STRICT, CLOSED_READER):
        with pytest.raises(NotVerified):
            verdict.require(policy)


def test_this_process_is_not_believed_by_a_judge_who_says_so(read: Evidence, judge: Judge) -> None:
    provenance = told(judge(read, witnesses=frozenset()))
    assert (provenance["witness"], provenance["believed"], provenance["challenge"]) == ("here", False, "unknown")


@pytest.mark.parametrize("witness", [None, STRANGER, DEVICE, WITNESSED_HERE])
def test_whoever_gave_the_challenge_needs_nobodys_word_for_the_chip(
    witness: str | None, read: Evidence, judge: Judge
) -> None:
    verdict = judge(
        replace(read, witness=witness), challenge=challenge_of(read), witnesses=frozenset({DEVICE, WITNESSED_HERE})
    )
    assert told(verdict)["challenge"] == "caller"
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.CHIP_PROVED
    believed = witness in (DEVICE, WITNESSED_HERE)
    assert verdict.fact(FactName.ACCESS).outcome is (Outcome.PASSED if believed else Outcome.NOT_PERFORMED)
    assert verdict.require()


def test_an_answer_to_another_challenge_is_not_the_callers(read: Evidence, judge: Judge) -> None:
    verdict = judge(replace(read, witness=None), challenge=bytes(8))
    assert told(verdict)["challenge"] == "unknown"
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.CHIP_REPLAYED


def test_where_nothing_was_asked_there_is_no_challenge(read: Evidence, judge: Judge) -> None:
    for expected in (None, bytes(8)):
        verdict = judge(replace(read, active_authentication=None), challenge=expected)
        assert told(verdict)["challenge"] == "none"


def test_a_time_without_a_zone_is_no_moment(read: Evidence, judge: Judge, at: datetime) -> None:
    for moment in (None, at.replace(tzinfo=None)):
        assert told(judge(replace(read, read_at=moment)))["read_at"] is None


@pytest.mark.parametrize(
    ("nonces", "rung"),
    [
        (None, Rung.CONFIRMED),
        (frozenset({bytes(16)}), Rung.CONFIRMED),
        (frozenset({b"another question"}), Rung.SIGNED),
        (frozenset(), Rung.SIGNED),
    ],
)
def test_whoever_asked_takes_no_answer_to_another_question(
    nonces: frozenset[bytes] | None,
    rung: Rung,
    read: Evidence,
    nowhere: TrustStore,
    authority: Vouchers,
    answer: Answer,
    signer: str,
    at: datetime,
) -> None:
    evidence, expectation = replace(read, confirmations=(answer(signer),)), Expectation(nonces=nonces)
    assert verify(evidence, nowhere, at=at, expectation=expectation, vouchers=authority).rung is rung


def test_a_revocation_counts_whoever_asked(
    read: Evidence, nowhere: TrustStore, authority: Vouchers, answer: Answer, signer: str, at: datetime
) -> None:
    evidence = replace(read, confirmations=(answer(signer, "revoked"),))
    expectation = Expectation(nonces=frozenset())
    verdict = verify(evidence, nowhere, at=at, expectation=expectation, vouchers=authority)
    assert verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED


@pytest.mark.parametrize("weak", [False, True], ids=["under a voucher", "by a weak key"])
def test_an_old_answer_is_none_whatever_else_the_policy_would_judge(
    weak: bool,
    issuer: Issuer,
    holder: Holder,
    honest: SimulatedCard,
    gather: Gather,
    trust: TrustStore,
    nowhere: TrustStore,
    authority: Vouchers,
    answer: Answer,
    signer: str,
    at: datetime,
) -> None:
    card = issuer.issue(holder, proof=RsaChipKey.generate(bits=1024)) if weak else honest
    evidence = gather(card, confirmations=(answer(signer),), witness=None)
    verdict = verify(evidence, trust if weak else nowhere, at=at, vouchers=authority)
    chip = verdict.fact(FactName.GENUINE_CHIP)
    assert (chip.outcome, chip.reason) == (Outcome.INCONCLUSIVE, Reason.CHALLENGE_UNWITNESSED)


def test_where_nothing_is_known_nobody_is_believed() -> None:
    assert NOWHERE.to_dict() == {
        "witness": "none",
        "device": None,
        "believed": False,
        "read_at": None,
        "challenge": "none",
    }
