"""An admission, opened: the one value from which everything that leaves is built.

It names a person, so it lives in the staff process only and for as long as one message is made.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.keys import CannotOpen, Sealed, VisitOpener
from kiosk.services.erasure_search import shortest
from kiosk.services.person import PersonRecord
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
    hexadecimal digits) and tells nobody without the clinic's private key who it is; None where no number is known.
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
        recheck=visit.recheck,
        route=visit.route,
        # What was sealed leaves its commitment behind.
        erased=visit.sealed_key is None and visit.commitment is not None,
        order=None if order is None else _order(order),
        patient_key=None if person is None else patient_key(person, opener),
    )


def patient_key(person: PersonRecord, opener: VisitOpener) -> str | None:
    """The person's key, made of the best number that is known of them."""
    insurance = person.insurance_number and shortest(person.insurance_number)
    numbers = (("personal", person.personal_number), ("insurance", insurance), ("document", person.document_number))
    found = next((f"{kind} {number}" for kind, number in numbers if number), None)
    return None if found is None else opener.tag("patient", found.encode()).hex()


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
    if visit.commitment is None:
        return UNKNOWN
    if visit.sealed_key is None or visit.blob is None:
        return None
    sealed = Sealed(key=visit.sealed_key, blob=visit.blob, commitment=visit.commitment)
    try:
        return PersonRecord.from_fields(opener.open(visit.id, sealed))
    except CannotOpen:
        return None
