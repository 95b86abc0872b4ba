"""A report that asks an authority takes the answer to its own question, and no other."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.report import judge
from idcard.testing import Holder, Issuer
from idcard.trust.online import Question
from idcard.trust.signed_text import draft, signature_line
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.facts import Rung
from idcard.verification.passive_authentication import signer_of
from idcard.verification.policy import VIETNAM_STRICT

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
