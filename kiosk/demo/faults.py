"""What can be made to fail at the bench beside what lies on its desk: the printer's twin, and the kiosk's store."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

from kiosk.demo.closed_place import ClosedPlace
from kiosk.demo.config import BenchConfig
from kiosk.devices.printer_twin import PrinterFault, PrinterTwin
from kiosk.process import port_busy

Twin = TypeVar("Twin")


@dataclass(slots=True)
class Faults:
    """The twins of a ticket printer and of a closed reader, or None, and the store that can be held so that nobody else
    writes there.
    """

    twin: PrinterTwin | None = None
    store: Path | None = None
    closed: ClosedPlace | None = None
    _held: sqlite3.Connection | None = None
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, config: BenchConfig) -> "Faults":
        """What this bench can make fail.

        :raises ConfigurationError: where the port of the printer or of the closed reader cannot be had.
        """
        twin = closed = None
        if config.has_printer:
            twin = _listening(PrinterTwin, config.host, config.printer_port)
        if config.closed_reader is not None:
            closed = _listening(ClosedPlace, *config.closed_reader)
        return cls(twin=twin, store=config.store, closed=closed)

    @property
    def printer(self) -> str:
        """How the printer behaves."""
        return "ok" if self.twin is None else self.twin.fault.value

    @property
    def papers(self) -> tuple[bytes, ...]:
        """What was printed, as PNGs, the newest last."""
        return () if self.twin is None else self.twin.papers

    @property
    def printed(self) -> int:
        """How many papers came out so far."""
        return 0 if self.twin is None else self.twin.count

    def trouble_printer(self, fault: PrinterFault) -> None:
        """Let the printer behave like this."""
        if self.twin is not None:
            self.twin.behave(fault)

    @property
    def has_store(self) -> bool:
        """Whether there is a store to hold."""
        return self.store is not None and self.store.exists()

    @property
    def visits(self) -> int:
        """How many visits the kiosk's store has; 0 where it has none yet."""
        if self.store is None or not self.has_store:
            return 0
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True, timeout=5)) as store:
            return int(store.execute("SELECT count(*) FROM visit").fetchone()[0])

    @property
    def store_held(self) -> bool:
        """Whether the store is held."""
        return self._held is not None

    def hold_store(self, hold: bool) -> None:
        """Hold the writer's turn at the store, as a damaged disk would; or let it go. Nothing is changed in it."""
        with self._lock:
            if self._held is not None:
                self._held.rollback()
                self._held.close()
                self._held = None
            if hold and self.store is not None:
                self._held = sqlite3.connect(self.store, timeout=5, isolation_level=None, check_same_thread=False)
                self._held.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Let go of everything."""
        self.hold_store(False)
        for twin in (self.twin, self.closed):
            if twin is not None:
                twin.close()


def _listening(twin: Callable[[str, int], Twin], host: str, port: int) -> Twin:
    try:
        return twin(host, port)
    except OSError as error:
        raise port_busy(host, port) from error
