"""The hub's tables. Nobody's name, number or address is in them; a person is a keyed hash whose key is not here.

The clinic stands first in every key: so the tables can be parted by clinic over several machines, and no question about
one clinic walks through another's rows. On PostgreSQL ``event`` is parted by the month in which it was received.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from kiosk.hub.store.entry_tables import (
    certificate as certificate,
)
from kiosk.hub.store.entry_tables import (
    horizon as horizon,
)
from kiosk.hub.store.entry_tables import (
    join_code as join_code,
)
from kiosk.hub.store.entry_tables import (
    join_request as join_request,
)
from kiosk.hub.store.entry_tables import (
    officer as officer,
)
from kiosk.hub.store.entry_tables import (
    officer_act as officer_act,
)
from kiosk.hub.store.entry_tables import (
    shown_code as shown_code,
)
from kiosk.hub.store.entry_tables import (
    start as start,
)
from kiosk.hub.store.schema import Id, Instant, Json, Name, Word, in_clinic
from kiosk.hub.store.schema import metadata as metadata

clinic = Table(
    "clinic",
    metadata,
    Column("id", Name, nullable=False),
    Column("name", String(255), nullable=False),
    Column("added_at", Instant, nullable=False),
    PrimaryKeyConstraint("id"),
)
"""The clinics of the province. Whoever writes rows of a clinic locks its row first: that is its turn."""

device = Table(
    "device",
    metadata,
    in_clinic(),
    Column("name", Name, nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("clinic", "name"),
    CheckConstraint("state IN ('active', 'revoked')", name="state"),
)
"""Devices and their Ed25519 keys."""

stream = Table(
    "stream",
    metadata,
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("gaps", Json, nullable=False),
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
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("said_by", Name, nullable=False),
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
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", Id, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("clinic", "device", "seq"),
    UniqueConstraint("clinic", "id"),
)
"""Every number and id that was taken, and SHA-256 of its envelope: what makes an event count once. A table parted by
months cannot promise that."""

event = Table(
    "event",
    metadata,
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("id", Id, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("visit", Id),
    Column("body", Json, nullable=False),
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
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("what", Word, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("body", Json, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "what"),
)
"""The newest a device said of one thing: ``heartbeat``, ``admission``, ``self_test``, ``self_test_passed``, or
``health.PART``."""

check_in = Table(
    "check_in",
    metadata,
    in_clinic(),
    Column("visit", Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("person_key", Integer, nullable=False),
    Column("person", Id, nullable=False),
    Column("device", Name, nullable=False),
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
    in_clinic(),
    Column("visit", Id, nullable=False),
    Column("change", Word, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "visit"),
)
"""Visits that a correction took back; it may come before the visit itself."""

second_visit = Table(
    "second_visit",
    metadata,
    in_clinic(),
    Column("visit", Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("first_clinic", Name, nullable=False),
    Column("first_visit", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Word),
    PrimaryKeyConstraint("clinic", "visit"),
    CheckConstraint("state IN ('open', 'closed', 'lapsed')", name="state"),
    Index("ix_second_visit_state_found_at", "state", "found_at"),
)
"""Admissions of somebody who was admitted before on the same day. ``lapsed``: one of the two was taken back since."""

quarantine = Table(
    "quarantine",
    metadata,
    in_clinic(),
    Column("digest", LargeBinary(32), nullable=False),
    Column("sender", Name, nullable=False),
    Column("device", Name),
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
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("mark", Word, nullable=False),
    Column("facts", Json, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Word),
    PrimaryKeyConstraint("clinic", "device", "kind", "mark"),
    Index("ix_alarm_closed_at_raised_at", "closed_at", "raised_at"),
)
"""What a person at the province must look at. ``mark`` tells alarms of one kind apart, so that each is raised once;
the hub's own have the clinic and device ``hub``."""


emergency = Table(
    "emergency",
    metadata,
    Column("number", Integer, nullable=False),
    Column("reason", Word, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("raised_by", Word, nullable=False),
    PrimaryKeyConstraint("number"),
)
"""Emergencies: every answer names the newest, and whoever did not know it fetches releases at once."""


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
    in_clinic(),
    Column("hour", Instant, nullable=False),
    *(_number(name) for name in HOUR_NUMBERS),
    PrimaryKeyConstraint("clinic", "hour"),
    Index("ix_hour_count_hour", "hour"),
)
"""What happened at a clinic in an hour (its beginning, UTC), by the time at which it happened there."""

day_share = Table(
    "day_share",
    metadata,
    in_clinic(),
    Column("day", Date, nullable=False),
    Column("measure", String(24), nullable=False),
    Column("word", Word, nullable=False),
    _number("n"),
    PrimaryKeyConstraint("clinic", "day", "measure", "word"),
    Index("ix_day_share_day", "day"),
)
"""How the visits of a clinic's day share out: by ``lane``, ``assurance``, ``card`` and so on."""
