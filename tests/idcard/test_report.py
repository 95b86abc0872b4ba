"""A report that asks an authority takes the answer to its own question, and no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import AuthorityUnreachable
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.report import judge
from idcard.testing import Holder, Issuer
from idcard.trust.online import Question
from idcard.trust.signed_text import draft, signature_line
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Reason, Rung
from idcard.verification.passive_authentication import signer_of
from idcard.verification.policy import VIETNAM_STRICT
from idcard.verification.transcripts import Expectation

NAME = "authority.example"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOWHERE = TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)


class Asked:
    """An authority that answers a question with this nonce, whichever it was asked with."""

    def __init__(self, key: Ed25519PrivateKey, nonce: Callable[[bytes], bytes]) -> None:
        self.key, self.nonce = key, nonce
        self.questions: list[Question] = []

    def confirm(self, question: Question) -> bytes:
        self.questions.append(question)
        times = {"at": NOW.isoformat(), "until": (NOW + timedelta(days=1)).isoformat()}
        nonce = self.nonce(question.nonce).hex()
        signed = draft(
            "idcard.confirmation/1", times | {"signer": question.signer, "status": "genuine", "nonce": nonce}
        )
        return signed + signature_line(signed, NAME, self.key)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    issuer = Issuer.create("VN", "CSCA Demonstration Vietnam", at=datetime(2022, 1, 2, tzinfo=UTC))
    holder = Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Thử",
        birth=date(1990, 1, 15),
        sex="M",
        issued=date(2022, 2, 1),
        expiry=date(2030, 1, 15),
    )
    files = issuer.issue(holder).files
    return Evidence(files={file: data for file, data in files.items() if file.data_group or file is File.SOD})


@pytest.mark.parametrize(
    ("nonce", "rung"), [(lambda asked: asked, Rung.CONFIRMED), (lambda asked: bytes(16), Rung.SIGNED)]
)
def test_only_the_answer_to_its_own_question_counts(
    nonce: Callable[[bytes], bytes], rung: Rung, evidence: Evidence
) -> None:
    key = Ed25519PrivateKey.generate()
    vouchers = Vouchers(authorities={NAME: key.public_key()})
    report = judge(evidence, NOWHERE, VIETNAM_STRICT, NOW, vouchers=vouchers, online=Asked(key, nonce))
    assert (report.authority, report.verdict.rung) == ("answered", rung)
    assert len(report.evidence.confirmations) == 1


def test_the_authority_is_asked_by_all_names_of_the_signer(evidence: Evidence) -> None:
    """By its fingerprint alone it would not know a certificate of its own in another form."""
    online = Asked(Ed25519PrivateKey.generate(), lambda asked: asked)
    judge(evidence, NOWHERE, VIETNAM_STRICT, NOW, online=online)
    signer = signer_of(evidence, NOWHERE)
    assert signer is not None
    (question,) = online.questions
    assert question == Question.about(signer, question.nonce)


class Says:
    """An authority that answers every question with this status; where that is None, it cannot be reached."""

    def __init__(self, key: Ed25519PrivateKey, status: str | None) -> None:
        self.key, self.status = key, status

    def confirm(self, question: Question) -> bytes:
        if self.status is None:
            raise AuthorityUnreachable("the authority does not answer")
        return said(self.key, question.signer, self.status, question.nonce, NOW)


def said(key: Ed25519PrivateKey, signer: str, status: str, nonce: bytes, at: datetime) -> bytes:
    times = {"at": at.isoformat(), "until": (at + timedelta(days=7)).isoformat()}
    signed = draft("idcard.confirmation/1", times | {"signer": signer, "status": status, "nonce": nonce.hex()})
    return signed + signature_line(signed, NAME, key)


@pytest.mark.parametrize("kept", ["genuine", "unknown"])
@pytest.mark.parametrize(
    ("now", "authority", "rung", "revocation"),
    [
        ("genuine", "answered", Rung.CONFIRMED, Reason.NO_REVOCATION_LIST),
        ("unknown", "answered", Rung.SIGNED, Reason.NO_REVOCATION_LIST),
        ("revoked", "answered", Rung.SIGNED, Reason.REVOKED),
        (None, "unreachable", Rung.SIGNED, Reason.NO_REVOCATION_LIST),
    ],
)
def test_an_answer_in_the_evidence_neither_saves_nor_replaces_the_question(
    kept: str, now: str | None, authority: str, rung: Rung, revocation: Reason, evidence: Evidence
) -> None:
    key = Ed25519PrivateKey.generate()
    signer = signer_of(evidence, NOWHERE)
    assert signer is not None
    old = said(key, signer.fingerprint, kept, bytes(16), NOW - timedelta(days=1))
    brought = replace(evidence, confirmations=(old,))
    vouchers = Vouchers(authorities={NAME: key.public_key()})
    report = judge(brought, NOWHERE, VIETNAM_STRICT, NOW, vouchers=vouchers, online=Says(key, now))
    assert (report.authority, report.verdict.rung) == (authority, rung)
    assert report.verdict.fact(FactName.REVOCATION).reason is revocation
    alone = judge(brought, NOWHERE, VIETNAM_STRICT, NOW, vouchers=vouchers)
    assert (alone.authority, alone.verdict.rung is Rung.CONFIRMED) == ("not_asked", kept == "genuine")


def test_a_revocation_in_the_evidence_holds_whatever_is_answered_now(evidence: Evidence) -> None:
    key = Ed25519PrivateKey.generate()
    signer = signer_of(evidence, NOWHERE)
    assert signer is not None
    old = said(key, signer.fingerprint, "revoked", bytes(16), NOW - timedelta(days=300))
    vouchers = Vouchers(authorities={NAME: key.public_key()})
    brought = replace(evidence, confirmations=(old,))
    report = judge(brought, NOWHERE, VIETNAM_STRICT, NOW, vouchers=vouchers, online=Says(key, "genuine"))
    assert report.verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED


def test_an_answer_to_the_judges_own_nonce_saves_the_question(evidence: Evidence) -> None:
    key = Ed25519PrivateKey.generate()
    signer = signer_of(evidence, NOWHERE)
    assert signer is not None
    own = replace(evidence, confirmations=(said(key, signer.fingerprint, "genuine", b"o" * 16, NOW),))
    vouchers = Vouchers(authorities={NAME: key.public_key()})
    expected = Expectation(nonces=frozenset({b"o" * 16}))
    report = judge(own, NOWHERE, VIETNAM_STRICT, NOW, expected, vouchers=vouchers, online=Says(key, None))
    assert (report.authority, report.verdict.rung) == ("not_asked", Rung.CONFIRMED)


def test_the_certificate_in_a_verdict_makes_the_same_question(evidence: Evidence) -> None:
    signer = signer_of(evidence, NOWHERE)
    certificate = verify(evidence, NOWHERE, at=NOW).signer_certificate
    assert signer is not None
    assert certificate is not None
    assert Question.about(certificate, bytes(16)) == Question.about(signer, bytes(16))
