"""Whatever else a CSCA certified must not sign a person, and no state may sign for another."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from idcard.encoding import oids
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, der
from idcard.testing.certificates import (
    CERTIFICATE_AND_CRL_SIGN,
    DIGITAL_SIGNATURE,
    Name,
    Validity,
    certificate,
    csca_extensions,
    extension,
    key_identifier,
    signer_extensions,
)
from idcard.testing.keys import EcKey
from idcard.testing.sod import DocumentSigner
from idcard.trust.certificates import Certificate
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.pins import Pin
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.passive_authentication import passive_authentication
from idcard.verification.policy import VIETNAM_STRICT
from idcard.verification.verdict import NotVerified, Verdict

Gather = Callable[..., Evidence]
Judge = Callable[[DocumentSigner], Verdict]
USAGE, PURPOSES, CONSTRAINTS = oids.KEY_USAGE, oids.EXTENDED_KEY_USAGE, oids.BASIC_CONSTRAINTS


def certified(by: Issuer, *extensions: bytes, issuer_name: Name | None = None) -> DocumentSigner:
    """Somebody else whom the CSCA certified, who signs documents now."""
    first, name = by.signer, (issuer_name or by.name).to_der()
    key = first.profile.generate(os.urandom)
    identifier = der.sequence(der.context(0, key_identifier(by.csca_key.spki), constructed=False))
    made = certificate(
        subject=Name(country="VN", organisation="Invented", common="Somebody else").to_der(),
        spki=key.spki,
        issuer=name,
        signer=by.csca_key,
        serial=4711,
        validity=first.validity,
        extensions=(extension(oids.AUTHORITY_KEY_IDENTIFIER, identifier), *extensions),
    )
    return replace(first, key=key, certificate=made, issuer=name, serial=4711)


def trust_of(verdict: Verdict) -> tuple[Outcome, Reason]:
    fact = verdict.fact(FactName.TRUST)
    return fact.outcome, fact.reason


@pytest.fixture
def judge(issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime) -> Judge:
    def run(signer: DocumentSigner) -> Verdict:
        return verify(gather(issuer.issue(holder, signer=signer)), trust, at=at)

    return run


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([extension(USAGE, der.bit_string(b"\x20", unused=5), critical=True)], "key_usage"),
        ([extension(PURPOSES, der.sequence(der.oid("1.3.6.1.5.5.7.3.1")), critical=True)], "extended_key_usage"),
        ([extension(PURPOSES, der.sequence(der.oid(oids.MASTER_LIST_SIGNER)), critical=True)], "extended_key_usage"),
        (
            [
                extension(USAGE, CERTIFICATE_AND_CRL_SIGN, critical=True),
                extension(CONSTRAINTS, der.sequence(der.boolean(True)), critical=True),
            ],
            "authority",
        ),
        (
            [
                extension(USAGE, DIGITAL_SIGNATURE, critical=True),
                extension(oids.DOCUMENT_TYPE_LIST, der.sequence(der.integer(0), der.set_of(der.printable("P")))),
            ],
            "document_type",
        ),
    ],
    ids=["encipherment", "web server", "master list", "authority", "passports"],
)
def test_whom_the_csca_certified_for_something_else(
    issuer: Issuer, judge: Judge, extensions: list[bytes], why: str
) -> None:
    verdict = judge(certified(issuer, *extensions))
    assert trust_of(verdict) == (Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS)
    assert verdict.fact(FactName.TRUST).details["why"] == why
    with pytest.raises(NotVerified):
        verdict.require(VIETNAM_STRICT)


class OddKey(EcKey):
    """A CSCA's key that signs by an algorithm nobody has heard of, as it says."""

    @property
    def algorithm(self) -> bytes:
        return der.sequence(der.oid("1.2.3.4"))


def test_a_certificate_signed_by_an_unknown_algorithm_is_nobodys_word(
    issuer: Issuer, holder: Holder, judge: Judge
) -> None:
    key = issuer.csca_key
    assert isinstance(key, EcKey)
    odd = OddKey(curve=key.curve, secret=key.secret, explicit=key.explicit, digest=key.digest)
    verdict = judge(replace(issuer, csca_key=odd).document_signer())
    assert trust_of(verdict) == (Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM)
    assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.TRUST_NOT_PASSED
    with pytest.raises(NotVerified):
        verdict.require(VIETNAM_STRICT)


def moment(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "signed", "judged", "outcome", "reason"),
    [
        (moment(2023), moment(2033), moment(2024), moment(2026), Outcome.PASSED, Reason.ANCHORED),
        (moment(2023), moment(2033), moment(2024), moment(2022, 12), Outcome.FAILED, Reason.SIGNER_NOT_YET_VALID),
        (moment(2023), moment(2025), moment(2024), moment(2026), Outcome.FAILED, Reason.SIGNER_EXPIRED),
        (moment(2023), moment(2033), moment(2022, 6), moment(2026), Outcome.FAILED, Reason.SIGNED_OUTSIDE_VALIDITY),
        (moment(2023), moment(2050), moment(2024), moment(2040), Outcome.FAILED, Reason.ANCHOR_NOT_IN_FORCE),
    ],
    ids=["in force", "not yet", "no longer", "signed before", "no anchor any more"],
)
def test_a_signer_has_its_time_and_its_anchor_too(
    first: datetime,
    last: datetime,
    signed: datetime,
    judged: datetime,
    outcome: Outcome,
    reason: Reason,
    issuer: Issuer,
    holder: Holder,
    gather: Gather,
    trust: TrustStore,
) -> None:
    signer = issuer.document_signer(validity=Validity(start=first, end=last))
    verdict = verify(gather(issuer.issue(holder, signer=signer, at=signed)), trust, at=judged)
    assert trust_of(verdict) == (outcome, reason)
    if outcome is Outcome.FAILED:
        assert verdict.fact(FactName.GENUINE_CHIP).reason is Reason.TRUST_NOT_PASSED


def test_a_csca_signs_no_document_itself(issuer: Issuer, judge: Judge) -> None:
    own = replace(
        issuer.signer,
        key=issuer.csca_key,
        certificate=issuer.csca_certificate,
        serial=Certificate.from_bytes(issuer.csca_certificate).serial_number,
    )
    assert trust_of(judge(own)) == (Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS)


def test_a_signer_that_says_nothing_of_its_purpose_passes_with_remarks(issuer: Issuer, judge: Judge) -> None:
    verdict = judge(certified(issuer))
    assert trust_of(verdict) == (Outcome.PASSED, Reason.ANCHORED)
    assert "key_usage" in verdict.fact(FactName.TRUST).details["remarks"].split(",")


def test_a_pin_does_not_change_a_certificate_s_purpose(
    issuer: Issuer, holder: Holder, gather: Gather, at: datetime, pinned: Any
) -> None:
    signer = certified(issuer, extension(USAGE, CERTIFICATE_AND_CRL_SIGN, critical=True))
    fingerprint = Certificate.from_bytes(signer.certificate).fingerprint
    pins = pinned(Pin(fingerprint=fingerprint, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31)))
    empty = TrustStore.of([], no_anchor_declared=date(2026, 11, 1))
    evidence = gather(issuer.issue(holder, signer=signer))
    verdict = verify(evidence, empty, at=at, vouchers=Vouchers(pins=pins))
    assert trust_of(verdict) == (Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS)
    assert verdict.fact(FactName.TRUST).details["why"] == "key_usage"


@pytest.fixture(scope="module")
def utopia(issuer: Issuer) -> Issuer:
    return Issuer.create("UT", "CSCA Utopia", at=issuer.validity.start)


def lying(utopia: Issuer, issuer: Issuer, common: str) -> DocumentSigner:
    """A signer of Utopia's, whose certificate names an issuer in Vietnam."""
    extensions = signer_extensions(utopia.signer.key.spki, utopia.csca_key.spki, demonstration=True)
    name = replace(issuer.name, common=common)
    return certified(utopia, extensions[0], extensions[3], issuer_name=name)


@pytest.mark.parametrize("common", ["CSCA Demonstration Vietnam", "CSCA Invented"])
@pytest.mark.parametrize("alone", [False, True], ids=["both trusted", "Utopia alone"])
def test_a_trusted_state_signs_for_no_other(
    issuer: Issuer, utopia: Issuer, holder: Holder, gather: Gather, at: datetime, common: str, alone: bool
) -> None:
    anchors = [utopia.csca_certificate, *([] if alone else [issuer.csca_certificate])]
    trust = TrustStore.of(anchors, accept_demonstration=True)
    verdict = verify(gather(issuer.issue(holder, signer=lying(utopia, issuer, common))), trust, at=at)
    assert trust_of(verdict) == (Outcome.FAILED, Reason.ISSUER_NAME_DIFFERS)
    consistency = verdict.fact(FactName.CONSISTENCY)
    assert (consistency.outcome, consistency.reason) == (Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)
    assert not verdict.meets()


def test_a_link_to_another_state_s_name_changes_no_state(
    issuer: Issuer, utopia: Issuer, holder: Holder, gather: Gather, at: datetime, tmp_path: Any
) -> None:
    """Utopia makes a link to a key under a Vietnamese name: the names fit all along, the anchor is still Utopia's."""
    other = Issuer.create("VN", "CSCA Invented", at=issuer.validity.start)
    link = certificate(
        subject=other.name.to_der(),
        spki=other.csca_key.spki,
        issuer=utopia.name.to_der(),
        signer=utopia.csca_key,
        serial=77,
        validity=other.validity,
        extensions=csca_extensions(other.csca_key.spki, demonstration=True)[:3],
    )
    with editing(tmp_path, at=at) as draft:
        for data in (utopia.csca_certificate, link):
            report = add_file(draft, data, name="file", at=at, accept_demonstration=True)
            assert report.count("added") == 1
    verdict = verify(gather(other.issue(holder)), TrustStore.from_directory(tmp_path, accept_demonstration=True), at=at)
    assert trust_of(verdict) == (Outcome.PASSED, Reason.ANCHORED)
    assert verdict.fact(FactName.CONSISTENCY).reason is Reason.SIGNER_OF_ANOTHER_STATE
    assert not verdict.meets()


def test_dg13_alone_is_vietnam_s_only_under_vietnam_s_anchor(
    issuer: Issuer, utopia: Issuer, holder: Holder, gather: Gather, at: datetime
) -> None:
    trust = TrustStore.of([utopia.csca_certificate], accept_demonstration=True)
    card = issuer.issue(holder, signer=lying(utopia, issuer, "CSCA Demonstration Vietnam"))
    evidence = gather(card)
    without = replace(evidence, files={file: data for file, data in evidence.files.items() if file is not File.DG1})
    assert verify(without, trust, at=at).claimed_identity() is None


@pytest.mark.parametrize("anchored", [True, False])
def test_a_store_that_takes_no_demonstration_refuses_its_signers_by_name(
    issuer: Issuer, honest: SimulatedCard, gather: Gather, at: datetime, pinned: Any, anchored: bool
) -> None:
    real = Issuer.create("VN", "CSCA Invented", at=issuer.validity.start, demonstration=False)
    declared = None if anchored else date(2026, 11, 1)
    store = TrustStore.of([real.csca_certificate] if anchored else [], no_anchor_declared=declared)
    fingerprint = Certificate.from_bytes(issuer.signer.certificate).fingerprint
    pins = pinned(Pin(fingerprint=fingerprint, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31)))
    verdict = verify(gather(honest), store, at=at, vouchers=Vouchers(pins=pins))
    assert trust_of(verdict) == (Outcome.FAILED, Reason.DEMONSTRATION_SIGNER)


def test_a_production_anchor_s_demonstration_signer_is_refused(
    holder: Holder, gather: Gather, at: datetime, issuer: Issuer
) -> None:
    real = Issuer.create("VN", "CSCA Invented", at=issuer.validity.start, demonstration=False)
    marked = replace(real, demonstration=True).document_signer()
    evidence = gather(real.issue(holder, signer=marked))
    for accept, reason in ((False, Reason.DEMONSTRATION_SIGNER), (True, Reason.UNKNOWN_CRITICAL_EXTENSION)):
        store = TrustStore.of([real.csca_certificate], accept_demonstration=accept)
        assert trust_of(verify(evidence, store, at=at)) == (Outcome.FAILED, reason)


def test_what_is_told_of_a_demonstrations_signer(
    issuer: Issuer, holder: Holder, honest: SimulatedCard, gather: Gather, at: datetime
) -> None:
    real = Issuer.create("VN", "CSCA Invented", at=issuer.validity.start, demonstration=False)
    both = TrustStore.of([issuer.csca_certificate, real.csca_certificate], accept_demonstration=True)
    for card, expected in ((honest, True), (real.issue(holder), False)):
        assert passive_authentication(gather(card), both, at).is_demonstration is expected
    assert not passive_authentication(gather(honest, files={}), both, at).is_demonstration, "nobody signed"
