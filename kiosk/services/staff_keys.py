"""The security keys of the desk's accounts: registered, asked for, revoked.

Theory of operation. A key is registered by somebody who has logged in and gives the password once more. Each ceremony
answers one challenge, which lives two minutes in this process's memory, is taken with the first answer, and was made
for one purpose, one site and one account. Whether a try with a key was right goes the way of a password's: counted and
waited for in the store, written into the audit (:mod:`kiosk.services.staff_accounts`). A key whose count goes back was
copied, and is revoked at once.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.domain.staff_keys import CHALLENGE_LIFE, MOST_KEYS, KeyPolicy, is_copied
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.services import ceremonies
from kiosk.services.ceremonies import NotProved, Owner, Site
from kiosk.services.staff_accounts import Account, StaffAccounts
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.key_tables import StaffKey
from kiosk.turns import Turns

_MOST_CHALLENGES = 64
_CHALLENGE_BYTES = 32
_log = structlog.get_logger(__name__)


KEY_REFUSALS: Final = ("password", "many", "proof", "last", "unknown")


class BadKey(ValueError):
    """What is refused of a key; its text is one of :data:`KEY_REFUSALS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A security key that is good. ``site`` is the name of the address at which it works."""

    id: str
    sign: str
    site: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A ceremony that has begun: the word by which its answer is known, and what the browser is asked, as JSON."""

    word: str
    options: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Challenge:
    value: bytes
    purpose: str
    site: Site
    sign: str | None
    until: float


class StaffKeys:
    """The security keys of a clinic's accounts.

    :param policy: how far keys are wanted. :param now: a clock that only goes on, in seconds.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        opener: VisitOpener,
        clock: Clock,
        accounts: StaffAccounts,
        policy: KeyPolicy,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._opener = opener
        self._clock = clock
        self.accounts = accounts
        self.policy = policy
        self._now = now
        self._challenges: dict[str, _Challenge] = {}
        self._turn = threading.Lock()
        # Judging waits for passwords that are being checked; beginning, which anybody may do, waits for neither.
        self._turns = Turns(threading.Lock())

    def demands_key(self, account: Account) -> bool:
        """Whether a password alone is not enough for this account."""
        return self.policy.demands_key(account.role)

    def of(self, sign: str) -> tuple[Key, ...]:
        """The good keys of an account, the oldest first."""
        return tuple(key for key in self.all() if key.sign == sign)

    def all(self) -> tuple[Key, ...]:
        """Every good key, the oldest first."""
        with self._database.read() as session:
            return tuple(_key(row) for row in self._rows(session))

    def ask_to_register(self, account: Account, password: str, site: Site) -> Asked:
        """Begin to register a key for whoever is logged in and gives the password once more.

        :raises BadKey: where that cannot be. :raises StoreUnavailable: as :meth:`StaffAccounts.check` does.
        """
        if self.accounts.check(account.sign, password, act="key_asked") is None:
            raise BadKey("password")
        if len(self.of(account.sign)) >= MOST_KEYS:
            raise BadKey("many")
        word, challenge = self._begun("register", site, account.sign)
        with self._database.read() as session:
            known = [row.credential for row in self._rows(session) if (row.sign, row.site) == (account.sign, site.name)]
        owner = Owner(handle=self._handle(account.sign), sign=account.sign)
        title = self._clinic.name_vi
        return Asked(word=word, options=ceremonies.creation_options(site, title, owner, challenge, known))

    def register(self, account: Account, word: str, answer: str, site: Site) -> Key:
        """The committed key that the browser made.

        :raises BadKey: where the answer is no proof of one, or came too late.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        challenge = self._taken(word, "register", site, account.sign)
        if challenge is None:
            raise BadKey("proof")
        try:
            made = ceremonies.created(answer, site, challenge.value)
        except NotProved:
            _log.info("key_not_proved")
            raise BadKey("proof") from None
        with self._database.write() as session:
            if self._found(session, made.credential) is not None:
                raise BadKey("proof")
            row = StaffKey(
                id=uuid7(self._clock.now()),
                clinic=self._clinic.code,
                sign=account.sign,
                site=site.name,
                credential=made.credential,
                public_key=made.public_key,
                count=made.count,
                state="good",
                created_at=self._clock.now(),
            )
            row.proof = self._proof(row)
            session.add(row)
            self._write_down(session, row, "key_added", account.sign)
            return _key(row)

    def ask(self, purpose: str, site: Site, sign: str | None = None) -> Asked:
        """Begin to let somebody in, or to open a locked screen again, then of ``sign`` alone."""
        word, challenge = self._begun(purpose, site, sign)
        return Asked(word=word, options=ceremonies.request_options(site, challenge))

    def check(self, purpose: str, word: str, answer: str, site: Site, sign: str | None = None) -> Account | None:
        """The account whose key answered, and which may be used now, else None: nobody is told what was wrong.

        :param purpose: the word for the audit too: ``login`` or ``unlocked``.
        :raises StoreUnavailable: if the try could not be counted; then it did not count as right either.
        :raises TooManyAtOnce: where too many wait for their turn.
        """
        challenge = self._taken(word, purpose, site, sign)
        if challenge is None:
            return None
        with self._turns:
            owner, right = self._judged(answer, challenge)
            # Of a key that is not known nobody is the owner; whose screen is locked, is known all the same.
            return self.accounts.settle(owner or sign, right=right, act=purpose, way="key")

    def revoke(self, key_id: str, *, by: str, of: str | None = None) -> None:
        """Put a key out of use. Its owner is logged out where another did it.

        :param of: the account whose key it must be, where somebody revokes their own.
        :raises BadKey: for one that is not there, and for the last one of somebody who needs one.
        """
        with self._database.write() as session:
            row = session.get(StaffKey, key_id)
            if row is None or row.state != "good" or not self._is_ours(row) or row.sign != (of or row.sign):
                raise BadKey("unknown")
            owner = self.accounts.find(row.sign)
            others = [each for each in self._rows(session) if each.sign == row.sign and each.id != key_id]
            if of is not None and owner is not None and self.demands_key(owner) and not others:
                raise BadKey("last")
            self._end(session, row, "key_revoked", by)
            sign = row.sign
        if by != sign:
            self.accounts.end_logins(sign, by=by)

    def _judged(self, answer: str, challenge: _Challenge) -> tuple[str | None, bool]:
        """Whose key answered, where it may answer this challenge, and whether its proof is right."""
        try:
            shown = ceremonies.shown(answer)
        except NotProved:
            return None, False
        with self._database.write() as session:
            row = self._found(session, shown.credential)
            if row is None or row.state != "good" or row.site != challenge.site.name or not self._is_ours(row):
                return None, False
            if challenge.sign not in (None, row.sign):
                return None, False
            if shown.handle not in (None, self._handle(row.sign)):
                return row.sign, False
            try:
                count = ceremonies.proved(answer, challenge.site, challenge.value, row.public_key)
            except NotProved:
                return row.sign, False
            return row.sign, self._counted(session, row, count)

    def _counted(self, session: Session, row: StaffKey, count: int) -> bool:
        """Whether the key's count went on; one that went back belongs to a copy, and this key is revoked."""
        if is_copied(count, row.count):
            _log.error("staff_key_copied")
            self._end(session, row, "key_copied", row.sign)
            return False
        row.count, row.used_at = count, self._clock.now()
        row.proof = self._proof(row)
        return True

    def _end(self, session: Session, row: StaffKey, kind: str, by: str) -> None:
        row.state = "revoked"
        row.proof = self._proof(row)
        self._write_down(session, row, kind, by)

    def _write_down(self, session: Session, row: StaffKey, kind: str, by: str) -> None:
        session.flush()
        facts = {"account": row.sign, "key": row.id, "by": by}
        repositories.append_audit(session, self.accounts.device, self._clock.now(), kind, facts)
        _log.info(kind)

    def _begun(self, purpose: str, site: Site, sign: str | None) -> tuple[str, bytes]:
        word, value = secrets.token_urlsafe(16), secrets.token_bytes(_CHALLENGE_BYTES)
        until = self._now() + CHALLENGE_LIFE.total_seconds()
        with self._turn:
            for old in [each for each, challenge in self._challenges.items() if challenge.until < self._now()]:
                del self._challenges[old]
            while len(self._challenges) >= _MOST_CHALLENGES:
                del self._challenges[next(iter(self._challenges))]
            self._challenges[word] = _Challenge(value=value, purpose=purpose, site=site, sign=sign, until=until)
        return word, value

    def _taken(self, word: str, purpose: str, site: Site, sign: str | None) -> _Challenge | None:
        """The challenge of this word, which is gone with this; None where it was not made for this, or too long ago."""
        with self._turn:
            challenge = self._challenges.pop(word, None)
        if challenge is None or self._now() > challenge.until:
            return None
        return challenge if (challenge.purpose, challenge.site, challenge.sign) == (purpose, site, sign) else None

    def _rows(self, session: Session) -> list[StaffKey]:
        query = select(StaffKey).where(StaffKey.clinic == self._clinic.code, StaffKey.state == "good")
        return [row for row in session.scalars(query.order_by(StaffKey.id)) if self._is_ours(row)]

    def _found(self, session: Session, credential: bytes) -> StaffKey | None:
        query = select(StaffKey).where(StaffKey.clinic == self._clinic.code, StaffKey.credential == credential)
        return session.scalar(query)

    def _is_ours(self, row: StaffKey) -> bool:
        ours = secrets.compare_digest(row.proof, self._proof(row))
        if not ours:
            _log.error("staff_key_not_ours")
        return ours

    def _proof(self, row: StaffKey) -> bytes:
        said = [
            row.id,
            row.clinic,
            row.sign,
            row.site,
            row.credential.hex(),
            row.public_key.hex(),
            row.count,
            row.state,
        ]
        return self._opener.tag("staff key", json.dumps(said).encode())

    def _handle(self, sign: str) -> bytes:
        """What a key keeps in place of its owner's name."""
        return self._opener.tag("staff key owner", f"{self._clinic.code}:{sign}".encode())


def _key(row: StaffKey) -> Key:
    return Key(id=row.id, sign=row.sign, site=row.site, created_at=row.created_at, used_at=row.used_at)
