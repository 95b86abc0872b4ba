"""What the call screen knows: rooms and numbers, asked of the staff's process every second.

Its process stands where people of the waiting room's network can reach it. So it holds no store and no key but the
token for this one question, and could tell nothing about anybody.
"""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

import structlog

from kiosk.services.worker import Worker

PATH = "/internal/calls"
_EVERY_S = 1.0
_PATIENCE_S = 3.0
STALE_AFTER_S = 15.0
"""After so long without an answer the screen says that it does not know."""
_MOST = 50
_LARGEST = 16_384
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A call: where to (None: the desk), which number, the local time ``HH:MM``. ``seq`` grows through a day."""

    seq: int
    number: int
    room_id: str | None
    time: str


class CallBoard:
    """The calls as they were last heard of, the latest first; safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._turn = Lock()
        self._calls: tuple[Heard, ...] = ()
        self._at: float | None = None

    def put(self, calls: tuple[Heard, ...]) -> None:
        """What holds now."""
        with self._turn:
            self._calls, self._at = calls, self._now()

    @property
    def calls(self) -> tuple[Heard, ...]:
        """What was heard last."""
        with self._turn:
            return self._calls

    @property
    def is_fresh(self) -> bool:
        """Whether it was heard so lately that it may be believed."""
        with self._turn:
            return self._at is not None and self._now() - self._at < STALE_AFTER_S


class Listener(Worker):
    """Asks the staff's process again and again.

    :param token: the 32 bytes of the key file. :param port: the staff's, on this machine.
    """

    def __init__(self, board: CallBoard, *, host: str, port: int, token: bytes) -> None:
        super().__init__("calls", pause_s=_EVERY_S)
        self._board = board
        self._host, self._port = host, port
        at = f"[{host}]" if ":" in host else host
        self._headers = {
            "Authorization": f"Bearer {token.hex()}",
            "Content-Type": "application/json",
            # The staff process takes changes from its own origin only.
            "Origin": f"http://{at}:{port}",
        }
        self._silent = False

    def turn(self) -> None:
        """One question; no answer changes nothing but the age of the last one."""
        try:
            self._board.put(_heard(json.loads(self._asked())))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, RecursionError) as problem:
            if not self._silent:
                _log.warning("calls_not_heard", kind=type(problem).__name__)
            self._silent = True
        else:
            self._silent = False

    def _asked(self) -> bytes:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        try:
            connection.request("POST", PATH, b"{}", self._headers)
            answer = connection.getresponse()
            content = answer.read(_LARGEST + 1)
        finally:
            connection.close()
        if answer.status != http.client.OK or len(content) > _LARGEST:
            raise ValueError("no calls")
        return content


def _heard(body: dict[str, list[dict[str, object]]]) -> tuple[Heard, ...]:
    return tuple(_one(row) for row in body["calls"][:_MOST])


def _one(row: dict[str, object]) -> Heard:
    seq, number, room = row["seq"], row["number"], row["room"]
    if type(seq) is not int or type(number) is not int or not (room is None or isinstance(room, str)):
        raise ValueError("no call")
    return Heard(seq=seq, number=number, room_id=room, time=str(row["time"])[:5])
