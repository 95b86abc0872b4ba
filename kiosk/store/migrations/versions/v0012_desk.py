"""Who took a notice, cards that were reported lost, how long a visit took, and what a comparison with a face found."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("owner", sa.String(64)))
    op.add_column("notice", sa.Column("taken_at", sa.DateTime()))
    op.add_column("visit", sa.Column("took_ms", sa.Integer()))
    op.add_column("visit", sa.Column("holder_check", sa.String(16)))
    op.create_table(
        "notice_event",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("notice_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_event_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_event")),
    )
    op.create_index("ix_notice_event_notice_id", "notice_event", ["notice_id"])
    op.create_table(
        "lost_card",
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("tag", sa.LargeBinary(16), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("clinic", "tag", name=op.f("pk_lost_card")),
    )


def downgrade() -> None:
    op.drop_table("lost_card")
    op.drop_table("notice_event")
    for table, column in (
        ("visit", "holder_check"),
        ("visit", "took_ms"),
        ("notice", "taken_at"),
        ("notice", "owner"),
    ):
        op.drop_column(table, column)
