"""Codes, and who asked with them to be let in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import join_code, join_request

TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code as it is kept; ``is_good``: neither used, void, nor run out."""

    locator: str
    clinic: str
    device: str
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    is_good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A device that asked to be let in.

    :ivar state: ``waiting``, ``approved`` or ``refused``. :ivar tls_key: its public key, DER.
    :ivar serial: the number of the certificate that it was given.
    """

    clinic: str
    device: str
    digest: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    tls_key: bytes = field(repr=False)
    digits: str
    state: str
    asked_at: datetime
    serial: bytes | None = None


def add_code(connection: Connection, code: Code, *, by: str, now: datetime, until: datetime) -> bool:
    """Whether nothing else is found by this locator; former codes for the same device are void then."""
    former = (join_code.c.clinic == code.clinic, join_code.c.device == code.device, join_code.c.state == "open")
    row = {
        "locator": code.locator,
        "clinic": code.clinic,
        "device": code.device,
        "salt": code.salt,
        "digest": code.digest,
        "state": "open",
        "tries_left": TRIES,
        "made_at": now,
        "made_by": by,
        "until": until,
    }
    statement = insert(connection, join_code).values(row).on_conflict_do_nothing().returning(join_code.c.locator)
    connection.execute(update(join_code).where(*former).values(state="void"))
    return connection.execute(statement).first() is not None


def forget_codes(connection: Connection, now: datetime) -> None:
    """Forget codes that ran out, so that what found them can find others."""
    connection.execute(join_code.delete().where(join_code.c.until < now))


def code_of(connection: Connection, locator: str, now: datetime) -> Code | None:
    """What this locator finds."""
    row = connection.execute(select(join_code).where(join_code.c.locator == locator)).first()
    if row is None:
        return None
    good = row.state == "open" and row.tries_left > 0 and now < row.until
    return Code(
        locator=row.locator, clinic=row.clinic, device=row.device, salt=row.salt, digest=row.digest, is_good=good
    )


def take_try(connection: Connection, code: Code) -> bool:
    """Whether there was a try left, before anything is compared: guesses that come together count each."""
    changed = (
        update(join_code)
        .where(join_code.c.locator == code.locator, join_code.c.digest == code.digest)
        .where(join_code.c.state == "open", join_code.c.tries_left > 0)
        .values(tries_left=join_code.c.tries_left - 1)
    )
    return connection.execute(changed).rowcount == 1


def use_code(connection: Connection, code: Code) -> bool:
    """Whether nobody was faster."""
    own = (join_code.c.locator == code.locator, join_code.c.digest == code.digest, join_code.c.state == "open")
    return connection.execute(update(join_code).where(*own).values(state="used")).rowcount == 1


def add_request(connection: Connection, asked: Asked) -> None:
    """Write down who asked."""
    connection.execute(
        join_request.insert().values(
            clinic=asked.clinic,
            device=asked.device,
            digest=asked.digest,
            public_key=asked.public_key,
            tls_key=asked.tls_key,
            digits=asked.digits,
            state=asked.state,
            asked_at=asked.asked_at,
        )
    )


def request_of(connection: Connection, digest: bytes) -> Asked | None:
    """The request whose bytes have this hash."""
    row = connection.execute(select(join_request).where(join_request.c.digest == digest)).first()
    return None if row is None else _asked(row)


def waiting(connection: Connection) -> list[Asked]:
    """Who waits, the oldest first."""
    query = select(join_request).where(join_request.c.state == "waiting").order_by(join_request.c.asked_at)
    return [_asked(row) for row in connection.execute(query)]


def decide(connection: Connection, asked: Asked, state: str, *, by: str, now: datetime) -> None:
    """Write down what was decided."""
    connection.execute(update(join_request).where(*_own(asked)).values(state=state, decided_by=by, decided_at=now))


def note_serial(connection: Connection, asked: Asked, serial: bytes) -> None:
    """Write down which certificate the request led to."""
    connection.execute(update(join_request).where(*_own(asked)).values(serial=serial))


def _own(asked: Asked) -> tuple[Any, ...]:
    columns = join_request.c
    return columns.clinic == asked.clinic, columns.device == asked.device, columns.digest == asked.digest


def _asked(row: Row[Any]) -> Asked:
    return Asked(
        clinic=row.clinic,
        device=row.device,
        digest=row.digest,
        public_key=row.public_key,
        tls_key=row.tls_key,
        digits=row.digits,
        state=row.state,
        asked_at=row.asked_at,
        serial=row.serial,
    )
