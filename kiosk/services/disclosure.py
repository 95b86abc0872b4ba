"""What is known of a person, for that person: the right to see it (Law 91/2025/QH15), in one file.

Everything of theirs that the clinic's store holds, in words and numbers: what lies sealed, opened; when they came and
what was decided; who did what about it; what went to whom. What is another's is left out: who came with them, and what
a roster's row, which may be somebody else's, says otherwise. That something was handed out is an event of its own in
the audit chain, which names the visits and not the person.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idcard import BirthDate
from kiosk.domain.match import BirthGrade, match_births, parse_birth
from kiosk.domain.route import Clinic
from kiosk.domain.worklist import INSURERS
from kiosk.keys import CannotOpen, Sealed, VisitOpener
from kiosk.ports import Clock
from kiosk.services.erasure_search import find_person
from kiosk.services.worklist import about_person
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import Look
from kiosk.store.ids import uuid7
from kiosk.store.tables import Audit, Base, Delivery, Notice, Visit, VisitEvent, VisitOrder, Work

FORMAT = 1
_THEIRS = frozenset(
    {
        "source",
        "name",
        "name_latin",
        "birth",
        "sex",
        "personal_number",
        "document_number",
        "benefit",
        "home_clinic",
        "covered_from",
        "covered_to",
        "insurance_number",
    }
)
"""The sealed fields that are the person's own. Whoever came with them, and whose code was shown beside their chip, are
others, who ask for theirs themselves.
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Disclosed:
    """What is to be handed out, how many records bear the number that may be another's, and were left out, and how many
    of the store could not be opened, so that nobody knows whose they are.
    """

    content: Mapping[str, Any]
    visits: int
    alike: int
    unreadable: int

    def __repr__(self) -> str:
        return f"Disclosed({self.visits})"


class Disclosure:
    """Gathers what is known of people.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock, opener: VisitOpener) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._opener = opener

    def of_person(self, number: str, birth: BirthDate, *, by: str, ticket: tuple[date, int] | None = None) -> Disclosed:
        """Everything about whoever has this personal, insurance or passport number, in any form of it, and this birth.

        A number that a clerk once typed wrongly stands in somebody else's record: what agrees in the number alone is
        not handed out.

        :param ticket: a visit of theirs with that number, where records give it to more than one person.
        :raises StoreUnavailable: if the event could not be written; then nothing is handed out.
        """
        # Gathered without a turn at writing: every record is opened, and meanwhile people are admitted.
        with self._database.read() as session:
            kept = select(Visit).where(Visit.clinic == self._clinic.code, Visit.sealed_key.is_not(None))
            found = find_person(session.scalars(kept).all(), self._opener, number, ticket)
            same = [visit for visit in found.theirs if self._is_born(visit, birth)]
            theirs = sorted(same, key=lambda visit: visit.created_at)
            visits = [self._visit(session, visit) for visit in theirs]
            facts = {"visits": [visit.id for visit in theirs], "by": by}
            put_right = self._put_right(session, found.numbers, facts["visits"]) if theirs else []
        at = self._clock.now()
        if theirs:
            with self._database.write() as session:
                repositories.append_audit(session, self._device, at, "disclosed", facts)
                own = {"clinic": self._clinic.code, "device": self._device, "page": "disclosed", "by": by, "at": at}
                session.add_all(Look(id=uuid7(at), visit_id=visit.id, **own) for visit in theirs)
        content = {
            "format": FORMAT,
            "clinic": self._clinic.code,
            "made_at": at.isoformat(),
            "records_that_could_not_be_opened": found.unreadable,
            "visits": visits,
            "to_put_right": put_right,
        }
        others = len(found.alike) + len(found.theirs) - len(theirs)
        return Disclosed(content=content, visits=len(theirs), alike=others, unreadable=found.unreadable)

    def _is_born(self, visit: Visit, birth: BirthDate) -> bool:
        """Whether the record says this birth; one that says a year or a month only agrees so far."""
        fields = self._opened(visit) or {}
        kept = parse_birth(fields.get("birth") or "")
        return match_births(kept, birth) in (BirthGrade.SAME, BirthGrade.PARTLY)

    def _visit(self, session: Session, visit: Visit) -> dict[str, Any]:
        own = {VisitEvent: "done_later", Notice: "exceptions", VisitOrder: "ordered"}
        return {
            "person": self._opened(visit),
            "visit": _words(visit),
            "sent_to": [_words(row) for row in _of(session, Delivery, visit.id)],
            **{word: [_words(row) for row in _of(session, table, visit.id)] for table, word in own.items()},
            "who_did_what": [*_acts(session, visit.id)],
            "who_looked": [*_looks(session, visit.id)],
        }

    def _put_right(self, session: Session, numbers: frozenset[str], visits: Sequence[str]) -> list[dict[str, Any]]:
        """The worklist's entries about these numbers that these visits showed, or none; with what their own
        documents and they themselves said. What the insurer has under the number may be somebody else's.
        """
        return [
            _words(work) | {side: fields.get(side) for side in ("left", "right") if _is_their_word(work, side)}
            for work, fields in about_person(session, self._clinic.code, numbers, self._opener)
            if work.visit_id is None or work.visit_id in visits
        ]

    def _opened(self, visit: Visit) -> dict[str, str | None] | None:
        """What lies sealed of the person; None where nothing does, or it does not open."""
        sealed = Sealed.of(visit.sealed_key, visit.blob, visit.commitment)
        if sealed is None:
            return None
        try:
            fields = self._opener.open(visit.id, sealed)
        except CannotOpen:
            return None
        return {name: value for name, value in fields.items() if name in _THEIRS}


def _is_their_word(work: Work, side: str) -> bool:
    return getattr(work, f"{side}_source") not in INSURERS


def _of(session: Session, table: Any, visit_id: str) -> Iterable[Base]:
    rows: Iterable[Base] = session.scalars(select(table).where(table.visit_id == visit_id)).all()
    return rows


def _words(row: Base) -> dict[str, Any]:
    """A row without its bytes: keys, seals and hashes tell nobody anything."""
    cells = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in cells.items()
        if value is not None and not isinstance(value, bytes)
    }


def _acts(session: Session, visit_id: str) -> Iterator[dict[str, Any]]:
    """The links of the audit chains that speak of a visit: when, what, at which device."""
    query = select(Audit).where(Audit.body.contains(visit_id, autoescape=True)).order_by(Audit.at)
    for link in session.scalars(query):
        yield {"at": link.at.isoformat(), "what": link.kind, "device": link.device}


def _looks(session: Session, visit_id: str) -> Iterator[dict[str, Any]]:
    """Who opened a page of this visit at the desk, when and which; lists of many are not among them."""
    for look in session.scalars(select(Look).where(Look.visit_id == visit_id).order_by(Look.at)):
        yield {"at": look.at.isoformat(), "by": look.by, "page": look.page}
