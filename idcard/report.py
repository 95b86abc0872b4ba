"""What came of judging one card, for programs: the verdict, and whom it proves or only claims."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from idcard.evidence import Evidence
from idcard.identity import ClaimedIdentity, VerifiedIdentity
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Reason
from idcard.verification.policy import Policy
from idcard.verification.transcripts import NOTHING_EXPECTED, Expectation
from idcard.verification.verdict import NotVerified, Verdict

TEXTS: Final = ("name", "name_latin", "personal_number", "document_number", "issuing_state", "nationality")
"""The fields of an identity that are plain texts."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """Evidence and verdict, with the identity that is proved, or else the one that the chip claims.

    ``trust_given`` is False where no trust store was given, so that nothing could be traced to an issuer.
    """

    evidence: Evidence
    verdict: Verdict
    verified: VerifiedIdentity | None
    claimed: ClaimedIdentity | None
    trust_given: bool

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
) -> Report:
    """The report on what was read.

    :param trust: the trust store, or None where there is none.
    :param expectation: what the judge itself contributed, where somebody else read the card.
    """
    store = trust or TrustStore.of((), no_anchor_declared=at.date())
    verdict = verify(evidence, store, policy, at=at, expectation=expectation)
    try:
        verified = verdict.require()
    except NotVerified:
        verified = None
    return Report(
        evidence=evidence,
        verdict=verdict,
        verified=verified,
        claimed=verdict.claimed_identity(),
        trust_given=trust is not None,
    )


def to_json(report: Report) -> dict[str, Any]:
    """The report for programs. It holds the person's data, but for the portrait."""
    access = report.evidence.access
    return {
        "met": report.met,
        "verdict": report.verdict.to_dict(),
        "trust_given": report.trust_given,
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
