"""Selecting and reading elementary files, plain or through a secure channel, with as few commands as possible.

Theory of operation. A file is read by its short file identifier with the largest answer that fits; the length of the
whole stands in the first bytes of that first answer, so that nothing is read twice and no header is asked for alone.
A card that refuses short identifiers is asked the older way: SELECT, then READ BINARY. A card that refuses the length
is asked for less, and for less from then on. Beyond 32 KiB the offset no longer fits into P1-P2: READ BINARY with an
odd instruction byte carries it as a data object.

Source: ISO/IEC 7816-4, "READ BINARY", "SELECT"; ICAO Doc 9303-10, "Reading".
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, CommandRefused, MalformedData
from idcard.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from idcard.iso7816.lengths import SHORT, Lengths
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord

MAX_OFFSET = 0x7FFF
_FEW_BYTES, _ANSWERS_TO_SPARE = 32, 16
"""A card may answer with less than it was asked for, but on average with 32 bytes, or a file would take for ever."""
_ABSENT = (StatusWord.FILE_NOT_FOUND, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
_DATA_FOLLOWS = (StatusWord.OK, StatusWord.END_OF_FILE)
_HEADER_BYTES = 6
"""The tag of one byte and a length of up to five, or of two and four: what says how long a file is."""
_FORM_REFUSED = (StatusWord.WRONG_LENGTH, StatusWord.WRONG_P1_P2, StatusWord.FUNCTION_NOT_SUPPORTED)
_SMALLER = (231, 223, 192, 160, 128, 96, 64, 32)
_OFFSET, _DISCRETIONARY = 0x54, 0x53
_DISCRETIONARY_HEADER = 4

OnBytes = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Where nobody asks for progress."""


@dataclass(slots=True, kw_only=True)
class Window:
    """How much one answer is asked to bring; it shrinks where a card refuses, and stays so.

    ``most`` is a limit in plain bytes that was learnt, or None. ``minds_end`` says that the card refuses an Le that
    reaches beyond the end of a file (6B00, or 6282 without data): then the header is asked for first.
    """

    lengths: Lengths = SHORT
    most: int | None = None
    minds_end: bool = False

    def bytes_through(self, channel: SecureChannel | None) -> int:
        """The plain bytes that one answer may bring through ``channel``."""
        room = self.lengths.answer if channel is None else channel.room(self.lengths.answer)
        return room if self.most is None else min(room, self.most)

    def shrink(self, refused: int) -> bool:
        """Ask for less than ``refused`` bytes from now on; whether there is less to ask for."""
        smaller = next((size for size in _SMALLER if size < refused), None)
        if smaller is not None:
            self.most = smaller
        return smaller is not None


@dataclass(slots=True, kw_only=True)
class FileReader:
    """How files are read: through ``channel`` (or plain where it is None), with ``on_bytes(done, total)`` told.

    ``came`` is what had come of the last file before it turned out to be malformed.
    """

    channel: SecureChannel | None = None
    window: Window = field(default_factory=Window)
    on_bytes: OnBytes = _silent
    came: bytes = field(default=b"", init=False, repr=False)

    @property
    def chunk(self) -> int:
        """How many bytes one command asks for."""
        return self.window.bytes_through(self.channel)

    def read(self, *, fid: int, sfi: int, name: str) -> Procedure[bytes]:
        """The whole file with identifier ``fid`` and short identifier ``sfi``, byte for byte.

        :raises CommandRefused: if the chip does not give it.
        :raises MalformedData: if it ends before the length that its header says.
        :raises BoundExceeded: if it is too long, or comes in too many answers.
        """
        first = yield from self._first(0x80 | sfi)
        if first.sw not in _DATA_FOLLOWS and first.sw not in _ABSENT:
            yield from self.select(fid)
            first = yield from self._first(0)
        return (yield from self._rest(_data(first), name))

    def read_short(self, *, sfi: int, name: str) -> Procedure[bytes]:
        """The whole file with the short identifier ``sfi``, and no second way where the card refuses it."""
        first = yield from self._first(0x80 | sfi)
        return (yield from self._rest(_data(first), name))

    def read_selected(self, name: str) -> Procedure[bytes]:
        """The whole file that is selected now."""
        first = yield from self._first(0)
        return (yield from self._rest(_data(first), name))

    def peek(self, *, sfi: int) -> Procedure[bytes]:
        """What one answer gives of the file with the short identifier ``sfi``.

        It is all that can be had of EF.DIR and EF.ATR/INFO, which are runs of data objects: nothing says how long.
        """
        return _data((yield from self._first(0x80 | sfi)))

    def select(self, fid: int) -> Procedure[None]:
        """Select the elementary file ``fid`` in the current directory.

        :raises CommandRefused: if the chip does not.
        """
        command = CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=fid.to_bytes(2))
        response = yield from self._exchange(command)
        if not response.ok:
            raise CommandRefused("SELECT", response.sw)

    def _rest(self, data: bytes, name: str) -> Procedure[bytes]:
        self.came = data
        _, length, header = tlv.read_header(data, where=name)
        total = header + length
        self.on_bytes(min(len(data), total), total)
        answers = 0
        while len(data) < total:
            answers += 1
            if answers > total // _FEW_BYTES + _ANSWERS_TO_SPARE:
                raise BoundExceeded(f"{name} in crumbs", file=name, length=total, answers=answers)
            chunk = yield from self._next(len(data), total - len(data))
            if not chunk:
                raise MalformedData("ends before its length", where=name, offset=len(data))
            self.came = data = data + chunk
            self.on_bytes(min(len(data), total), total)
        return data[:total]

    def _first(self, p1: int) -> Procedure[ResponseApdu]:
        """The start of a file: as much as fits, or its header alone where the card minds its end."""
        if not self.window.minds_end:
            response = yield from self._ask(p1, 0, self.chunk)
            if not _past_end(response):
                return response
            self.window.minds_end = True
        return (yield from self._ask(p1, 0, _HEADER_BYTES))

    def _next(self, offset: int, missing: int) -> Procedure[bytes]:
        """More of the file, or nothing where it has ended."""
        if offset > MAX_OFFSET:
            response = yield from self._beyond(offset, missing)
        else:
            response = yield from self._ask(offset >> 8, offset & 0xFF, missing)
        if _past_end(response):
            return b""
        data = _data(response)
        if offset > MAX_OFFSET and data:
            return tlv.parse_one(data, _DISCRETIONARY, where="READ BINARY").value
        return data

    def _ask(self, p1: int, p2: int, missing: int) -> Procedure[ResponseApdu]:
        """READ BINARY of so many bytes, or as many as fit; of fewer where the card refuses the length."""
        while True:
            le = min(self.chunk, missing)
            command = CommandApdu(ins=0xB0, p1=p1, p2=p2, le=le, extended=self._long(le))
            response = yield from self._exchange(command)
            if response.sw != StatusWord.WRONG_LENGTH or not self.window.shrink(le):
                return response

    def _long(self, le: int) -> bool:
        """Whether an answer with ``le`` plain bytes takes the extended form."""
        return le > (MAX_SHORT_LE if self.channel is None else self.channel.short_read)

    def _beyond(self, offset: int, missing: int) -> Procedure[ResponseApdu]:
        """The next bytes beyond 32 KiB, by READ BINARY with the odd instruction byte."""
        le = min(self.chunk, missing + _DISCRETIONARY_HEADER)
        where = tlv.build(_OFFSET, offset.to_bytes(3 if offset > 0xFFFF else 2))
        return (yield from self._exchange(CommandApdu(ins=0xB1, data=where, le=le, extended=self._long(le))))

    def _exchange(self, command: CommandApdu) -> Procedure[ResponseApdu]:
        if self.channel is None:
            return (yield from exchange(command))
        return (yield from self.channel.send(command))


def _past_end(response: ResponseApdu) -> bool:
    """Whether the card says that what was asked for lies beyond the end of the file, and gives nothing."""
    return response.sw == StatusWord.WRONG_OFFSET or (response.sw == StatusWord.END_OF_FILE and not response.data)


def _data(response: ResponseApdu) -> bytes:
    if response.sw not in _DATA_FOLLOWS:
        raise CommandRefused("READ BINARY", response.sw)
    return response.data


def select_application(aid: bytes, channel: SecureChannel | None = None) -> Procedure[None]:
    """Select the application ``aid``: without an answer, and where the card wants to give one, with it.

    Some cards refuse an Le here and some its absence, so both forms are tried; a card that has no such application
    says so in the first.

    :raises CommandRefused: if there is none.
    """
    response = yield from _select_application(aid, channel, p2=0x0C, le=None)
    if response.sw in _FORM_REFUSED:
        response = yield from _select_application(aid, channel, p2=0x00, le=MAX_SHORT_LE)
    if not response.ok:
        raise CommandRefused("SELECT application", response.sw)


def _select_application(
    aid: bytes, channel: SecureChannel | None, *, p2: int, le: int | None
) -> Procedure[ResponseApdu]:
    command = CommandApdu(ins=0xA4, p1=0x04, p2=p2, data=aid, le=le)
    return (yield from exchange(command) if channel is None else channel.send(command))
