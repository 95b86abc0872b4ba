"""The desk while its keys are closed: it answers at its port, opens nobody's record, and waits for an officer.

The patient's process goes on meanwhile: it seals to the public key, admits by the roster, and prints tickets. What the
staff's process would have answered it is missing, as when that process is away.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import structlog

from idcard import ConfigurationError, IdCardError
from kiosk.key_safe.opening import KeySafes, place_of
from kiosk.key_safe.safe import Kind, PlaceTrouble
from kiosk.key_safe.state import SHARED
from kiosk.key_safe.wrapped import OPENED
from kiosk.turns import Turns
from kiosk.web.common.serving import WsgiApp

FREE_TRIES, WAIT_S = 5, 60.0
"""How many wrong tries in a row cost nothing but themselves, and the seconds to wait after each further one."""
_log = structlog.get_logger(__name__)


class Entrance:
    """What a server answers with; it may change while it serves."""

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The answer of the app that is there now."""
        return self.app(environ, start_response)


@dataclass(slots=True, kw_only=True)
class ClosedDesk:
    """Opens the keys, and then everything else.

    :param opened: makes everything else, and says what answers from then on. It is given the officer's name.
    :param why: why the keys did not open by themselves.
    """

    safes: KeySafes
    opened: Callable[[str], None]
    why: PlaceTrouble
    now: Callable[[], float] = time.monotonic
    _wrong: int = 0
    _next_at: float = 0.0
    _is_open: bool = False
    _turn: Lock = field(default_factory=Lock)
    _turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        self._turns = Turns(self._turn)

    @property
    def kinds(self) -> frozenset[Kind]:
        """By what a person may open what is closed; the recovery's code always does."""
        places = {place_of(safe) for safe in self.safes.closed().values()}
        return frozenset(places & {Kind.PASSPHRASE, Kind.PKCS11})

    @property
    def kiosk_serves(self) -> bool:
        """Whether the patient's process does not wait for the same keys."""
        return SHARED not in self.safes.closed()

    def open(self, name: str, typed: str) -> str | None:
        """Open by this passphrase of an officer, or, without a name, by a PIN or a recovery's code.

        None where the desk is open now; else why not, in one word: a reason of a place, ``wait`` after too many wrong
        tries, ``more`` where another safe is closed still, ``desk`` where the keys are open and the desk is not.

        :raises TooManyAtOnce: where others are trying.
        """
        with self._turns:
            if self._is_open:
                return None
            if self.now() < self._next_at:
                return "wait"
            try:
                self.safes.open_by(name, typed)
            except PlaceTrouble as problem:
                return self._refused(problem)
            except ConfigurationError as problem:
                return problem.reason
            self._wrong = 0
            return "more" if self.safes.closed() else self._whole(name)

    def _refused(self, problem: PlaceTrouble) -> str:
        # Here and not in the store: whoever took the machine tries at home, and this is for who stands before it.
        self._wrong += 1
        # Not longer each time: whoever wants the desk closed would only have to go on.
        self._next_at = self.now() + (WAIT_S if self._wrong >= FREE_TRIES else 0)
        _log.warning("keys_not_opened", reason=problem.reason, wrong=self._wrong)
        return problem.reason

    def _whole(self, name: str) -> str | None:
        try:
            self.opened(name)
        except IdCardError as problem:
            OPENED.forget()
            _log.error("desk_not_opened", code=problem.code, kind=type(problem).__name__)
            return "desk"
        self._is_open = True
        return None
