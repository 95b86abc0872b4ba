"""Protocols without a wire: a procedure yields commands and is sent responses.

A card is strictly command, response. So a protocol step is a generator: it yields a :class:`CommandApdu`, is sent the
:class:`ResponseApdu` and goes on; what it returns is its result. Nothing here knows a reader. Tests drive procedures
by hand with the standard's own bytes; ``transport.session`` performs them on a real card.
"""

from collections.abc import Generator
from dataclasses import replace
from itertools import count
from typing import TypeVar

from idcard.errors import BoundExceeded
from idcard.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu

T = TypeVar("T")
Procedure = Generator[CommandApdu, ResponseApdu, T]

MAX_RESPONSE_BYTES = 65536
_FEW_BYTES, _ROUNDS_TO_SPARE = 32, 8
_SHORT_DATA = 255
_MORE_COMMANDS_FOLLOW = 0x10
# A bare 6Cxx to a protected command leaves the counters of both sides in doubt: it goes up, and closes the channel.
_SECURE = 0x0C


def exchange(command: CommandApdu) -> Procedure[ResponseApdu]:
    """The response to one command, whatever its status word."""
    response = yield command
    return response


def chained(procedure: Procedure[T], *, short_only: bool = False) -> Procedure[T]:
    """``procedure`` with ``61xx`` answered by GET RESPONSE and ``6Cxx`` by the same command with the right Le.

    :param short_only: reader or card takes no extended length: long data goes out as a chain of short commands.
    :raises BoundExceeded: if a card keeps on promising more.

    Source: ISO/IEC 7816-4, "Status bytes" (response chaining), "Command chaining".
    """
    try:
        command = next(procedure)
    except StopIteration as stop:
        nothing_to_ask: T = stop.value
        return nothing_to_ask
    while True:
        if short_only and len(command.data) > _SHORT_DATA:
            response = yield from _in_pieces(command)
        elif short_only and (command.extended or (command.le or 0) > MAX_SHORT_LE):
            response = yield from _whole_response(_shortened(command))
        else:
            response = yield from _whole_response(command)
        try:
            command = procedure.send(response)
        except StopIteration as stop:
            result: T = stop.value
            return result


def _in_pieces(command: CommandApdu) -> Procedure[ResponseApdu]:
    """The response to the last of as many short commands as the data takes; a refusal of an earlier one ends it."""
    command = _shortened(command)
    pieces = [command.data[at : at + _SHORT_DATA] for at in range(0, len(command.data), _SHORT_DATA)]
    for piece in pieces[:-1]:
        cla = command.cla | _MORE_COMMANDS_FOLLOW
        response = yield replace(command, cla=cla, data=piece, le=None)
        if not response.ok:
            return response
    return (yield from _whole_response(replace(command, data=pieces[-1])))


def _shortened(command: CommandApdu) -> CommandApdu:
    return replace(command, le=None if command.le is None else min(command.le, MAX_SHORT_LE), extended=False)


def _whole_response(command: CommandApdu) -> Procedure[ResponseApdu]:
    data = b""
    response = yield command
    for rounds in count():
        sw1, sw2 = response.sw >> 8, response.sw & 0xFF
        data += response.data
        if len(data) > MAX_RESPONSE_BYTES or rounds > _ROUNDS_TO_SPARE + len(data) // _FEW_BYTES:
            break
        if sw1 == 0x61:
            response = yield CommandApdu(cla=command.cla & 0x0F, ins=0xC0, le=sw2 or 256)
        elif sw1 == 0x6C and command.le != (sw2 or 256) and not command.cla & _SECURE:
            command = replace(command, le=sw2 or 256)
            response = yield command
        else:
            return ResponseApdu(data=data, sw=response.sw)
    raise BoundExceeded("a card that never ends its response", command=command.header.hex())
