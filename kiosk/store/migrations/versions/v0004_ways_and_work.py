"""How a person came, what to do next about their cover, and the list of what is to be put right."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = (("way", sa.String(24)), ("cover_next", sa.String(24)), ("compared_at", sa.DateTime()))


def upgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        for name, kind in _COLUMNS:
            visit.add_column(sa.Column(name, kind))
    op.create_table(
        "work",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(36)),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("left_source", sa.String(16), nullable=False),
        sa.Column("right_source", sa.String(16), nullable=False),
        sa.Column("grade", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary()),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("commitment", sa.LargeBinary(32)),
        sa.Column("roster_version", sa.String(64)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime()),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("closed_at", sa.DateTime()),
        sa.Column("closed_by", sa.String(64)),
        sa.Column("closed_how", sa.String(24)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_work_visit_id_visit")),
        sa.CheckConstraint("state IN ('open', 'sent', 'closed')", name=op.f("ck_work_state")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_work_closed_at")),
    )
    op.create_index("ix_work_clinic_state_created_at", "work", ["clinic", "state", "created_at"])


def downgrade() -> None:
    op.drop_table("work")
    with op.batch_alter_table("visit") as visit:
        for name, _ in reversed(_COLUMNS):
            visit.drop_column(name)
