"""The line from one clinic to the hub, with the faults that the weather brings, over a real connection."""

import http.client
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.lab.clinic import Clinic
from kiosk.lab.faults import Weather
from kiosk.lab.province import source
from kiosk.wire.batch import MEDIA_TYPE, read_answer

_PATIENCE_S: Final = 20.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 5.0
"""Waits are shorter than at a real clinic: its day passes faster, too."""
_STOPPED: Final = 3600.0


class Came(StrEnum):
    """What came of trying to send."""

    NOTHING = "nothing"
    """Nothing waits, or it is not time yet."""
    ANSWERED = "answered"
    FAILED = "failed"
    """No answer: lost, cut, or nobody there."""
    REFUSED = "refused"
    """An answer that is none of the protocol's, or says that the clinic is not let in."""


@dataclass(slots=True, kw_only=True)
class Sending:
    """Sends for one clinic; for one thread."""

    clinic: Clinic
    weather: Weather
    port: int
    seed: int
    code: str
    wait_s: float = 0.0
    not_before: float = 0.0
    former: bytes | None = None

    def turn(self, at_s: float, *, now: float) -> Came:
        """Send once where something waits and it is time to.

        :param at_s: the second of the simulated day. :param now: seconds of a clock that never goes back.
        """
        if now < self.not_before:
            return Came.NOTHING
        fate = self.weather.next()
        body = self.clinic.request(leave_out=fate.held_back)
        if body is None:
            return Came.NOTHING
        if self.weather.is_cut(at_s) or not fate.arrives:
            return self._back_off(now)
        time.sleep(fate.delay_s)
        if fate.replays and self.former is not None:
            self._post(self.former)
        status, data = self._post(body)
        if fate.twice:
            status, data = self._post(body)
        self.former = body
        return self._judged(status, data, now, heard=fate.is_answered)

    def clear_up(self, weather: Weather) -> None:
        """From now on the line is like this."""
        self.weather = weather

    def _judged(self, status: int, data: bytes, now: float, *, heard: bool) -> Came:
        if status in (0, 429, 503) or (status == 200 and not heard):
            return self._back_off(now)
        if status != 200:
            self.not_before = now + _STOPPED
            return Came.REFUSED
        answer = read_answer(data)
        self.clinic.heard(answer)
        self.wait_s, self.not_before = 0.0, now + _FIRST_WAIT_S
        return Came.REFUSED if answer.quarantined else Came.ANSWERED

    def _back_off(self, now: float) -> Came:
        """Wait, each time up to twice as long, and not in step with others."""
        self.wait_s = min(_LONGEST_WAIT_S, 2 * self.wait_s or _FIRST_WAIT_S)
        self.not_before = now + self.wait_s * source(self.seed, "jitter", self.code, now).random()
        return Came.FAILED

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """The status and what came with it; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        try:
            connection.request("POST", "/v1/events", body, {"Content-Type": MEDIA_TYPE})
            response = connection.getresponse()
            return int(response.status), response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()
