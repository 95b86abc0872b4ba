"""The one loop that performs procedures on a card: the only place for cancelling."""

from collections.abc import Callable
from typing import TypeVar

from idcard.errors import Cancelled
from idcard.iso7816.apdu import ResponseApdu
from idcard.iso7816.procedure import Procedure, chained
from idcard.transport.base import Connection

T = TypeVar("T")
ShouldCancel = Callable[[], bool]


def never() -> bool:
    """Nobody asks to stop."""
    return False


def perform(
    connection: Connection, procedure: Procedure[T], should_cancel: ShouldCancel = never, *, short_only: bool = False
) -> T:
    """What ``procedure`` returns, performed on the card.

    :param should_cancel: asked before every command.
    :param short_only: long commands go out as a chain of short ones.
    :raises MalformedData: if the card gives an answer without a status word.
    :raises Cancelled: if it says so; the card is left where it is.
    """
    steps = chained(procedure, short_only=short_only)
    try:
        command = next(steps)
        while True:
            if should_cancel():
                raise Cancelled("stopped between two commands")
            command = steps.send(ResponseApdu.from_bytes(connection.transmit(command.to_bytes())))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()
