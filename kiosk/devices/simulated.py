"""Simulated twins of reader, camera and scanner: one socket to a bench that holds virtual cards.

Theory of operation. Frames both ways are a two-byte big-endian length and a body. A body of one byte from the kiosk is
control: ``00`` power off, ``01`` power on, ``02`` reset (each answered by an empty frame), ``04`` ask for the answer to
reset (an empty frame where no card lies there, or none alone), ``05`` presence (``00``, or ``01`` and a number that is
another each time a card is put down, or ``02`` where the reader is unplugged),
``06`` camera frame (a picture, or an empty frame where nothing is held before the camera),
``07`` scanner (``01`` and the bytes that it sent since it was last asked, or an empty frame where it is unplugged),
``08 00`` and ``08 01`` the lamp is put out and lit (``01``, or an empty frame where it is unplugged), ``09`` clock
(eight bytes, big-endian and signed: by how many milliseconds its hands were turned).
A longer body is a command APDU; its answer is a response APDU, or an empty frame where the card is gone. Each command
is answered by exactly one frame.

The peer is a process of its own, so this module knows no card and imports none. Production refuses these devices.
"""

import socket
import time
from datetime import UTC, datetime, timedelta
from threading import Lock

from idcard import CardRemoved, CardSilent, Connection, ReaderMissing

POWER_OFF, POWER_ON, RESET, ASK_ATR, PRESENCE, CAMERA_FRAME, SCANNER = (bytes([code]) for code in (0, 1, 2, 4, 5, 6, 7))
_CARD_LIES_THERE, _NO_CARD = b"\x01", b""
LIGHT_OUT, LIGHT_LIT, CLOCK = b"\x08\x00", b"\x08\x01", b"\x09"
UNPLUGGED = b"\x02"
"""The answer to :data:`PRESENCE` of a reader that is not connected."""
_LENGTH_BYTES = 2
_LONGEST = 0xFFFF


class BenchSocket:
    """One connection to the bench, opened on first use and again after it broke; one request at a time.

    :param answer_timeout_s: how long the bench may take for an answer.
    """

    def __init__(self, host: str, port: int, *, answer_timeout_s: float = 5.0) -> None:
        self._address = (host, port)
        self._timeout_s = answer_timeout_s
        self._socket: socket.socket | None = None
        self._lock = Lock()

    def ask(self, body: bytes) -> bytes:
        """The bench's answer to one frame.

        :raises ReaderMissing: where the bench does not answer; the next call connects anew.
        """
        if not 1 <= len(body) <= _LONGEST:
            raise ValueError("a frame holds 1 to 65535 bytes")
        with self._lock:
            try:
                return self._exchange(body)
            except OSError as error:
                self._drop()
                raise ReaderMissing("the simulated reader does not answer") from error

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._drop()

    def _exchange(self, body: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
        return self._receive(self._socket, int.from_bytes(self._receive(self._socket, _LENGTH_BYTES), "big"))

    def _receive(self, connection: socket.socket, length: int) -> bytes:
        received = b""
        while len(received) < length:
            part = connection.recv(length - len(received))
            if not part:
                raise ConnectionResetError("the bench hung up")
            received += part
        return received

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class SimulatedConnection:
    """A virtual card that was just reset."""

    reader = "simulated"

    def __init__(self, bench: BenchSocket) -> None:
        self._bench = bench
        self._atr = b""
        self.reset()

    def reset(self) -> None:
        """Power the card on and reset it, as a real reader does.

        :raises CardRemoved: if no card lies there.
        :raises CardSilent: if something lies there that gives no answer to reset, as two cards at once.
        """
        self._bench.ask(POWER_ON)
        self._bench.ask(RESET)
        self._atr = self._bench.ask(ASK_ATR)
        if not self._atr and self._bench.ask(PRESENCE)[:1] == _CARD_LIES_THERE:
            raise CardSilent("what lies on the simulated reader does not answer")
        if not self._atr:
            raise CardRemoved("no card lies on the simulated reader")

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """The card's answer to a command.

        :raises CardRemoved: if the card is gone.
        :raises ReaderMissing: if the bench is.
        """
        answer = self._bench.ask(command)
        if not answer:
            raise CardRemoved("the card left the simulated reader")
        return answer

    def close(self) -> None:
        """Cut the card's power; its session ends."""
        try:
            self._bench.ask(POWER_OFF)
        except ReaderMissing:
            # Nothing is powered any more where the bench is gone.
            return


class SimulatedDesk:
    """A :class:`~kiosk.ports.CardDesk` that asks the bench.

    :param poll_s: how often to ask whether a card lies there, and how long to rest where the bench is missing.
    """

    def __init__(self, host: str, port: int, *, poll_s: float = 0.03) -> None:
        self._bench = BenchSocket(host, port)
        self._poll_s = poll_s
        self._felt = _NO_CARD

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; returns when that changes, or after the time-out.

        One that took another's place is told as gone first.

        :raises ReaderMissing: where the bench does not answer, after a rest.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            felt = self._ask(timeout_s)
            if felt != self._felt or time.monotonic() >= deadline:
                exchanged = _NO_CARD not in (felt, self._felt) and felt != self._felt
                self._felt = _NO_CARD if exchanged else felt
                return self._felt != _NO_CARD
            time.sleep(min(self._poll_s, max(0.0, deadline - time.monotonic())))

    def connect(self) -> Connection:
        """A fresh connection to the card, reset."""
        return SimulatedConnection(self._bench)

    def close(self) -> None:
        """Hang up."""
        self._bench.close()

    def _ask(self, timeout_s: float) -> bytes:
        """Nothing where no card lies there, else what is this card's alone."""
        try:
            felt = self._bench.ask(PRESENCE)
            if felt == UNPLUGGED:
                raise ReaderMissing("the simulated reader is unplugged")
            return felt if felt.startswith(_CARD_LIES_THERE) else _NO_CARD
        except ReaderMissing:
            self._felt = _NO_CARD
            time.sleep(min(timeout_s, 0.2))
            raise


class SimulatedCamera:
    """A :class:`~kiosk.ports.Camera` that asks the bench, over a connection of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._bench = BenchSocket(host, port)

    def frame(self) -> bytes:
        """The picture before the camera, or nothing; nothing too where the bench is missing."""
        try:
            return self._bench.ask(CAMERA_FRAME)
        except ReaderMissing:
            return b""

    def close(self) -> None:
        """Hang up."""
        self._bench.close()


class SimulatedScanner:
    """A :class:`~kiosk.ports.Scanner` that asks the bench, over a connection of its own.

    :param poll_s: how long to rest at most where nothing was scanned.
    """

    def __init__(self, host: str, port: int, *, poll_s: float = 0.05) -> None:
        self._bench = BenchSocket(host, port)
        self._poll_s = poll_s
        self._connected = False

    @property
    def connected(self) -> bool:
        """Whether it was plugged in when it was last read."""
        return self._connected

    def read(self, timeout_s: float) -> bytes:
        """What was scanned; nothing where nothing was, or where scanner or bench are missing."""
        try:
            told = self._bench.ask(SCANNER)
        except ReaderMissing:
            told = b""
        self._connected, sent = told != b"", told[1:]
        if not sent:
            time.sleep(min(timeout_s, self._poll_s))
        return sent

    def close(self) -> None:
        """Hang up."""
        self._bench.close()


class SimulatedLight:
    """A :class:`~kiosk.ports.Light` at the bench, over a connection of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._bench = BenchSocket(host, port)
        self._connected = False

    @property
    def connected(self) -> bool:
        """Whether it was plugged in when it was last told."""
        return self._connected

    def show(self, lit: bool) -> None:
        """Light it, or put it out."""
        try:
            self._connected = self._bench.ask(LIGHT_LIT if lit else LIGHT_OUT) != b""
        except ReaderMissing:
            self._connected = False

    def close(self) -> None:
        """Hang up."""
        self._bench.close()


class SimulatedClock:
    """The machine's clock, whose hands can be turned at the bench; right where the bench is missing.

    :param every_s: how often the bench is asked.
    """

    def __init__(self, host: str, port: int, *, every_s: float = 0.5) -> None:
        self._bench = BenchSocket(host, port, answer_timeout_s=1.0)
        self._every_s = every_s
        self._turned = timedelta()
        self._next = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        """What the hands show, in UTC."""
        with self._lock:
            if time.monotonic() >= self._next:
                self._turned = self._asked()
                self._next = time.monotonic() + self._every_s
            return datetime.now(UTC) + self._turned

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def close(self) -> None:
        """Hang up."""
        self._bench.close()

    def _asked(self) -> timedelta:
        try:
            return timedelta(milliseconds=int.from_bytes(self._bench.ask(CLOCK), "big", signed=True))
        except ReaderMissing:
            return timedelta()
