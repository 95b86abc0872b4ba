"""The way to the desk: committed first, then words for the screen."""

from collections.abc import Mapping
from datetime import date

from idcard import BhytCard, ClaimedIdentity
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.eligibility import NextStep
from kiosk.domain.outcomes import assurance_of
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket
from kiosk.domain.ways import under_six
from kiosk.services.arrival import NOTHING_BESIDE, Beside
from kiosk.services.card_reader import Proved, ToDesk
from kiosk.services.checkin import CheckIn
from kiosk.services.signed_codes import Confirmed
from kiosk.services.view import Call, DeskView

_CALLS: dict[Call, Code] = {"help": Code.HELP, "child": Code.CHILD, "emergency": Code.EMERGENCY}


def called_for(what: Call) -> Code:
    """The code under which staff are called; ValueError where nobody can be called for that."""
    if what not in _CALLS:
        raise ValueError("nobody can be called for that")
    return _CALLS[what]


def insured_to_desk(card: BhytCard, on: date) -> ToDesk:
    """The way to the desk of whoever shows an insurance card's code alone: a child under six as a child."""
    code = Code.CHILD if under_six(card.birth, on) else Code.QR_ONLY
    return ToDesk(
        code=code,
        reasons=(VisitReason.NO_CARD,),
        claim=card.claimed_identity(),
        assurance=Assurance.QR_UNSIGNED,
        insurance_number=card.number.text,
    )


class ReportedLost(Exception):
    """The card in hand was reported lost, by its owner or by somebody who says so."""


def before_admission(checkin: CheckIn, proved: Proved | Confirmed) -> tuple[Ticket | None, Mapping[str | None, int]]:
    """The ticket that somebody has of today, and how many people wait for each room.

    :raises ReportedLost: where their card was reported lost: then a clerk looks, and nobody is shown a ticket.
    """
    if checkin.reported_lost(proved.identity.personal_number):
        raise ReportedLost
    return checkin.ticket_of_today(proved.identity, proved.eligibility.coverage), checkin.waiting()


def admit_known(
    checkin: CheckIn,
    proved: Proved | Confirmed,
    room: Room,
    shown: ClaimedIdentity | None,
    beside: Beside = NOTHING_BESIDE,
) -> Ticket:
    """The committed ticket of whom the chip proved, or the payer confirmed; raises as :meth:`CheckIn.admit` does.

    :param shown: what the code said with which the chip was opened.
    """
    if isinstance(proved, Confirmed):
        return checkin.admit_confirmed(proved, room=room, beside=beside)
    return checkin.admit(
        proved.identity,
        room=room,
        eligibility=proved.eligibility,
        verdict=proved.verdict,
        roster_version=proved.source_version,
        basis=proved.basis,
        shown=shown,
        beside=beside,
    )


def to_compare(
    proved: Proved, reason: VisitReason = VisitReason.ADMITTED_UNPROVED, code: Code = Code.IDENTITY_DIFFERS
) -> ToDesk:
    """The way to the desk of whom the chip proved, and a clerk is to look at all the same.

    Usually because somebody was admitted today under the same number.
    """
    return ToDesk(
        code=code,
        reasons=(reason,),
        claim=proved.verdict.claimed_identity(),
        assurance=assurance_of(proved.verdict),
        verdict=proved.verdict,
        coverage=proved.eligibility.coverage,
        source_version=proved.source_version,
        basis=proved.basis,
        cover_result=proved.eligibility.result,
        cover_next=NextStep.COMPARE,
    )


class DeskWay:
    """Sends people to this clinic's desk, and calls staff; each raises StoreUnavailable and then did nothing."""

    def __init__(self, *, checkin: CheckIn, clinic: Clinic) -> None:
        self._checkin = checkin
        self._clinic = clinic

    def send(self, to_desk: ToDesk, beside: Beside = NOTHING_BESIDE) -> tuple[DeskView, str]:
        """The way to the desk, with the number of a committed desk ticket; and that ticket's visit."""
        ticket = self._checkin.desk_ticket(
            to_desk.claim,
            code=to_desk.code,
            reasons=to_desk.reasons,
            assurance=to_desk.assurance,
            verdict=to_desk.verdict,
            coverage=to_desk.coverage,
            roster_version=to_desk.source_version,
            basis=to_desk.basis,
            cover_result=to_desk.cover_result,
            cover_next=to_desk.cover_next,
            insurance_number=to_desk.insurance_number,
            beside=beside,
        )
        return self.shown(to_desk.code, ticket.number), ticket.visit_id

    def call(self, code: Code) -> DeskView:
        """Staff are called; with a child one gets a number at once."""
        ticket = self._checkin.call(code)
        return self.shown(code, None if ticket is None else ticket.number)

    def tell(self, code: Code, *reasons: VisitReason) -> DeskView:
        """Staff are told of something that nobody called them for."""
        self._checkin.notify(code, reasons)
        return self.shown(code)

    def shown(self, code: Code, ticket_number: int | None = None) -> DeskView:
        """The way to the desk in the patient's words."""
        return DeskView(
            desk=self._clinic.desk, public_code=code.public, message=code.message, ticket_number=ticket_number
        )
