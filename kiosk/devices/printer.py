"""An ESC/POS ticket printer: asked how it is, given one picture, and watched until the paper is out.

Theory of operation. Each call is a conversation of its own, so that a printer may be unplugged, switched off or shared
between two calls. Before a ticket the printer is asked; one that cannot print gets nothing. After the last band comes
a question that the printer answers in turn: until then the ticket may or may not be on paper, and whatever goes wrong
meanwhile leaves the outcome *unsure*. Nothing is ever sent twice.
"""

import time
from collections.abc import Callable

import structlog

from kiosk.devices.escpos import (
    ASK_IN_TURN,
    CUT,
    QUESTIONS,
    START,
    Raster,
    ask,
    condition_of,
    is_in_turn,
    is_real_time,
)
from kiosk.devices.wires import Wire
from kiosk.domain.printing import Condition, Printed, PrintResult

_SLICE_S = 0.5
_log = structlog.get_logger(__name__)


class EscPosPrinter:
    """A :class:`~kiosk.ports.Printer`.

    :param open_wire: begins a conversation; OSError where the printer is not there.
    :param answer_s: how long an answer in real time may take.
    :param ticket_s: how long the printer may take for one ticket.
    """

    def __init__(self, open_wire: Callable[[], Wire], *, answer_s: float = 1.0, ticket_s: float = 15.0) -> None:
        self._open = open_wire
        self._answer_s = answer_s
        self._ticket_s = ticket_s
        self._answered = False
        """Whether this printer ever answered: one that did, and is silent now, is no cheap one but hangs."""

    def condition(self) -> Condition:
        """How the printer is now."""
        try:
            wire = self._open()
            try:
                return self._known(_Talk(wire, self._answer_s).condition())
            finally:
                wire.close()
        except OSError as error:
            _log.debug("printer_missing", errno=error.errno)
            return Condition.OFFLINE

    def print(self, image: bytes) -> PrintResult:
        """Print a one-bit PNG and cut it off; what became of it, once that is known."""
        raster = Raster.of(image)
        try:
            wire = self._open()
        except OSError:
            return PrintResult(Printed.REFUSED, Condition.OFFLINE)
        try:
            return self._told(_Talk(wire, self._answer_s), raster)
        finally:
            wire.close()

    def close(self) -> None:
        """Nothing is held between two calls."""

    def _told(self, talk: "_Talk", raster: Raster) -> PrintResult:
        try:
            before = self._known(talk.condition())
        except OSError:
            before = Condition.OFFLINE
        if not before.prints:
            return PrintResult(Printed.REFUSED, before)
        try:
            return self._sent(talk, raster, before)
        except OSError as error:
            _log.warning("printer_lost_in_a_ticket", errno=error.errno)
            return PrintResult(Printed.UNSURE, Condition.OFFLINE)

    def _sent(self, talk: "_Talk", raster: Raster, before: Condition) -> PrintResult:
        for part in (START, *raster.bands(), CUT):
            talk.wire.send(part)
        if before is Condition.UNTOLD:
            return PrintResult(Printed.SENT, before)
        talk.ask_in_turn()
        deadline = time.monotonic() + self._ticket_s
        while time.monotonic() < deadline:
            if talk.was_answered(_SLICE_S):
                return PrintResult(Printed.PRINTED, self._known(talk.condition()))
            now = self._known(talk.condition())
            if not now.prints and not talk.was_answered(0):
                return PrintResult(Printed.UNSURE, now)
        return PrintResult(Printed.UNSURE, Condition.OFFLINE)

    def _known(self, condition: Condition) -> Condition:
        if condition is not Condition.UNTOLD:
            self._answered = True
        return Condition.OFFLINE if condition is Condition.UNTOLD and self._answered else condition


class _Talk:
    """One conversation: keeps apart what is answered at once and what is answered in its turn."""

    def __init__(self, wire: Wire, answer_s: float) -> None:
        self.wire = wire
        self._answer_s = answer_s
        self._answered = False
        self._at_once: list[int] = []

    def condition(self) -> Condition:
        """How the printer is now; one that does not answer the first question is asked no other."""
        answers: dict[int, int] = {}
        for question in QUESTIONS:
            answer = self._answer_to(question)
            if answer is not None:
                answers[question] = answer
            elif not answers:
                return Condition.UNTOLD
        return condition_of(answers)

    def ask_in_turn(self) -> None:
        """Ask for a word once everything before it was dealt with."""
        self._hear(0)
        self._answered = False
        self.wire.send(ASK_IN_TURN)

    def was_answered(self, within_s: float) -> bool:
        """Whether that word came."""
        if not self._answered:
            self._hear(within_s)
        return self._answered

    def _answer_to(self, question: int) -> int | None:
        self._hear(0)
        self._at_once.clear()
        self.wire.send(ask(question))
        deadline = time.monotonic() + self._answer_s
        while not self._at_once and time.monotonic() < deadline:
            self._hear(deadline - time.monotonic())
        return self._at_once[0] if self._at_once else None

    def _hear(self, timeout_s: float) -> None:
        for byte in self.wire.receive(max(0.0, timeout_s)):
            if is_real_time(byte):
                self._at_once.append(byte)
            elif is_in_turn(byte):
                self._answered = True
