import copy
import json
import pickle
import unicodedata
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from idcard.evidence import Evidence
from idcard.identity import _MAKER, VerifiedIdentity
from idcard.testing import SimulatedCard
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import OF_CARDS, OF_CODES_ONLY, Fact, FactName, Outcome, Reason
from idcard.verification.policy import READING_ONLY, STRICT, VIETNAM_STRICT, Policy
from idcard.verification.verdict import SCHEMA, NotVerified, Verdict
from idcard.verification.words import WORDS

every_fact_and_outcome = pytest.mark.parametrize(("name", "outcome"), list(product(OF_CARDS, Outcome)))


@pytest.fixture(scope="module")
def verdict(honest: SimulatedCard, gather: Callable[..., Evidence], trust: TrustStore, at: datetime) -> Verdict:
    return verify(gather(honest), trust, at=at)


def with_fact(verdict: Verdict, name: FactName, outcome: Outcome) -> Verdict:
    facts = tuple(replace(fact, outcome=outcome) if fact.name is name else fact for fact in verdict.facts)
    return changed(verdict, facts=facts)


def changed(verdict: Verdict, **changes: Any) -> Verdict:
    """What nobody can do who does not hold what verdicts are made with."""
    return replace(verdict, maker=_MAKER, **changes)


@every_fact_and_outcome
def test_one_fact_that_is_not_accepted_proves_nobody(verdict: Verdict, name: FactName, outcome: Outcome) -> None:
    changed = with_fact(verdict, name, outcome)
    may_be_left_out = name in (FactName.REVOCATION, FactName.ACCESS)
    good = outcome is Outcome.PASSED or (may_be_left_out and outcome is Outcome.NOT_PERFORMED)
    assert changed.meets() is good
    if good:
        assert isinstance(changed.require(), VerifiedIdentity)
        return
    with pytest.raises(NotVerified) as caught:
        changed.require()
    assert [fact.name for fact in caught.value.unmet] == [name]
    assert caught.value.facts["unmet"] == name.value
    assert caught.value.verdict is changed


@every_fact_and_outcome
def test_strict_accepts_nothing_but_passed(verdict: Verdict, name: FactName, outcome: Outcome) -> None:
    all_passed = with_fact(verdict, FactName.REVOCATION, Outcome.PASSED)
    assert with_fact(all_passed, name, outcome).meets(STRICT) is (outcome is Outcome.PASSED)


@every_fact_and_outcome
def test_reading_only_accepts_all_but_failed(verdict: Verdict, name: FactName, outcome: Outcome) -> None:
    changed = with_fact(verdict, name, outcome)
    assert changed.meets(READING_ONLY) is (outcome is not Outcome.FAILED)
    with pytest.raises(NotVerified):
        changed.require(READING_ONLY)


def test_a_verdict_without_a_subject_proves_nobody(verdict: Verdict) -> None:
    nobody = replace(verdict, proved=None)
    assert nobody.meets()
    with pytest.raises(NotVerified, match="no identity"):
        nobody.require()


def test_a_verdict_is_neither_true_nor_false(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match=r"require\(policy\)"):
        bool(verdict)


def test_a_verdict_stays_in_its_process(verdict: Verdict) -> None:
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(verdict)


def test_a_verdict_as_json(verdict: Verdict, trust: TrustStore) -> None:
    stored = json.loads(json.dumps(verdict.to_dict()))
    assert stored["schema"] == SCHEMA
    assert (stored["policy"], stored["met"]) == ("vietnam_strict", True)
    assert [fact["name"] for fact in stored["facts"]] == [name.value for name in OF_CARDS]
    assert all(fact.keys() == {"name", "outcome", "reason", "accepted", "details"} for fact in stored["facts"])
    assert stored["trust_version"] == trust.version
    assert stored["at"] == "2026-11-23T08:00:00+00:00"


@pytest.mark.parametrize("name", sorted(OF_CODES_ONLY))
def test_a_verdict_on_a_card_has_no_facts_of_codes(verdict: Verdict, name: FactName) -> None:
    with pytest.raises(KeyError):
        verdict.fact(name)


@pytest.mark.parametrize("name", OF_CARDS)
def test_a_verdict_says_something_of_every_fact(verdict: Verdict, name: FactName) -> None:
    assert verdict.fact(name).name is name
    others = tuple(fact for fact in verdict.facts if fact.name is not name)
    for facts in ((), others, (*verdict.facts, verdict.fact(name)), (*others, others[0])):
        with pytest.raises(ValueError, match="every fact"):
            changed(verdict, facts=facts)


def test_a_changed_verdict_is_refused(verdict: Verdict) -> None:
    """One that failed would prove somebody, once its facts have been exchanged."""
    failed = with_fact(verdict, FactName.TRUST, Outcome.FAILED)
    changes: tuple[dict[str, Any], ...] = ({"facts": verdict.facts}, {"policy": READING_ONLY}, {}, {"maker": object()})
    for change in changes:
        with pytest.raises(TypeError, match="verify"):
            replace(failed, **change)


def test_a_changed_identity_is_refused(verdict: Verdict) -> None:
    identity = verdict.require()
    changes: tuple[dict[str, Any], ...] = ({"name": "Somebody Else"}, {}, {"maker": object()})
    for change in changes:
        with pytest.raises(TypeError, match="require"):
            replace(identity, **change)
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(identity)


def test_what_verdicts_are_made_with_is_not_found_in_them(verdict: Verdict) -> None:
    for made in (verdict, verdict.require()):
        assert not any(getattr(made, name, None) is _MAKER for name in dir(made))


def test_facts_are_values() -> None:
    details = {"hash": "sha256"}
    fact = Fact(name=FactName.TRUST, outcome=Outcome.PASSED, reason=Reason.ANCHORED, details=details)
    details["hash"] = "changed"
    assert fact.details["hash"] == "sha256"
    assert hash(fact) == hash(replace(fact))
    assert fact != replace(fact, details={})


def test_a_policy_says_something_of_every_fact() -> None:
    accepts = {name: frozenset({Outcome.PASSED}) for name in FactName}
    with pytest.raises(ValueError, match="every fact"):
        Policy(name="hole", accepts={FactName.TRUST: frozenset({Outcome.PASSED})})
    with pytest.raises(ValueError, match="downgrade"):
        Policy(name="odd", accepts=accepts, downgrade=Outcome.INCONCLUSIVE)


@pytest.mark.parametrize("policy", [STRICT, VIETNAM_STRICT], ids=lambda policy: policy.name)
def test_no_policy_that_proves_accepts_a_failure(policy: Policy) -> None:
    assert policy.proves
    assert all(Outcome.FAILED not in accepted for accepted in policy.accepts.values())


@pytest.mark.parametrize("word", [*FactName, *Outcome, *Reason])
def test_everything_is_said_in_both_languages(word: FactName | Outcome | Reason) -> None:
    words = WORDS[word]
    assert words.vi
    assert words.en
    assert words.vi != words.en
    assert unicodedata.is_normalized("NFC", words.vi)


def test_words_are_for_nothing_else() -> None:
    assert WORDS.keys() == {*FactName, *Outcome, *Reason}


def test_values_cannot_be_changed(verdict: Verdict) -> None:
    for value, name in ((verdict, "facts"), (verdict.policy, "accepts"), (verdict.facts[0], "outcome")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, None)


def test_a_verdict_is_what_was_judged_whoever_it_is_about(verdict: Verdict) -> None:
    assert replace(verdict, proved=None) == verdict
    assert changed(verdict, said=None) == verdict
    assert "Subject" not in repr(verdict)


class Anything:
    """Looks like a policy, and is met by whatever it is shown."""

    name, proves, dg13_alone = "anything", True, True

    def judge(self, fact: Fact) -> Fact:
        return fact

    def satisfied_by(self, fact: Fact) -> bool:
        return isinstance(fact, Fact)


class Lenient(Policy):
    def satisfied_by(self, fact: Fact) -> bool:
        return isinstance(fact, Fact)


LENIENT = Lenient(**{one.name: getattr(VIETNAM_STRICT, one.name) for one in fields(Policy)})


@pytest.mark.parametrize("policy", [Anything(), LENIENT], ids=["like a policy", "made of a policy"])
def test_only_a_policy_itself_is_asked(verdict: Verdict, policy: Any) -> None:
    failed = with_fact(verdict, FactName.TRUST, Outcome.FAILED)
    for asked in (failed.require, failed.meets, failed.unmet, verdict.require):
        with pytest.raises(TypeError, match="policy"):
            asked(policy)
    with pytest.raises(TypeError, match="policy"):
        changed(failed, policy=policy).require()


def test_the_signers_certificate_is_told_by_its_fingerprint_alone(verdict: Verdict) -> None:
    assert verdict.signer_certificate is not None
    without = changed(verdict, signer_certificate=None)
    assert repr(verdict) == repr(without)
    assert verdict == without
    assert changed(verdict, signer=None) != verdict
