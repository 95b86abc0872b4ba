"""What a verdict means for the visit: a table of single faults, and of faults that come together."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from idcard import VIETNAM_STRICT, Fact, FactName, Outcome, Policy, Reason, Rung, Verdict
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.outcomes import assurance_of, refusal_of

GOOD = {
    FactName.INTEGRITY: (Outcome.PASSED, Reason.HASHES_MATCH),
    FactName.SIGNATURE: (Outcome.PASSED, Reason.SIGNATURE_VERIFIED),
    FactName.TRUST: (Outcome.PASSED, Reason.ANCHORED),
    FactName.REVOCATION: (Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST),
    FactName.GENUINE_CHIP: (Outcome.PASSED, Reason.CHIP_PROVED),
    FactName.ACCESS: (Outcome.PASSED, Reason.OPENED_WITH_PACE),
    FactName.VALIDITY: (Outcome.PASSED, Reason.IN_FORCE),
    FactName.CONSISTENCY: (Outcome.PASSED, Reason.CONSISTENT),
}
Facts = dict[FactName, tuple[Outcome, Reason]]

NO_ANCHOR: Facts = {
    FactName.TRUST: (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR),
    FactName.GENUINE_CHIP: (Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED),
}
EXPIRED: Facts = {FactName.VALIDITY: (Outcome.FAILED, Reason.EXPIRED)}


ANCHORED_ONLY = replace(VIETNAM_STRICT, name="anchored_only", rungs=frozenset({Rung.ANCHORED}))
POLICIES = (VIETNAM_STRICT, ANCHORED_ONLY)
REVOKED: Facts = {FactName.REVOCATION: (Outcome.FAILED, Reason.REVOKED)}


def verdict(changes: Facts, rung: Rung = Rung.ANCHORED, policy: Policy = VIETNAM_STRICT) -> Verdict:
    """A verdict with these facts, as the policy judges them; those on somebody's word name the rung."""
    facts = tuple(
        policy.judge(Fact(name=name, outcome=outcome, reason=reason, details={"rung": rung.value}))
        for name, (outcome, reason) in (GOOD | changes).items()
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Verdict(facts=facts, at=at, policy=policy, rung=rung, anchor=None, signer=None, trust_version="")


def vouched_for(rung: Rung, reason: Reason, policy: Policy, changes: Facts | None = None) -> Verdict:
    word: Facts = {
        FactName.TRUST: (Outcome.PASSED, reason),
        FactName.GENUINE_CHIP: (Outcome.PASSED, Reason.CHIP_ANSWERED_UNDER_VOUCHER),
    }
    return verdict(word | (changes or {}), rung, policy)


@pytest.mark.parametrize(
    ("changes", "code", "assurance"),
    [
        ({FactName.INTEGRITY: (Outcome.FAILED, Reason.HASH_MISMATCH)}, "E05", Assurance.NONE),
        ({FactName.SIGNATURE: (Outcome.FAILED, Reason.SIGNATURE_WRONG)}, "E05", Assurance.NONE),
        ({FactName.GENUINE_CHIP: (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)}, "E05", Assurance.NONE),
        ({FactName.CONSISTENCY: (Outcome.FAILED, Reason.DATA_GROUPS_DIFFER)}, "E05", Assurance.NONE),
        ({FactName.ACCESS: (Outcome.FAILED, Reason.PACE_NOT_AS_SIGNED)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SAME_NAME_OTHER_KEY)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.ISSUER_NAME_DIFFERS)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SIGNER_EXPIRED)}, "E04", Assurance.CHIP_UNANCHORED),
        (NO_ANCHOR, "E04", Assurance.CHIP_UNANCHORED),
        ({FactName.GENUINE_CHIP: (Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED)}, "E04", Assurance.CHIP_UNANCHORED),
        (EXPIRED, "E06", Assurance.CHIP_ANCHORED),
        (EXPIRED | NO_ANCHOR, "E04", Assurance.CHIP_UNANCHORED),
        (REVOKED, "E04", Assurance.CHIP_UNANCHORED),
        (EXPIRED | REVOKED, "E04", Assurance.CHIP_UNANCHORED),
        (EXPIRED | {FactName.INTEGRITY: (Outcome.FAILED, Reason.HASH_MISMATCH)}, "E05", Assurance.NONE),
        ({FactName.VALIDITY: (Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN)}, "E04", Assurance.CHIP_ANCHORED),
    ],
)
def test_a_fault_leads_to_its_code(changes: Facts, code: str, assurance: Assurance) -> None:
    refusal = refusal_of(verdict(changes))
    assert (refusal.code, refusal.assurance) == (Code(code), assurance)
    assert set(refusal.reasons) == {f"{name}.{reason}" for name, (_, reason) in changes.items()}


def test_a_good_card_is_anchored() -> None:
    assert assurance_of(verdict({})) is Assurance.CHIP_ANCHORED


@pytest.mark.parametrize("rung", [Rung.SIGNED, Rung.UNSIGNED])
def test_a_chip_is_called_genuine_only_at_the_rung_that_proves_it(rung: Rung) -> None:
    assert assurance_of(verdict({}, rung)) is Assurance.CHIP_UNANCHORED


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("rung", "reason", "assurance"),
    [
        (Rung.PINNED, Reason.SIGNER_PINNED, Assurance.CHIP_PINNED),
        (Rung.CONFIRMED, Reason.SIGNER_CONFIRMED, Assurance.CHIP_CONFIRMED),
    ],
)
def test_a_chip_on_somebody_s_word_has_a_name_of_its_own_whatever_the_policy_makes_of_it(
    rung: Rung, reason: Reason, assurance: Assurance, policy: Policy
) -> None:
    told = vouched_for(rung, reason, policy)
    assert assurance_of(told) is assurance
    assert told.meets() is (policy is VIETNAM_STRICT)
    copied = {FactName.GENUINE_CHIP: (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)}
    assert assurance_of(vouched_for(rung, reason, policy, copied)) is Assurance.NONE
    assert assurance_of(vouched_for(rung, reason, policy, REVOKED)) is Assurance.CHIP_UNANCHORED


def test_a_word_that_the_policy_does_not_take_makes_no_card_merely_expired() -> None:
    codes = [refusal_of(vouched_for(Rung.PINNED, Reason.SIGNER_PINNED, policy, EXPIRED)).code for policy in POLICIES]
    assert codes == [Code.CARD_EXPIRED, Code.UNKNOWN_CARD]


def test_every_assurance_has_a_shape_of_its_own() -> None:
    assert len({rung.shape for rung in Assurance}) == len(Assurance)
