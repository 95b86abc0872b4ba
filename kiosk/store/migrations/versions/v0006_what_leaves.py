"""What the hospital said of a visit, and what is on its way to other programs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_order",
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("code", sa.String(255), nullable=False),
        sa.Column("name", sa.String(1024), nullable=False),
        sa.Column("ordered_at", sa.DateTime(), nullable=False),
        sa.Column("route", sa.String(8)),
        sa.Column("visit_kind", sa.String(2), nullable=False),
        sa.Column("recorded_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('service', 'medicine', 'supply')", name=op.f("ck_visit_order_kind")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_order_visit_id_visit")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_order")),
    )
    op.create_table(
        "delivery",
        sa.Column("sink", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.Column("receipt", sa.String(128)),
        sa.Column("settled_at", sa.DateTime()),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["event_id"], ["outbox.id"], name=op.f("fk_delivery_event_id_outbox")),
        sa.PrimaryKeyConstraint("sink", "event_id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_sink_state_event_id", "delivery", ["sink", "state", "event_id"])
    op.create_table(
        "delivery_cursor",
        sa.Column("sink", sa.String(32), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sink", "device", name=op.f("pk_delivery_cursor")),
    )


def downgrade() -> None:
    op.drop_table("delivery_cursor")
    op.drop_index("ix_delivery_sink_state_event_id", "delivery")
    op.drop_table("delivery")
    op.drop_table("visit_order")
