"""What the tests of what leaves share: an opened visit, and a staff process's store with admissions in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import CoverBasis, Online
from kiosk.domain.eligibility import Coverage, CoverSource
from kiosk.domain.route import Clinic, Room
from kiosk.interop.delivery import Deliverer, Works
from kiosk.interop.orders import NOTHING_USUAL, UsualOrders
from kiosk.interop.sink import Outcome, Sink, VisitEvent
from kiosk.interop.visit import Cover, Happening, OpenedVisit, Order, OrderKind
from kiosk.services.person import PersonRecord
from kiosk.store.tables import Delivery, Visit

ARRIVED = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
VISIT_ID = "019ab000-0000-7000-8000-000000000001"
PERSON = PersonRecord(
    source="chip_proved",
    name="Nguyễn Thị Ước Mẫu",
    name_latin="NGUYEN THI UOC MAU",
    birth="1990-01-15",
    sex="F",
    personal_number="036190999000",
    document_number="190999000",
    benefit="4",
    home_clinic="36999",
    covered_from="2026-01-01",
    covered_to="2027-12-31",
    insurance_number="GD4363690999000",
)
ORDER = Order(
    kind=OrderKind.SERVICE,
    code="02.1896",
    name="Khám Nội",
    ordered_at=datetime(2026, 11, 23, 0, 50, tzinfo=UTC),
    route="1.1",
    visit_kind="01",
)
CLINIC = Clinic(
    code="36999",
    name_vi="Trạm y tế Mẫu",
    name_en="Model health station",
    rooms=(Room(id="noi", name_vi="Nội", name_en="Medicine", place_vi="Phòng 12", place_en="Room 12"),),
)
VISIT = OpenedVisit(
    visit_id=VISIT_ID,
    clinic=CLINIC,
    day=date(2026, 11, 23),
    number=7,
    room=CLINIC.rooms[0],
    state="admitted",
    arrived_at=ARRIVED,
    assurance="chip_genuine",
    proved_by="chip",
    person=PERSON,
    cover_source="gateway",
    cover_result="000",
    cover_as_of=ARRIVED,
    recheck=None,
    order=ORDER,
    cover=Cover.IN_FORCE,
)

BY_PAYER = CoverBasis(source=CoverSource.GATEWAY, as_of=ARRIVED, roster_version="", online=Online.ANSWERED)
MakeVisit = Callable[..., OpenedVisit]


@pytest.fixture
def make_visit() -> MakeVisit:
    """Makes visits: what is named ``person_…`` or ``order_…`` changes that part."""

    def make(**changes: Any) -> OpenedVisit:
        visit = VISIT
        for part in ("person", "order"):
            own = {
                key.removeprefix(f"{part}_"): changes.pop(key) for key in list(changes) if key.startswith(f"{part}_")
            }
            if own:
                visit = replace(visit, **{part: replace(getattr(visit, part), **own)})
        return replace(visit, **changes)

    return make


@pytest.fixture
def event() -> Callable[..., VisitEvent]:
    def make(happening: Happening = Happening.REGISTERED, **own: Any) -> VisitEvent:
        values: dict[str, Any] = {"id": "019ab000-0000-7000-8000-00000000000e", "kind": "admitted", "at": ARRIVED}
        return VisitEvent(happening=happening, **(values | own))

    return make


@dataclass
class Leaving:
    """The staff process's side: a real store, and who is admitted in it."""

    desk: Any
    started: list[Deliverer] = field(default_factory=list)
    people: int = 0

    @property
    def database(self) -> Any:
        return self.desk.staff._database

    def admit(self, room: str = "noi", **own: Any) -> str:
        """The visit's id of somebody whom a clerk admits, and whom the payer covers where ``by_payer`` is given."""
        self.people += 1
        claim = ClaimedIdentity(
            source=ClaimSource.TYPED,
            name="Trần Văn Mẫu",
            birth=BirthDate(year=1980, month=5, day=1),
            sex=Sex.MALE,
            personal_number=f"0360800{self.people:05}",
        )
        coverage = Coverage(
            valid_from=date(2026, 1, 1),
            valid_to=None,
            benefit="4",
            home_clinic=own.get("home_clinic", "79999"),
            as_of=self.desk.clock.now(),
            insurance_number=own.get("insurance_number", f"36{self.people:08}"),
        )
        asked = {"basis": BY_PAYER, "reasons": ["covered"]} if own.get("by_payer") else {}
        ticket = self.desk.checkin.desk_ticket(
            claim, code=Code.COVER_UNKNOWN, assurance=Assurance.NONE, coverage=coverage, **asked
        )
        self.desk.staff.confirm(ticket.visit_id, room, by="desk-1")
        return str(ticket.visit_id)

    def works(self, orders: UsualOrders = NOTHING_USUAL) -> Works:
        staff = self.desk.staff
        return Works(
            database=staff._database,
            clinic=staff._clinic,
            opener=staff._admission._opener,
            clock=self.desk.clock,
            orders=orders,
            chance=lambda: 1.0,
        )

    def deliverer(self, sink: Sink, **own: Any) -> Deliverer:
        orders = own.pop("orders", NOTHING_USUAL)
        self.started.append(Deliverer(self.works(orders), sink, **own))
        return self.started[-1]

    def rows(self, sink: str) -> list[Delivery]:
        with self.database.read() as session:
            rows = list(session.scalars(select(Delivery).where(Delivery.sink == sink).order_by(Delivery.event_id)))
            session.expunge_all()
            return rows

    def row(self, sink: str) -> Delivery:
        [row] = self.rows(sink)
        return row

    def forget(self, visit_id: str) -> None:
        """Erase who the visit's person was."""
        with self.database.write() as session:
            session.get(Visit, visit_id).sealed_key = None


@pytest.fixture
def leaving(desk: Any) -> Iterator[Leaving]:
    found = Leaving(desk=desk)
    yield found
    for deliverer in found.started:
        deliverer.close()


@dataclass
class Scripted:
    """A receiver that answers as it was told, one after the other, and takes everything afterwards."""

    answers: list[Outcome | BaseException] = field(default_factory=list)
    name: str = "his"
    only: frozenset[Happening] = frozenset(Happening)
    seen: list[tuple[VisitEvent, OpenedVisit]] = field(default_factory=list)

    def wants(self, happening: Happening) -> bool:
        return happening in self.only

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        from kiosk.interop.sink import Delivered

        self.seen.append((event, visit))
        answer = self.answers.pop(0) if self.answers else Delivered(receipt="ok")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        pass


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
