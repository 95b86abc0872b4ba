"""Who is logged in at the desk's screen, in this process's memory alone: when it ends, nobody is."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.services.staff_accounts import Account, StaffAccounts

LONGEST_S = 16 * 3600.0
"""How long anybody stays logged in, the length of the longest shift."""
_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Held:
    """What was sent while the screen was locked: kept until the password is given. Never a password."""

    address: str
    fields: tuple[tuple[str, str], ...] = ()
    is_form: bool = False


@dataclass(slots=True, kw_only=True, repr=False)
class Login:
    """One browser at which somebody is logged in. Times are the monotonic clock's, in seconds."""

    account: Account
    since: float
    active: float
    locked: bool = False
    held: Held | None = None


class StaffSessions:
    """The logins of a staff process.

    :param idle_s: after so many seconds without an act the screen is locked. :param now: a clock that only goes on.
    """

    def __init__(self, accounts: StaffAccounts, *, idle_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.accounts = accounts
        self._idle_s = idle_s
        self._now = now
        self._logins: dict[str, Login] = {}
        self._turn = threading.Lock()

    def begin(self, sign: str, password: str) -> str | None:
        """The token of a new login, or None where nobody is let in."""
        account = self.accounts.check(sign, password, act="login")
        if account is None:
            return None
        token, now = secrets.token_urlsafe(32), self._now()
        with self._turn:
            while len(self._logins) >= _MOST:
                del self._logins[min(self._logins, key=lambda each: self._logins[each].active)]
            self._logins[token] = Login(account=account, since=now, active=now)
        return token

    def find(self, token: str) -> Login | None:
        """The login of this token, locked where nobody did anything for too long; None where there is none any more.

        It ends with the process, after sixteen hours, and when its account is changed, locked or removed.

        :raises StoreUnavailable: if nobody can say whether the account is still good.
        """
        with self._turn:
            login = self._logins.get(token)
        if login is None:
            return None
        account = self.accounts.find(login.account.sign)
        if account is None or account.changed_at != login.account.changed_at or self._now() - login.since > LONGEST_S:
            self.end(token)
            return None
        if self._now() - login.active >= self._idle_s:
            login.locked = True
        return login

    def touch(self, login: Login) -> None:
        """Somebody is there."""
        if not login.locked:
            login.active = self._now()

    def unlock(self, login: Login, password: str) -> bool:
        """Whether the password was right, and the screen is open again."""
        if self.accounts.check(login.account.sign, password, act="unlocked") is None:
            return False
        login.locked, login.active = False, self._now()
        return True

    def end(self, token: str) -> None:
        """Log out; a token that is none changes nothing."""
        with self._turn:
            self._logins.pop(token, None)
