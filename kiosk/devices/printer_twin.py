"""The simulated twin of a ticket printer: a TCP sink that understands ESC/POS, keeps its paper, and fails on demand.

It shares no code with the driver: it is a peer that was written from the same command reference.
"""

import contextlib
import io
import socket
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from threading import Condition as Signal
from threading import Thread

from PIL import Image, ImageOps


class PrinterFault(StrEnum):
    """How the twin can be made to behave."""

    NONE = "ok"
    PAPER_LOW = "paper_low"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    JAM = "jam"
    OFFLINE = "offline"
    """Nobody answers the call."""
    SLOW = "slow"
    """It takes its time for each band."""
    DIES = "dies"
    """It hangs up in the middle of the next ticket, and does not answer again."""
    ENDS = "ends"
    """The roll ends in the middle of the next ticket."""
    SILENT = "silent"
    """It prints, and never answers."""


_ANSWERS = {
    PrinterFault.PAPER_LOW: {4: 0x1E},
    PrinterFault.PAPER_OUT: {1: 0x1A, 2: 0x32, 4: 0x7E},
    PrinterFault.COVER_OPEN: {1: 0x1A, 2: 0x16},
    PrinterFault.JAM: {1: 0x1A, 2: 0x52, 3: 0x1A},
}
_FINE = 0x12
_STOPPED = (PrinterFault.PAPER_OUT, PrinterFault.COVER_OPEN, PrinterFault.JAM)
_KEPT = 8


@dataclass(slots=True)
class _Sheet:
    """What is on the paper since the last cut."""

    width_bytes: int = 0
    dots: bytes = b""

    def png(self) -> bytes:
        """The paper as a one-bit PNG."""
        size = (8 * self.width_bytes, len(self.dots) // self.width_bytes)
        out = io.BytesIO()
        ImageOps.invert(Image.frombytes("1", size, self.dots).convert("L")).convert("1").save(out, "PNG")
        return out.getvalue()


class PrinterHead:
    """What a printer does with bytes, whatever way they come."""

    def __init__(self, slow_s: float = 1.0) -> None:
        self._slow_s = slow_s
        self.fault = PrinterFault.NONE
        self.papers: deque[bytes] = deque(maxlen=_KEPT)
        """What was printed and cut, as one-bit PNGs, the newest last."""
        self.count = 0
        self.torn: deque[bytes] = deque(maxlen=_KEPT)
        """What came out in part before it stopped."""
        self._sheet = _Sheet()
        self._rest = self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """What it answers to bytes; those behind a fault wait until it is put right."""
        answers = self._real_time(data)
        self._rest += data
        return answers + self.go_on()

    def go_on(self) -> bytes:
        """Deal with what waits, as far as the fault lets it; what is answered in turn."""
        answers = b""
        while self.fault not in _STOPPED and (step := self._command()) is not None:
            answers += step
        return b"" if self.fault is PrinterFault.SILENT else answers

    def forget(self) -> None:
        """Power off: what waits is gone, and what came out is torn off."""
        if self._sheet.dots:
            self.torn.append(self._sheet.png())
        self._sheet, self._rest, self._tail = _Sheet(), b"", b""

    def _real_time(self, data: bytes) -> bytes:
        """Real-time questions are answered wherever they stand, as real printers do."""
        seen = self._tail + data
        asked = [seen[at + 2] for at in range(len(seen) - 2) if seen[at : at + 2] == b"\x10\x04"]
        self._tail = seen[-2:]
        if self.fault is PrinterFault.SILENT:
            return b""
        return bytes(_ANSWERS.get(self.fault, {}).get(number, _FINE) for number in asked if 1 <= number <= 4)

    def _command(self) -> bytes | None:
        """The answer to the next whole command, or None where there is none."""
        rest = self._rest
        for start, length in ((b"\x10\x04", 3), (b"\x1b@", 2), (b"\x1da", 3)):
            if rest.startswith(start) and len(rest) >= length:
                self._rest = rest[length:]
                return b""
        if rest.startswith(b"\x1dr") and len(rest) >= 3:
            self._rest = rest[3:]
            return b"\x03" if self.fault is PrinterFault.PAPER_LOW else b"\x00"
        if rest.startswith(b"\x1dVB") and len(rest) >= 4:
            self._rest = rest[4:]
            self._cut()
            return b""
        return self._raster()

    def _raster(self) -> bytes | None:
        if not self._rest.startswith(b"\x1dv0") or len(self._rest) < 8:
            return None
        width, rows = (int.from_bytes(self._rest[at : at + 2], "little") for at in (4, 6))
        if len(self._rest) < 8 + width * rows:
            return None
        self._sheet.width_bytes = width
        self._sheet.dots += self._rest[8 : 8 + width * rows]
        self._rest = self._rest[8 + width * rows :]
        if self.fault is PrinterFault.ENDS:
            self.fault = PrinterFault.PAPER_OUT
        if self.fault is PrinterFault.SLOW:
            time.sleep(self._slow_s)
        return b""

    def _cut(self) -> None:
        if self._sheet.dots:
            self.papers.append(self._sheet.png())
            self.count += 1
        self._sheet = _Sheet()


class PrinterTwin:
    """A printer on the network: listens from the start on, one caller after another, until :meth:`close`.

    :param port: 0 picks a free one.
    :param slow_s: how long a slow one takes for a band.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, slow_s: float = 1.0) -> None:
        self._head = PrinterHead(slow_s)
        self._changed = Signal()
        self._closed = False
        self._listener: socket.socket | None = socket.create_server((host, port))
        self._address: tuple[str, int] = self._listener.getsockname()[:2]
        self._call: socket.socket | None = None
        self._thread = Thread(target=self._serve, name="printer-twin", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._address[1]

    @property
    def fault(self) -> PrinterFault:
        """How it behaves now."""
        return self._head.fault

    @property
    def papers(self) -> tuple[bytes, ...]:
        """What was printed and cut, as one-bit PNGs, the newest last."""
        return tuple(self._head.papers)

    @property
    def count(self) -> int:
        """How many papers came out so far."""
        return self._head.count

    @property
    def torn(self) -> tuple[bytes, ...]:
        """What came out in part."""
        return tuple(self._head.torn)

    def behave(self, fault: PrinterFault) -> None:
        """Behave like this from now on; one that was stopped goes on with what waits."""
        with self._changed:
            self._head.fault = fault
            if fault is PrinterFault.OFFLINE:
                self._hang_up()
            elif self._listener is None:
                self._listener = socket.create_server(self._address)
            self._head.go_on()
            self._changed.notify_all()

    def close(self) -> None:
        """Hang up, and let go of the port."""
        with self._changed:
            self._closed = True
            self._hang_up()
            self._changed.notify_all()
        self._thread.join(timeout=5)

    def _hang_up(self) -> None:
        for end in (self._listener, self._call):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._listener = self._call = None
        self._head.forget()

    def _serve(self) -> None:
        while not self._closed:
            with self._changed:
                listener = self._listener
                if listener is None:
                    self._changed.wait(1)
                    continue
            with contextlib.suppress(OSError):
                self._call, _ = listener.accept()
                self._converse(self._call)

    def _converse(self, call: socket.socket) -> None:
        with call, contextlib.suppress(OSError):
            while data := call.recv(65536):
                call.sendall(self._answer(data))

    def _answer(self, data: bytes) -> bytes:
        with self._changed:
            if self._head.fault is PrinterFault.DIES and b"\x1dv0" in data:
                self._head.fault = PrinterFault.OFFLINE
                self._head.feed(data)
                self._hang_up()
                return b""
            return self._head.feed(data)
