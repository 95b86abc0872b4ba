"""The hub's tables. Nobody's name, number or address is in them; a person is a keyed hash whose key is not here.

The clinic stands first in every key: so the tables can be parted by clinic over several machines, and no question about
one clinic walks through another's rows. On PostgreSQL ``event`` is parted by the month in which it was received.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python; with a zone on PostgreSQL, UTC without one on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The instant, aware."""
        if value is None:
            return None
        found: datetime = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return found.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Json = JSON().with_variant(JSONB(), "postgresql")
_Name, _Word = String(32), String(64)
_Id = LargeBinary(16)


def _clinic() -> Column[str]:
    return Column("clinic", _Name, nullable=False)


clinic = Table(
    "clinic",
    metadata,
    Column("id", _Name, nullable=False),
    Column("name", String(255), nullable=False),
    Column("added_at", Instant, nullable=False),
    PrimaryKeyConstraint("id"),
)
"""The clinics of the province. Whoever writes rows of a clinic locks its row first: that is its turn."""

device = Table(
    "device",
    metadata,
    _clinic(),
    Column("name", _Name, nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("clinic", "name"),
    CheckConstraint("state IN ('active', 'revoked')", name="state"),
)
"""Devices and their Ed25519 keys."""

join_code = Table(
    "join_code",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("locator", String(8), nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", _Word, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "locator"),
    CheckConstraint("state IN ('open', 'used', 'void')", name="state"),
    Index("ix_join_code_locator", "locator", unique=True),
)
"""Codes with which a device may ask to be let in: what finds them, and a slow hash of what is secret."""

join_request = Table(
    "join_request",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("tls_key", LargeBinary, nullable=False),
    Column("digits", String(19), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", _Word),
    Column("serial", LargeBinary(20)),
    PrimaryKeyConstraint("clinic", "device", "digest"),
    CheckConstraint("state IN ('waiting', 'approved', 'refused')", name="state"),
    Index("ix_join_request_digest", "digest"),
    Index("ix_join_request_state_asked_at", "state", "asked_at"),
)
"""Who asked to be let in. ``digest`` is SHA-256 of the request: the same bytes ask how it stands."""

certificate = Table(
    "certificate",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("serial", LargeBinary(20), nullable=False),
    Column("tls_key", LargeBinary(32), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("replaced_by", LargeBinary(20)),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("clinic", "device", "serial"),
    Index("ix_certificate_serial", "serial", unique=True),
    Index("ix_certificate_revoked_at", "revoked_at"),
)
"""Certificates of devices. ``tls_key`` is SHA-256 of the public key; ``replaced_by`` the number of the next one."""

start = Table(
    "start",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("drawn", _Json, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("heard_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device"),
)
"""The numbers that a device's program drew at its last starts, the present one last, and how often one came back."""

stream = Table(
    "stream",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("gaps", _Json, nullable=False),
    Column("audit_at", BigInteger, nullable=False),
    Column("audit_seq", BigInteger, nullable=False),
    Column("audit_hash", LargeBinary(32), nullable=False),
    Column("heard_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device"),
)
"""What the hub has of a device: the greatest number, what is missing below it as ``[[first, last], …]``, and the
end of its audit chain as the event number ``audit_at`` said it."""

audit_head = Table(
    "audit_head",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("said_by", _Name, nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "seq", "hash"),
)
"""Every end of an audit chain that was ever said, and who said it first, with which event. Two hashes of one number are
a fork; both stay."""

ledger = Table(
    "ledger",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", _Id, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("clinic", "device", "seq"),
    UniqueConstraint("clinic", "id"),
)
"""Every number and id that was taken, and SHA-256 of its envelope: what makes an event count once. A table parted by
months cannot promise that."""

event = Table(
    "event",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("id", _Id, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("visit", _Id),
    Column("body", _Json, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "seq", "received_at"),
    Index("ix_event_clinic_at", "clinic", "at"),
    Index("ix_event_clinic_visit", "clinic", "visit"),
    postgresql_partition_by="RANGE (received_at)",
)
"""Events: what they say, opened, and the envelope as it came, which proves who said it. ``at`` is the device's word."""

latest = Table(
    "latest",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("what", _Word, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("body", _Json, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "what"),
)
"""The newest a device said of one thing: ``heartbeat``, ``admission``, ``self_test``, ``self_test_passed``, or
``health.PART``."""

check_in = Table(
    "check_in",
    metadata,
    _clinic(),
    Column("visit", _Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("person_key", Integer, nullable=False),
    Column("person", _Id, nullable=False),
    Column("device", _Name, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "visit"),
    Index("ix_check_in_person", "person", "person_key", "day"),
    Index("ix_check_in_clinic_day", "clinic", "day"),
    Index("ix_check_in_day", "day"),
)
"""Who was admitted where, as pseudonyms."""

withdrawn = Table(
    "withdrawn",
    metadata,
    _clinic(),
    Column("visit", _Id, nullable=False),
    Column("change", _Word, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "visit"),
)
"""Visits that a correction took back; it may come before the visit itself."""

second_visit = Table(
    "second_visit",
    metadata,
    _clinic(),
    Column("visit", _Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("first_clinic", _Name, nullable=False),
    Column("first_visit", _Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", _Word),
    PrimaryKeyConstraint("clinic", "visit"),
    CheckConstraint("state IN ('open', 'closed', 'lapsed')", name="state"),
    Index("ix_second_visit_state_found_at", "state", "found_at"),
)
"""Admissions of somebody who was admitted before on the same day. ``lapsed``: one of the two was taken back since."""

quarantine = Table(
    "quarantine",
    metadata,
    _clinic(),
    Column("digest", LargeBinary(32), nullable=False),
    Column("sender", _Name, nullable=False),
    Column("device", _Name),
    Column("seq", BigInteger),
    Column("reason", String(16), nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    PrimaryKeyConstraint("clinic", "digest"),
    CheckConstraint("state IN ('open', 'taken', 'dropped')", name="state"),
    Index("ix_quarantine_state_received_at", "state", "received_at"),
)
"""Events that were put aside, as they came; ``digest`` is SHA-256 of the envelope."""

alarm = Table(
    "alarm",
    metadata,
    _clinic(),
    Column("device", _Name, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("mark", _Word, nullable=False),
    Column("facts", _Json, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", _Word),
    PrimaryKeyConstraint("clinic", "device", "kind", "mark"),
    Index("ix_alarm_closed_at_raised_at", "closed_at", "raised_at"),
)
"""What a person at the province must look at. ``mark`` tells alarms of one kind apart, so that each is raised once;
the hub's own have the clinic and device ``hub``."""


emergency = Table(
    "emergency",
    metadata,
    Column("number", Integer, nullable=False),
    Column("reason", _Word, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("raised_by", _Word, nullable=False),
    PrimaryKeyConstraint("number"),
)
"""Emergencies: every answer names the newest, and whoever did not know it fetches releases at once."""


officer = Table(
    "officer",
    metadata,
    Column("sign", _Name, nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("password", String(255), nullable=False),
    Column("wrong_tries", Integer, nullable=False),
    Column("next_try_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("sign"),
    CheckConstraint("role IN ('auditor', 'officer', 'administrator')", name="role"),
    CheckConstraint("state IN ('open', 'locked')", name="state"),
)
"""Who may look at the province's picture; ``password`` is an Argon2id hash."""

officer_act = Table(
    "officer_act",
    metadata,
    Column("id", _Id, nullable=False),
    Column("at", Instant, nullable=False),
    Column("sign", _Name, nullable=False),
    Column("act", _Word, nullable=False),
    Column("clinic", _Name),
    Column("subject", String(128)),
    Column("reason", _Word),
    Column("words", String(255)),
    PrimaryKeyConstraint("id"),
    Index("ix_officer_act_at", "at"),
)
"""What officers did: who, when, what, and why. Rows are added and never changed."""

shown_code = Table(
    "shown_code",
    metadata,
    _clinic(),
    Column("visit", _Id, nullable=False),
    Column("code", _Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("device", _Name, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "visit"),
    Index("ix_shown_code_day_code", "day", "code"),
)
"""Which code was shown where, as keyed hashes: one code at many kiosks is a copy that goes round."""

horizon = Table(
    "horizon",
    metadata,
    Column("what", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("what"),
)
"""Since when there still are ``events``: what was received before is dropped, and only its counts are left."""


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


HOUR_NUMBERS = (
    "admissions",
    "by_machine",
    "desk_tickets",
    "withdrawals",
    "exceptions_opened",
    "exceptions_closed",
    "overrides",
    "reads",
    "first_reads",
    "linked",
    "link_known",
    "waits",
    "wait_s",
    "takes",
    "taken_s",
)
"""The counts of an hour: ``reads`` are visits in which a card was read, ``first_reads`` those at the first try;
``link_known`` are admissions of which it is known whether they are ``linked``; ``wait_s`` and ``taken_s`` are sums over
``waits`` and ``takes`` visits."""

hour_count = Table(
    "hour_count",
    metadata,
    _clinic(),
    Column("hour", Instant, nullable=False),
    *(_number(name) for name in HOUR_NUMBERS),
    PrimaryKeyConstraint("clinic", "hour"),
    Index("ix_hour_count_hour", "hour"),
)
"""What happened at a clinic in an hour (its beginning, UTC), by the time at which it happened there."""

day_share = Table(
    "day_share",
    metadata,
    _clinic(),
    Column("day", Date, nullable=False),
    Column("measure", String(24), nullable=False),
    Column("word", _Word, nullable=False),
    _number("n"),
    PrimaryKeyConstraint("clinic", "day", "measure", "word"),
    Index("ix_day_share_day", "day"),
)
"""How the visits of a clinic's day share out: by ``lane``, ``assurance``, ``card`` and so on."""
