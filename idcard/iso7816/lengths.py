"""How long commands and answers may be, and what reader and card say about it.

Theory of operation. Four witnesses, in the order in which they cost: what the caller remembers of this type of card,
what the reader's driver says, the card's historical bytes in its answer to reset, and EF.ATR/INFO. The last witness is
the wire itself: one READ BINARY of a free file in extended form, before access, when no session can be lost.

Source: ISO/IEC 7816-4, "Historical bytes", "Card capabilities"; ISO/IEC 7816-3, "Answer to Reset".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

from idcard.errors import IdCardError, MalformedData
from idcard.iso7816.apdu import MAX_SHORT_LE

LONGEST_ANSWER = 0x8000
"""More is never asked for at once: no file of an ordinary card is longer, and drivers keep a buffer of 64 KiB."""
_COMPACT_TLV = 0x80
_STATUS_FOLLOWS = 0x00
_CAPABILITIES = 0x7
_NUMBERING = (0x5, 0x6)
_EXTENDED_LENGTH, _COMMAND_CHAINING = 0x40, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How much one answer may bring and one command may bear, in bytes without status word and header.

    ``answer`` is 256 for short length; ``command`` 255. More says that extended length was proved or stated.
    """

    answer: int = MAX_SHORT_LE
    command: int = 255

    @property
    def extended(self) -> bool:
        """Whether extended length is used."""
        return self.answer > MAX_SHORT_LE

    def within(self, answer: int | None, command: int | None = None) -> "Lengths":
        """These lengths, no longer than somebody else's; None stands for somebody who does not say."""
        return Lengths(
            answer=self.answer if answer is None else max(MAX_SHORT_LE, min(self.answer, answer)),
            command=self.command if command is None else max(255, min(self.command, command)),
        )


SHORT = Lengths()
LONG = Lengths(answer=LONGEST_ANSWER, command=65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCapabilities:
    """What the third software function table says: extended Lc and Le, command chaining, logical channels."""

    extended_length: bool
    command_chaining: bool
    logical_channels: int

    @classmethod
    def from_bytes(cls, value: bytes) -> "CardCapabilities":
        """The value of the data object 'card capabilities': one to three bytes; only the third says these things.

        :raises MalformedData: if it has another length.
        """
        if not 1 <= len(value) <= 3:
            raise MalformedData("not one to three bytes", where="card capabilities")
        third = value[2] if len(value) == 3 else 0
        return cls(
            extended_length=bool(third & _EXTENDED_LENGTH),
            command_chaining=bool(third & _COMMAND_CHAINING),
            logical_channels=(third & 0x07) + 1,
        )


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of an answer to reset.

    :raises MalformedData: if it is cut short.
    """
    start, end = _historical(atr)
    return atr[start:end]


def _historical(atr: bytes) -> tuple[int, int]:
    """Where the historical bytes start and end."""
    if len(atr) < 2:
        raise MalformedData("fewer than two bytes", where="ATR")
    count, at, indicator = atr[1] & 0x0F, 2, atr[1] >> 4
    while indicator:
        at += bin(indicator).count("1")
        if not indicator & 0x08:
            break
        if at > len(atr):
            raise MalformedData("cut short in its interface bytes", where="ATR")
        indicator = atr[at - 1] >> 4
    if at + count > len(atr):
        raise MalformedData("cut short in its historical bytes", where="ATR")
    return at, at + count


def capabilities_of(atr: bytes) -> CardCapabilities | None:
    """What the historical bytes in ``atr`` say of the card's capabilities, or None where they do not."""
    try:
        return _stated(historical_bytes(atr))
    except IdCardError:
        return None


def without_numbers(atr: bytes) -> bytes:
    """What ``atr`` says of a type of card: without the values of data objects that may number a single card.

    These are the card issuer's data and the pre-issuing data in the historical bytes. An answer to reset that cannot be
    understood says nothing.

    Source: ISO/IEC 7816-4, "Historical bytes", "Card issuer's data", "Pre-issuing data".
    """
    try:
        start, end = _historical(atr)
    except MalformedData:
        return b""
    objects = b"".join(
        bytes([tag << 4 | len(value)]) + (b"" if tag in _NUMBERING else value)
        for tag, value in _objects(atr[start:end])
    )
    return atr[:start] + (objects or atr[start:end])


def masked(atr: bytes) -> bytes:
    """``atr`` as somebody else may see it: with zeros for the values that :func:`without_numbers` leaves out.

    It keeps its length, and its check byte fits. An answer to reset that cannot be understood is left out whole.
    """
    try:
        start, end = _historical(atr)
    except MalformedData:
        return b""
    shown = bytearray(atr[: end + 1])
    for tag, at, stop in _spans(atr[start:end]):
        if tag in _NUMBERING:
            shown[start + at : start + stop] = bytes(stop - at)
    if end < len(atr) and shown[:end] != atr[:end]:
        shown[end] = reduce(xor, shown[1:end])
    return bytes(shown)


def _stated(historical: bytes) -> CardCapabilities | None:
    value = dict(_objects(historical)).get(_CAPABILITIES)
    return None if value is None else CardCapabilities.from_bytes(value)


def _objects(historical: bytes) -> Iterator[tuple[int, bytes]]:
    """The compact data objects, as far as they are whole."""
    for tag, at, stop in _spans(historical):
        if stop - at == historical[at - 1] & 0x0F:
            yield tag, historical[at:stop]


def _spans(historical: bytes) -> Iterator[tuple[int, int, int]]:
    """The tags of the compact data objects, and where their values start and end; the last one may be cut short."""
    if historical[:1] not in (bytes([_COMPACT_TLV]), bytes([_STATUS_FOLLOWS])):
        return
    at, end = 1, len(historical) - (3 if historical[0] == _STATUS_FOLLOWS else 0)
    while at < end:
        tag, length = historical[at] >> 4, historical[at] & 0x0F
        yield tag, at + 1, min(at + 1 + length, len(historical))
        at += 1 + length
