"""The first tables: visits, notices, audit chain, outbox, counters and device states."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assurance", sa.String(24), nullable=False),
        sa.Column("read_assurance", sa.String(24), nullable=False),
        sa.Column("proved_by", sa.String(16), nullable=False),
        sa.Column("code", sa.String(16)),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.JSON()),
        sa.Column("trust_version", sa.String(64)),
        sa.Column("roster_version", sa.String(64)),
        sa.Column("check_code", sa.String(8), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("person_day_tag", sa.LargeBinary(16)),
        sa.Column("sealed_key", sa.LargeBinary()),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("commitment", sa.LargeBinary(32)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("admitted_at", sa.DateTime()),
        sa.Column("called_at", sa.DateTime()),
        sa.Column("confirmed_by", sa.String(64)),
        sa.CheckConstraint("state IN ('desk', 'admitted', 'closed')", name=op.f("ck_visit_state")),
        sa.CheckConstraint("(state = 'admitted') = (admitted_at IS NOT NULL)", name=op.f("ck_visit_admitted_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("clinic", "day", "series", "number", name=op.f("uq_visit_clinic_day_series_number")),
    )
    op.create_index("ix_visit_clinic_day_state", "visit", ["clinic", "day", "state"])
    op.create_index(
        "uq_visit_admitted_person",
        "visit",
        ["clinic", "day", "person_day_tag"],
        unique=True,
        sqlite_where=sa.text("state = 'admitted'"),
        postgresql_where=sa.text("state = 'admitted'"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("visit_id", sa.String(36)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("resolved_at", sa.DateTime()),
        sa.Column("resolved_by", sa.String(64)),
        sa.Column("resolution", sa.String(32)),
        sa.CheckConstraint("state IN ('new', 'resolved')", name=op.f("ck_notice_state")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_notice_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_clinic_state_created_at", "notice", ["clinic", "state", "created_at"])
    op.create_table(
        "audit",
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("device", "seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("device", "seq", name=op.f("uq_outbox_device_seq")),
    )
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"])
    op.create_table(
        "counter",
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clinic", "day", "series", name=op.f("pk_counter")),
    )
    op.create_table(
        "device_state",
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("part", sa.String(32), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("device", "part", name=op.f("pk_device_state")),
    )


def downgrade() -> None:
    for table in ("device_state", "counter", "outbox", "audit", "notice", "visit"):
        op.drop_table(table)
