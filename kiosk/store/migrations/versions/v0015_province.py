"""What is told to the province: events as they are sent, and how far the hub has them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "province_sender",
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("acked_through", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("emergency", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("stopped", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_province_sender")),
    )
    op.create_table(
        "province_event",
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("source", sa.String(96), nullable=False),
        sa.Column("again", sa.Integer(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'acked', 'aside')", name=op.f("ck_province_event_state")),
        sa.PrimaryKeyConstraint("device", "seq", name=op.f("pk_province_event")),
    )
    op.create_index("ix_province_event_device_state_seq", "province_event", ["device", "state", "seq"])
    op.create_table(
        "province_mark",
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("source", sa.String(96), nullable=False),
        sa.Column("said", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("device", "source", name=op.f("pk_province_mark")),
    )


def downgrade() -> None:
    op.drop_table("province_mark")
    op.drop_table("province_event")
    op.drop_table("province_sender")
