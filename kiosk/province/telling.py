"""What the clinic's rows say to the province: the body of the right kind for each, with nothing that names a person.

A source names the row that an item tells of: ``outbox.ID.0`` is its first event, ``notice.ID.closed`` that a notice was
settled. An event's id is made of its source, so the same thing told twice has the same id, and the hub counts it once.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from kiosk.domain.ways import Way
from kiosk.interop.visit import cover_of
from kiosk.keys import CannotOpen, VisitOpener
from kiosk.services.person import PersonRecord, person_in
from kiosk.store.device_tables import SelfTest as SelfTestTable
from kiosk.store.tables import Notice, Outbox, Visit
from kiosk.wire import checks
from kiosk.wire.bodies import (
    Admission,
    Body,
    Correction,
    DeskTicket,
    ExceptionClosed,
    ExceptionOpened,
    HolderCheck,
    Override,
    SelfTest,
)
from kiosk.wire.errors import MalformedMessage
from kiosk.wire.person import PersonKey

_CORRECTIONS: Final = frozenset(
    {
        "cancelled",
        "erased",
        "corrected",
        "route_confirmed",
        "closed",
        "recheck_upheld",
        "recheck_reversed",
        "recheck_unclear",
        "recheck_lapsed",
    }
)
"""The kinds of the outbox that say something else of a visit that was told before."""
_UNKNOWN = "unknown"
_MOST_WORDS = 16
_UUID_MS = (1 << 48) - 1
_LONGEST_WAIT_S = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to tell: what it tells of, when that happened, and what is said."""

    source: str
    at: datetime
    body: Body

    @property
    def id(self) -> bytes:
        """The 16 bytes of a UUID of version 7 that is always the same for this source."""
        ms = int(self.at.timestamp() * 1000) & _UUID_MS
        drawn = bytearray(ms.to_bytes(6, "big") + hashlib.blake2b(self.source.encode(), digest_size=10).digest())
        drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
        return bytes(drawn)


class Teller:
    """Makes items of rows. It opens a person's record, and which code they showed, for the tags alone.

    :param key: the province's key of persons.
    """

    def __init__(self, opener: VisitOpener, key: PersonKey) -> None:
        self._opener = opener
        self._key = key

    def of_outbox(self, session: Session, row: Outbox) -> list[Item]:
        """What an event of the outbox says to the province: often one thing, sometimes two, sometimes nothing."""
        facts = json.loads(row.body)
        bodies = self._bodies(session, row.kind, facts)
        return [
            Item(source=f"outbox.{row.id}.{place}", at=row.created_at, body=body) for place, body in enumerate(bodies)
        ]

    def again(self, session: Session, source: str) -> Item | None:
        """The item of a source, or None where its row is gone or never says the same twice."""
        table, _, rest = source.partition(".")
        key, _, part = rest.rpartition(".")
        match table:
            case "outbox":
                row = session.get(Outbox, key)
                found = [] if row is None else self.of_outbox(session, row)
                return next((item for item in found if item.source == source), None)
            case "notice":
                notice = session.get(Notice, key)
                return None if notice is None else notice_item(notice, closed=part == "closed")
            case "test":
                test = session.get(SelfTestTable, key)
                return None if test is None or test.settled_at is None else test_item(test, test.settled_at)
        return None

    def _bodies(self, session: Session, kind: str, facts: Mapping[str, Any]) -> list[Body]:
        visit = session.get(Visit, facts.get("visit") or "")
        if visit is None:
            return []
        match kind:
            case "admitted":
                return [self._admission(visit, facts, by="machine")]
            case "confirmed":
                return [self._admission(visit, facts, by="staff"), *_override(visit, facts)]
            case "desk_ticket":
                return [self._desk_ticket(visit, facts)]
            case "holder_checked":
                return [HolderCheck(visit=_uuid(visit.id), outcome=_word(facts.get("seen")) or _UNKNOWN, how="staff")]
            case "holder_not_made":
                return [HolderCheck(visit=_uuid(visit.id), outcome="not_made", how="staff")]
            case kind if kind in _CORRECTIONS:
                return [_correction(visit, kind, facts)]
        return []

    def _admission(self, visit: Visit, facts: Mapping[str, Any], *, by: str) -> Admission:
        person = self._person(visit)
        tag = self._tag(person)
        home = None if person is None else person.home_clinic
        return Admission(
            visit=_uuid(visit.id),
            day=facts["day"],
            lane=_word(facts.get("way")) or _UNKNOWN,
            by=by,
            assurance=_word(facts.get("assurance")) or _UNKNOWN,
            person=tag,
            person_key=None if tag is None else self._key.number,
            benefit=_benefit(person),
            cover=_word(cover_of(visit).value),
            route=_word(facts.get("route") or facts.get("route_proposed")),
            linked=_linked(person, facts.get("way")),
            home=None if not home else home == visit.clinic,
            priority=bool(facts.get("priority")),
            room_type=_word(facts.get("room")),
            wait_s=_seconds(visit.created_at, visit.admitted_at) if by == "staff" else None,
            taken_s=_taken(visit) if by == "machine" else None,
            trust=_version(facts.get("trust_version")),
            roster=_version(facts.get("roster_version")),
            **(self._at_machine(visit) if by == "machine" else {}),
        )

    def _desk_ticket(self, visit: Visit, facts: Mapping[str, Any]) -> DeskTicket:
        tag = self._tag(self._person(visit))
        return DeskTicket(
            visit=_uuid(visit.id),
            day=facts["day"],
            lane=_word(facts.get("way")) or _UNKNOWN,
            code=_code(facts.get("code")),
            reasons=words_of(facts.get("reasons") or ()),
            assurance=_word(facts.get("assurance")) or _UNKNOWN,
            person=tag,
            person_key=None if tag is None else self._key.number,
            taken_s=_taken(visit),
            **self._at_machine(visit),
        )

    def _at_machine(self, visit: Visit) -> dict[str, Any]:
        """Which machine it was, what it read, and which code was shown to it.

        Once for each visit: of a desk ticket that staff confirm later, the ticket said it.
        """
        return {
            "kiosk": _fits(checks.name, visit.device),
            "card": _word(visit.card),
            "tries": _fits(checks.whole(1, 99), visit.readings),
            "code_tag": self._code_tag(visit),
        }

    def _code_tag(self, visit: Visit) -> bytes | None:
        """The tag of the code that was shown; None where none was, or it was erased, or does not open."""
        if visit.shown_code is None:
            return None
        try:
            return self._key.code_tag(self._opener.open_code(visit.id, visit.shown_code))
        except CannotOpen:
            return None

    def _person(self, visit: Visit) -> PersonRecord | None:
        """Whom the visit is of; None where nobody was read, or they were erased since."""
        return person_in(visit, self._opener)

    def _tag(self, person: PersonRecord | None) -> bytes | None:
        """The tag of the personal number; None for a text that is none."""
        number = None if person is None else person.personal_number
        is_one = number is not None and len(number) == 12 and number.isascii() and number.isdigit()
        return self._key.tag(number) if is_one and number is not None else None


def notice_item(notice: Notice, *, closed: bool) -> Item:
    """That staff must look at something, or that they did."""
    body: Body
    if not closed or notice.resolved_at is None:
        body = ExceptionOpened(
            exception=_uuid(notice.id),
            code=_code(notice.code),
            reasons=words_of(notice.reasons),
            visit=None if notice.visit_id is None else _uuid(notice.visit_id),
        )
        return Item(source=f"notice.{notice.id}.opened", at=notice.created_at, body=body)
    body = ExceptionClosed(
        exception=_uuid(notice.id),
        resolution=_word(notice.resolution) or _UNKNOWN,
        open_s=max(0, int((notice.resolved_at - notice.created_at).total_seconds())),
    )
    return Item(source=f"notice.{notice.id}.closed", at=notice.resolved_at, body=body)


def test_item(test: SelfTestTable, settled_at: datetime) -> Item:
    """How a kiosk's test of itself ended."""
    failed = words_of(step for step, (outcome, _) in test.steps.items() if outcome == "fault")
    body = SelfTest(passed=test.state == "passed", failed=failed, took_s=_seconds(test.created_at, settled_at))
    return Item(source=f"test.{test.id}.", at=settled_at, body=body)


def _correction(visit: Visit, kind: str, facts: Mapping[str, Any]) -> Correction:
    after = facts.get("after") if kind == "cancelled" else None
    return Correction(
        visit=_uuid(visit.id),
        change=kind,
        reason=_word(facts.get("reason")),
        replaced_by=None if after is None else _uuid(after),
        route=_word(facts.get("route")),
        room_type=_word(facts.get("room")),
    )


def _override(visit: Visit, facts: Mapping[str, Any]) -> list[Body]:
    reason = _word(facts.get("override"))
    if reason is None:
        return []
    second = facts.get("second") is not None
    return [Override(visit=_uuid(visit.id), code=_code(facts.get("code")), reason=reason, second=second)]


def _uuid(text: str) -> bytes:
    return UUID(text).bytes


def _fits(check: checks.Check, value: object) -> Any:
    """The value where it has that form, else None: what the hub would not take is left out."""
    try:
        return None if value is None else check(value, "field")
    except MalformedMessage:
        return None


def _word(value: object) -> str | None:
    found: str | None = _fits(checks.word, value.lower() if isinstance(value, str) else None)
    return found


def words_of(values: Any) -> tuple[str, ...]:
    """The first of these that the hub takes for words."""
    found = [_word(each) for each in values]
    return tuple(each for each in found if each is not None)[:_MOST_WORDS]


def _version(value: object) -> str | None:
    found: str | None = _fits(checks.version, value)
    return found


def _code(value: object) -> str:
    return _fits(checks.desk_code, value) or _UNKNOWN


def _benefit(person: PersonRecord | None) -> int | None:
    text = "" if person is None else person.benefit or ""
    return int(text) if text in "123456789" and text else None


def _linked(person: PersonRecord | None, way: object) -> bool | None:
    """Whether the insurance is found under the personal number, where a chip said that number."""
    if person is None or not person.benefit:
        return None
    return {Way.CHIP.value: True, Way.CHIP_AND_NUMBER.value: False}.get(str(way))


def _seconds(begin: datetime, end: datetime | None) -> int | None:
    passed = None if end is None else int((end - begin).total_seconds())
    return passed if passed is not None and 0 <= passed <= _LONGEST_WAIT_S else None


def _taken(visit: Visit) -> int | None:
    found = None if visit.took_ms is None else visit.took_ms // 1000
    return found if found is not None and 0 <= found <= _LONGEST_WAIT_S else None
