"""The verdict on a code: what it is worth, fact by fact.

Theory of operation. A code differs from a chip in what it cannot show: a copy is as good as the original, and most
codes bear no signature at all. So every verdict says of signature, trust, key usage, revocation, validity,
freshness, replay and bearer what was found, or why nothing could be. No verdict on a code makes a verified identity:
nothing binds a code to whoever shows it. What it says is a claim.

Nothing is fetched here: what an issuer's service answered, and what the store of seen codes said, are arguments.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Final, Protocol

from idcard.identity import BirthDate, ClaimedIdentity, ClaimSource
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.recognise import Recognised
from idcard.qr.seen import Seen
from idcard.qr.token import Token, TokenKind
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import OF_CODES_ONLY, Fact, FactName, Outcome, Reason, Rung
from idcard.verification.moments import later
from idcard.verification.policy import Policy
from idcard.verification.qr_policy import SIGNED_QR
from idcard.verification.qr_signature import Signed, fact, judge_certificate, judge_token, without_signature
from idcard.verification.qr_times import CLOCKS, dates_fact, hand_off_freshness, is_timely, scan_freshness, validity
from idcard.verification.revocation import revocation
from idcard.verification.verdict import Verdict
from idcard.vietnam import vneid
from idcard.vietnam.bhyt_card import BhytCard
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.vneid import VneidCode

QR_SCHEMA: Final = "idcard.qr-verdict/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineAnswer:
    """What an issuer's service said of a code: whether it accepts it, who answered, and when.

    :raises ValueError: if that moment has no time zone.
    """

    accepted: bool
    authority: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the moment of an answer needs a time zone")


class OnlineCodeVerifier(Protocol):
    """Whoever can ask the service that resolves codes which nobody else can read."""

    def confirm_code(self, payload: bytes) -> OnlineAnswer | None:
        """What the service says of the code; None where there is no answer in time."""


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


_FOR_ANYBODY = fact(FactName.AUDIENCE, Outcome.NOT_SUPPORTED, Reason.NO_AUDIENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What is particular to a kind of code."""

    signed: Signed
    validity: Fact
    freshness: Fact
    revocation: Fact
    audience: Fact = _FOR_ANYBODY
    single_use: bool = False
    consistency: Fact | None = None
    issuer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    claimed: ClaimedIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Circumstances:
    trust: QrTrust
    at: datetime
    scanned_at: datetime | None
    answer: OnlineAnswer | None
    audience: str | None


_STATIC = fact(FactName.FRESHNESS, Outcome.NOT_SUPPORTED, Reason.STATIC_CODE)
_NO_LIST = fact(FactName.REVOCATION, Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)
_NO_HOLDER = fact(FactName.HOLDER, Outcome.NOT_SUPPORTED, Reason.NO_HOLDER_BINDING)


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
    given = _Circumstances(trust=trust, at=at, scanned_at=scanned_at, answer=answer, audience=audience)
    judged = _judge(recognised, given)
    facts = (
        *judged.signed.facts,
        judged.revocation,
        judged.validity,
        *([judged.consistency] if judged.consistency else []),
        judged.freshness,
        _replay(seen, judged.single_use),
        judged.audience,
        _NO_HOLDER,
    )
    return QrVerdict(
        format=recognised.format,
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
    document = recognised.document
    if isinstance(document, CovidCertificate):
        said = document.identifier.upper().encode() + b"\0" + document.sign1.payload
    elif isinstance(document, Token):
        said = document.clinic.encode() + b"\0" + document.token_id
    elif isinstance(document, CardQr | BhytCard):
        said = unicodedata.normalize("NFC", document.text).encode()
    else:
        said = recognised.payload
    return hashlib.sha256(recognised.format.encode() + b"\0" + said).hexdigest()


def _judge(recognised: Recognised, given: _Circumstances) -> _Judged:
    document = recognised.document
    if isinstance(document, CovidCertificate):
        return _health(document, given)
    if isinstance(document, Token):
        return _token(document, given)
    if isinstance(document, VneidCode):
        return _vneid(given)
    if isinstance(document, CardQr):
        return _card(document, given)
    if isinstance(document, BhytCard):
        return _insurance(document, given)
    return _named()


def _health(document: CovidCertificate, given: _Circumstances) -> _Judged:
    claims = document.claims
    begin = claims.not_before or claims.issued
    signed = judge_certificate(document, given.trust, given.at)
    birth = _birth(document.birth)
    return _Judged(
        signed=signed,
        validity=validity(begin, claims.expires, given.at),
        consistency=dates_fact(birth, given.at),
        freshness=_STATIC,
        revocation=_signer_revocation(signed, given),
        issuer=claims.issuer,
        valid_from=begin,
        valid_until=claims.expires,
        claimed=ClaimedIdentity(
            source=ClaimSource.SIGNED_QR,
            name=unicodedata.normalize("NFC", f"{document.surname} {document.given_names}").strip() or None,
            name_latin=" ".join(f"{document.latin_surname} {document.latin_given_names}".replace("<", " ").split()),
            birth=birth,
        ),
    )


def _signer_revocation(signed: Signed, given: _Circumstances) -> Fact:
    """Whether the signer was taken back; no list of single codes that were is read yet."""
    if signed.signer is None or given.trust.store is None:
        return _NO_LIST
    return revocation(signed.signer, signed.links, given.trust.store, given.at)


def _birth(text: str) -> BirthDate | None:
    try:
        return BirthDate(**dict(zip(("year", "month", "day"), map(int, text.split("-")), strict=False)))
    except ValueError:
        return None


def _token(document: Token, given: _Circumstances) -> _Judged:
    once = document.kind is TokenKind.HAND_OFF
    return _Judged(
        signed=judge_token(document, given.trust),
        validity=validity(document.claims.not_before or document.issued, document.expires, given.at, CLOCKS),
        freshness=hand_off_freshness(document, given.at) if once else _STATIC,
        audience=_audience(document, given.audience) if once else _FOR_ANYBODY,
        revocation=_NO_LIST,
        single_use=once,
        issuer=document.clinic,
        valid_from=document.issued,
        valid_until=document.expires,
    )


def _audience(document: Token, ours: str | None) -> Fact:
    """A hand-off is for the one machine that it names: who does not say its own name takes nobody's."""
    if ours is None:
        return fact(FactName.AUDIENCE, Outcome.INCONCLUSIVE, Reason.AUDIENCE_NOT_GIVEN)
    if document.audience != ours:
        return fact(FactName.AUDIENCE, Outcome.FAILED, Reason.FOR_ANOTHER)
    return fact(FactName.AUDIENCE, Outcome.PASSED, Reason.FOR_US)


def _replay(seen: Seen | None, single_use: bool) -> Fact:
    """Showing a code again is wrong only where it counts once; elsewhere it is said, no more."""
    if seen is None:
        return fact(FactName.REPLAY, Outcome.NOT_PERFORMED, Reason.NOT_LOOKED_UP)
    if seen.first_at is None:
        return fact(FactName.REPLAY, Outcome.PASSED, Reason.NOT_SEEN_BEFORE)
    outcome = Outcome.FAILED if single_use else Outcome.INCONCLUSIVE
    return fact(FactName.REPLAY, outcome, Reason.SEEN_BEFORE, first_at=seen.first_at.isoformat())


def _unsigned(validity: Fact, **particulars: Any) -> _Judged:
    return _Judged(
        signed=without_signature(Outcome.NOT_SUPPORTED, Reason.UNSIGNED),
        validity=validity,
        freshness=_STATIC,
        revocation=fact(FactName.REVOCATION, Outcome.NOT_SUPPORTED, Reason.UNSIGNED),
        **particulars,
    )


def _card(document: CardQr, given: _Circumstances) -> _Judged:
    number = document.personal_number
    dates = dates_fact(document.birth, given.at)
    goes = number.birth_year == document.birth.year and number.sex == document.sex
    if dates.outcome is Outcome.PASSED and not goes:
        dates = fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.NUMBER_CONTRADICTS)
    return _unsigned(
        fact(FactName.VALIDITY, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN),
        consistency=dates,
        claimed=document.claimed_identity(),
    )


def _insurance(document: BhytCard, given: _Circumstances) -> _Judged:
    """An insurance card is in force to the end of its last day, in the zone of the judgement; without one, for good."""
    zone = given.at.tzinfo
    begin = datetime.combine(document.valid_from, time(), zone) if document.valid_from else None
    last = datetime.combine(document.valid_to, time(), zone) if document.valid_to else None
    end = None if last is None else later(last, timedelta(days=1))
    return _unsigned(
        validity(begin, end, given.at),
        consistency=dates_fact(document.birth, given.at, document.valid_from, document.valid_to),
        valid_from=begin,
        valid_until=end,
        claimed=document.claimed_identity(),
    )


def _vneid(given: _Circumstances) -> _Judged:
    offline = without_signature(Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE)
    signature, _, usage = offline.facts
    return _Judged(
        signed=Signed(facts=(signature, _online(given), usage)),
        validity=fact(FactName.VALIDITY, Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE),
        freshness=scan_freshness(given.at, given.scanned_at),
        revocation=fact(FactName.REVOCATION, Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE),
        single_use=True,
    )


def _online(given: _Circumstances) -> Fact:
    if given.answer is None:
        return fact(FactName.TRUST, Outcome.NOT_PERFORMED, Reason.NOT_ASKED_ONLINE)
    details = {"authority": given.answer.authority, "at": given.answer.at.isoformat()}
    if given.answer.accepted and not is_timely(given.answer.at, given.at, given.scanned_at):
        return fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.ANSWER_NOT_TIMELY, **details)
    if given.answer.accepted:
        return fact(FactName.TRUST, Outcome.PASSED, Reason.CONFIRMED_ONLINE, **details)
    return fact(FactName.TRUST, Outcome.FAILED, Reason.REFUSED_ONLINE, **details)


def _named() -> _Judged:
    """What is known by name only, or not at all."""
    missing = (Outcome.NOT_PERFORMED, Reason.FORMAT_NOT_SUPPORTED)
    return _Judged(
        signed=without_signature(*missing),
        validity=fact(FactName.VALIDITY, *missing),
        freshness=fact(FactName.FRESHNESS, *missing),
        revocation=fact(FactName.REVOCATION, *missing),
    )
