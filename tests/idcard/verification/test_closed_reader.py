"""What a closed reader hands over: judged by what was signed, with nothing of how the chip was opened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.pins import Pins
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT
from idcard.verification.verdict import NotVerified

Gather = Callable[..., Evidence]
Answer = Callable[..., bytes]
PinSigner = Callable[..., Pins]
EMPTY = TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)


# What a closed reader hands over: no DG1, no EF.COM, nothing of how the chip was opened.
HANDED_OVER = (File.SOD, File.DG2, File.DG13, File.DG14, File.DG15)


@pytest.fixture
def handed_over(honest: SimulatedCard) -> Evidence:
    return Evidence(files={file: honest.files[file] for file in HANDED_OVER})


def test_a_closed_readers_files_prove_whom_dg13_names(
    handed_over: Evidence, trust: TrustStore, at: datetime, holder: Holder
) -> None:
    verdict = verify(handed_over, trust, CLOSED_READER, at=at)
    assert {fact.name: fact.outcome for fact in verdict.facts if fact.outcome is not Outcome.PASSED} == {
        FactName.REVOCATION: Outcome.NOT_PERFORMED,
        FactName.GENUINE_CHIP: Outcome.NOT_PERFORMED,
        FactName.ACCESS: Outcome.NOT_PERFORMED,
    }
    identity = verdict.require()
    assert (identity.name, identity.name_latin) == (holder.name, "NGUYEN VAN THU")
    assert (identity.personal_number, identity.document_number) == (holder.personal_number, "090999991")
    assert (identity.issuing_state, identity.nationality, identity.sex) == ("VNM", "VNM", "M")
    assert (identity.birth.exact, identity.expiry) == (holder.birth, holder.expiry)
    assert identity.portrait is not None
    for policy in (STRICT, VIETNAM_STRICT, READING_ONLY):
        with pytest.raises(NotVerified):
            verdict.require(policy)


def test_dg13_alone_proves_only_where_the_policy_says_so(
    honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    files = {file: data for file, data in gather(honest).files.items() if file is not File.DG1}
    verdict = verify(gather(honest, files=files), trust, at=at)
    assert verdict.meets()
    with pytest.raises(NotVerified, match="no identity"):
        verdict.require()
    assert verdict.require(CLOSED_READER)
    assert verdict.require(replace(VIETNAM_STRICT, name="dg13_too", dg13_alone=True))


def test_an_altered_dg1_does_not_make_dg13_stand_alone(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(dishonest.altered_dg1(issuer, holder)), trust, CLOSED_READER, at=at)
    assert verdict.proved is None


def test_an_altered_dg13_of_a_closed_reader_proves_nobody(
    handed_over: Evidence, issuer: Issuer, holder: Holder, trust: TrustStore, at: datetime
) -> None:
    forged = dishonest.altered_dg13(issuer, holder).files[File.DG13]
    verdict = verify(replace(handed_over, files={**handed_over.files, File.DG13: forged}), trust, CLOSED_READER, at=at)
    assert verdict.fact(FactName.INTEGRITY).reason is Reason.HASH_MISMATCH
    assert verdict.proved is None
    assert verdict.said is not None
    with pytest.raises(NotVerified):
        verdict.require()


def test_an_expired_card_of_a_closed_reader_is_expired(
    issuer: Issuer, holder: Holder, trust: TrustStore, at: datetime
) -> None:
    for expiry, reason in ((date(2026, 11, 22), Reason.EXPIRED), (None, Reason.NEVER_EXPIRES)):
        card = issuer.issue(replace(holder, expiry=expiry))
        evidence = Evidence(files={file: card.files[file] for file in HANDED_OVER})
        assert verify(evidence, trust, CLOSED_READER, at=at).fact(FactName.VALIDITY).reason is reason


def test_the_dg13_of_another_state_is_not_read(holder: Holder, at: datetime) -> None:
    other = Issuer.create("UT", "CSCA Utopia", at=datetime(2022, 1, 2, tzinfo=UTC))
    card = other.issue(holder)
    trust = TrustStore.of([other.csca_certificate], accept_demonstration=True)
    evidence = Evidence(files={file: card.files[file] for file in HANDED_OVER})
    verdict = verify(evidence, trust, CLOSED_READER, at=at)
    assert verdict.said is None
    assert verdict.fact(FactName.CONSISTENCY).reason is Reason.NOTHING_TO_COMPARE


def test_the_qr_code_of_another_card_is_noticed_without_dg1(
    handed_over: Evidence, holder: Holder, trust: TrustStore, at: datetime
) -> None:
    for text, reason in (
        (holder.card_qr_text(), Reason.CONSISTENT),
        (replace(holder, name="Trần Thị Khác").card_qr_text(), Reason.CARD_QR_DIFFERS),
        (replace(holder, birth=date(1990, 1, 16)).card_qr_text(), Reason.CARD_QR_DIFFERS),
        (replace(holder, personal_number="036090999992").card_qr_text(), Reason.CARD_QR_DIFFERS),
    ):
        verdict = verify(replace(handed_over, given_card_qr=text), trust, CLOSED_READER, at=at)
        assert verdict.fact(FactName.CONSISTENCY).reason is reason


def test_dg13_names_somebody_even_where_another_file_was_changed(
    handed_over: Evidence, trust: TrustStore, at: datetime
) -> None:
    changed = handed_over.files[File.DG2][:-1] + b"\x00"
    verdict = verify(replace(handed_over, files={**handed_over.files, File.DG2: changed}), trust, CLOSED_READER, at=at)
    assert verdict.fact(FactName.INTEGRITY).outcome is Outcome.FAILED
    assert verdict.proved is not None
    assert verdict.proved.portrait is None
    with pytest.raises(NotVerified):
        verdict.require()
