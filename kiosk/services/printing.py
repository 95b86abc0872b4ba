"""Copies of tickets on paper: ordered by a clerk, printed by the kiosk that has the printer.

An order is a row in the shared store, and the printer's thread (:mod:`kiosk.services.printer_thread`) of the kiosk that
has the printer takes it. A copy bears no name: it is drawn from the store, where nobody's name can be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from kiosk.domain.printing import Condition, PrintResult
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import clinic_day
from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.device_tables import PrintOrder
from kiosk.store.ids import uuid7
from kiosk.store.tables import DeviceState, Visit, VisitEvent

PART = "printer"
REPRINTED = "reprinted"
"""The event of a copy that a clerk's browser printed."""


class CannotPrint(ValueError):
    """There is no such visit, it has no ticket to print, or no such printer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """A printer as staff see it, by the name of the device that has it."""

    device: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order of a copy. ``state``: ``waiting``, ``printing``, ``printed``, ``sent``, ``refused`` or ``unsure``."""

    id: str
    device: str
    copy: int
    state: str
    condition: Condition | None


class PrintQueue:
    """Orders copies of tickets, and says what became of them; for whoever has the shared store.

    :param device: who orders, in the audit chain: the desk's name.
    """

    def __init__(self, database: Database, *, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database, self._clinic, self._device, self._clock = database, clinic, device, clock

    def printers(self) -> tuple[PaperRow, ...]:
        """The printers of this clinic's kiosks, as they last spoke."""
        with self._database.read() as session:
            rows = session.scalars(
                select(DeviceState).where(DeviceState.part == PART).order_by(DeviceState.device)
            ).all()
            return tuple(PaperRow(device=row.device, condition=_condition(row.state)) for row in rows)

    def print(self, visit_id: str, *, printer: str, by: str, reason: str | None = None) -> str:
        """Order one more copy of a visit's ticket; the order's id.

        :param printer: the device that has the printer, one of :meth:`printers`.
        :param by: the clerk. :param reason: a stable word.
        :raises CannotPrint: where there is nothing to print, or no such printer.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        if printer not in {row.device for row in self.printers()}:
            raise CannotPrint("there is no such printer")
        at = self._clock.now()
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or visit.clinic != self._clinic.code:
                raise CannotPrint("there is no such ticket")
            if not is_printable(visit.state, visit.day, clinic_day(at)):
                raise CannotPrint("there is no such ticket")
            order = new_order(session, visit, device=printer, copy=copies_of(session, visit_id) + 1, by=by, at=at)
            order.reason = reason
            facts = {"visit": visit_id, "copy": order.copy, "printer": printer, "by": by, "reason": reason}
            repositories.append_audit(session, self._device, at, "copy_ordered", facts)
            return order.id

    def print_once(self, visit_id: str, *, printer: str) -> bool:
        """Order the one copy that a patient may have at the kiosk; False where any copy was ordered before."""
        if self.copies(visit_id):
            return False
        self.print(visit_id, printer=printer, by=printer, reason="patient")
        return True

    def state(self, order_id: str) -> OrderRow | None:
        """What became of an order, or None where there is none."""
        with self._database.read() as session:
            order = session.get(PrintOrder, order_id)
            return None if order is None else _row(order)

    def copies(self, visit_id: str) -> int:
        """How many copies of a visit's ticket were ordered, or printed by a browser."""
        with self._database.read() as session:
            return copies_of(session, visit_id)

    def not_printed(self, visit_ids: Sequence[str]) -> frozenset[str]:
        """Those of these visits whose last paper did not come out for certain."""
        with self._database.read() as session:
            orders = session.scalars(
                select(PrintOrder).where(PrintOrder.visit_id.in_(visit_ids)).order_by(PrintOrder.created_at)
            )
            last = {order.visit_id: order.state for order in orders}
        return frozenset(visit_id for visit_id, state in last.items() if state in ("refused", "unsure"))


def new_order(session: Session, visit: Visit, *, device: str, copy: int, by: str, at: datetime) -> PrintOrder:
    """A new order in this transaction."""
    order = PrintOrder(
        id=uuid7(at),
        clinic=visit.clinic,
        device=device,
        visit_id=visit.id,
        copy=copy,
        by=by,
        state="waiting",
        created_at=at,
    )
    session.add(order)
    session.flush()
    return order


def settle_order(order: PrintOrder, result: PrintResult, at: datetime) -> None:
    """Write down what became of an order."""
    order.state, order.condition, order.settled_at = result.printed.value, result.condition.value, at


def copies_of(session: Session, visit_id: str) -> int:
    """How many copies of a visit's ticket there are, wherever they were printed: no two papers bear one number."""
    ordered: int | None = session.scalar(select(func.max(PrintOrder.copy)).where(PrintOrder.visit_id == visit_id))
    browser: int | None = session.scalar(
        select(func.max(cast(VisitEvent.after, Integer))).where(
            VisitEvent.visit_id == visit_id, VisitEvent.kind == REPRINTED
        )
    )
    return max(ordered or 0, browser or 0)


def is_printable(state: str, day: date, today: date) -> bool:
    """Whether a ticket may be printed again: it still leads somewhere today."""
    return state in ("admitted", "desk") and day == today


def _condition(state: Mapping[str, Any]) -> Condition:
    return Condition(state.get("condition", Condition.OFFLINE))


def _row(order: PrintOrder) -> OrderRow:
    return OrderRow(
        id=order.id,
        device=order.device,
        copy=order.copy,
        state=order.state,
        condition=None if order.condition is None else Condition(order.condition),
    )
