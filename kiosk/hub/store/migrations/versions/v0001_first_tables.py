"""The first tables of the hub. On PostgreSQL events lie in months, and what fits none in a default partition."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("clinic", "device", "kind", "mark", name=op.f("pk_alarm")),
    )
    op.create_index("ix_alarm_closed_at_raised_at", "alarm", ["closed_at", "raised_at"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("person", sa.LargeBinary(length=16), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "visit", name=op.f("pk_check_in")),
    )
    op.create_index("ix_check_in_clinic_day", "check_in", ["clinic", "day"], unique=False)
    op.create_index("ix_check_in_person", "check_in", ["person", "person_key", "day"], unique=False)
    op.create_table(
        "clinic",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "day_share",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("clinic", "day", "measure", "word", name=op.f("pk_day_share")),
    )
    op.create_index("ix_day_share_day", "day_share", ["day"], unique=False)
    op.create_table(
        "device",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('active', 'revoked')", name=op.f("ck_device_state")),
        sa.PrimaryKeyConstraint("clinic", "name", name=op.f("pk_device")),
    )
    op.create_table(
        "emergency",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
        sa.Column("raised_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_emergency")),
    )
    op.create_table(
        "event",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.LargeBinary(length=16), nullable=True),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", "seq", "received_at", name=op.f("pk_event")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index("ix_event_clinic_at", "event", ["clinic", "at"], unique=False)
    op.create_index("ix_event_clinic_visit", "event", ["clinic", "visit"], unique=False)
    op.create_table(
        "hour_count",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("hour", _INSTANT, nullable=False),
        sa.Column("admissions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by_machine", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("desk_tickets", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("withdrawals", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("exceptions_opened", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("exceptions_closed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overrides", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reads", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_reads", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("linked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("link_known", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wait_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("takes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taken_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("clinic", "hour", name=op.f("pk_hour_count")),
    )
    op.create_index("ix_hour_count_hour", "hour_count", ["hour"], unique=False)
    op.create_table(
        "latest",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", "what", name=op.f("pk_latest")),
    )
    op.create_table(
        "ledger",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", "seq", name=op.f("pk_ledger")),
        sa.UniqueConstraint("clinic", "id", name=op.f("uq_ledger_clinic_id")),
    )
    op.create_table(
        "quarantine",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'taken', 'dropped')", name=op.f("ck_quarantine_state")),
        sa.PrimaryKeyConstraint("clinic", "digest", name=op.f("pk_quarantine")),
    )
    op.create_index("ix_quarantine_state_received_at", "quarantine", ["state", "received_at"], unique=False)
    op.create_table(
        "second_visit",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_clinic", sa.String(length=32), nullable=False),
        sa.Column("first_visit", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed', 'lapsed')", name=op.f("ck_second_visit_state")),
        sa.PrimaryKeyConstraint("clinic", "visit", name=op.f("pk_second_visit")),
    )
    op.create_index("ix_second_visit_state_found_at", "second_visit", ["state", "found_at"], unique=False)
    op.create_table(
        "stream",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("gaps", _JSON, nullable=False),
        sa.Column("audit_at", sa.BigInteger(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("heard_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", name=op.f("pk_stream")),
    )
    op.create_table(
        "withdrawn",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.LargeBinary(length=16), nullable=False),
        sa.Column("change", sa.String(length=64), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "visit", name=op.f("pk_withdrawn")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE event_default PARTITION OF event DEFAULT")


def downgrade() -> None:
    op.drop_table("withdrawn")
    op.drop_table("stream")
    op.drop_table("second_visit")
    op.drop_table("quarantine")
    op.drop_table("ledger")
    op.drop_table("latest")
    op.drop_table("hour_count")
    op.drop_table("event")
    op.drop_table("emergency")
    op.drop_table("device")
    op.drop_table("day_share")
    op.drop_table("clinic")
    op.drop_table("check_in")
    op.drop_table("alarm")
