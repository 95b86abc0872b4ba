"""An admission, opened: the one value from which everything that leaves is built.

It names a person, so it lives in the staff process only and for as long as one message is made.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from kiosk.domain.cover_reasons import CoverReason
from kiosk.domain.eligibility import CoverSource
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.keys import VisitOpener
from kiosk.services.erasure_search import shortest
from kiosk.services.person import VERIFIED, PersonRecord, person_in
from kiosk.store.tables import Visit, VisitOrder

INSURED_LENGTHS = (10, 15)
UNKNOWN = PersonRecord(source="unknown")
"""Whoever was admitted and nobody knows yet: an emergency."""


class Happening(StrEnum):
    """What became of a visit, as other programs are told."""

    REGISTERED = "registered"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    ERASED = "erased"
    """Who it was is gone here. Only a reference leaves, to receivers that have a message for it."""


HAPPENINGS = {
    "admitted": Happening.REGISTERED,
    "confirmed": Happening.REGISTERED,
    "recheck_upheld": Happening.UPDATED,
    "recheck_reversed": Happening.UPDATED,
    "recheck_unclear": Happening.UPDATED,
    "recheck_lapsed": Happening.UPDATED,
    "route_confirmed": Happening.UPDATED,
    "corrected": Happening.UPDATED,
    "cancelled": Happening.CANCELLED,
    "erased": Happening.ERASED,
}
"""The events of the outbox that leave; no other does."""


class Cover(StrEnum):
    """What is known of the insurer's word about the day of a visit."""

    IN_FORCE = "in_force"
    """A source covered the day, and nobody needs to ask again."""
    TO_CONFIRM = "to_confirm"
    """The roster covered the day; the payer is still to be asked."""
    NOT_ASKED = "not_asked"
    """Nobody was asked, or nobody yet."""
    NOT_IN_FORCE = "not_in_force"
    """The dates do not cover the day, or the payer knew no cover when it was asked again."""
    UNKNOWN = "unknown"
    """There was an answer, or none to be had, and only a person can tell."""


_ENDED = (CoverReason.ENDED, CoverReason.NOT_YET)
_REMARKS = (
    CoverReason.ROSTER_OLD,
    CoverReason.OTHER_HOME_CLINIC,
    CoverReason.NEW_CARD,
    CoverReason.TEMPORARY_CHILD_CARD,
    CoverReason.NOT_CONFIRMED,
)


class OrderKind(StrEnum):
    """What the first cost of a visit is for."""

    SERVICE = "service"
    MEDICINE = "medicine"
    SUPPLY = "supply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The first cost of a visit, with the codes of the common catalogues, and the route where it was said with it.

    ``visit_kind`` is MA_LOAI_KCB. ``ordered_at`` is an aware instant.
    """

    kind: OrderKind
    code: str
    name: str
    ordered_at: datetime
    route: str | None
    visit_kind: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OpenedVisit:
    """An admission with its person. ``person`` is None where the record was ``erased`` or does not open, and
    :data:`UNKNOWN` where nobody ever knew who it is.

    ``route`` is the one that a clerk confirmed, or None. ``patient_key`` is the same at every visit of a person (32
    hexadecimal digits) and tells nobody without the clinic's private key who it is; None where no number is known to be
    theirs. ``holder_check`` is as the visit's record has it.
    """

    visit_id: str
    clinic: Clinic
    day: date
    number: int
    room: Room | None
    state: str
    arrived_at: datetime
    assurance: str
    proved_by: str
    person: PersonRecord | None
    cover_source: str | None
    cover_result: str | None
    cover_as_of: datetime | None
    recheck: str | None
    route: str | None = None
    erased: bool = False
    order: Order | None
    patient_key: str | None = None
    cover: Cover = Cover.NOT_ASKED
    holder_check: str | None = None

    def __repr__(self) -> str:
        return "OpenedVisit(…)"

    @property
    def local_arrival(self) -> datetime:
        """When the person was admitted, on the clinic's clock."""
        return self.arrived_at.astimezone(VIETNAM_TIME)

    @property
    def insurance_number(self) -> str | None:
        """Ten digits or 15 characters, or None."""
        number = None if self.person is None else self.person.insurance_number
        return number if number is not None and len(number) in INSURED_LENGTHS else None


def open_visit(session: Session, visit: Visit, *, clinic: Clinic, opener: VisitOpener) -> OpenedVisit:
    """The stored visit, opened with the clinic's key."""
    order, person = session.get(VisitOrder, visit.id), _person(visit, opener)
    return OpenedVisit(
        visit_id=visit.id,
        clinic=clinic,
        day=visit.day,
        number=visit.number,
        room=None if visit.room_id is None else clinic.room_or_bare(visit.room_id),
        state=visit.state,
        arrived_at=visit.admitted_at or visit.created_at,
        assurance=visit.assurance,
        proved_by=visit.proved_by,
        person=person,
        cover_source=visit.cover_source,
        cover_result=visit.cover_result,
        cover_as_of=visit.cover_as_of,
        holder_check=visit.holder_check,
        recheck=visit.recheck,
        route=visit.route,
        erased=was_erased(visit),
        order=None if order is None else _order(order),
        patient_key=None if person is None else patient_key(person, opener, by_payer=_payer_covered(visit)),
        cover=cover_of(visit),
    )


def was_erased(visit: Visit) -> bool:
    """Whether there was a person in the visit's record: what was sealed leaves its commitment behind."""
    return visit.sealed_key is None and visit.commitment is not None


def patient_key(person: PersonRecord, opener: VisitOpener, *, by_payer: bool) -> str | None:
    """The person's key, made of the best number that is known to be theirs; None where none is.

    A number that somebody typed, or that a code says, may be another's: their name would be put over that other's.

    :param by_payer: whether the payer covered the insurance number under this name and birth.
    """
    proved = person.source == VERIFIED
    insurance = shortest(person.insurance_number) if by_payer and person.insurance_number else None
    numbers = (
        ("personal", person.personal_number if proved else None),
        ("insurance", insurance),
        ("document", person.document_number if proved else None),
    )
    found = next((f"{kind} {number}" for kind, number in numbers if number), None)
    return None if found is None else opener.tag("patient", found.encode()).hex()


def cover_of(visit: Visit) -> Cover:
    """What is known of cover: by what the decision said at the admission, and what came of asking again."""
    decided = _decided(visit)
    match visit.recheck:
        case None:
            return decided
        case "upheld":
            return Cover.IN_FORCE
        case "reversed":
            return Cover.NOT_IN_FORCE
        case "due":
            return Cover.TO_CONFIRM if decided is Cover.IN_FORCE else Cover.NOT_ASKED
        case _:
            return Cover.UNKNOWN


def _decided(visit: Visit) -> Cover:
    """The decision on cover; the last one, where a clerk's followed the machine's."""
    if visit.cover_source is None:
        return Cover.NOT_ASKED
    decided = Cover.UNKNOWN
    for reason in visit.reasons:
        if reason == CoverReason.COVERED:
            decided = Cover.IN_FORCE
        elif reason in _ENDED:
            decided = Cover.NOT_IN_FORCE
        elif reason in set(CoverReason) and reason not in _REMARKS:
            decided = Cover.UNKNOWN
    return decided


def _payer_covered(visit: Visit) -> bool:
    """Whether the payer, who compares name and birth, covered the person when they were admitted."""
    return visit.cover_source == CoverSource.GATEWAY and _decided(visit) is Cover.IN_FORCE


def _order(row: VisitOrder) -> Order:
    return Order(
        kind=OrderKind(row.kind),
        code=row.code,
        name=row.name,
        ordered_at=row.ordered_at,
        route=row.route,
        visit_kind=row.visit_kind,
    )


def _person(visit: Visit, opener: VisitOpener) -> PersonRecord | None:
    return UNKNOWN if visit.commitment is None else person_in(visit, opener)
