"""Rungs: who vouches for a signer, what an anchor's word overrides, and what each policy takes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.certificates import Certificate, Extension
from idcard.trust.pins import Pin, Pins
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers, vouched
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung
from idcard.verification.passive_authentication import passive_authentication
from idcard.verification.policy import PRESETS, STRICT, VIETNAM_STRICT, Policy
from idcard.verification.verdict import NotVerified, Verdict

Gather = Callable[..., Evidence]
Answer = Callable[..., bytes]
PinSigner = Callable[..., Pins]
EMPTY = TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)


@pytest.fixture(scope="module")
def signer(issuer: Issuer) -> str:
    return Certificate.from_bytes(issuer.signer.certificate).fingerprint


def pin(fingerprint: str, first: date = date(2026, 11, 1), last: date = date(2026, 12, 31)) -> Pin:
    return Pin(fingerprint=fingerprint, first_day=first, last_day=last)


def trust_of(verdict: Verdict) -> tuple[Outcome, Reason]:
    fact = verdict.fact(FactName.TRUST)
    return fact.outcome, fact.reason


def test_an_anchor_is_the_highest_rung(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime, pinned: PinSigner, signer: str
) -> None:
    verdict = verify(gather(honest), trust, STRICT, at=at, vouchers=Vouchers(pins=pinned(pin(signer))))
    assert verdict.rung is Rung.ANCHORED
    assert trust_of(verdict) == (Outcome.PASSED, Reason.ANCHORED)


def test_a_pinned_signer_proves_where_the_policy_takes_pins(
    honest: SimulatedCard, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    pins = pinned(pin(signer))
    verdict = verify(gather(honest), EMPTY, at=at, vouchers=Vouchers(pins=pins))
    assert verdict.rung is Rung.PINNED
    assert trust_of(verdict) == (Outcome.PASSED, Reason.SIGNER_PINNED)
    details = verdict.fact(FactName.TRUST).details
    assert dict(details) == {"rung": "pinned", "pins": pins.version, "pinned_by": "an.nguyen,binh.tran"}
    chip = verdict.fact(FactName.GENUINE_CHIP)
    assert (chip.outcome, chip.reason) == (Outcome.PASSED, Reason.CHIP_ANSWERED_UNDER_VOUCHER)
    assert chip.details["rung"] == "pinned"
    assert verdict.require().personal_number == "036090999991"
    assert {fact.name for fact in verdict.unmet(STRICT)} >= {FactName.TRUST, FactName.GENUINE_CHIP}
    with pytest.raises(NotVerified):
        verdict.require(STRICT)


def test_strict_takes_anchors_only_and_another_policy_can_be_asked_later(
    honest: SimulatedCard, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    verdict = verify(gather(honest), EMPTY, STRICT, at=at, vouchers=Vouchers(pins=pinned(pin(signer))))
    assert trust_of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNER_PINNED)
    assert verdict.fact(FactName.GENUINE_CHIP).outcome is Outcome.INCONCLUSIVE
    assert verdict.rung is Rung.PINNED
    assert verdict.require(VIETNAM_STRICT)


@pytest.mark.parametrize(
    "other",
    [
        ("ab" * 32, date(2026, 11, 1), date(2026, 12, 31)),
        ("", date(2026, 11, 1), date(2026, 11, 22)),
        ("", date(2026, 11, 24), date(2026, 12, 1)),
    ],
    ids=["another signer", "no longer", "not yet"],
)
def test_a_pin_that_does_not_count_is_no_pin(
    other: tuple[str, date, date], honest: SimulatedCard, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    fingerprint, first, last = other
    pins = pinned(pin(fingerprint or signer, first, last))
    verdict = verify(gather(honest), EMPTY, at=at, vouchers=Vouchers(pins=pins))
    assert verdict.rung is Rung.SIGNED
    assert trust_of(verdict) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET)


def test_a_confirmed_signer_proves_where_the_policy_takes_it(
    honest: SimulatedCard, gather: Gather, at: datetime, authority: Vouchers, answer: Answer, signer: str
) -> None:
    evidence = gather(honest, confirmations=(b"nonsense", answer("ab" * 32), answer(signer)))
    verdict = verify(evidence, EMPTY, at=at, vouchers=authority)
    assert verdict.rung is Rung.CONFIRMED
    assert trust_of(verdict) == (Outcome.PASSED, Reason.SIGNER_CONFIRMED)
    assert dict(verdict.fact(FactName.TRUST).details) == {
        "rung": "confirmed",
        "authority": "authority.example",
        "at": "2026-11-23T07:00:00+00:00",
        "answer_age_s": "3600",
    }
    assert verdict.require()
    with pytest.raises(NotVerified):
        verdict.require(STRICT)


def test_an_answer_counts_only_by_a_known_authority(
    honest: SimulatedCard, gather: Gather, at: datetime, authority: Vouchers, answer: Answer, signer: str
) -> None:
    forged = answer(signer, key=Ed25519PrivateKey.generate())
    evidence = gather(honest, confirmations=(forged, answer(signer, name="nobody.example")))
    assert verify(evidence, EMPTY, at=at, vouchers=authority).rung is Rung.SIGNED
    assert verify(gather(honest, confirmations=(answer(signer),)), EMPTY, at=at).rung is Rung.SIGNED


@pytest.mark.parametrize(("others", "rung"), [(63, Rung.CONFIRMED), (64, Rung.SIGNED)])
def test_a_bounded_number_of_answers_is_heard(
    honest: SimulatedCard,
    gather: Gather,
    at: datetime,
    authority: Vouchers,
    answer: Answer,
    signer: str,
    others: int,
    rung: Rung,
) -> None:
    """Each once: copies do not count."""
    heard = [b"nonsense %d" % number for number in range(others)]
    evidence = gather(honest, confirmations=(*heard, *heard, answer(signer)))
    assert verify(evidence, EMPTY, at=at, vouchers=authority).rung is rung


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("since", "until", "rung"),
    [
        (0 * MINUTE, 0 * MINUTE, Rung.CONFIRMED),
        (-60 * MINUTE, -MINUTE, Rung.SIGNED),
        (5 * MINUTE, 60 * MINUTE, Rung.CONFIRMED),
        (6 * MINUTE, 60 * MINUTE, Rung.SIGNED),
    ],
)
def test_an_answer_counts_in_its_time_with_five_minutes_for_clocks(
    since: timedelta,
    until: timedelta,
    rung: Rung,
    honest: SimulatedCard,
    gather: Gather,
    at: datetime,
    authority: Vouchers,
    answer: Answer,
    signer: str,
) -> None:
    evidence = gather(honest, confirmations=(answer(signer, **{"at": at + since, "until": at + until}),))
    assert verify(evidence, EMPTY, at=at, vouchers=authority).rung is rung


def test_the_newest_answer_counts(
    honest: SimulatedCard, gather: Gather, at: datetime, authority: Vouchers, answer: Answer, signer: str
) -> None:
    old, new = answer(signer, **{"at": at - 50 * MINUTE}), answer(signer, "unknown", **{"at": at - 40 * MINUTE})
    for confirmations in ((old, new), (new, old)):
        verdict = verify(gather(honest, confirmations=confirmations), EMPTY, at=at, vouchers=authority)
        assert trust_of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_CONFIRMED)
        assert verdict.rung is Rung.SIGNED
        assert not verdict.meets()


def test_a_signer_that_the_authority_does_not_know_stays_unknown_even_when_expired(
    issuer: Issuer, holder: Holder, gather: Gather, at: datetime, authority: Vouchers, answer: Answer
) -> None:
    card = dishonest.expired_signer(issuer, holder)
    verdict = verify(gather(card), EMPTY, at=at)
    assert verdict.signer is not None
    evidence = gather(card, confirmations=(answer(verdict.signer, "unknown"),))
    assert trust_of(verify(evidence, EMPTY, at=at, vouchers=authority)) == (
        Outcome.INCONCLUSIVE,
        Reason.SIGNER_NOT_CONFIRMED,
    )


@pytest.mark.parametrize(("hours", "holds"), [(-24 * 900, True), (0, True), (1, False)])
def test_a_revocation_holds_from_the_answer_on_for_ever_and_under_an_anchor_too(
    hours: int,
    holds: bool,
    honest: SimulatedCard,
    gather: Gather,
    trust: TrustStore,
    at: datetime,
    authority: Vouchers,
    answer: Answer,
    signer: str,
) -> None:
    since = at + timedelta(hours=hours)
    revoked = answer(signer, "revoked", **{"at": since, "until": since + MINUTE})
    for store in (trust, EMPTY):
        verdict = verify(gather(honest, confirmations=(revoked,)), store, at=at, vouchers=authority)
        fact = verdict.fact(FactName.REVOCATION)
        assert (fact.outcome is Outcome.FAILED) is holds
        assert (fact.reason is Reason.REVOKED) is holds
    assert not holds or fact.details == {"authority": "authority.example", "at": since.isoformat()}


def test_nobody_overrides_what_an_anchor_says(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime, pinned: PinSigner
) -> None:
    for card, reason in (
        (dishonest.foreign_issuer(issuer, holder), Reason.SAME_NAME_OTHER_KEY),
        (dishonest.expired_signer(issuer, holder), Reason.SIGNER_EXPIRED),
    ):
        evidence = gather(card)
        fingerprint = verify(evidence, trust, at=at).signer
        assert fingerprint is not None
        verdict = verify(evidence, trust, at=at, vouchers=Vouchers(pins=pinned(pin(fingerprint))))
        assert trust_of(verdict) == (Outcome.FAILED, reason)
        assert verdict.rung is Rung.SIGNED


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2022, 1, 1, tzinfo=UTC), Reason.SIGNER_NOT_YET_VALID),
        (datetime(2022, 2, 15, tzinfo=UTC), Reason.SIGNER_PINNED),
        (datetime(2033, 1, 1, tzinfo=UTC), Reason.SIGNER_EXPIRED),
    ],
)
def test_a_pin_does_not_lengthen_a_certificate(
    moment: datetime, reason: Reason, honest: SimulatedCard, gather: Gather, pinned: PinSigner, signer: str
) -> None:
    pins = pinned(pin(signer, date(2000, 1, 1), date(2099, 1, 1)))
    verdict = verify(gather(honest), EMPTY, at=moment, vouchers=Vouchers(pins=pins))
    assert verdict.fact(FactName.TRUST).reason is reason
    assert (verdict.fact(FactName.TRUST).outcome is Outcome.PASSED) is (reason is Reason.SIGNER_PINNED)


def test_a_document_signed_outside_its_signers_time_is_not_saved_by_a_pin(
    issuer: Issuer, holder: Holder, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    card = issuer.issue(holder, at=datetime(2021, 12, 31, tzinfo=UTC))
    verdict = verify(gather(card), EMPTY, at=at, vouchers=Vouchers(pins=pinned(pin(signer))))
    assert trust_of(verdict) == (Outcome.FAILED, Reason.SIGNED_OUTSIDE_VALIDITY)


def test_a_wrong_signature_is_vouched_for_by_nobody(
    honest: SimulatedCard, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    sod = bytearray(honest.files[File.SOD])
    sod[-1] ^= 1
    evidence = gather(honest, files={**gather(honest).files, File.SOD: bytes(sod)})
    verdict = verify(evidence, EMPTY, at=at, vouchers=Vouchers(pins=pinned(pin(signer))))
    assert verdict.rung is Rung.UNSIGNED
    assert verdict.fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE


def test_without_a_list_there_is_no_rung(gather: Gather, at: datetime, pinned: PinSigner) -> None:
    assert verify(Evidence(files={}), EMPTY, at=at, vouchers=Vouchers(pins=pinned())).rung is Rung.UNSIGNED


RUNGS: Mapping[str, frozenset[Rung]] = {
    "strict": frozenset({Rung.ANCHORED}),
    "vietnam_strict": frozenset({Rung.ANCHORED, Rung.PINNED, Rung.CONFIRMED}),
    "closed_reader": frozenset({Rung.ANCHORED, Rung.PINNED, Rung.CONFIRMED}),
    "reading_only": frozenset({Rung.ANCHORED, Rung.PINNED, Rung.CONFIRMED}),
}


@pytest.mark.parametrize("policy", PRESETS.values(), ids=lambda policy: policy.name)
def test_which_rung_is_enough_for_what(policy: Policy) -> None:
    assert policy.rungs == RUNGS[policy.name]
    assert PRESETS[policy.name] is policy


@pytest.mark.parametrize("rung", [Rung.SIGNED, Rung.UNSIGNED])
def test_no_policy_can_trust_whom_nobody_vouches_for(rung: Rung) -> None:
    with pytest.raises(ValueError, match="vouches"):
        replace(STRICT, rungs=frozenset({rung}))


@pytest.mark.parametrize("field", ["downgrade", "lists_differ", "old_algorithms"])
def test_what_a_policy_says_of_a_finding_is_a_remark_or_a_failure(field: str) -> None:
    with pytest.raises(ValueError, match="passed or failed"):
        replace(STRICT, **{field: Outcome.INCONCLUSIVE})


def test_what_the_presets_say_of_findings() -> None:
    remark, failure = Outcome.PASSED, Outcome.FAILED
    assert {name: (p.downgrade, p.lists_differ, p.dg13_alone, p.proves) for name, p in PRESETS.items()} == {
        "strict": (failure, failure, False, True),
        "vietnam_strict": (remark, remark, False, True),
        "closed_reader": (remark, remark, True, True),
        "reading_only": (remark, remark, False, False),
    }


def test_a_condition_that_nobody_knows_is_not_lifted_by_a_pin(
    honest: SimulatedCard, gather: Gather, at: datetime, pinned: PinSigner, signer: str
) -> None:
    evidence = gather(honest)
    passive = passive_authentication(evidence, EMPTY, at)
    assert passive.signer is not None
    strange = {**passive.signer.extensions, "1.2.3": Extension(critical=True, value=b"")}
    conditional = replace(passive, signer=replace(passive.signer, extensions=strange))
    judged = vouched(evidence, conditional, Vouchers(pins=pinned(pin(signer))), at)
    assert (judged.trust.outcome, judged.trust.reason) == (Outcome.FAILED, Reason.UNKNOWN_CRITICAL_EXTENSION)
    harmless = {**passive.signer.extensions, "1.2.3": Extension(critical=False, value=b"")}
    conditional = replace(passive, signer=replace(passive.signer, extensions=harmless))
    assert vouched(evidence, conditional, Vouchers(pins=pinned(pin(signer))), at).trust.outcome is Outcome.PASSED


@pytest.mark.parametrize("policy", PRESETS.values(), ids=lambda policy: policy.name)
def test_an_old_algorithm_is_a_failure_but_where_nothing_is_proved(policy: Policy) -> None:
    fact = Fact(name=FactName.SIGNATURE, outcome=Outcome.PASSED, reason=Reason.OLD_ALGORITHM)
    assert policy.judge(fact).outcome is (Outcome.FAILED if policy.proves else Outcome.PASSED)
    assert policy.satisfied_by(fact) is not policy.proves


@pytest.mark.parametrize(
    ("end", "seconds", "passes"),
    [
        ("not_before", 0, True),
        ("not_before", -1, False),
        ("not_after", 0, True),
        ("not_after", 1, False),
    ],
)
def test_a_pinned_certificate_counts_from_its_first_to_its_last_second(
    end: str, seconds: int, passes: bool, honest: SimulatedCard, gather: Gather, pinned: PinSigner, issuer: Issuer
) -> None:
    certificate = Certificate.from_bytes(issuer.signer.certificate)
    moment: datetime = getattr(certificate, end) + timedelta(seconds=seconds)
    pins = pinned(pin(certificate.fingerprint, date(2000, 1, 1), date(2099, 1, 1)))
    verdict = verify(gather(honest), EMPTY, at=moment, vouchers=Vouchers(pins=pins))
    assert (verdict.fact(FactName.TRUST).outcome is Outcome.PASSED) is passes


@pytest.mark.parametrize(("since", "holds"), [(5 * MINUTE, True), (6 * MINUTE, False)])
def test_a_revocation_has_five_minutes_for_clocks(
    since: timedelta,
    holds: bool,
    honest: SimulatedCard,
    gather: Gather,
    at: datetime,
    authority: Vouchers,
    answer: Answer,
    signer: str,
) -> None:
    revoked = answer(signer, "revoked", **{"at": at + since, "until": at + since})
    verdict = verify(gather(honest, confirmations=(revoked,)), EMPTY, at=at, vouchers=authority)
    assert (verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED) is holds
