"""A log of what went over the wire, and a connection that plays it again.

Theory of operation. What a help desk needs is the shape of a conversation: headers, lengths, status words, times. What
a card says about its holder is in the data. So by default data is left out and only its length is kept, but for what is
public before access: which files and applications were selected, EF.CardAccess, EF.DIR, which protocol was chosen.
EF.ATR/INFO and the answer to reset may number a single card: what does so in them is zeros, too. Even the encrypted
part of a session is left out: BAC's keys have so little in them that a log could be opened later.

A whole log (made on purpose) plays again byte for byte, if the reading draws the same random numbers. A redacted one
plays the same headers, lengths and status words, with zeros for what is missing.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from idcard.errors import CardSilent, IdCardError, MalformedData
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.atr_info import masked
from idcard.iso7816.lengths import masked as masked_atr
from idcard.lds.layout import File
from idcard.transport.base import Connection
from idcard.transport.wrapped import WrappedConnection

_FORMAT: Final = 1
_SECURE: Final = 0x0C
_SELECT, _READ_BINARY, _MANAGE = 0xA4, 0xB0, 0x22
_PUBLIC_COMMANDS: Final = (_SELECT, _MANAGE)
_PUBLIC_FILES: Final = (File.CARD_ACCESS, File.DIR, File.ATR_INFO)
_BY_SHORT_IDENTIFIER: Final = 0x80
_MAX_ENTRIES: Final = 100_000
_MAX_BYTES: Final = 65_544


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exchange:
    """One command and its answer: the whole bytes, or None where they were left out, and their lengths.

    ``header`` are CLA INS P1 P2; ``sw`` is None where the wire failed, and ``error`` the code of that failure;
    ``milliseconds`` is how long the answer took.
    """

    header: bytes
    command_length: int
    answer_length: int
    sw: int | None
    milliseconds: float
    command: bytes | None = None
    answer: bytes | None = None
    error: str | None = None

    def __repr__(self) -> str:
        told = self.error if self.sw is None else f"{self.sw:04X}"
        return f"Exchange({self.header.hex()}, {self.command_length} -> {self.answer_length} bytes, {told})"

    def to_dict(self) -> dict[str, Any]:
        """The exchange as plain values."""
        return {
            "header": self.header.hex(),
            "command_length": self.command_length,
            "answer_length": self.answer_length,
            "sw": None if self.sw is None else f"{self.sw:04X}",
            "milliseconds": self.milliseconds,
            "command": None if self.command is None else self.command.hex(),
            "answer": None if self.answer is None else self.answer.hex(),
            "error": self.error,
        }

    @classmethod
    def from_dict(cls, value: Any) -> "Exchange":
        """The exchange that :meth:`to_dict` gave.

        :raises ValueError: if it did not.
        """
        lengths = (value["command_length"], value["answer_length"])
        if not all(type(length) is int and 0 <= length <= _MAX_BYTES for length in lengths):
            raise ValueError("a length")
        sw = None if value["sw"] is None else int(value["sw"], 16)
        if sw is not None and not 0 <= sw <= 0xFFFF:
            raise ValueError("a status word")
        return cls(
            header=bytes.fromhex(value["header"]),
            command_length=lengths[0],
            answer_length=lengths[1],
            sw=sw,
            milliseconds=float(value["milliseconds"]),
            command=None if value["command"] is None else bytes.fromhex(value["command"]),
            answer=None if value["answer"] is None else bytes.fromhex(value["answer"]),
            error=None if value["error"] is None else str(value["error"]),
        )


class LoggedConnection(WrappedConnection):
    """A connection that keeps a log of its traffic in ``exchanges``.

    :param redacted: leave out what is personal or numbers the card; False keeps every byte, and the log opens the
        card's session to whoever knows or guesses the access key.
    """

    def __init__(
        self, inner: Connection, *, redacted: bool = True, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        super().__init__(inner)
        self._redacted = redacted
        self._clock = clock
        self._file: File | None = None
        self.exchanges: list[Exchange] = []

    def transmit(self, command: bytes) -> bytes:
        """The card's answer, which is logged; so is a failure of the wire."""
        start = self._clock()
        try:
            answer = self._inner.transmit(command)
        except IdCardError as error:
            self._log(command, b"", start, error.code)
            raise
        self._log(command, answer, start, None)
        return answer

    def to_text(self) -> str:
        """The log as text: one line of JSON for the card, and one for each exchange."""
        head = {
            "format": _FORMAT,
            "atr": (masked_atr(self.atr) if self._redacted else self.atr).hex(),
            "reader": self.reader,
            "answer_limit": getattr(self, "answer_limit", None),
            "redacted": self._redacted,
        }
        return "".join(f"{json.dumps(line)}\n" for line in (head, *(each.to_dict() for each in self.exchanges)))

    def _log(self, command: bytes, answer: bytes, start: float, error: str | None) -> None:
        milliseconds = round(1000 * (self._clock() - start), 1)
        asked, told = (command, answer) if not self._redacted else self._public(command, answer)
        self.exchanges.append(
            Exchange(
                header=command[:4],
                command_length=len(command),
                answer_length=len(answer),
                sw=int.from_bytes(answer[-2:]) if len(answer) > 1 else None,
                milliseconds=milliseconds,
                command=asked,
                answer=told,
                error=error,
            )
        )

    def _public(self, command: bytes, answer: bytes) -> tuple[bytes | None, bytes | None]:
        """What of a command and its answer everybody may see."""
        try:
            apdu = CommandApdu.from_bytes(command)
        except MalformedData:
            return None, None
        bare = answer if len(answer) == 2 else None
        if apdu.cla & _SECURE:
            return None, bare
        self._file = _file_after(apdu, answer, self._file)
        shown = command if apdu.ins in (*_PUBLIC_COMMANDS, _READ_BINARY) else None
        return shown, _public_part(apdu, answer, self._file) if apdu.ins == _READ_BINARY else bare


def _file_after(apdu: CommandApdu, answer: bytes, before: File | None) -> File | None:
    """The current file after a command, where it is one of the public ones."""
    chosen = before
    if apdu.ins == _SELECT:
        chosen = next((file for file in _PUBLIC_FILES if apdu.data == file.fid.to_bytes(2)), None)
    elif apdu.ins == _READ_BINARY and apdu.p1 & _BY_SHORT_IDENTIFIER:
        chosen = next((file for file in _PUBLIC_FILES if apdu.p1 & 0x1F == file.sfi), None)
    done = len(answer) > 2 or answer[:1] in (b"\x90", b"\x61")
    return chosen if done or chosen is before else None


def _public_part(apdu: CommandApdu, answer: bytes, file: File | None) -> bytes | None:
    """What READ BINARY brought of ``file``, as far as everybody may see it."""
    if len(answer) == 2 or file in (File.CARD_ACCESS, File.DIR):
        return answer
    from_start = apdu.p2 == 0 and (apdu.p1 == 0 or bool(apdu.p1 & _BY_SHORT_IDENTIFIER))
    return masked(answer[:-2]) + answer[-2:] if file is File.ATR_INFO and from_start else None


class ReplayConnection:
    """A card that says again what a log says that it said.

    :param exchanges: in their order; each command must be the logged one, as far as the log holds it.
    """

    def __init__(
        self, exchanges: Iterable[Exchange], *, atr: bytes = b"", reader: str = "", answer_limit: int | None = None
    ) -> None:
        self._rest: Iterator[Exchange] = iter(tuple(exchanges))
        self.atr = atr
        self.reader = reader
        self.answer_limit = answer_limit

    @classmethod
    def from_text(cls, text: str) -> "ReplayConnection":
        """The card in a log that :meth:`LoggedConnection.to_text` gave.

        :raises MalformedData: if it did not.
        """
        try:
            lines = text.splitlines()
            head, *rest = [json.loads(line) for line in lines[: _MAX_ENTRIES + 1]]
            if head["format"] != _FORMAT or len(lines) > _MAX_ENTRIES:
                raise ValueError("another format")
            exchanges = [Exchange.from_dict(each) for each in rest]
            limit = None if head["answer_limit"] is None else int(head["answer_limit"])
            if limit is not None and not 0 < limit <= _MAX_BYTES:
                raise ValueError("a limit")
            return cls(
                exchanges,
                atr=bytes.fromhex(head["atr"]),
                reader=str(head["reader"]),
                answer_limit=limit,
            )
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise MalformedData("not what to_text wrote", where="traffic log") from error

    def transmit(self, command: bytes) -> bytes:
        """The logged answer, with zeros for what was left out.

        :raises CardSilent: if the log has ended, holds another command here, or says that the wire failed.
        """
        logged = next(self._rest, None)
        if logged is None:
            raise CardSilent("the log has ended")
        same = command == logged.command if logged.command is not None else command[:4] == logged.header
        if not same:
            raise CardSilent("the log holds another command here")
        if logged.sw is None:
            raise CardSilent(f"the wire failed here: {logged.error}")
        if logged.answer is not None:
            return logged.answer
        return bytes(max(0, logged.answer_length - 2)) + logged.sw.to_bytes(2)

    def reset(self) -> None:
        """Nothing is powered; the log goes on."""

    def close(self) -> None:
        """Nothing is held."""
