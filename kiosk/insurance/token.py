"""The gateway's token: taken when it is needed, used for some minutes, and taken anew once when it is refused.

A token belongs to the address that took it. A clinic with two lines to the network loses it when the line changes,
which looks like any refusal: one new token, and no more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from kiosk.insurance.gateway_errors import DownReason, GatewayDown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Token:
    """A token in its two parts."""

    access: str
    identity: str

    def __repr__(self) -> str:
        return "Token(…)"


TakeToken = Callable[[float], Token]
"""Takes a new token, within so many seconds."""


class Tokens:
    """The token of one account; threads that need a new one at the same time take it once.

    :param good_s: how long a token is used.
    """

    def __init__(self, take: TakeToken, monotonic: Callable[[], float], *, good_s: float) -> None:
        self._take = take
        self._monotonic = monotonic
        self._good_s = good_s
        self._token: Token | None = None
        self._good_until = 0.0
        self._lock = Lock()

    def get(self, seconds: float, *, refused: Token | None = None) -> Token:
        """A token that was not refused.

        :param refused: a token that the gateway no longer takes.
        :raises GatewayDown: as taking one does, or where another thread took too long to.
        """
        until = self._monotonic() + seconds
        if not self._lock.acquire(timeout=max(0.0, seconds)):
            raise GatewayDown(DownReason.TOO_SLOW)
        try:
            if self._token is None or self._token is refused or self._monotonic() >= self._good_until:
                self._token = None
                self._token = self._take(until - self._monotonic())
                self._good_until = self._monotonic() + self._good_s
            return self._token
        finally:
            self._lock.release()
