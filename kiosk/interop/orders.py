"""What the hospital says of a visit: its first cost and its route, with which the payer's table can be filled.

Theory of operation. The hospital says it for one visit (:class:`OrderBook`), or once for a room: where every visit of a
room begins with the same examination, that is its first cost (:class:`UsualOrders`). The route is the one that was said
with the order, else the one that a clerk confirmed on the record; one that was only proposed by the rules counts where
the clinic says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from kiosk.domain.route_proposal import RouteFacts, RouteRule, propose_route
from kiosk.domain.tickets import clinic_day
from kiosk.insurance.tables import routes, visit_kinds
from kiosk.interop.visit import OpenedVisit, Order, OrderKind, was_erased
from kiosk.ports import Clock
from kiosk.services.route import facts_of
from kiosk.store import deliveries, repositories
from kiosk.store.database import Database
from kiosk.store.tables import Visit, VisitOrder


class NoSuchVisit(ValueError):
    """No visit has this id, or none that is an admission, or its person was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the common catalogue: MA_DICH_VU and TEN_DICH_VU."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualOrders:
    """What is ordered where nobody said anything of a visit.

    :param services: by room. :param visit_kind: MA_LOAI_KCB. :param rules: propose a route; empty where staff confirm.
    :param facility: what the rules ask about the clinic itself.
    """

    services: Mapping[str, Service]
    visit_kind: str
    rules: tuple[RouteRule, ...]
    facility: RouteFacts = field(default_factory=RouteFacts)

    def completed(self, visit: OpenedVisit) -> OpenedVisit:
        """The visit, with what is usual where the hospital said nothing."""
        order = visit.order or self._usual(visit)
        if order is None or order.route is not None:
            return replace(visit, order=order)
        return replace(visit, order=replace(order, route=self._route(visit)))

    def _usual(self, visit: OpenedVisit) -> Order | None:
        service = None if visit.room is None else self.services.get(visit.room.id)
        if service is None:
            return None
        return Order(
            kind=OrderKind.SERVICE,
            code=service.code,
            name=service.name,
            ordered_at=visit.arrived_at,
            route=None,
            visit_kind=self.visit_kind,
        )

    def _route(self, visit: OpenedVisit) -> str | None:
        if visit.route is not None:
            return visit.route
        home = visit.person.home_clinic if visit.person else None
        own = None if not home else home == visit.clinic.code
        # One place says what the clinic is, unless the receivers' file says otherwise.
        place = facts_of(visit.clinic) if self.facility == RouteFacts() else self.facility
        facts = replace(place, own=own)
        return propose_route(facts, self.rules, on=visit.day)


NOTHING_USUAL = UsualOrders(services={}, visit_kind="01", rules=())
"""Every order comes from the hospital."""


def checked_order(
    *, kind: str, code: str, name: str, route: str | None, visit_kind: str, ordered_at: datetime
) -> Order:
    """The order in what a person or a program typed.

    :raises ValueError: whose text names the field, and not what it holds.
    """
    if kind not in set(OrderKind):
        raise ValueError("kind: service, medicine or supply")
    for what, text, longest in (("code", code, 255), ("name", name, 1024)):
        if not text.strip() or len(text) > longest or not text.isprintable():
            raise ValueError(f"{what}: 1 to {longest} letters")
    if route is not None and routes().of(route, clinic_day(ordered_at)) is None:
        raise ValueError("route: a code of the list of routes")
    if visit_kind not in {kind.code for kind in visit_kinds().kind if kind.in_force(clinic_day(ordered_at))}:
        raise ValueError("visit_kind: a code of the list of kinds of visit")
    return Order(
        kind=OrderKind(kind),
        code=code.strip(),
        name=name.strip(),
        ordered_at=ordered_at,
        route=route,
        visit_kind=visit_kind,
    )


class OrderBook:
    """Takes down what the hospital says of a visit.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, database: Database, *, device: str, clock: Clock) -> None:
        self._database = database
        self._device = device
        self._clock = clock

    def record(self, visit_id: str, order: Order, *, by: str) -> None:
        """Write it down, in place of what was said before, and let waiting deliveries go on.

        :raises NoSuchVisit: see there. :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        now = self._clock.now()
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or visit.state != "admitted" or was_erased(visit):
                # Where somebody was erased, no new text about them is taken in.
                raise NoSuchVisit("no such admission")
            self._put(session, visit_id, order, by)
            deliveries.hasten(session, visit_id, now)
            facts = {"visit": visit_id, "kind": order.kind, "code": order.code, "route": order.route, "by": by}
            repositories.append_audit(session, self._device, now, "ordered", facts)
            repositories.append_outbox(session, self._device, now, "ordered", facts)

    def take(self, visit_id: str, said: Mapping[str, str | None], *, by: str) -> bool:
        """Write down what a program said; whether there is such an admission.

        :param said: the texts ``kind``, ``code``, ``name``, ``visit_kind``, and ``route`` or None.
        :raises ValueError: whose text names the field, and not what it holds.
        """
        texts = {name: said.get(name) or "" for name in ("kind", "code", "name", "visit_kind")}
        order = checked_order(**texts, route=said.get("route"), ordered_at=self._clock.now())
        try:
            self.record(visit_id, order, by=by)
        except NoSuchVisit:
            return False
        return True

    def _put(self, session: Session, visit_id: str, order: Order, by: str) -> None:
        row = session.get(VisitOrder, visit_id) or VisitOrder(visit_id=visit_id)
        row.kind, row.code, row.name = order.kind.value, order.code, order.name
        row.ordered_at, row.route, row.visit_kind = order.ordered_at, order.route, order.visit_kind
        row.recorded_by, row.created_at = by, self._clock.now()
        session.add(row)
        session.flush()
