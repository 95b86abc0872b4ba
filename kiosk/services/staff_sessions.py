"""Who is logged in at the desk's screen, in this process's memory alone: when it ends, nobody is."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.services.ceremonies import Site
from kiosk.services.staff_accounts import Account, StaffAccounts
from kiosk.services.staff_keys import StaffKeys

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
    """One browser at which somebody is logged in. Times are the monotonic clock's, in seconds.

    ``enrolling``: nothing is open to them but the page on which they register the security key that they need.
    """

    account: Account
    since: float
    active: float
    locked: bool = False
    held: Held | None = None
    enrolling: bool = False


class StaffSessions:
    """The logins of a staff process.

    :param idle_s: after so many seconds without an act the screen is locked. :param now: a clock that only goes on.
    :param keys: the accounts' security keys, where this clinic has any.
    """

    def __init__(
        self,
        accounts: StaffAccounts,
        *,
        idle_s: float,
        now: Callable[[], float] = time.monotonic,
        keys: StaffKeys | None = None,
    ) -> None:
        self.accounts = accounts
        self.keys = keys
        self._idle_s = idle_s
        self._now = now
        self._logins: dict[str, Login] = {}
        self._turn = threading.Lock()

    def begin(self, sign: str, password: str) -> str | None:
        """The token of a new login, or None where nobody is let in."""
        account = self.accounts.check(sign, password, act="login")
        if account is None or self._refuses_password(account, "login"):
            return None
        return self._begun(account, enrolling=self._demands_key(account))

    def begin_with_key(self, word: str, answer: str, site: Site) -> str | None:
        """The token of a new login with a security key, or None where nobody is let in."""
        account = None if self.keys is None else self.keys.check("login", word, answer, site)
        return None if account is None else self._begun(account)

    def _begun(self, account: Account, *, enrolling: bool = False) -> str:
        token, now = secrets.token_urlsafe(32), self._now()
        with self._turn:
            while len(self._logins) >= _MOST:
                del self._logins[min(self._logins, key=lambda each: self._logins[each].active)]
            self._logins[token] = Login(account=account, since=now, active=now, enrolling=enrolling)
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

    def signs(self) -> frozenset[str]:
        """The accounts that are logged in somewhere."""
        with self._turn:
            return frozenset(
                login.account.sign for login in self._logins.values() if self._now() - login.since <= LONGEST_S
            )

    def present(self) -> frozenset[str]:
        """The accounts that are logged in at a screen that is open now; raises as :meth:`find` does."""
        with self._turn:
            tokens = tuple(self._logins)
        found = (self.find(token) for token in tokens)
        return frozenset(login.account.sign for login in found if login is not None and not login.locked)

    def touch(self, login: Login) -> None:
        """Somebody is there."""
        if not login.locked:
            login.active = self._now()

    def unlock(self, login: Login, password: str) -> bool:
        """Whether the password was right, and the screen is open again."""
        account = self.accounts.check(login.account.sign, password, act="unlocked")
        if account is None or self._refuses_password(account, "unlocked"):
            return False
        login.locked, login.active = False, self._now()
        return True

    def unlock_with_key(self, login: Login, word: str, answer: str, site: Site) -> bool:
        """Whether this was proof of the account's security key, and the screen is open again."""
        sign = login.account.sign
        if self.keys is None or self.keys.check("unlocked", word, answer, site, sign) is None:
            return False
        login.locked, login.active = False, self._now()
        return True

    def _demands_key(self, account: Account) -> bool:
        return self.keys is not None and self.keys.demands_key(account)

    def _refuses_password(self, account: Account, act: str) -> bool:
        """Whether a right password is not enough: this account needs the key that it has."""
        if self.keys is None or not self._demands_key(account) or not self.keys.of(account.sign):
            return False
        self.accounts.audit(f"{act}_needs_key", {"account": account.sign})
        return True

    def end(self, token: str) -> None:
        """Log out; a token that is none changes nothing."""
        with self._turn:
            self._logins.pop(token, None)
