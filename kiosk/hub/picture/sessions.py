"""Who is logged in at the picture, in this process's memory alone: when it ends, nobody is."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.hub.picture.accounts import Officer, Officers

LONGEST_S = 12 * 3600.0
"""How long anybody stays logged in."""
_MOST = 64


@dataclass(slots=True, kw_only=True, repr=False)
class Login:
    """One browser at which somebody is logged in. Times are the monotonic clock's, in seconds."""

    officer: Officer
    since: float
    active: float


class Logins:
    """The logins of a process.

    :param idle_s: after so many seconds without an act a login ends. :param now: a clock that only goes on.
    """

    def __init__(self, officers: Officers, *, idle_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.officers = officers
        self._idle_s = idle_s
        self._now = now
        self._logins: dict[str, Login] = {}
        self._turn = threading.Lock()

    def begin(self, sign: str, password: str) -> str | None:
        """The token of a new login, or None where nobody is let in."""
        officer = self.officers.check(sign, password)
        if officer is None:
            return None
        token, now = secrets.token_urlsafe(32), self._now()
        with self._turn:
            while len(self._logins) >= _MOST:
                del self._logins[min(self._logins, key=lambda each: self._logins[each].active)]
            self._logins[token] = Login(officer=officer, since=now, active=now)
        return token

    def find(self, token: str, *, acts: bool) -> Officer | None:
        """Who is logged in with this token; None where nobody is any more.

        It ends with the process, after twelve hours, after a time without an act, and when its account is changed.

        :param acts: whether this is a sign that somebody is there, and not the page that asks by itself.
        :raises HubStoreUnavailable: if nobody can say whether the account is still good.
        """
        with self._turn:
            login = self._logins.get(token)
        if login is None:
            return None
        officer, now = self.officers.find(login.officer.sign), self._now()
        over = now - login.active >= self._idle_s or now - login.since > LONGEST_S
        if over or officer is None or officer.changed_at != login.officer.changed_at:
            self.end(token)
            return None
        if acts:
            login.active = now
        return officer

    def end(self, token: str) -> None:
        """Log out; a token that is none changes nothing."""
        with self._turn:
            self._logins.pop(token, None)
