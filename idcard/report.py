"""What came of judging one card, for programs: the verdict, and whom it proves or only claims."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from idcard.errors import AuthorityUnreachable
from idcard.evidence import Evidence
from idcard.identity import ClaimedIdentity, VerifiedIdentity
from idcard.trust.online import NONCE_BYTES, OnlineVerifier, Question
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Reason
from idcard.verification.passive_authentication import signer_of
from idcard.verification.policy import Policy
from idcard.verification.transcripts import NOTHING_EXPECTED, Expectation
from idcard.verification.verdict import NotVerified, Verdict

TEXTS: Final = ("name", "name_latin", "personal_number", "document_number", "issuing_state", "nationality")
"""The fields of an identity that are plain texts."""

Authority = Literal["not_asked", "answered", "unreachable"]
_NOT_ASKED: Final[Authority] = "not_asked"
_NOBODY_VOUCHES: Final = Vouchers()
_ISSUER_UNKNOWN: Final = (Reason.NO_ANCHOR, Reason.NO_ANCHOR_YET)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """Evidence and verdict, with the identity that is proved, or else the one that the chip claims.

    ``trust_given`` is False where no trust store was given, so that nothing could be traced to an issuer.
    ``authority`` says whether an authority was asked about the signer; its answer is part of the evidence.
    """

    evidence: Evidence
    verdict: Verdict
    verified: VerifiedIdentity | None
    claimed: ClaimedIdentity | None
    trust_given: bool
    authority: Authority = "not_asked"

    @property
    def met(self) -> bool:
        """Whether the policy is met, and proves an identity where it is one that does."""
        return self.verified is not None if self.verdict.policy.proves else self.verdict.meets()

    @property
    def never_expires(self) -> bool:
        """Whether the document has no expiry."""
        return self.verdict.fact(FactName.VALIDITY).reason is Reason.NEVER_EXPIRES


def judge(
    evidence: Evidence,
    trust: TrustStore | None,
    policy: Policy,
    at: datetime,
    expectation: Expectation = NOTHING_EXPECTED,
    *,
    vouchers: Vouchers = _NOBODY_VOUCHES,
    online: OnlineVerifier | None = None,
) -> Report:
    """The report on what was read.

    Where an authority can be asked, what counts for a signer is its answer to this question alone. An answer that the
    evidence brings along was to somebody else's: it may be a week old, and whoever made the evidence chose it. So it
    neither saves the question nor stands in where the authority does not answer; but a revocation always holds.

    :param trust: the trust store, or None where there is none.
    :param expectation: what the judge itself contributed, where somebody else read the card.
    :param vouchers: who may vouch for a signer whose issuer is not known.
    :param online: asked about such a signer, where no pin vouches; that it does not answer is no error, and leaves the
        signer unconfirmed.
    """
    store = trust or TrustStore.of((), no_anchor_declared=at.date())

    def verdict_on(evidence: Evidence, expectation: Expectation) -> Verdict:
        return verify(evidence, store, policy, at=at, expectation=expectation, vouchers=vouchers)

    if online is not None:
        expectation = replace(expectation, nonces=expectation.nonces or frozenset())
    verdict, authority = verdict_on(evidence, expectation), _NOT_ASKED
    signer = None if online is None else signer_of(evidence, store)
    if online is not None and signer is not None and verdict.fact(FactName.TRUST).reason in _ISSUER_UNKNOWN:
        question = Question.about(signer, secrets.token_bytes(NONCE_BYTES))
        evidence, authority = _asked(evidence, question, online)
        verdict = verdict_on(evidence, replace(expectation, nonces=frozenset({question.nonce})))
    return _report(evidence, verdict, trust_given=trust is not None, authority=authority)


def _asked(evidence: Evidence, question: Question, online: OnlineVerifier) -> tuple[Evidence, Authority]:
    """The evidence with the authority's answer, where there is one."""
    try:
        answer = online.confirm(question)
    except AuthorityUnreachable:
        return evidence, "unreachable"
    return replace(evidence, confirmations=(*evidence.confirmations, answer)), "answered"


def _report(evidence: Evidence, verdict: Verdict, *, trust_given: bool, authority: Authority) -> Report:
    try:
        verified = verdict.require()
    except NotVerified:
        verified = None
    return Report(
        evidence=evidence,
        verdict=verdict,
        verified=verified,
        claimed=verdict.claimed_identity(),
        trust_given=trust_given,
        authority=authority,
    )


def to_json(report: Report) -> dict[str, Any]:
    """The report for programs. It holds the person's data, but for the portrait."""
    access = report.evidence.access
    return {
        "met": report.met,
        "verdict": report.verdict.to_dict(),
        "trust_given": report.trust_given,
        "authority": report.authority,
        "reader": report.evidence.reader,
        "access": {"protocol": access.protocol, "key": access.key_kind} if access else None,
        "files": [file.label for file in report.evidence.files],
        "identity": _identity_to_json(report),
    }


def _identity_to_json(report: Report) -> dict[str, Any] | None:
    person = report.verified or report.claimed
    if person is None:
        return None
    portrait = report.verified.portrait if report.verified else None
    return {
        "verified": report.verified is not None,
        **{field: getattr(person, field, None) for field in TEXTS},
        "birth": str(person.birth) if person.birth else None,
        "sex": person.sex,
        "expiry": person.expiry.isoformat() if person.expiry else None,
        "never_expires": report.never_expires,
        "portrait": {"media_type": portrait.media_type, "bytes": len(portrait.image)} if portrait else None,
    }
