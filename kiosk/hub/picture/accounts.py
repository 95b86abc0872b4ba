"""Officers of the province: who may look at the picture, and what they did there.

Theory of operation. A try costs the same whatever is wrong with it: one Argon2id hash is computed, one row written,
and the caller learns yes or no. Wrong tries are counted in the store, so that starting anew forgives nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, Row, insert, select, update

from kiosk.domain.staff import is_sign, wait_after
from kiosk.hub.picture.acts import Act, write_act
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.tables import officer
from kiosk.passwords import Passwords, may_be_chosen
from kiosk.turns import Turns


class BadOfficer(ValueError):
    """What makes no sense of an account; its text is a word: ``sign``, ``taken``, ``unknown``, ``password``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer's account."""

    sign: str
    role: OfficerRole
    state: str
    wrong_tries: int
    changed_at: datetime


class Officers:
    """The accounts of a hub.

    :param tries: how many wrong passwords in a row cost no waiting but the last of them.
    :param hasher: Argon2id; its defaults are the second recommendation of RFC 9106, section 4.
    """

    def __init__(
        self,
        database: HubDatabase,
        now: Callable[[], datetime],
        *,
        tries: int = 5,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._tries = tries
        self._passwords = Passwords(hasher)
        self._at_the_door = Turns(self._passwords.turn)

    def add(self, sign: str, role: OfficerRole, password: str, *, by: str) -> None:
        """Make an account.

        :raises BadOfficer: for what makes no sense, and for a sign that is taken.
        :raises HubStoreUnavailable: if nothing could be committed.
        """
        if not is_sign(sign):
            raise BadOfficer("sign")
        hashed, now = self._hashed(password, sign), self._now()
        with self._database.write() as connection:
            if _row(connection, sign) is not None:
                raise BadOfficer("taken")
            row = {"sign": sign, "role": role.value, "state": "open", "password": hashed, "wrong_tries": 0}
            connection.execute(insert(officer).values(**row, created_at=now, changed_at=now))
            write_act(connection, Act(sign=by, act="account_added", subject=sign), now)

    def all(self) -> tuple[Officer, ...]:
        """Every account, by its sign."""
        with self._database.read() as connection:
            return tuple(_officer(row) for row in connection.execute(select(officer).order_by(officer.c.sign)))

    def find(self, sign: str) -> Officer | None:
        """The open account of this sign, or None."""
        with self._database.read() as connection:
            row = _row(connection, sign)
        return None if row is None or row.state != "open" else _officer(row)

    def lock(self, sign: str, *, by: str) -> None:
        """Let nobody in with this account until it is unlocked. BadOfficer for an unknown one."""
        self._change(sign, "account_locked", by, state="locked")

    def unlock(self, sign: str, *, by: str) -> None:
        """Let the account in again, and forget its wrong tries. BadOfficer for an unknown one."""
        self._change(sign, "account_unlocked", by, state="open", wrong_tries=0, next_try_at=None)

    def set_password(self, sign: str, password: str, *, by: str) -> None:
        """Give the account another password; whoever is logged in with it is no more."""
        hashed = self._hashed(password, sign)
        self._change(sign, "account_password", by, password=hashed, wrong_tries=0, next_try_at=None)

    def check(self, sign: str, password: str) -> Officer | None:
        """The account where this is its password and it may be used now, else None: nobody is told what was wrong.

        :raises HubStoreUnavailable: if the try could not be counted; then it did not count as right either.
        :raises TooManyAtOnce: where too many wait for their turn.
        """
        with self._at_the_door:
            now = self._now()
            with self._database.read() as connection:
                row = _usable(connection, sign)
            waits = row is not None and row.next_try_at is not None and row.next_try_at > now
            right = self._passwords.is_right(None if row is None or waits else row.password, password)
            with self._database.write() as connection:
                return self._settled(connection, sign, now, right=right, waits=waits)

    def _settled(self, connection: Connection, sign: str, now: datetime, *, right: bool, waits: bool) -> Officer | None:
        row = _usable(connection, sign)
        accepted = right and row is not None
        # A sign that is nobody's is not written down: people type passwords in its place.
        whose = "?" if row is None else sign
        write_act(connection, Act(sign=whose, act="login" if accepted else "login_refused"), now)
        if row is None or waits:
            return None
        wrong = 0 if accepted else row.wrong_tries + 1
        wait = wait_after(wrong, self._tries)
        values = {"wrong_tries": wrong, "next_try_at": now + wait if wait else None}
        connection.execute(update(officer).where(officer.c.sign == sign).values(**values))
        return _officer(row) if accepted else None

    def _change(self, sign: str, act: str, by: str, **values: Any) -> None:
        now = self._now()
        with self._database.write() as connection:
            changed = update(officer).where(officer.c.sign == sign).values(**values, changed_at=now)
            if connection.execute(changed).rowcount != 1:
                raise BadOfficer("unknown")
            write_act(connection, Act(sign=by, act=act, subject=sign), now)

    def _hashed(self, password: str, sign: str) -> str:
        if not may_be_chosen(password, sign):
            raise BadOfficer("password")
        return self._passwords.hashed(password)


def _row(connection: Connection, sign: str) -> Row[Any] | None:
    return connection.execute(select(officer).where(officer.c.sign == sign)).first() if is_sign(sign) else None


def _usable(connection: Connection, sign: str) -> Row[Any] | None:
    row = _row(connection, sign)
    return row if row is not None and row.state == "open" else None


def _officer(row: Row[Any]) -> Officer:
    return Officer(
        sign=row.sign,
        role=OfficerRole(row.role),
        state=row.state,
        wrong_tries=row.wrong_tries,
        changed_at=row.changed_at,
    )
