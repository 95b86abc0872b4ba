"""The accounts of the desk: made, locked, checked. Only the staff process and its commands make one of these.

Theory of operation. A try costs the same whatever is wrong with it: one Argon2id hash is computed, one row and one
audit link are written, and the caller learns yes or no. Wrong tries are counted in the store, so that starting anew
forgives nothing. Each row bears a proof that only the holder of the clinic's private key can make, because the
patient's process writes to the same store.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.domain.staff import (
    Override,
    OverrideReason,
    Role,
    is_sign,
    may_be_second,
    wait_after,
)
from kiosk.keys import CannotOpen, Sealed, VisitOpener
from kiosk.passwords import Passwords, may_be_chosen
from kiosk.ports import Clock
from kiosk.services.shift import BadShift, officer_name, officer_number
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import StaffAccount
from kiosk.turns import Turns

_FORGIVEN: dict[str, Any] = {"wrong_tries": 0, "next_try_at": None, "inside_tries": 0, "inside_next_at": None}
_log = structlog.get_logger(__name__)


class BadAccount(ValueError):
    """What makes no sense of an account; its text is a word: ``sign``, ``taken``, ``unknown``, ``name``, ``number``,
    ``password``, or ``last_administrator``.
    """


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account:
    """Somebody who works at the desk, as far as their record opens. ``sign`` is what the record of their acts says.

    ``number`` is their personal number, which the payer wants of whoever is on duty, or None.
    """

    sign: str
    role: Role
    state: str
    name: str
    number: str | None
    wrong_tries: int
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Account({self.sign})"


class StaffAccounts:
    """The accounts of a clinic.

    :param device: the desk's name in the audit chain.
    :param tries: how many wrong passwords in a row cost no waiting but the last of them.
    :param hasher: Argon2id; its defaults are the second recommendation of RFC 9106, section 4.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        opener: VisitOpener,
        clock: Clock,
        tries: int = 5,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = self.device = device
        self._opener = opener
        self._clock = clock
        self._tries = tries
        self._passwords = Passwords(hasher)
        self._turn = self._passwords.turn
        # Who wants in, and who is in already and unlocks or agrees: a crowd at the door holds nobody up at the desk.
        self._at_the_door, self._inside = Turns(self._turn), Turns(self._turn)

    def add(self, sign: str, role: Role, *, name: str, number: str | None, password: str, by: str) -> Account:
        """The committed account.

        :param number: the personal number, or None for somebody who never opens a shift. :param by: who makes it.
        :raises BadAccount: for what makes no sense, and for a sign that was ever used.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        if not is_sign(sign):
            raise BadAccount("sign")
        fields = {"name": _name(name), "personal_number": _number(number)}
        hashed, now = self._hashed(password, sign), self._clock.now()
        sealed = self._opener.sealer().seal(self._sealed_under(sign), fields)
        with self._database.write() as session:
            if session.get(StaffAccount, (self._clinic.code, sign)) is not None:
                raise BadAccount("taken")
            row = StaffAccount(
                clinic=self._clinic.code,
                sign=sign,
                role=role,
                state="open",
                password=hashed,
                sealed_key=sealed.key,
                blob=sealed.blob,
                commitment=sealed.commitment,
                wrong_tries=0,
                inside_tries=0,
                created_at=now,
                changed_at=now,
            )
            row.proof = self._proof(row)
            session.add(row)
            self._changed(session, row, "account_added", by)
            return self._account(row)

    def all(self) -> tuple[Account, ...]:
        """Every account that was not removed, by its sign."""
        with self._database.read() as session:
            return tuple(self._account(row) for row in self._rows(session) if row.state != "removed")

    def find(self, sign: str) -> Account | None:
        """The open account of this sign, or None."""
        with self._database.read() as session:
            row = self._usable(session, sign)
            return None if row is None else self._account(row)

    def lock(self, sign: str, *, by: str) -> None:
        """Let nobody in with this account until it is unlocked. BadAccount for an unknown one."""
        self._change(sign, "account_locked", by, state="locked")

    def unlock(self, sign: str, *, by: str) -> None:
        """Let the account in again, and forget its wrong tries. BadAccount for an unknown one."""
        self._change(sign, "account_unlocked", by, state="open", **_FORGIVEN)

    def set_password(self, sign: str, password: str, *, by: str) -> None:
        """Give the account another password, and forget its wrong tries. BadAccount for what makes no sense."""
        hashed = self._hashed(password, sign)
        self._change(sign, "account_password", by, password=hashed, **_FORGIVEN)

    def change_password(self, sign: str, old: str, new: str) -> bool:
        """Whether ``old`` was right, and ``new`` is the account's password now: whoever is logged in with it is not.

        :raises BadAccount: for a new one that may not be chosen; then nobody was asked for the old one.
        """
        hashed = self._hashed(new, sign)
        if self.check(sign, old, act="changed") is None:
            return False
        self._change(sign, "account_password", sign, password=hashed, **_FORGIVEN)
        return True

    def remove(self, sign: str, *, by: str) -> None:
        """End the account for ever; name and number are gone, its sign stays taken. BadAccount for an unknown one."""
        emptied = {"sealed_key": None, "blob": None, "commitment": None}
        self._change(sign, "account_removed", by, state="removed", password="", **emptied)

    def check(self, sign: str, password: str, *, act: str) -> Account | None:
        """The account where this is its password and it may be used now, else None: nobody is told what was wrong.

        :param act: the word for the audit: ``login``, ``unlocked``, ``agreed`` or ``changed``.
        :raises StoreUnavailable: if the try could not be counted; then it did not count as right either.
        :raises TooManyAtOnce: where too many wait for their turn.
        """
        with self._at_the_door if act == "login" else self._inside:
            now = self._clock.now()
            with self._database.read() as session:
                row = self._usable(session, sign)
                waits = row is not None and _waits(row, act, now)
                hashed = None if row is None or waits else row.password
            right = self._passwords.is_right(hashed, password)
            renewed = self._passwords.renewed(hashed, password) if right and hashed is not None else None
            with self._database.write() as session:
                return self._settled(session, sign, now, act, right=right, waits=waits, renewed=renewed)

    def settle(self, sign: str | None, *, right: bool, act: str, way: str) -> Account | None:
        """What comes of a try that something else than a password decided: counted and waited for as one with it.

        :param sign: whose try it is, or None where nobody knows. :param way: the word for the audit: ``key``.
        :raises StoreUnavailable: as :meth:`check` does.
        """
        with self._turn, self._database.write() as session:
            now, row = self._clock.now(), self._usable(session, sign or "")
            waits = row is not None and _waits(row, act, now)
            return self._settled(session, sign or "", now, act, right=right and not waits, waits=waits, way=way)

    def end_logins(self, sign: str, *, by: str) -> None:
        """Log out whoever is logged in with this account, as any change of it does. BadAccount for an unknown one."""
        self._change(sign, "logins_ended", by)

    def second(self, actor: Account, sign: str, password: str, reason: OverrideReason) -> Override | None:
        """The agreement of a second person to what ``actor`` does, or None; raises as :meth:`check`."""
        account = self.check(sign, password, act="agreed")
        if account is None or not may_be_second(actor.sign, account.sign, account.role):
            return None
        # One person with two accounts is still one person.
        if actor.number is not None and actor.number == account.number:
            return None
        return Override(reason=reason, second=account.sign)

    def audit(self, kind: str, facts: Mapping[str, Any]) -> None:
        """One more link of the desk's chain."""
        with self._database.write() as session:
            repositories.append_audit(session, self._device, self._clock.now(), kind, facts)

    def _settled(
        self,
        session: Session,
        sign: str,
        now: datetime,
        act: str,
        *,
        right: bool,
        waits: bool,
        renewed: str | None = None,
        way: str | None = None,
    ) -> Account | None:
        row = self._usable(session, sign)
        accepted = right and row is not None
        kind = act if accepted else f"{act}_refused"
        # A sign that is nobody's is not written down: people type passwords in its place.
        facts = {"account": None if row is None else sign} | ({} if way is None else {"way": way})
        repositories.append_audit(session, self._device, now, kind, facts)
        if row is None or waits:
            return None
        self._count(row, act, now, accepted=accepted)
        if accepted and renewed is not None:
            row.password = renewed
            row.proof = self._proof(row)
        return self._account(row) if accepted else None

    def _count(self, row: StaffAccount, act: str, now: datetime, *, accepted: bool) -> None:
        tries, until = _counted(act)
        wrong = 0 if accepted else getattr(row, tries) + 1
        wait = wait_after(wrong, self._tries)
        setattr(row, tries, wrong)
        setattr(row, until, now + wait if wait else None)

    def _change(self, sign: str, kind: str, by: str, **values: Any) -> None:
        with self._database.write() as session:
            row = self._row(session, sign)
            if row is None or row.state == "removed":
                raise BadAccount("unknown")
            for name, value in values.items():
                setattr(row, name, value)
            row.changed_at = self._clock.now()
            self._changed(session, row, kind, by)
            if row.state != "open" and row.role == Role.ADMINISTRATOR and not self._has_administrator(session):
                raise BadAccount("last_administrator")

    def _changed(self, session: Session, row: StaffAccount, kind: str, by: str) -> None:
        row.proof = self._proof(row)
        session.flush()
        facts = {"account": row.sign, "role": row.role, "by": by}
        repositories.append_audit(session, self._device, row.changed_at, kind, facts)
        _log.info(kind)

    def _has_administrator(self, session: Session) -> bool:
        return any(row.role == Role.ADMINISTRATOR and row.state == "open" for row in self._rows(session))

    def _rows(self, session: Session) -> list[StaffAccount]:
        query = select(StaffAccount).where(StaffAccount.clinic == self._clinic.code).order_by(StaffAccount.sign)
        return [row for row in session.scalars(query) if self._is_ours(row)]

    def _row(self, session: Session, sign: str) -> StaffAccount | None:
        row = session.get(StaffAccount, (self._clinic.code, sign)) if is_sign(sign) else None
        return row if row is not None and self._is_ours(row) else None

    def _usable(self, session: Session, sign: str) -> StaffAccount | None:
        row = self._row(session, sign)
        return row if row is not None and row.state == "open" else None

    def _is_ours(self, row: StaffAccount) -> bool:
        ours = secrets.compare_digest(row.proof, self._proof(row))
        if not ours:
            _log.error("staff_account_not_ours")
        return ours

    def _proof(self, row: StaffAccount) -> bytes:
        said = [row.clinic, row.sign, row.role, row.state, row.password, (row.commitment or b"").hex()]
        return self._opener.tag("staff account", json.dumps(said).encode())

    def _sealed_under(self, sign: str) -> str:
        return f"staff:{self._clinic.code}:{sign}"

    def _account(self, row: StaffAccount) -> Account:
        fields = self._opened(row)
        return Account(
            sign=row.sign,
            role=Role(row.role),
            state=row.state,
            name=fields.get("name") or "",
            number=fields.get("personal_number"),
            wrong_tries=row.wrong_tries + row.inside_tries,
            changed_at=row.changed_at,
        )

    def _opened(self, row: StaffAccount) -> dict[str, str | None]:
        sealed = Sealed.of(row.sealed_key, row.blob, row.commitment)
        try:
            return {} if sealed is None else self._opener.open(self._sealed_under(row.sign), sealed)
        except CannotOpen:
            _log.error("staff_account_unreadable")
            return {}

    def _hashed(self, password: str, sign: str) -> str:
        if not may_be_chosen(password, sign):
            raise BadAccount("password")
        return self._passwords.hashed(password)


def _counted(act: str) -> tuple[str, str]:
    """Where tries of this act are counted, and until when they wait.

    Apart: whoever guesses at the door must not keep a clerk who is logged in from her own locked screen.
    """
    return ("wrong_tries", "next_try_at") if act == "login" else ("inside_tries", "inside_next_at")


def _waits(row: StaffAccount, act: str, now: datetime) -> bool:
    until: datetime | None = getattr(row, _counted(act)[1])
    return until is not None and until > now


def _name(text: str) -> str:
    try:
        return officer_name(text)
    except BadShift:
        raise BadAccount("name") from None


def _number(text: str | None) -> str | None:
    try:
        return officer_number(text) if text else None
    except BadShift:
        raise BadAccount("number") from None
