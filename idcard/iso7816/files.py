"""Selecting and reading elementary files, plain or through a secure channel, with as few commands as possible.

Theory of operation. A file is read by its short file identifier with the largest answer that fits; the length of the
whole stands in the first bytes of that first answer, so that nothing is read twice and no header is asked for alone.
A card that refuses short identifiers is asked the older way: SELECT, then READ BINARY.

Source: ISO/IEC 7816-4, "READ BINARY", "SELECT"; ICAO Doc 9303-10, "Reading".
"""

from collections.abc import Callable
from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, CommandRefused, MalformedData
from idcard.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord

MAX_OFFSET = 0x7FFF
_FEW_BYTES, _ANSWERS_TO_SPARE = 32, 16
"""A card may answer with less than it was asked for, but on average with 32 bytes, or a file would take for ever."""
_ABSENT = (StatusWord.FILE_NOT_FOUND, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
_DATA_FOLLOWS = (StatusWord.OK, StatusWord.END_OF_FILE)

OnBytes = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Where nobody asks for progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReader:
    """How files are read: through ``channel`` (or plain where it is None), with ``on_bytes(done, total)`` told."""

    channel: SecureChannel | None = None
    on_bytes: OnBytes = _silent

    @property
    def chunk(self) -> int:
        """How many bytes one command asks for."""
        return MAX_SHORT_LE if self.channel is None else self.channel.short_read

    def read(self, *, fid: int, sfi: int, name: str) -> Procedure[bytes]:
        """The whole file with identifier ``fid`` and short identifier ``sfi``, byte for byte.

        :raises CommandRefused: if the chip does not give it.
        :raises MalformedData: if it ends before the length that its header says.
        :raises BoundExceeded: if it is too long, or comes in too many answers.
        """
        first = yield from self._exchange(self._read_by_sfi(sfi))
        if first.sw not in _DATA_FOLLOWS and first.sw not in _ABSENT:
            yield from self.select(fid)
            first = yield from self._exchange(self._read_at(0, self.chunk))
        return (yield from self._rest(_data(first), name))

    def read_short(self, *, sfi: int, name: str) -> Procedure[bytes]:
        """The whole file with the short identifier ``sfi``, and no second way where the card refuses it."""
        first = yield from self._exchange(self._read_by_sfi(sfi))
        return (yield from self._rest(_data(first), name))

    def read_selected(self, name: str) -> Procedure[bytes]:
        """The whole file that is selected now."""
        first = yield from self._exchange(self._read_at(0, self.chunk))
        return (yield from self._rest(_data(first), name))

    def select(self, fid: int) -> Procedure[None]:
        """Select the elementary file ``fid`` in the current directory.

        :raises CommandRefused: if the chip does not.
        """
        command = CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=fid.to_bytes(2))
        response = yield from self._exchange(command)
        if not response.ok:
            raise CommandRefused("SELECT", response.sw)

    def _rest(self, data: bytes, name: str) -> Procedure[bytes]:
        _, length, header = tlv.read_header(data, where=name)
        total = header + length
        if total > MAX_OFFSET + 1:
            raise BoundExceeded(f"{name} of {total} bytes", file=name, length=total)
        self.on_bytes(min(len(data), total), total)
        answers = 0
        while len(data) < total:
            answers += 1
            if answers > total // _FEW_BYTES + _ANSWERS_TO_SPARE:
                raise BoundExceeded(f"{name} in crumbs", file=name, length=total, answers=answers)
            chunk = yield from self._exchange(self._read_at(len(data), min(self.chunk, total - len(data))))
            data += _data(chunk)
            if not chunk.data:
                raise MalformedData("ends before its length", where=name, offset=len(data))
            self.on_bytes(min(len(data), total), total)
        return data[:total]

    def _read_by_sfi(self, sfi: int) -> CommandApdu:
        return CommandApdu(ins=0xB0, p1=0x80 | sfi, le=self.chunk)

    def _read_at(self, offset: int, le: int) -> CommandApdu:
        return CommandApdu(ins=0xB0, p1=offset >> 8, p2=offset & 0xFF, le=le)

    def _exchange(self, command: CommandApdu) -> Procedure[ResponseApdu]:
        if self.channel is None:
            return (yield from exchange(command))
        return (yield from self.channel.send(command))


def _data(response: ResponseApdu) -> bytes:
    if response.sw not in _DATA_FOLLOWS:
        raise CommandRefused("READ BINARY", response.sw)
    return response.data


def select_application(aid: bytes, channel: SecureChannel | None = None) -> Procedure[None]:
    """Select the application ``aid``.

    :raises CommandRefused: if there is none.
    """
    command = CommandApdu(ins=0xA4, p1=0x04, p2=0x0C, data=aid)
    response = yield from exchange(command) if channel is None else channel.send(command)
    if not response.ok:
        raise CommandRefused("SELECT application", response.sw)
