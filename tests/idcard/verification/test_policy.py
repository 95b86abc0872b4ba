"""What a policy can say, and what it cannot: a preset's name stands for the preset, and no policy proves a forgery."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from idcard.evidence import Evidence
from idcard.testing import SimulatedCard
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung
from idcard.verification.policy import (
    ANSWER_AGE,
    CLOSED_READER,
    FLOOR,
    PRESETS,
    READING_ONLY,
    STRICT,
    VIETNAM_STRICT,
    Policy,
)
from idcard.verification.qr_policy import QR_POLICIES, SIGNED_QR
from idcard.verification.verdict import NotVerified

EVERY = {**PRESETS, **QR_POLICIES}
ANYTHING = frozenset(Outcome)
NOT_FAILED = ["inconclusive", "not_performed", "not_supported", "passed"]
CHANGES: dict[str, Any] = {
    "accepts": STRICT.accepts | {FactName.VALIDITY: frozenset(Outcome)},
    "rungs": frozenset({Rung.PINNED}),
    "downgrade": None, "lists_differ": None, "old_algorithms": None, "weak_chip_keys": None,
    "confirmation_days": 8, "dg13_alone": None, "proves": False,
}  # fmt: skip


def other_than(policy: Policy, field: str) -> Any:
    """Another value for this field than the policy has, one that it may have."""
    if field in ("downgrade", "lists_differ", "old_algorithms", "weak_chip_keys"):
        return Outcome.FAILED if getattr(policy, field) is Outcome.PASSED else Outcome.PASSED
    return not policy.dg13_alone if field == "dg13_alone" else CHANGES[field]


def accepting(name: FactName, *outcomes: Outcome, proves: bool = True) -> Policy:
    return Policy(name="mine", accepts=STRICT.accepts | {name: frozenset(outcomes)}, proves=proves)


@pytest.mark.parametrize("name", EVERY)
def test_a_presets_name_is_not_to_be_had_for_anything_else(name: str) -> None:
    lax = {"accepts": dict.fromkeys(FactName, ANYTHING), "proves": False}
    with pytest.raises(ValueError, match=f"{name} is a preset's name"):
        Policy(name=name, **lax)
    assert Policy(name=f"{name}_of_mine", **lax).accepts[FactName.TRUST] == ANYTHING
    assert replace(EVERY[name]) == EVERY[name], "a copy of the preset is the preset"


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_is_part_of_what_a_name_stands_for(field: str) -> None:
    change = {field: other_than(STRICT, field)}
    with pytest.raises(ValueError, match="strict is a preset's name"):
        replace(STRICT, **change)
    assert replace(STRICT, name="mine", **change).digest != STRICT.digest
    assert CHANGES.keys() == {each.name for each in fields(Policy)} - {"name"}


@pytest.mark.parametrize("name", ["", "Strict", "strict ", "ѕtrict", "strict\n", "1st", "a" * 65, "a-b"])
def test_a_name_cannot_look_like_another(name: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        Policy(name=name, accepts=STRICT.accepts)


def test_a_digest_is_of_the_content_alone() -> None:
    assert replace(STRICT, name="mine").digest == STRICT.digest
    assert len({policy.digest for policy in EVERY.values()}) == len(EVERY)
    assert len(STRICT.digest) == 64


def test_nobody_changes_a_policy_afterwards() -> None:
    mine = {name: {Outcome.PASSED} for name in FactName}
    policy = Policy(name="mine", accepts=mine)  # type: ignore[arg-type]
    mine[FactName.TRUST].add(Outcome.FAILED)
    assert policy.accepts[FactName.TRUST] == {Outcome.PASSED}


@pytest.mark.parametrize("name", FactName)
@pytest.mark.parametrize("outcome", Outcome)
def test_what_proves_has_a_floor(name: FactName, outcome: Outcome) -> None:
    signed = (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST)
    unrefuted = (FactName.REVOCATION, FactName.GENUINE_CHIP, FactName.CONSISTENCY)
    below = outcome is not Outcome.PASSED if name in signed else name in unrefuted and outcome is Outcome.FAILED
    assert accepting(name, Outcome.PASSED, outcome, proves=False).accepts[name] >= {outcome}
    if not below:
        assert accepting(name, Outcome.PASSED, outcome).proves
        return
    with pytest.raises(ValueError, match="neither forged data nor a copied chip"):
        accepting(name, Outcome.PASSED, outcome)


def test_the_floor_is_what_the_documentation_says() -> None:
    assert {name.value: sorted(most) for name, most in FLOOR.items()} == {
        "integrity": ["passed"],
        "signature": ["passed"],
        "trust": ["passed"],
        **dict.fromkeys(("revocation", "genuine_chip", "consistency"), NOT_FAILED),
    }


def test_a_policy_for_codes_cannot_be_made_to_prove() -> None:
    with pytest.raises(ValueError, match="forged"):
        replace(SIGNED_QR, name="mine", proves=True)


@pytest.mark.parametrize("days", [-1, 1.5, True, "7"])
def test_an_answer_counts_for_whole_days(days: Any) -> None:
    with pytest.raises(ValueError, match="whole number of days"):
        replace(STRICT, name="mine", confirmation_days=days)


@pytest.mark.parametrize("days", [0, 1, 30])
@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize("name", [FactName.TRUST, FactName.GENUINE_CHIP])
def test_an_answer_counts_for_as_long_as_the_policy_says(days: int, seconds: int, name: FactName) -> None:
    policy = replace(VIETNAM_STRICT, name="mine", confirmation_days=days)
    reason = Reason.SIGNER_CONFIRMED if name is FactName.TRUST else Reason.CHIP_ANSWERED_UNDER_VOUCHER
    details = {"rung": "confirmed", ANSWER_AGE: str(days * 86400 + seconds)}
    fact = Fact(name=name, outcome=Outcome.PASSED, reason=reason, details=details)
    assert policy.judge(fact).outcome is (Outcome.INCONCLUSIVE if seconds else Outcome.PASSED)


def test_no_authority_decides_by_itself_how_long_its_answer_counts(
    honest: SimulatedCard,
    gather: Callable[..., Evidence],
    at: datetime,
    authority: Vouchers,
    answer: Callable[..., bytes],
    signer: str,
    nowhere: TrustStore,
) -> None:
    asked = at - timedelta(days=7, seconds=1)
    for_ever = answer(signer, **{"at": asked, "until": at + timedelta(days=9999)})
    verdict = verify(gather(honest, confirmations=(for_ever,)), nowhere, at=at, vouchers=authority)
    trust = verdict.fact(FactName.TRUST)
    assert (trust.outcome, trust.details[ANSWER_AGE]) == (Outcome.INCONCLUSIVE, "604801")
    assert verdict.fact(FactName.GENUINE_CHIP).outcome is Outcome.INCONCLUSIVE
    with pytest.raises(NotVerified):
        verdict.require()
    assert verdict.require(replace(VIETNAM_STRICT, name="a_month", confirmation_days=30))
    earlier = at - timedelta(seconds=1)
    assert verify(gather(honest, confirmations=(for_ever,)), nowhere, at=earlier, vouchers=authority).require()


@pytest.mark.parametrize("policy", [STRICT, VIETNAM_STRICT, CLOSED_READER, READING_ONLY], ids=lambda one: one.name)
def test_the_record_says_which_policy_it_was(
    policy: Policy, honest: SimulatedCard, gather: Callable[..., Evidence], trust: TrustStore, at: datetime
) -> None:
    same = replace(policy, name="a_copy")
    for asked in (policy, same):
        told = json.loads(json.dumps(verify(gather(honest), trust, asked, at=at).to_dict()))
        assert (told["policy"], told["policy_digest"]) == (asked.name, policy.digest)


@pytest.mark.parametrize("days", [0, 7])
def test_a_pin_has_no_age(days: int) -> None:
    policy = replace(VIETNAM_STRICT, name="mine", confirmation_days=days)
    fact = Fact(
        name=FactName.TRUST, outcome=Outcome.PASSED, reason=Reason.SIGNER_PINNED, details={"rung": Rung.PINNED.value}
    )
    assert policy.judge(fact).outcome is Outcome.PASSED


@pytest.mark.parametrize("rungs", [{"anchored"}, {"signed"}, "anchored", {Rung.ANCHORED, "pinned"}, {None}])
def test_a_rung_is_no_text(rungs: Any) -> None:
    with pytest.raises(ValueError, match="vouches"):
        replace(STRICT, name="mine", rungs=rungs)
