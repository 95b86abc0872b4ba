"""Waiting for an answer no longer than a patient can: a bound on the whole of a call, whatever the wire does.

Time-outs of a socket bound each of its operations. A server that sends a byte now and then keeps every one of them and
never ends. So the call has a thread of its own, and whoever waits for it walks away when the time is up.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NoReturn, TypeVar

T = TypeVar("T")


class CutOff(Exception):
    """The call had not ended when the time was up; nobody waits for it any more."""


def within(seconds: float, call: Callable[[], T], *, name: str) -> T:
    """What ``call`` returns or raises, if that happens within so many seconds.

    The call must end by itself some time later: its own time-outs see to that.

    :param name: the thread's name.
    :raises CutOff: once the seconds have passed.
    """
    ended: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:
            ended.put(_raising(error))
        else:
            ended.put(lambda: result)

    Thread(target=run, name=name, daemon=True).start()
    try:
        outcome = ended.get(timeout=max(0.0, seconds))
    except Empty:
        raise CutOff from None
    return outcome()


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def outcome() -> NoReturn:
        raise error

    return outcome
