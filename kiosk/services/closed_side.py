"""The side of the visit for a closed reader, which opens and reads cards by itself, and whose thread that is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Condition
from typing import TYPE_CHECKING

from kiosk.domain.flow import Event, Screen
from kiosk.ports import CardFiles, ClosedReader, ReaderTrouble, SeenCard
from kiosk.services.card_reader import CardOutcome, CardReader, Torn
from kiosk.services.machine import VisitMachine
from kiosk.services.worker import Worker

if TYPE_CHECKING:
    from kiosk.services.patient_desk import PatientDesk

_LOOK_S = 0.25


class ClosedSide(ABC):
    """What a closed reader's thread tells the visit. Where the card lies, such a reader does not say."""

    _changed: Condition
    _machine: VisitMachine

    @abstractmethod
    def _expire(self) -> None:
        """Let the limit of the present screen pass where it has."""

    @abstractmethod
    def _conclude(self, outcome: CardOutcome) -> None:
        """Go on with what a read came to."""

    @abstractmethod
    def _reader_changed(self, ok: bool) -> bool:
        """Whether the reader was not like this before."""

    def closed_reader_works(self) -> None:
        """The reader answers."""
        with self._changed:
            self._reader_changed(True)

    def card_seen(self) -> str:
        """A card is being read: the visit that is its own now, or nothing where the screen takes none."""
        with self._changed:
            self._expire()
            self._reader_changed(True)
            if not self._machine.dispatch(Event.CARD_SEEN):
                return ""
            self._machine.visit.readings += 1
            return self._machine.visit.token

    def read_so_far(self, visit: str, steps: int) -> None:
        """The files of this visit's card are judged so far."""
        with self._changed:
            if self._is_read(visit) and steps != self._machine.visit.steps_done:
                self._machine.visit.steps_done = steps
                self._machine.changed()

    def read_elsewhere(self, visit: str, outcome: CardOutcome) -> None:
        """What the files of this visit's card came to."""
        with self._changed:
            self._expire()
            if self._is_read(visit):
                self._machine.visit.take_outcome(outcome)
                self._conclude(outcome)

    def _is_read(self, visit: str) -> bool:
        return visit == self._machine.visit.token and self._machine.screen is Screen.READING


class ClosedReaderThread(Worker):
    """Listens to a closed reader, and has the files that it hands over judged.

    :param upkeep: what else is to be looked at in every turn.
    """

    def __init__(
        self,
        *,
        reader: ClosedReader,
        card_reader: CardReader,
        patient: "PatientDesk",
        upkeep: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__("reader", reader)
        self._upkeep = upkeep
        self._reader, self._card_reader, self._patient = reader, card_reader, patient
        self._visit = ""

    def turn(self) -> None:
        """Take one word of the reader, and let limits pass."""
        word = self._reader.wait(_LOOK_S)
        if not self._reader.connected:
            self._patient.reader_lost()
        match word:
            case SeenCard():
                self._visit = self._patient.card_seen()
            case CardFiles():
                self._judge(word)
            case ReaderTrouble() if self._visit:
                self._patient.read_elsewhere(self._visit, Torn())
            case None if self._reader.connected:
                self._patient.closed_reader_works()
        self._patient.tick()
        self._upkeep()

    def _judge(self, files: CardFiles) -> None:
        """Files without a card that was seen before them belong to whoever stands there now."""
        visit = self._visit or self._patient.card_seen()
        self._visit = ""
        if visit:
            outcome = self._card_reader.judge_files(
                files.files, reader=self._reader.name, on_step=lambda steps: self._patient.read_so_far(visit, steps)
            )
            self._patient.read_elsewhere(visit, outcome)
