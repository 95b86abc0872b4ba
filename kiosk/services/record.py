"""What is said of a recorded visit: to audit and outbox, and on its ticket."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from idcard import BirthDate
from kiosk.day_key import DayTags
from kiosk.domain.assurance import CHIP_PROVED
from kiosk.domain.codes import Code, Resolution
from kiosk.domain.cover_basis import CoverBasis
from kiosk.domain.eligibility import Coverage
from kiosk.domain.priority import by_group, has_priority
from kiosk.domain.tickets import Ticket
from kiosk.insurance.roster.layout import insurance_digits
from kiosk.keys import canonical_json
from kiosk.services.receipt import receipt_digest
from kiosk.store import repositories
from kiosk.store.ids import uuid7
from kiosk.store.tables import Notice, Visit


def visit_facts(visit: Visit) -> dict[str, Any]:
    """What audit and outbox say of a visit: references and the commitment, no field of the person."""
    return {
        "visit": visit.id,
        "clinic": visit.clinic,
        "day": visit.day.isoformat(),
        "number": visit.number,
        "room": visit.room_id,
        "state": visit.state,
        "assurance": visit.assurance,
        "read_assurance": visit.read_assurance,
        "proved_by": visit.proved_by,
        "code": visit.code,
        "reasons": list(visit.reasons),
        "trust_version": visit.trust_version,
        "roster_version": visit.roster_version,
        "cover_source": visit.cover_source,
        "cover_as_of": visit.cover_as_of.isoformat() if visit.cover_as_of else None,
        "cover_result": visit.cover_result,
        "cover_online": visit.cover_online,
        "shift": visit.shift_id,
        "recheck": visit.recheck,
        "way": visit.way,
        "priority": visit.priority,
        "route_proposed": visit.route_proposed,
        "route": visit.route,
        "receipt": receipt_digest(visit.receipt),
        "verdict": None if visit.verdict is None else hashlib.sha256(canonical_json(visit.verdict)).hexdigest(),
        "corrects": visit.corrects,
        "commitment": visit.commitment.hex() if visit.commitment else None,
        **({} if visit.assisted_by is None else {"assisted_by": visit.assisted_by}),
    }


def goes_first(birth: BirthDate | None, day: date, coverage: Coverage | None) -> bool:
    """Whether the law lets somebody go first, as far as a birth date and the roster tell."""
    by_age = birth is not None and has_priority(birth, day)
    return by_age or by_group(None if coverage is None else coverage.object_group) is not None


def ticket_of(session: Session, visit: Visit, *, again: bool = False) -> Ticket:
    """The ticket of a recorded visit."""
    before = repositories.waiting(session, visit.clinic, visit.day, before=visit.number)
    return Ticket(
        visit_id=visit.id,
        number=visit.number,
        room_id=visit.room_id,
        issued_at=visit.admitted_at or visit.created_at,
        check_code=visit.check_code,
        waiting_before=before.get(visit.room_id, 0),
        again=again,
        priority=visit.priority,
        receipt=visit.receipt,
    )


def rest_on(visit: Visit, basis: CoverBasis | None, result: str | None) -> None:
    """Write down what the decision on cover rests on."""
    if basis is not None:
        visit.cover_source, visit.cover_as_of = basis.source, basis.as_of
        visit.cover_online, visit.shift_id = basis.online, basis.shift_id
        visit.cover_result = result


def insured_tag(tags: DayTags, insurance_number: str | None, day: date) -> bytes | None:
    """The tag of somebody of whom only an insurance number is known; its last ten digits count."""
    digits = insurance_digits(insurance_number or "")
    return None if digits is None else tags.tag(f"insured {digits}", day)


def notice_of(visit: Visit, code: Code, reasons: Sequence[str], *, device: str, at: datetime) -> Notice:
    """A new notice to staff about a visit; ``device`` tells of it."""
    return Notice(
        id=uuid7(at),
        clinic=visit.clinic,
        device=device,
        code=code,
        reasons=list(reasons),
        visit_id=visit.id,
        state="new",
        created_at=at,
    )


def settle(notice: Notice, at: datetime, *, by: str, resolution: Resolution) -> None:
    """Mark a notice as resolved."""
    notice.state, notice.resolved_at, notice.resolved_by, notice.resolution = "resolved", at, by, resolution


class AdmittedUnproved(Exception):
    """Somebody was admitted today under this person's number, and no chip proved who that was.

    It may be the same person, or another with their number: only a clerk, who sees both names, can tell.
    """


def admission_of(session: Session, clinic: str, day: date, tags: Sequence[bytes]) -> Visit | None:
    """The first admission of a day under one of these tags, in their order.

    :raises AdmittedUnproved: where it rests on no chip: it is nobody's without a clerk's word.
    """
    found = (repositories.admitted_today(session, clinic, day, tag) for tag in tags)
    visit = next((visit for visit in found if visit is not None), None)
    if visit is not None and visit.proved_by != "chip" and visit.assurance not in CHIP_PROVED:
        raise AdmittedUnproved
    return visit
