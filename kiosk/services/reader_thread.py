"""The threads that own the reader, and a camera of the kiosk's own.

The reader thread alone touches the :class:`~kiosk.ports.CardDesk`: it waits for cards, performs the reads that the
visit orders, and lets limits pass. What it survives is :class:`~kiosk.services.worker.Worker`'s to say.
"""

import contextlib
from collections.abc import Callable

import structlog

from idcard import CardSilent, IdCardError
from kiosk.domain.codes import Code, VisitReason
from kiosk.ports import Camera, CardDesk
from kiosk.services.card_reader import CardOutcome, CardReader, Crowded, Proved, ToDesk, outcome_of_error
from kiosk.services.machine import ReadOrder
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.portraits import Portraits, plain_jpeg
from kiosk.services.view import OtherVisit
from kiosk.services.worker import Worker

_LOOK_S = 0.25
_LOOK_OFTEN_S = 0.05

_log = structlog.get_logger(__name__)


class ReaderThread(Worker):
    """Runs the reader until it is stopped.

    :param look_s: how long one look for a card may take; a card that comes or goes ends it at once.
    :param upkeep: what else is to be looked at in every turn.
    :param portraits: when the chip's portrait is read for the desk; None where it never is.
    """

    def __init__(
        self,
        *,
        desk: CardDesk,
        card_reader: CardReader,
        patient: PatientDesk,
        look_s: float = _LOOK_S,
        upkeep: Callable[[], None] = lambda: None,
        portraits: Portraits | None = None,
    ) -> None:
        super().__init__("reader", desk)
        self._upkeep, self._portraits = upkeep, portraits
        self._look_s = look_s
        self._desk = desk
        self._card_reader = card_reader
        self._patient = patient
        self._present = False

    def turn(self) -> None:
        """One turn: perform a read that was ordered, or look whether a card lies there; then let limits pass."""
        order = self._patient.next_read()
        if order is not None:
            outcome = self._outcome(order)
            if self._portraits is not None and self._portraits.is_first(outcome):
                self._portrait_first(order, outcome)
            if isinstance(outcome, Proved):
                # A name is shown to the person whose card it is: look whether that card still lies there.
                self._look(0)
            self._patient.finished(order, outcome)
            if token := self._patient.wants_portrait():
                self._portrait_beside(order, outcome, token)
        else:
            self._look(min(_LOOK_OFTEN_S, self._look_s) if self._patient.expects_key() else self._look_s)
        self._patient.tick()
        self._upkeep()

    def _look(self, seconds: float) -> None:
        try:
            left = self._told(seconds)
            if left:
                # In its place another may lie already.
                self._told(0)
        except IdCardError as error:
            _log.debug("reader_missing", error=error.code)
            self._present = False
            self._patient.reader_lost()

    def _told(self, seconds: float) -> bool:
        """Tell the visit what lies on the reader; whether a card has just left."""
        before, self._present = self._present, self._desk.wait(seconds)
        self._patient.presence(self._present)
        return before and not self._present

    def _outcome(self, order: ReadOrder) -> CardOutcome:
        try:
            return self._read(order)
        except IdCardError as error:
            return outcome_of_error(error, order.key)
        except Exception as error:
            _log.error("read_fault", kind=type(error).__name__)
            return ToDesk(code=Code.UNKNOWN_CARD, reasons=(VisitReason.INTERNAL_FAULT,))

    def _portrait_first(self, order: ReadOrder, outcome: CardOutcome) -> None:
        """Read the portrait while the person waits: at the desk nobody has the card on a reader any more."""
        image = self._portrait(order, outcome, lambda: not self._patient.is_current(order))
        if image is not None:
            self._patient.portrait_of_order(order, image)

    def _portrait_beside(self, order: ReadOrder, outcome: CardOutcome, token: str) -> None:
        """Read the portrait while the person chooses a room; nobody waits for it."""
        image = self._portrait(order, outcome, lambda: not self._patient.is_visit(token))
        if image is not None:
            self._patient.portrait_of_visit(token, image)

    def _portrait(self, order: ReadOrder, outcome: CardOutcome, is_over: Callable[[], bool]) -> bytearray | None:
        verdict = outcome.verdict if isinstance(outcome, Proved | ToDesk) else None
        if verdict is None:
            return None
        try:
            connection = self._desk.connect()
        except IdCardError:
            return None
        try:
            found = self._card_reader.portrait(
                connection, order.key, verdict, lambda: self._stopping.is_set() or is_over()
            )
        finally:
            connection.close()
        return None if found is None else plain_jpeg(found)

    def _read(self, order: ReadOrder) -> CardOutcome:
        try:
            connection = self._desk.connect()
        except CardSilent:
            # Felt, and without an answer to the reader's first word: what two cards at once look like.
            return Crowded()
        try:
            return self._card_reader.read(
                connection,
                order.key,
                on_step=lambda steps: self._patient.step_done(order, steps),
                should_cancel=lambda: self._stopping.is_set() or not self._patient.is_current(order),
            )
        finally:
            connection.close()


class CameraThread(Worker):
    """Shows the visit what a camera of the kiosk's own sees, until it is stopped.

    :param every_s: seconds between two pictures.
    """

    def __init__(self, *, camera: Camera, patient: PatientDesk, every_s: float = 0.3) -> None:
        super().__init__("camera", camera, pause_s=every_s)
        self._camera = camera
        self._patient = patient

    def turn(self) -> None:
        """Look once, where the visit can use a code now."""
        visit = self._patient.wants_image()
        picture = self._camera.frame() if visit else b""
        if picture:
            # A code that was held up in a visit that has ended meanwhile is not the next person's.
            with contextlib.suppress(OtherVisit):
                self._patient.show_image(picture, visit)
