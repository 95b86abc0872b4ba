"""What devices are asked to do: paper to print, self-tests, and the cards that are for tests."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "print_order",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("condition", sa.String(16), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'printing', 'printed', 'sent', 'refused', 'unsure')",
            name=op.f("ck_print_order_state"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_print_order_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_order")),
    )
    op.create_index("ix_print_order_device_state", "print_order", ["device", "state"])
    op.create_index("ix_print_order_visit_id", "print_order", ["visit_id"])
    op.create_table(
        "self_test",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('ordered', 'running', 'passed', 'failed')", name=op.f("ck_self_test_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_test")),
    )
    op.create_index("ix_self_test_device_created_at", "self_test", ["device", "created_at"])
    op.create_table(
        "test_card",
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("tag", sa.LargeBinary(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("clinic", "tag", name=op.f("pk_test_card")),
    )


def downgrade() -> None:
    op.drop_table("test_card")
    op.drop_table("self_test")
    op.drop_table("print_order")
