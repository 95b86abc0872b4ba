"""Tables of who is let in, of clinics' devices and of the province's officers, and of what they did."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from kiosk.hub.store.schema import Id, Instant, Json, Name, Word, in_clinic, metadata

join_code = Table(
    "join_code",
    metadata,
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("locator", String(8), nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Word, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device", "locator"),
    CheckConstraint("state IN ('open', 'used', 'void')", name="state"),
    Index("ix_join_code_locator", "locator", unique=True),
)
"""Codes with which a device may ask to be let in: what finds them, and a slow hash of what is secret."""

join_request = Table(
    "join_request",
    metadata,
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("tls_key", LargeBinary, nullable=False),
    Column("digits", String(19), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Word),
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
    in_clinic(),
    Column("device", Name, nullable=False),
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
    in_clinic(),
    Column("device", Name, nullable=False),
    Column("drawn", Json, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("heard_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic", "device"),
)
"""The numbers that a device's program drew at its last starts, the present one last, and how often one came back."""

officer = Table(
    "officer",
    metadata,
    Column("sign", Name, nullable=False),
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
    Column("id", Id, nullable=False),
    Column("at", Instant, nullable=False),
    Column("sign", Name, nullable=False),
    Column("act", Word, nullable=False),
    Column("clinic", Name),
    Column("subject", String(128)),
    Column("reason", Word),
    Column("words", String(255)),
    PrimaryKeyConstraint("id"),
    Index("ix_officer_act_at", "at"),
)
"""What officers did: who, when, what, and why. Rows are added and never changed."""

shown_code = Table(
    "shown_code",
    metadata,
    in_clinic(),
    Column("visit", Id, nullable=False),
    Column("code", Id, nullable=False),
    Column("day", Date, nullable=False),
    Column("device", Name, nullable=False),
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
