"""What is said of a recorded visit: to audit and outbox, and on its ticket."""

import hashlib
from typing import Any

from sqlalchemy.orm import Session

from kiosk.domain.tickets import Ticket
from kiosk.keys import canonical_json
from kiosk.services.receipt import receipt_digest
from kiosk.store import repositories
from kiosk.store.tables import Visit


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
    }


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
