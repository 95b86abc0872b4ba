"""PC/SC: readers, cards on them, and waiting for a card, on Linux, Windows and macOS.

Theory of operation. The C interface is used as it is, without pyscard's monitor threads, which die when the daemon
restarts. Every connection has a context of its own, so that a reader thread can lose it and make a new one. A card is
taken exclusively and reset at the start: no session of another program is left open on it. No call of a driver or of
the service is awaited for ever, see :mod:`idcard.transport.patience`.

Source: PC/SC Part 5, "ICC Resource Manager Definition".
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from idcard.errors import (
    CardRemoved,
    CardSilent,
    MissingExtra,
    ReaderBusy,
    ReaderMissing,
    TransportError,
)
from idcard.transport.patience import DEFAULT_SECONDS, Patience, PatientConnection

try:
    from smartcard import scard
except ImportError as error:  # pyscard is an extra: whoever only judges evidence needs no reader
    raise MissingExtra("pcsc", "reading a card") from error

_STATUS_WORD_BYTES: Final = 2
_COUNTED_FROM_BIT: Final = 16
"""The upper half of a reader's state counts its cards' comings and goings."""
_PROTOCOLS: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1

_ERRORS: Final[dict[int, type[TransportError]]] = {
    scard.SCARD_W_REMOVED_CARD: CardRemoved,
    scard.SCARD_E_NO_SMARTCARD: CardRemoved,
    scard.SCARD_W_RESET_CARD: CardRemoved,
    scard.SCARD_E_INVALID_HANDLE: CardRemoved,
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
    scard.SCARD_E_NO_SERVICE: ReaderMissing,
    scard.SCARD_E_SERVICE_STOPPED: ReaderMissing,
    scard.SCARD_E_NO_READERS_AVAILABLE: ReaderMissing,
    scard.SCARD_E_UNKNOWN_READER: ReaderMissing,
    scard.SCARD_E_READER_UNAVAILABLE: ReaderMissing,
    scard.SCARD_E_INVALID_VALUE: ReaderMissing,
}


_GET_FEATURE_REQUEST: Final = scard.SCARD_CTL_CODE(3400)
_TLV_PROPERTIES: Final = 0x12
_MAX_APDU_DATA_SIZE: Final = 0x0A
_SHORT_ANSWER: Final = 256


def _answer_limit(control: Callable[[int, list[int]], bytes | None]) -> int | None:
    """What the driver's property dwMaxAPDUDataSize says: 0 stands for short lengths only; None where it is missing.

    Source: PC/SC Part 10, "GET_FEATURE_REQUEST", "FEATURE_GET_TLV_PROPERTIES".
    """
    features = control(_GET_FEATURE_REQUEST, []) or b""
    codes = {tag: int.from_bytes(value) for tag, value in _runs(features)}
    if _TLV_PROPERTIES not in codes:
        return None
    properties = dict(_runs(control(codes[_TLV_PROPERTIES], []) or b""))
    # Properties, unlike the feature codes, are in the byte order of the machine that the standard was made for.
    size = properties.get(_MAX_APDU_DATA_SIZE)
    return None if size is None else max(_SHORT_ANSWER, int.from_bytes(size, "little"))


def _runs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The data objects of one byte each of tag and length, as far as they are whole."""
    at = 0
    while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def _check(code: int, doing: str) -> None:
    if code != scard.SCARD_S_SUCCESS:
        raise _error(code, doing)


def _error(code: int, doing: str) -> TransportError:
    cls = _ERRORS.get(code, CardSilent)
    return cls(f"{doing}: {scard.SCardGetErrorMessage(code).strip()}", pcsc=code & 0xFFFFFFFF)


class _Context:
    """A connection to the PC/SC service."""

    def __init__(self) -> None:
        code, self.handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderMissing("the PC/SC service does not answer: is pcscd running?", pcsc=code & 0xFFFFFFFF)

    def readers(self) -> tuple[str, ...]:
        """The names of the readers, none where there is none."""
        code, names = scard.SCardListReaders(self.handle, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            return ()
        _check(code, "listing readers")
        return tuple(names)

    def states(self, known: list[tuple[str, int]], timeout_ms: int) -> tuple[bool, list[tuple[str, int]]]:
        """Whether something changed within the time, and the readers' states after it."""
        code, states = scard.SCardGetStatusChange(self.handle, timeout_ms, known)
        if code == scard.SCARD_E_TIMEOUT:
            return False, known
        _check(code, "waiting for a card")
        return True, [(name, event & ~scard.SCARD_STATE_CHANGED) for name, event, _ in states]

    def release(self) -> None:
        scard.SCardReleaseContext(self.handle)


def readers() -> tuple[str, ...]:
    """The names of the connected readers.

    :raises ReaderMissing: if the PC/SC service does not run, or does not answer.
    """
    patience = Patience(silence=ReaderMissing)
    try:
        return patience.ask(_readers)
    finally:
        patience.end()


def _readers() -> tuple[str, ...]:
    context = _Context()
    try:
        return context.readers()
    finally:
        context.release()


class PcscConnection:
    """A card on a PC/SC reader, taken exclusively; see :class:`idcard.transport.base.Connection`."""

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self._context = _Context()
        try:
            self._card, self._protocol = self._connect()
            self._atr = self._status()
        except TransportError:
            self._context.release()
            raise

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """The card's answer to ``command``.

        :raises CardRemoved: if the card is gone.
        :raises CardSilent: if it does not answer.
        """
        header = scard.SCARD_PCI_T1 if self._protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        code, answer = scard.SCardTransmit(self._card, header, list(command))
        _check(code, "sending a command")
        if len(answer) < _STATUS_WORD_BYTES:
            # No card answers so: some drivers report success without an answer when the card goes while they wait.
            raise CardRemoved("sending a command: the card gave no answer")
        return bytes(answer)

    def reset(self) -> None:
        """Power the card off and on; after another program's reset, or a card that was lifted, it is there again.

        :raises CardRemoved: if no card lies there.
        """
        # A handle whose card went away stays broken: a new connection is made, never the old one mended.
        scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        self._card, self._protocol = self._connect()
        self._atr = self._status()

    @property
    def answer_limit(self) -> int | None:
        """The most bytes in one answer, as the reader's driver says: 256 for short lengths only."""
        return _answer_limit(self._control)

    def _control(self, request: int, data: list[int]) -> bytes | None:
        code, answer = scard.SCardControl(self._card, request, data)
        return bytes(answer) if code == scard.SCARD_S_SUCCESS else None

    def close(self) -> None:
        """Reset the card, so that its session ends, and let go of it."""
        scard.SCardDisconnect(self._card, scard.SCARD_RESET_CARD)
        self._context.release()

    def _connect(self) -> tuple[Any, int]:
        """A handle of a card that was just reset, and its protocol."""
        code, card, _ = scard.SCardConnect(self._context.handle, self.reader, scard.SCARD_SHARE_EXCLUSIVE, _PROTOCOLS)
        _check(code, "connecting to the card")
        code, protocol = scard.SCardReconnect(card, scard.SCARD_SHARE_EXCLUSIVE, _PROTOCOLS, scard.SCARD_RESET_CARD)
        _check(code, "resetting the card")
        return card, protocol

    def _status(self) -> bytes:
        code, _, _, _, atr = scard.SCardStatus(self._card)
        _check(code, "asking for the answer to reset")
        return bytes(atr)


def connect(reader: str | None = None, *, patience_s: float = DEFAULT_SECONDS) -> PatientConnection:
    """The card on ``reader``, or on the first reader that holds one.

    :param patience_s: how long each call of the driver may take.
    :raises ReaderMissing: if there is no such reader, or none at all.
    :raises CardRemoved: if no card lies there.
    :raises CardSilent: if the driver hangs.
    """
    return PatientConnection.made_by(lambda: _connected(reader), patience_s)


def _connected(reader: str | None) -> PcscConnection:
    if reader is not None:
        return PcscConnection(reader)
    found = _with_card()
    if found is None:
        raise CardRemoved("no card lies on any reader")
    return PcscConnection(found)


def _with_card() -> str | None:
    context = _Context()
    try:
        names = context.readers()
        if not names:
            raise ReaderMissing("no reader is connected")
        _, states = context.states([(name, scard.SCARD_STATE_UNAWARE) for name in names], 0)
        return next((name for name, event in states if event & scard.SCARD_STATE_PRESENT), None)
    finally:
        context.release()


class ReaderWatch:
    """Tells when a card is put on a reader and when it is taken away.

    :param reader: the reader's name; None watches all of them, those that are plugged in later included.

    :param patience_s: how much longer than asked for the service may take, and how long each call of a driver.

    One thread at a time uses it. After :class:`~idcard.errors.ReaderMissing` it can be used again: the next
    :meth:`wait` asks the service anew. A driver that hangs counts as a missing reader until it answers.
    """

    def __init__(self, reader: str | None = None, *, patience_s: float = DEFAULT_SECONDS) -> None:
        self._reader = reader
        self._patience = Patience(patience_s, ReaderMissing)
        self._connection: PatientConnection | None = None
        self._context: _Context | None = None
        self._states: list[tuple[str, int]] = []

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies on a reader now; returns at once when that changes, else after ``timeout_s`` seconds.

        :raises ReaderMissing: if the reader, or the service, is not there, or hangs.
        """
        if self._connection is not None and self._connection.stuck:
            raise ReaderMissing("the reader's driver hangs")
        milliseconds = max(0, round(timeout_s * 1000))
        try:
            return self._patience.ask(lambda: self._wait(milliseconds), seconds=timeout_s + self._patience.seconds)
        except TransportError as error:
            self.close()
            raise ReaderMissing(str(error), **error.facts) from error

    @property
    def turns(self) -> int:
        """How often cards had been put down or taken away at the last :meth:`wait`, as the service counts modulo 2^16.

        Another number with a card on the reader says that it may be another card.
        """
        return sum(event >> _COUNTED_FROM_BIT & 0xFFFF for _, event in self._states)

    def connect(self) -> PatientConnection:
        """The card that lies there.

        :raises TransportError: if it is gone, another program holds it, or the driver hangs.
        """
        name = next((name for name, event in self._states if event & scard.SCARD_STATE_PRESENT), None)
        if name is None:
            raise CardRemoved("no card lies on the reader")
        # Through the watch's own thread: a driver that hangs here keeps one, however often it is tried.
        made = self._patience.ask(lambda: PcscConnection(name), late=PcscConnection.close)
        self._connection = PatientConnection(made, self._patience.seconds)
        return self._connection

    def close(self) -> None:
        """Let go of the PC/SC service; of one that hangs, when it answers."""
        context, self._context, self._states = self._context, None, []
        self._patience.end(None if context is None else context.release)

    def _wait(self, timeout_ms: int) -> bool:
        if self._context is None:
            self._context, timeout_ms = _Context(), 0
        self._renew_readers(self._context)
        _, self._states = self._context.states(self._states, timeout_ms)
        return any(event & scard.SCARD_STATE_PRESENT for _, event in self._states)

    def _renew_readers(self, context: _Context) -> None:
        names = context.readers()
        wanted = [name for name in names if self._reader in (None, name)]
        if not wanted:
            raise ReaderMissing("no reader is connected" if self._reader is None else "no such reader is connected")
        known = dict(self._states)
        self._states = [(name, known.get(name, scard.SCARD_STATE_UNAWARE)) for name in wanted]
