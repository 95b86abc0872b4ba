"""The verdict on a code: what it is worth, fact by fact.

Theory of operation. A code differs from a chip in what it cannot show: a copy is as good as the original, and most
codes bear no signature at all. So every verdict says of signature, trust, key usage, revocation, validity,
freshness, replay and bearer what was found, or why nothing could be. No verdict on a code makes a verified identity:
nothing binds a code to whoever shows it. What it says is a claim.

Nothing is fetched here: what an issuer's service answered, and what the store of seen codes said, are arguments.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from idcard.identity import ClaimedIdentity
from idcard.qr.recognise import Recognised
from idcard.qr.seen import Seen
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import OF_CODES_ONLY, Fact, FactName, Outcome, Reason, Rung
from idcard.verification.policy import Policy
from idcard.verification.qr_formats import CODE_FORMATS
from idcard.verification.qr_judged import Circumstances, Judged, OnlineAnswer, OnlineCodeVerifier, named_only
from idcard.verification.qr_policy import SIGNED_QR
from idcard.verification.qr_signature import Signed, fact
from idcard.verification.verdict import Verdict
from idcard.vietnam import vneid
from idcard.vietnam.vneid import VneidCode

__all__ = [
    "QR_SCHEMA",
    "OnlineAnswer",
    "OnlineCodeVerifier",
    "QrVerdict",
    "needs_its_service",
    "replay_key",
    "verify_qr",
]

QR_SCHEMA: Final = "idcard.qr-verdict/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class QrVerdict(Verdict):
    """A verdict on a code: as on a card, with the format's name, who issued it, and its own dates.

    ``issuer`` is what the code says of its issuer, or None. ``valid_from`` and ``valid_until`` are the signature's or,
    for an insurance card, the coverage's; None where the code does not say.
    """

    ABOUT: ClassVar[frozenset[FactName]] = OF_CODES_ONLY | {
        FactName.SIGNATURE,
        FactName.TRUST,
        FactName.REVOCATION,
        FactName.VALIDITY,
    }
    PERHAPS: ClassVar[frozenset[FactName]] = frozenset({FactName.CONSISTENCY})

    format: str
    issuer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    claimed: ClaimedIdentity | None = None

    def claimed_identity(self) -> ClaimedIdentity | None:
        """Whom the code speaks of, proved or not; None where it names nobody."""
        return self.claimed

    def to_dict(self) -> dict[str, Any]:
        """The verdict for JSON, without anything about the person."""
        # Nobody bears witness to a code, and no chip answers for it.
        told = {name: value for name, value in Verdict.to_dict(self).items() if name != "provenance"}
        return told | {
            "schema": QR_SCHEMA,
            "format": self.format,
            "issuer": self.issuer,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def verify_qr(
    recognised: Recognised,
    trust: QrTrust,
    policy: Policy = SIGNED_QR,
    *,
    at: datetime,
    seen: Seen | None = None,
    scanned_at: datetime | None = None,
    answer: OnlineAnswer | None = None,
    audience: str | None = None,
) -> QrVerdict:
    """The verdict on a recognised code: never an exception for what it says, however odd.

    :param trust: whose codes are believed.
    :param at: the moment of judgement, with a time zone.
    :param seen: what the store of seen codes said of :func:`replay_key`; None where it was not asked.
    :param scanned_at: when the code was scanned, for codes that live a minute.
    :param answer: what the issuer's service said, for codes that only it can resolve.
    :param audience: the name of whoever judges, for codes that are for one machine alone.
    :raises ValueError: if a time has no time zone.
    """
    if at.tzinfo is None or (scanned_at is not None and scanned_at.tzinfo is None):
        raise ValueError("the moment of judgement needs a time zone")
    given = Circumstances(trust=trust, at=at, scanned_at=scanned_at, answer=answer, audience=audience)
    judged = _judge(recognised, given)
    return verdict_of(recognised.format, judged, replay_fact(seen, judged.single_use), trust, policy, at)


def verdict_of(
    format_name: str, judged: Judged, replay: Fact, trust: QrTrust, policy: Policy, at: datetime
) -> QrVerdict:
    """The verdict that the judged parts of a code, or of a wallet's answer, make."""
    facts = (
        *judged.signed.facts,
        judged.revocation,
        judged.validity,
        *([judged.consistency] if judged.consistency else []),
        judged.freshness,
        replay,
        judged.audience,
        judged.holder,
    )
    return QrVerdict(
        format=format_name,
        facts=tuple(policy.judge(each) for each in facts),
        at=at,
        policy=policy,
        anchor=judged.signed.anchor.fingerprint if judged.signed.anchor else None,
        signer=judged.signed.signer.fingerprint if judged.signed.signer else None,
        trust_version=trust.version,
        rung=_rung(judged.signed),
        issuer=judged.issuer,
        valid_from=judged.valid_from,
        valid_until=judged.valid_until,
        claimed=judged.claimed,
    )


def _rung(signed: Signed) -> Rung:
    """How well the signer is known; whoever is on the list of signers is an anchor of it."""
    outcomes = {each.name: each for each in signed.facts}
    if outcomes[FactName.TRUST].outcome is Outcome.PASSED:
        confirmed = outcomes[FactName.TRUST].reason is Reason.CONFIRMED_ONLINE
        return Rung.CONFIRMED if confirmed else Rung.ANCHORED
    return Rung.SIGNED if outcomes[FactName.SIGNATURE].outcome is Outcome.PASSED else Rung.UNSIGNED


def needs_its_service(recognised: Recognised, *, at: datetime, scanned_at: datetime | None) -> bool:
    """Whether only the issuer's service can say what the code is worth, and may still be asked."""
    if not isinstance(recognised.document, VneidCode) or scanned_at is None:
        return False
    return timedelta() <= at - scanned_at <= vneid.LIFE


def replay_key(recognised: Recognised) -> str:
    """Under which key a store remembers the code: a digest of what it says, so that a second signature changes nothing.

    It is a digest of personal data where the code holds such: keep it no longer than needed.
    """
    found = CODE_FORMATS.get(type(recognised.document))
    said = recognised.payload if found is None else found.said(recognised.document)
    return hashlib.sha256(recognised.format.encode() + b"\0" + said).hexdigest()


def _judge(recognised: Recognised, given: Circumstances) -> Judged:
    found = CODE_FORMATS.get(type(recognised.document))
    return named_only() if found is None else found.judge(recognised.document, given)


def replay_fact(seen: Seen | None, single_use: bool) -> Fact:
    """Showing a code again is wrong only where it counts once; elsewhere it is said, no more."""
    if seen is None:
        return fact(FactName.REPLAY, Outcome.NOT_PERFORMED, Reason.NOT_LOOKED_UP)
    if seen.first_at is None:
        return fact(FactName.REPLAY, Outcome.PASSED, Reason.NOT_SEEN_BEFORE)
    outcome = Outcome.FAILED if single_use else Outcome.INCONCLUSIVE
    return fact(FactName.REPLAY, outcome, Reason.SEEN_BEFORE, first_at=seen.first_at.isoformat())
