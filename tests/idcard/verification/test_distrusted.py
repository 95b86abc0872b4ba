"""A certificate that the operator distrusts counts for nothing, whoever issued it and whoever vouches for it."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime

from idcard.evidence import Evidence
from idcard.testing import Issuer, SimulatedCard
from idcard.trust.certificates import Certificate
from idcard.trust.pins import Pin, Pins
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason, Rung
from idcard.verification.policy import STRICT
from idcard.verification.verdict import Verdict

Gather = Callable[..., Evidence]
ANCHORED, DISTRUSTED = (Outcome.PASSED, Reason.ANCHORED), (Outcome.FAILED, Reason.SIGNER_DISTRUSTED)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def trust_of(verdict: Verdict) -> tuple[Outcome, Reason]:
    found = verdict.fact(FactName.TRUST)
    return found.outcome, found.reason


def test_a_distrusted_signer_proves_nobody(
    trust: TrustStore, signer: str, honest: SimulatedCard, gather: Gather, at: datetime
) -> None:
    assert trust_of(verify(gather(honest), trust, STRICT, at=at)) == ANCHORED
    verdict = verify(gather(honest), trust.distrusting([signer]), STRICT, at=at)
    assert trust_of(verdict) == DISTRUSTED
    assert not verdict.meets(STRICT)
    assert verdict.rung is Rung.SIGNED


def test_an_issuer_is_distrusted_with_all_it_signed(
    trust: TrustStore, issuer: Issuer, honest: SimulatedCard, gather: Gather, at: datetime
) -> None:
    store = trust.distrusting([sha256(issuer.csca_certificate)])
    assert trust_of(verify(gather(honest), store, STRICT, at=at)) == DISTRUSTED


def test_nobody_vouches_for_a_distrusted_signer(
    nowhere: TrustStore,
    signer: str,
    honest: SimulatedCard,
    gather: Gather,
    at: datetime,
    pinned: Callable[..., Pins],
    authority: Vouchers,
    answer: Callable[..., bytes],
) -> None:
    pins = pinned(Pin(fingerprint=signer, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31)))
    vouchers = Vouchers(pins=pins, authorities=authority.authorities)
    evidence = gather(honest, confirmations=(answer(signer),))
    assert trust_of(verify(evidence, nowhere, at=at, vouchers=vouchers))[0] is Outcome.PASSED
    store = nowhere.distrusting([signer])
    assert trust_of(verify(evidence, store, STRICT, at=at, vouchers=vouchers)) == DISTRUSTED


def test_others_count_as_before_and_the_version_says_which_store_judged(
    trust: TrustStore, signer: str, honest: SimulatedCard, gather: Gather, at: datetime
) -> None:
    store = trust.distrusting(["ab" * 32])
    assert trust_of(verify(gather(honest), store, STRICT, at=at)) == ANCHORED
    assert store.version != trust.version
    assert trust.distrusting([]) is trust
    assert store.distrusting(["ab" * 32]) is store
    assert store.distrusting([signer]).distrusted == {signer, "ab" * 32}
    assert trust.distrusted == frozenset()


def test_a_list_of_signers_of_codes_takes_the_same(trust: TrustStore, issuer: Issuer) -> None:
    codes = QrTrust.of(store=trust, accept_demonstration=True)
    named = codes.distrusting([sha256(issuer.csca_certificate)])
    assert named.store is not None
    assert named.store.distrusted == named.distrusted
    assert named.version != codes.version
    assert codes.distrusting([]) is codes


def test_a_signer_is_distrusted_by_its_key_however_it_is_encoded(
    trust: TrustStore, issuer: Issuer, honest: SimulatedCard, gather: Gather, at: datetime
) -> None:
    key = Certificate.from_bytes(issuer.signer.certificate).key_fingerprint
    assert trust_of(verify(gather(honest), trust.distrusting([key]), STRICT, at=at)) == DISTRUSTED
