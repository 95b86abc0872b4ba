"""The portraits that wait at the desk, in the memory of the staff's process and nowhere else.

Each is handed out once. What nobody looked at is overwritten when its time is over, when a newer one takes its place,
and when the process ends.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.services.visit import wipe
from kiosk.services.worker import Worker

KEPT_S = 600.0
"""How long a portrait waits for a clerk, in seconds."""
_MOST = 16
_JPEG = b"\xff\xd8\xff"


@dataclass(slots=True, kw_only=True, repr=False)
class _Waiting:
    image: bytearray
    until: float


class PortraitBox:
    """Holds portraits for a while; safe to use from several threads.

    :param kept_s: how long one waits. :param now: a clock that only goes on.
    """

    def __init__(self, *, kept_s: float = KEPT_S, now: Callable[[], float] = time.monotonic) -> None:
        self._kept_s = kept_s
        self._now = now
        self._turn = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def put(self, visit_id: str, image: bytearray) -> None:
        """Keep the JPEG of a visit; the box owns it from now on. A ValueError for what is no JPEG, which is wiped."""
        if not image.startswith(_JPEG):
            wipe(image)
            raise ValueError("no JPEG")
        with self._turn:
            self._forget(visit_id)
            while len(self._waiting) >= _MOST:
                self._forget(min(self._waiting, key=lambda each: self._waiting[each].until))
            self._waiting[visit_id] = _Waiting(image=image, until=self._now() + self._kept_s)

    def has(self, visit_id: str) -> bool:
        """Whether a portrait of this visit waits."""
        with self._turn:
            self._sweep()
            return visit_id in self._waiting

    def take(self, visit_id: str) -> bytearray | None:
        """The portrait, which the box has no more; whoever takes it wipes it. None where there is none."""
        with self._turn:
            self._sweep()
            found = self._waiting.pop(visit_id, None)
        return None if found is None else found.image

    def drop(self, visit_id: str) -> None:
        """Overwrite the portrait of a visit, where there is one."""
        with self._turn:
            self._forget(visit_id)

    def sweep(self) -> None:
        """Overwrite every portrait whose time is over."""
        with self._turn:
            self._sweep()

    def clear(self) -> None:
        """Overwrite all of them."""
        with self._turn:
            for visit_id in tuple(self._waiting):
                self._forget(visit_id)

    def _sweep(self) -> None:
        now = self._now()
        for visit_id in [each for each, waiting in self._waiting.items() if waiting.until <= now]:
            self._forget(visit_id)

    def _forget(self, visit_id: str) -> None:
        found = self._waiting.pop(visit_id, None)
        wipe(None if found is None else found.image)


class PortraitSweeper(Worker):
    """Overwrites what nobody looked at, also while nobody has the board open."""

    def __init__(self, box: PortraitBox, *, every_s: float = 5.0) -> None:
        super().__init__("portraits", rest_s=every_s)
        self._box, self._every_s = box, every_s

    def turn(self) -> None:
        """Overwrite what is over, and rest."""
        self._box.sweep()
        self.rest(self._every_s)

    def stop(self) -> None:
        """End, and overwrite everything."""
        super().stop()
        self._box.clear()
