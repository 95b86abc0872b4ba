"""One card, from the connection to what it means for the visit: read, verify, look for cover.

Whatever a card does ends in one of a few outcomes; nothing that it sends escapes as an error of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from idcard import (
    CLOSED_READER,
    DEFAULT_PLAN,
    AccessBlocked,
    Can,
    Cancelled,
    CardQr,
    ClaimedIdentity,
    Connection,
    Evidence,
    File,
    IdCardError,
    LastTryLeft,
    NotVerified,
    PaceRefused,
    Policy,
    Portrait,
    Profiles,
    Progress,
    ReaderMissing,
    ReadStep,
    TransportError,
    TrustStore,
    Verdict,
    VerifiedIdentity,
    Vouchers,
    WrongAccessKey,
    evidence_of_files,
    read,
    remember_proved,
    verify,
)
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.cover_basis import Asked, CoverBasis
from kiosk.domain.eligibility import Coverage, Eligibility, NextStep
from kiosk.domain.freshness import Freshness, StoreAge, StoreFreshness
from kiosk.domain.outcomes import assurance_of, refusal_of
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.insurance.sources import CoverDesk, OnlineCover
from kiosk.ports import Clock, EligibilitySource

Key = Can | CardQr
"""What opens a card: its six digits, or the code printed on it."""

OnStep = Callable[[int], None]
ShouldCancel = Callable[[], bool]
Tests = Callable[[str, str], bool]
Lane = Callable[[], VisitReason | None]

OPENED, GATHERED, PROVED, INSURED = 1, 2, 3, 4
"""Steps done, as the reading screen counts them."""

ADMISSION_PLAN = replace(DEFAULT_PLAN, files=(File.COM, File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
"""No portrait: the automatic lane needs none, and what was never read is never kept."""

PORTRAIT_PLAN = replace(
    DEFAULT_PLAN,
    files=(File.COM, File.SOD, File.DG1, File.DG2, File.DG13),
    chip_authentication=False,
    active_authentication=False,
)
"""The portrait, and as much beside it as says whose card it is."""

_NOBODY_VOUCHES = Vouchers()
_STEPS_DONE = {ReadStep.OPENING: 0, ReadStep.READING: OPENED, ReadStep.PROVING: GATHERED}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Proved:
    """The card is genuine, and the person covered."""

    identity: VerifiedIdentity
    verdict: Verdict
    eligibility: Eligibility
    source_version: str
    basis: CoverBasis | None = None

    def __repr__(self) -> str:
        return "Proved(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ToDesk:
    """A person must help: why, and what the desk need not type."""

    code: Code
    reasons: tuple[str, ...] = ()
    claim: ClaimedIdentity | None = None
    assurance: Assurance = Assurance.NONE
    verdict: Verdict | None = None
    coverage: Coverage | None = None
    source_version: str | None = None
    basis: CoverBasis | None = None
    cover_result: str | None = None
    cover_next: NextStep = NextStep.NONE
    insurance_number: str | None = None

    def __repr__(self) -> str:
        return f"ToDesk({self.code})"

    def or_claimed(self, shown: ClaimedIdentity | None) -> "ToDesk":
        """The same; where the chip said nothing, the code that was shown still spares the clerk the typing."""
        if self.claim is not None or shown is None:
            return self
        return replace(self, claim=shown, assurance=Assurance.QR_UNSIGNED)


@dataclass(frozen=True, slots=True)
class WrongKey:
    """The chip did not open with this key."""


@dataclass(frozen=True, slots=True)
class WantsQr:
    """The chip does not open with digits, only with the code printed on the card."""


@dataclass(frozen=True, slots=True)
class Torn:
    """The card left, or fell silent, before it was read."""


@dataclass(frozen=True, slots=True)
class Crowded:
    """Something lies on the reader and no card answers: two cards, or a telephone with a card in it."""


@dataclass(frozen=True, slots=True)
class ReaderGone:
    """The reader left, with or without the card."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The visit had ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Tested:
    """It was the clinic's test card, for a self-test that waits: there is no visit."""


CardOutcome = Tested | Proved | ToDesk | WrongKey | WantsQr | Torn | Crowded | ReaderGone | Stopped


class CardReader:
    """Reads cards and says what they mean.

    What it learns of types of cards, and of no person, it keeps while the process runs: later cards are read faster.

    :param policy: what a verdict must meet for the automatic lane.
    :param clinic: the facility code, for remarks on the route.
    :param freshness: how old the source may be.
    :param online: who asks the payer, or None where nobody does; ``cut_off_s`` and ``recheck`` as for
        :class:`~kiosk.insurance.sources.CoverDesk`.
    :param vouchers: who may vouch for a signer whose issuer the trust store does not know.
    :param trust_freshness: how old the trust store's newest list may be.
    :param clock_is_right: whether dates can be judged at all.
    :param tests: told of a card's personal number and why its chip proves nobody; whether it was put down for a test.
    :param lane: why nobody may be admitted automatically now, or None where nothing stands against it.
    :param closed_policy: what a verdict must meet where a closed reader handed the files over; None: it admits nobody.
    """

    def __init__(
        self,
        *,
        trust: TrustStore,
        policy: Policy,
        source: EligibilitySource,
        clinic: str,
        clock: Clock,
        freshness: Freshness | None = None,
        vouchers: Vouchers = _NOBODY_VOUCHES,
        trust_freshness: StoreFreshness | None = None,
        online: OnlineCover | None = None,
        cut_off_s: float = 3.0,
        recheck: bool = True,
        clock_is_right: Callable[[], bool] = lambda: True,
        closed_policy: Policy | None = None,
        tests: Tests = lambda number, reason: False,
        lane: Lane = lambda: None,
    ) -> None:
        self._tests, self._lane = tests, lane
        self._closed_policy = closed_policy
        self._clock_is_right = clock_is_right
        self._vouchers = vouchers
        self._trust_freshness = trust_freshness or StoreFreshness()
        self._trust = trust
        self._policy = policy
        self._source = source
        self._clock = clock
        self._profiles = Profiles()
        self._cover = CoverDesk(
            source=source,
            freshness=freshness or Freshness(),
            clinic=clinic,
            clock=clock,
            online=online,
            cut_off_s=cut_off_s,
            recheck=recheck,
        )

    def believe(
        self, trust: TrustStore, vouchers: Vouchers, trust_freshness: StoreFreshness, freshness: Freshness
    ) -> None:
        """Judge the next card by these; to be called between two, by the thread that reads."""
        self._trust, self._vouchers, self._trust_freshness = trust, vouchers, trust_freshness
        self._cover.use(freshness)

    def read(self, connection: Connection, key: Key, *, on_step: OnStep, should_cancel: ShouldCancel) -> CardOutcome:
        """What the card on this connection means for the visit.

        :param on_step: told how many of the four steps are done.
        :param should_cancel: asked before each command.
        """
        try:
            evidence = self._gather(connection, key, on_step, should_cancel)
            return self._judge(evidence, on_step)
        except IdCardError as error:
            _log.info("card_not_read", error=error.code, facts=dict(error.facts))
            return outcome_of_error(error, key)

    def portrait(self, connection: Connection, key: Key, of: Verdict, should_cancel: ShouldCancel) -> Portrait | None:
        """The portrait on the card that was just judged; None where it is gone, another card, or has none.

        It is what the chip holds, whether that card is proved or not: a clerk looks at it, and no machine.
        """
        known = of.claimed_identity()
        try:
            evidence = read(key, connection, plan=PORTRAIT_PLAN, should_cancel=should_cancel, profiles=self._profiles)
            at = self._clock.now().astimezone(VIETNAM_TIME)
            verdict = verify(evidence, self._trust, self._policy, at=at, vouchers=self._vouchers)
        except IdCardError as error:
            _log.info("portrait_not_read", error=error.code)
            return None
        same = known is not None and verdict.claimed_identity() == known
        return None if not same or verdict.said is None else verdict.said.portrait

    def _gather(self, connection: Connection, key: Key, on_step: OnStep, should_cancel: ShouldCancel) -> Evidence:
        def told(progress: Progress) -> None:
            on_step(_STEPS_DONE[progress.step])

        return read(
            key,
            connection,
            plan=ADMISSION_PLAN,
            on_progress=told,
            should_cancel=should_cancel,
            profiles=self._profiles,
        )

    def judge_files(self, files: Mapping[str, bytes], *, reader: str, on_step: OnStep) -> CardOutcome:
        """What files that a closed reader hands over mean for the visit.

        :param reader: what it is called in a record.
        """
        try:
            evidence = evidence_of_files(files, reader=reader, at=self._clock.now())
            return self._judge(evidence, on_step, self._closed_policy or CLOSED_READER)
        except IdCardError as error:
            _log.info("files_not_judged", error=error.code)
            return ToDesk(code=Code.UNKNOWN_CARD, reasons=(error.code,))

    def _judge(self, evidence: Evidence, on_step: OnStep, policy: Policy | None = None) -> CardOutcome:
        on_step(GATHERED)
        closed, policy = policy is not None, policy or self._policy
        # A card expires with the clinic's day: in UTC it would be good for seven hours of the next one.
        at = self._clock.now().astimezone(VIETNAM_TIME)
        verdict = verify(evidence, self._trust, policy, at=at, vouchers=self._vouchers)
        remember_proved(self._profiles, evidence, verdict)
        try:
            identity = verdict.require(policy)
        except NotVerified:
            refusal = refusal_of(verdict)
            claim = verdict.claimed_identity()
            if claim is not None and claim.personal_number and self._tests(claim.personal_number, refusal.code):
                return Tested()
            return self._to_desk(verdict, refusal.code, refusal.reasons)
        if identity.personal_number is not None and self._tests(identity.personal_number, ""):
            return Tested()
        if not self._clock_is_right():
            # A date by which nothing can be judged judges nothing: neither the card nor the insurance.
            return self._to_desk(verdict, Code.CLOCK_WRONG, (VisitReason.CLOCK_BEHIND,))
        if self._trust_freshness.age(self._trust.age(at)) is StoreAge.TOO_OLD:
            # Nobody has told this kiosk for long which signers were taken back.
            return self._to_desk(verdict, Code.UNKNOWN_CARD, (VisitReason.TRUST_TOO_OLD,))
        if (shut := self._lane()) is not None:
            return self._to_desk(verdict, Code.UNKNOWN_CARD, (shut,))
        if closed and self._closed_policy is None:
            return self._to_desk(verdict, Code.UNKNOWN_CARD, (VisitReason.CLOSED_READER,))
        on_step(PROVED)
        return self._look_for_cover(identity, verdict, on_step)

    def _look_for_cover(self, identity: VerifiedIdentity, verdict: Verdict, on_step: OnStep) -> CardOutcome:
        if identity.personal_number is None:
            return self._to_desk(verdict, Code.NO_DOCUMENT, (VisitReason.NO_PERSONAL_NUMBER,))
        asked = Asked(
            name=identity.name or identity.name_latin or "",
            birth=identity.birth,
            personal_number=identity.personal_number,
            sex=identity.sex,
            latin=not identity.name,
        )
        finding = self._cover.find(asked, on=clinic_day(self._clock.now()))
        eligibility = finding.eligibility
        if eligibility.code is not None:
            to_desk = self._to_desk(verdict, eligibility.code, finding.reasons, eligibility.coverage)
            return replace(to_desk, basis=finding.basis, cover_result=eligibility.result, cover_next=eligibility.next)
        on_step(INSURED)
        return Proved(
            identity=identity,
            verdict=verdict,
            eligibility=eligibility,
            source_version=finding.basis.roster_version,
            basis=finding.basis,
        )

    def _to_desk(
        self, verdict: Verdict, code: Code, reasons: tuple[str, ...], coverage: Coverage | None = None
    ) -> ToDesk:
        return ToDesk(
            code=code,
            reasons=tuple(str(reason) for reason in reasons),
            claim=verdict.claimed_identity(),
            assurance=assurance_of(verdict),
            verdict=verdict,
            coverage=coverage,
            source_version=self._source.version,
        )


def outcome_of_error(error: IdCardError, key: Key) -> CardOutcome:
    """What an error in reading means for the visit."""
    match error:
        case Cancelled():
            return Stopped()
        case ReaderMissing():
            return ReaderGone()
        case TransportError():
            return Torn()
        case WrongAccessKey():
            return WrongKey()
        case PaceRefused() if isinstance(key, Can):
            return WantsQr()
        case AccessBlocked() | LastTryLeft():
            return ToDesk(code=Code.WRONG_DIGITS, reasons=(error.code,))
        case _:
            return ToDesk(code=Code.UNKNOWN_CARD, reasons=(error.code,))
