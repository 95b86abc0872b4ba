"""Whom the machine admits, and on what: the chip's proof, or a signed code that the payer confirmed."""

from dataclasses import dataclass

from idcard import Verdict, VerifiedIdentity
from kiosk.domain.assurance import Assurance
from kiosk.domain.card_generation import CardGeneration
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import CoverBasis
from kiosk.domain.eligibility import Eligibility
from kiosk.domain.holder import DUE
from kiosk.domain.outcomes import assurance_of
from kiosk.domain.ways import Way
from kiosk.keys import Fields, VisitSealer
from kiosk.services.person import claimed_fields
from kiosk.services.signed_codes import Confirmed, ConfirmedPerson
from kiosk.store.tables import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is written down beside a visit: how long it took at the machine, and whether a clerk is to look at the face.

    ``took_ms`` is in milliseconds, None where nobody measured it; ``check_holder``: the lot fell on this visit.
    ``readings`` is how often a card was begun to be read, and ``card`` its generation; ``code`` the hash of the code
    that was shown (:func:`kiosk.services.codes.code_digest`), or nothing.
    """

    took_ms: int | None = None
    check_holder: bool = False
    readings: int = 0
    card: CardGeneration = CardGeneration.UNKNOWN
    code: bytes = b""

    def write(self, visit: Visit, sealer: VisitSealer) -> None:
        """Put it into the visit's row."""
        visit.took_ms, visit.holder_check = self.took_ms, DUE if self.check_holder else None
        if self.readings:
            visit.readings, visit.card = self.readings, self.card.value
        if self.code:
            visit.shown_code = sealer.seal_code(visit.id, self.code)


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Arrival:
    """Somebody whom the machine admits. ``settles``: which of their desk tickets are settled by that."""

    identity: VerifiedIdentity | ConfirmedPerson
    fields: Fields
    assurance: Assurance
    proved_by: str
    way: Way
    eligibility: Eligibility
    verdict: Verdict
    basis: CoverBasis | None
    roster_version: str | None
    settles: frozenset[Code]
    beside: Beside = NOTHING_BESIDE

    def __repr__(self) -> str:
        return f"Arrival({self.way.value})"


SETTLED_BY_CHIP = frozenset(Code) - {Code.NOT_GENUINE}
"""A suspicion stays for staff to settle."""


def proved_by(verdict: Verdict) -> str:
    """Whose word an admission is: the chip's, or that of a closed reader, which shows no proof of the chip."""
    return "reader" if assurance_of(verdict) is Assurance.CLOSED_READER else "chip"


def confirmed_arrival(confirmed: Confirmed, beside: Beside = NOTHING_BESIDE) -> Arrival:
    """Whom a signed code names: that settles no desk ticket but those of a code."""
    return Arrival(
        identity=confirmed.identity,
        fields=claimed_fields(confirmed.claim, confirmed.eligibility.coverage),
        assurance=Assurance.QR_CONFIRMED,
        proved_by="code",
        way=Way.CODE,
        eligibility=confirmed.eligibility,
        verdict=confirmed.verdict,
        basis=confirmed.basis,
        roster_version=confirmed.source_version,
        settles=frozenset({Code.QR_ONLY}),
        beside=beside,
    )
