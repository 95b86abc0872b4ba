"""The admission record: routes, receipts, what was done to a visit later, and admissions that were taken back."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("route_proposed", sa.String(8)),
    ("route", sa.String(8)),
    ("receipt", sa.Text()),
    ("corrects", sa.String(36)),
)
_STATES = {
    "ck_visit_state": "state IN ('desk', 'admitted', 'closed')",
    "ck_visit_admitted_at": "(state = 'admitted') = (admitted_at IS NOT NULL)",
}
_STATES_NOW = {
    "ck_visit_state": "state IN ('desk', 'admitted', 'closed', 'cancelled')",
    "ck_visit_admitted_at": "(state IN ('admitted', 'cancelled')) = (admitted_at IS NOT NULL)",
}


def upgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        _change_rules(visit, _STATES_NOW)
        for name, kind in _COLUMNS:
            visit.add_column(sa.Column(name, kind))
    op.create_table(
        "visit_event",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("before", sa.String(36)),
        sa.Column("after", sa.String(36)),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("shift_id", sa.String(36)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_event_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_event")),
    )
    op.create_index("ix_visit_event_visit_id", "visit_event", ["visit_id"])


def downgrade() -> None:
    op.drop_table("visit_event")
    # Before there was no such state; the column that tells when it was admitted says nothing without it.
    op.execute("UPDATE visit SET state = 'closed', admitted_at = NULL WHERE state = 'cancelled'")
    with op.batch_alter_table("visit") as visit:
        _change_rules(visit, _STATES)
        for name, _ in reversed(_COLUMNS):
            visit.drop_column(name)


def _change_rules(visit: BatchOperations, states: Mapping[str, str]) -> None:
    for name, rule in states.items():
        visit.drop_constraint(op.f(name), type_="check")
        visit.create_check_constraint(op.f(name), sa.text(rule))
