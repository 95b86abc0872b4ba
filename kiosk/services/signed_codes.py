"""A signed code that names a citizen: judged here, confirmed by the payer, and worth what the clinic's policy says.

Theory of operation. The clinic lists formats and issuers (:class:`~kiosk.domain.code_rules.CodeRule`). A code of such a
format is judged against the trust store's list of signers. Only where its signature, its signer, its dates and the
clinic's policy allow it is the payer asked, by the staff process and within the cut-off, by the number, name, birth and
sex in the code. Where the payer itself confirms cover, the person may be admitted on the rung of such codes. Everything
else is a desk ticket with what the code says, and no screen tells why: who shows another's code learns nothing.

Nobody is proved: what comes out is a :class:`ConfirmedPerson`, no verified identity. What a code says of insurance is
not read, and neither is a picture. The roster alone confirms nobody: it holds no names.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from idcard import (
    SIGNED_QR,
    BirthDate,
    ClaimedIdentity,
    FactName,
    IdCardError,
    QrTrust,
    QrVerdict,
    Reason,
    Recognised,
    Rung,
    Seen,
    SeenCodes,
    Sex,
    citizen_of,
    recognise,
    replay_key,
    verify_qr,
)
from kiosk.domain.assurance import Assurance
from kiosk.domain.code_rules import CodeRule
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.cover_basis import Asked, CoverBasis, Online
from kiosk.domain.eligibility import CoverSource, Eligibility, Step
from kiosk.domain.freshness import Freshness, StoreAge
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.domain.ways import under_six
from kiosk.domain.worklist import Source
from kiosk.insurance.sources import CoverDesk, CoverFinding
from kiosk.ports import Clock
from kiosk.services.card_reader import Lane, ToDesk

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConfirmedPerson:
    """Whom a listed issuer's code names and the payer knows by that number, name, birth and sex; not who is there."""

    personal_number: str
    name: str
    birth: BirthDate
    sex: Sex | None

    def __repr__(self) -> str:
        return "ConfirmedPerson(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Confirmed:
    """A code is signed by whom the clinic named, the payer confirms the person's cover, and the policy admits."""

    identity: ConfirmedPerson
    claim: ClaimedIdentity
    verdict: QrVerdict
    eligibility: Eligibility
    source_version: str
    basis: CoverBasis

    def __repr__(self) -> str:
        return "Confirmed(…)"

    def to_desk(self) -> ToDesk:
        """The way to the desk of somebody who has a ticket today: whoever has a copy must not see it."""
        return replace(
            _to_desk(self.verdict, self.claim, self.verdict.at, VisitReason.CODE_TO_COMPARE),
            basis=self.basis,
            source_version=self.source_version,
        )


CodeOutcome = Confirmed | ToDesk


class SignedCodes:
    """Judges the codes that the clinic listed; safe to use from several threads.

    :param trust: whose codes are believed. :param cover: whom the visit asks about cover.
    :param trust_age: how old the trust store is at a moment.
    :param lane: why nobody may be admitted automatically now, or None where nothing stands against it.
    """

    def __init__(
        self,
        *,
        rules: Sequence[CodeRule],
        trust: QrTrust,
        cover: CoverDesk,
        clock: Clock,
        trust_age: Callable[[datetime], StoreAge],
        lane: Lane = lambda: None,
    ) -> None:
        self._rules = tuple(rules)
        self._trust, self._cover, self._clock, self._trust_age = trust, cover, clock, trust_age
        self._lane = lane
        self._seen = SeenCodes()
        self._began = clock.now()

    def believe(self, trust: QrTrust, trust_age: Callable[[datetime], StoreAge], freshness: Freshness) -> None:
        """Judge the next code by these; whatever is judged meanwhile is judged by the former ones."""
        self._trust, self._trust_age = trust, trust_age
        self._cover.use(freshness)

    def distrust(self, fingerprints: Iterable[str]) -> None:
        """Believe these certificates no more, whoever else is believed."""
        self._trust = self._trust.distrusting(fingerprints)

    def recognised(self, payload: bytes) -> Recognised | None:
        """The code, where it is of a format that the clinic listed."""
        try:
            found = recognise(payload)
        except IdCardError:
            return None
        listed = found.document is not None and any(rule.format == found.format for rule in self._rules)
        return found if listed else None

    def outcome(self, found: Recognised) -> CodeOutcome:
        """What a code amounts to; the payer may be asked, which takes its time."""
        at, trust = self._clock.now().astimezone(VIETNAM_TIME), self._trust
        verdict = verify_qr(found, trust, at=at, scanned_at=at)
        rule = self._rule(verdict)
        if rule is not None and rule.once and verdict.meets(SIGNED_QR):
            verdict = verify_qr(found, trust, at=at, scanned_at=at, seen=self._seen_before(found, verdict, at))
        claim = self._claim(found, verdict, rule)
        why = self._why_not(rule, verdict, at)
        if why is not None or rule is None:
            return _to_desk(verdict, claim, at, why or VisitReason.CODE_NOT_TRUSTED)
        person = _person(claim)
        if person is None or claim is None:
            return _to_desk(verdict, claim, at, VisitReason.CODE_INCOMPLETE)
        if under_six(person.birth, at.date()):
            return _to_desk(verdict, claim, at, VisitReason.NO_CARD)
        if not rule.admits:
            return _to_desk(verdict, claim, at, VisitReason.CODE_TO_COMPARE)
        return self._confirmed(person, claim, verdict, rule, at)

    def _rule(self, verdict: QrVerdict) -> CodeRule | None:
        """The rule for this issuer: one who comes with a certificate counts under the anchor that the rule names."""
        named = (rule for rule in self._rules if (rule.format, rule.issuer) == (verdict.format, verdict.issuer))
        bare = verdict.signer is not None and verdict.anchor is None
        return None if bare else next((rule for rule in named if rule.anchor == verdict.anchor), None)

    def _claim(self, found: Recognised, verdict: QrVerdict, rule: CodeRule | None) -> ClaimedIdentity | None:
        """What the desk need not type; of an issuer who is not listed, as the first one of that format would say it."""
        rule = rule or next(each for each in self._rules if each.format == found.format)
        return citizen_of(found, verdict, rule.claims) or verdict.claimed_identity()

    def _seen_before(self, found: Recognised, verdict: QrVerdict, at: datetime) -> Seen:
        """Whether it was shown; one from before this process began may have been."""
        begin, end = verdict.valid_from, verdict.valid_until
        if begin is None or end is None or begin < self._began:
            return Seen(first_at=self._began)
        try:
            return self._seen.see(replay_key(found), at=at, until=end)
        except OverflowError:
            return Seen(first_at=self._began)

    def _why_not(self, rule: CodeRule | None, verdict: QrVerdict, at: datetime) -> VisitReason | None:
        if verdict.fact(FactName.REPLAY).reason is Reason.SEEN_BEFORE:
            return VisitReason.CODE_SHOWN_BEFORE
        # A credential that has a status of its own may have been taken back, and nobody looked it up.
        unsure = verdict.fact(FactName.REVOCATION).reason is Reason.STATUS_NOT_LOOKED_UP
        if rule is None or unsure or not verdict.meets(SIGNED_QR) or verdict.rung is not Rung.ANCHORED:
            return VisitReason.CODE_NOT_TRUSTED
        return VisitReason.TRUST_TOO_OLD if self._trust_age(at) is StoreAge.TOO_OLD else self._lane()

    def _confirmed(
        self, person: ConfirmedPerson, claim: ClaimedIdentity, verdict: QrVerdict, rule: CodeRule, at: datetime
    ) -> CodeOutcome:
        asked = Asked(
            name=person.name,
            birth=person.birth,
            personal_number=person.personal_number,
            sex=person.sex,
            source=Source.SIGNED_QR,
        )
        finding = self._cover.find(asked, on=clinic_day(at))
        _log.info("code_asked_about", format=rule.format, online=finding.basis.online.value)
        if not _by_payer(finding):
            return _unconfirmed(_to_desk(verdict, claim, at, VisitReason.CODE_NOT_CONFIRMED), finding)
        eligibility = finding.eligibility
        if rule.step is Step.ADMIT_AND_RECHECK:
            eligibility = replace(eligibility, step=Step.ADMIT_AND_RECHECK)
        return Confirmed(
            identity=person,
            claim=claim,
            verdict=verdict,
            eligibility=eligibility,
            source_version=finding.basis.roster_version,
            basis=finding.basis,
        )


def _by_payer(finding: CoverFinding) -> bool:
    """Whether the payer itself, asked just now, confirms cover without any doubt."""
    basis, decision = finding.basis, finding.eligibility
    asked = basis.online is Online.ANSWERED and basis.source is CoverSource.GATEWAY
    return asked and decision.code is None and decision.covered and decision.step is Step.ADMIT


def _person(claim: ClaimedIdentity | None) -> ConfirmedPerson | None:
    """The person, where the code says enough to tell one: number, name, and birth to the day."""
    if claim is None or claim.personal_number is None or not claim.name:
        return None
    if claim.birth is None or claim.birth.exact is None:
        return None
    return ConfirmedPerson(personal_number=claim.personal_number, name=claim.name, birth=claim.birth, sex=claim.sex)


def _to_desk(verdict: QrVerdict, claim: ClaimedIdentity | None, at: datetime, why: VisitReason) -> ToDesk:
    """The way to the desk: a child under six as a child, everybody else as who shows a code alone."""
    birth = None if claim is None else claim.birth
    is_child = birth is not None and under_six(birth, at.date())
    return ToDesk(
        code=Code.CHILD if is_child else Code.QR_ONLY,
        reasons=(why.value,),
        claim=claim,
        assurance=Assurance.QR_UNSIGNED if claim is not None else Assurance.NONE,
        verdict=verdict,
    )


def _unconfirmed(to_desk: ToDesk, finding: CoverFinding) -> ToDesk:
    """With what the payer said, for staff; what the roster says of that number's owner may be another person's."""
    return replace(
        to_desk,
        reasons=(*to_desk.reasons, *finding.reasons),
        basis=finding.basis,
        source_version=finding.basis.roster_version,
        cover_result=finding.eligibility.result,
        cover_next=finding.eligibility.next,
    )
