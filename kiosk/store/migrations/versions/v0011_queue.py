"""The line before each room, as events; whose priority a clerk gave; who helped at the machine."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "waits_in": sa.String(32),
    "stands_at": sa.DateTime(),
    "queue_state": sa.String(16),
    "priority_by": sa.String(64),
    "assisted_by": sa.String(64),
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("visit", sa.Column(name, kind))
    op.create_table(
        "queue_event",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("room_id", sa.String(32), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("undoes", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_queue_event_visit_id_visit")),
        sa.ForeignKeyConstraint(["undoes"], ["queue_event.id"], name=op.f("fk_queue_event_undoes_queue_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_event")),
        sa.UniqueConstraint("clinic", "day", "seq", name=op.f("uq_queue_event_clinic_day_seq")),
        sa.UniqueConstraint("undoes", name=op.f("uq_queue_event_undoes")),
    )
    op.create_index("ix_queue_event_visit_id", "queue_event", ["visit_id"])
    op.create_table(
        "assistance",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance")),
    )
    op.create_index("ix_assistance_clinic_device_until", "assistance", ["clinic", "device", "until"])


def downgrade() -> None:
    op.drop_table("assistance")
    op.drop_table("queue_event")
    for name in reversed(_COLUMNS):
        op.drop_column("visit", name)
