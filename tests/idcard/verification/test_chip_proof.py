from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from idcard.encoding import tlv
from idcard.evidence import ActiveAuthenticationProof, Evidence
from idcard.lds.layout import File
from idcard.testing import Issuer, SimulatedCard, der
from idcard.trust.store import TrustStore
from idcard.verification.chip_proof import genuine_chip
from idcard.verification.facts import Fact, Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication

Gather = Callable[..., Evidence]
Judge = Callable[..., Fact]


def active_authentication_info(algorithm: str) -> bytes:
    """DG14 with an ActiveAuthenticationInfo that names ``algorithm``."""
    info = der.sequence(der.oid("2.23.136.1.1.5"), der.integer(1), der.oid(algorithm))
    return tlv.build(0x6E, tlv.build(0x31, info))


@pytest.fixture
def judge(honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Judge:
    def run(*, without: tuple[File, ...] = (), passive: dict[str, Any] | None = None, **changes: Any) -> Fact:
        whole = gather(honest)
        files = dict(whole.files) | changes.pop("files", {})
        evidence = gather(honest, **changes, files={f: d for f, d in files.items() if f not in without})
        return genuine_chip(evidence, replace(passive_authentication(whole, trust, at), **(passive or {})))

    return run


def test_the_honest_answer_passes_and_says_how(judge: Judge) -> None:
    fact = judge()
    assert fact.outcome is Outcome.PASSED
    assert dict(fact.details) == {"protocol": "active authentication", "hash": "sha256"}


def test_no_challenge_was_sent(judge: Judge) -> None:
    fact = judge(active_authentication=None)
    assert (fact.outcome, fact.reason) == (Outcome.NOT_PERFORMED, Reason.CHIP_NOT_ASKED)


def test_a_refusal_is_not_an_answer(judge: Judge) -> None:
    proof = ActiveAuthenticationProof(challenge=bytes(8), response=None, sw=0x6D00)
    fact = judge(active_authentication=proof)
    assert (fact.outcome, fact.reason, fact.details["sw"]) == (Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED, "6D00")


def test_a_key_that_is_listed_but_was_not_read(judge: Judge) -> None:
    fact = judge(without=(File.DG15,))
    assert (fact.outcome, fact.reason) == (Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)


def test_a_document_without_a_key(judge: Judge) -> None:
    fact = judge(without=(File.DG15,), passive={"listed": frozenset({1, 2})})
    assert (fact.outcome, fact.reason) == (Outcome.NOT_SUPPORTED, Reason.NO_CHIP_KEY)


def test_without_dg15_the_chip_has_a_key_where_dg14_has_one(judge: Judge, honest: SimulatedCard) -> None:
    """Or may have one: where DG14 was not read, or nobody understands it."""
    none = (Outcome.NOT_SUPPORTED, Reason.NO_CHIP_KEY)
    not_read = (Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)
    not_asked = (Outcome.NOT_PERFORMED, Reason.CHIP_NOT_ASKED)
    listed = {"listed": frozenset({1, 2, 14})}
    for dg14, expected in (
        (honest.files[File.DG14], not_asked),
        (b"\x6e\x01\x00", not_asked),
        (active_authentication_info("1.2.3"), none),
    ):
        fact = judge(without=(File.DG15,), files={File.DG14: dg14}, passive=listed)
        assert (fact.outcome, fact.reason) == expected
    fact = judge(without=(File.DG15, File.DG14), passive=listed)
    assert (fact.outcome, fact.reason) == not_read
    # What nobody listed is not believed.
    fact = judge(without=(File.DG15,), passive={"listed": frozenset({1, 2})})
    assert (fact.outcome, fact.reason) == none


@pytest.mark.parametrize("listed", [None, frozenset({1, 2, 15})])
def test_a_key_that_may_be_listed_was_not_read(judge: Judge, listed: frozenset[int] | None) -> None:
    fact = judge(without=(File.DG15,), passive={"listed": listed})
    assert (fact.outcome, fact.reason) == (Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)


@pytest.mark.parametrize(
    ("dg15", "reason"),
    [
        (b"\x6f\x02\x30\x00", Reason.CHIP_KEY_UNUSABLE),
        (b"", Reason.CHIP_KEY_UNUSABLE),
        (bytes.fromhex("6f0d300b300506032b6570030200"), Reason.CHIP_KEY_UNUSABLE),
        (bytes.fromhex("6f0d300b300506032b657003020000"), Reason.UNSUPPORTED_ALGORITHM),
    ],
)
def test_a_key_that_cannot_be_used_is_inconclusive(judge: Judge, dg15: bytes, reason: Reason) -> None:
    fact = judge(files={File.DG15: dg15})
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, reason)


@pytest.mark.parametrize("response", [b"", b"\x00", bytes(64), b"\xff" * 64, b"\x30\x06\x02\x01\x01\x02\x01\x01"])
def test_nonsense_is_a_wrong_answer(judge: Judge, response: bytes) -> None:
    fact = judge(active_authentication=ActiveAuthenticationProof(challenge=bytes(8), response=response))
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)


def test_a_dg14_that_is_not_intact_is_not_believed(judge: Judge) -> None:
    """An unsigned DG14 must not choose the algorithm; without it, the permitted hashes are tried."""
    misleading = active_authentication_info("0.4.0.127.0.7.1.1.4.1.5")
    assert judge(files={File.DG14: misleading}, passive={"intact": frozenset({File.DG15})}).outcome is Outcome.PASSED
    assert judge(files={File.DG14: misleading}).reason is Reason.CHIP_WRONG_ANSWER


def test_an_algorithm_that_nobody_knows_is_inconclusive(judge: Judge) -> None:
    fact = judge(files={File.DG14: active_authentication_info("1.2.3")})
    assert (fact.outcome, fact.reason, fact.details["oid"]) == (
        Outcome.INCONCLUSIVE,
        Reason.UNSUPPORTED_ALGORITHM,
        "1.2.3",
    )


def test_an_intact_dg14_that_is_malformed_is_as_good_as_none(judge: Judge) -> None:
    assert judge(files={File.DG14: b"\x6e\x01\x00"}).outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["signature", "trust"])
@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.PASSED])
def test_the_proof_passes_only_under_a_trusted_signature(
    name: str, outcome: Outcome, judge: Judge, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    fact: Fact = getattr(passive_authentication(gather(honest), trust, at), name)
    judged = judge(passive={name: replace(fact, outcome=outcome)})
    assert (judged.outcome, judged.reason) == (Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED)


def test_rsa_says_its_hash_itself(
    issuer: Issuer, honest: SimulatedCard, holder: Any, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    evidence = gather(issuer.issue(holder, active_authentication="rsa"))
    passive: PassiveAuthentication = passive_authentication(evidence, trust, at)
    assert genuine_chip(evidence, passive).details["hash"] in ("sha1", "sha256")
