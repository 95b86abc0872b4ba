"""The side of the visit that has to do with paper: it promises none where none can come."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Condition as Changed
from typing import Any, TypeVar

from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.flow import Screen
from kiosk.domain.printing import Condition, Printed, PrintResult
from kiosk.services.desk_way import DeskWay
from kiosk.services.machine import VisitMachine
from kiosk.services.parts import PartReport

T = TypeVar("T")

Submit = Callable[[str, str, bytes], None]
"""Takes the screen's visit, the committed visit's id and the ticket's picture, and does not wait."""

Copy = Callable[[str], bool]
"""Orders the one copy that a patient may have; whether that was not yet done."""

_REASONS = {
    Condition.PAPER_OUT: VisitReason.PAPER_OUT,
    Condition.COVER_OPEN: VisitReason.COVER_OPEN,
    Condition.JAM: VisitReason.PRINTER_JAM,
    Condition.OFFLINE: VisitReason.PRINTER_OFFLINE,
}


class PaperSide(ABC):
    """What the printer's thread tells the visit, and what the visit gives to it."""

    _changed: Changed
    _machine: VisitMachine
    _printer_report: PartReport
    _way: DeskWay
    _submit: Submit | None = None
    _copy: Copy | None = None

    @abstractmethod
    def _committed(self, commit: Callable[[], T]) -> T | None:
        """What was committed, or None where the store failed."""

    def use_printer(self, submit: Submit, copy: Copy) -> None:
        """From now on tickets go to this printer by themselves."""
        self._submit, self._copy = submit, copy

    def ticket_image(self) -> bytes | None:
        """The ticket on the screen as a PNG for the printer (576 px wide, 1 bit), or None."""
        with self._changed:
            return self._machine.visit.ticket_image if self._machine.screen is Screen.TICKET else None

    def printer(self, condition: Condition) -> None:
        """The printer is like this: tickets are valid without paper, and staff are told once."""
        with self._changed:
            ok = condition.prints
            state: dict[str, Any] = {"ok": ok, "condition": condition.value}
            self._printer_report.say(state if ok else state | {"reason": condition.value})
            if ok == self._machine.printer_ok:
                return
            self._machine.printer_is(ok)
            if not ok:
                self._committed(lambda: self._way.tell(Code.PRINTER_LOST, _REASONS[condition]))

    def paper(self, visit: str, result: PrintResult) -> None:
        """The ticket of this visit came out, or did not: then its number must be remembered."""
        with self._changed:
            if not result.on_paper and visit == self._machine.visit.token:
                self._machine.no_paper_came()
            if result.printed is Printed.UNSURE and result.condition.prints:
                self._committed(lambda: self._way.tell(Code.PRINTER_LOST, VisitReason.PRINT_UNSURE))

    def print_ticket(self) -> None:
        """Somebody who came back wants the ticket on paper once more: once, and it is written down."""
        with self._changed:
            visit = self._machine.visit
            if self._machine.screen is not Screen.TICKET or not visit.may_print or self._copy is None:
                return
            visit.may_print, copy, ticket_id = False, self._copy, visit.ticket_id
            self._committed(lambda: copy(ticket_id))
            self._machine.changed()

    def _hand_to_printer(self) -> None:
        """A ticket of this visit is to be printed; one that was given out before is offered once more."""
        visit = self._machine.visit
        if self._submit is None or visit.ticket is None or visit.ticket_image is None:
            return
        if visit.ticket.again:
            visit.may_print = True
        elif self._machine.printer_ok:
            self._submit(visit.token, visit.ticket_id, visit.ticket_image)
