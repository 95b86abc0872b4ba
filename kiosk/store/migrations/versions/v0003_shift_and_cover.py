"""Shifts; what a decision on cover rests on, and whether the payer is asked again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("cover_source", sa.String(16)),
    ("cover_as_of", sa.DateTime()),
    ("cover_result", sa.String(8)),
    ("cover_online", sa.String(24)),
    ("shift_id", sa.String(36)),
    ("recheck", sa.String(16)),
)


def upgrade() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_clinic_ends_at", "shift", ["clinic", "ends_at"])
    with op.batch_alter_table("visit") as visit:
        for name, kind in _COLUMNS:
            visit.add_column(sa.Column(name, kind))
    op.create_index("ix_visit_clinic_recheck", "visit", ["clinic", "recheck"])


def downgrade() -> None:
    op.drop_index("ix_visit_clinic_recheck", "visit")
    with op.batch_alter_table("visit") as visit:
        for name, _ in reversed(_COLUMNS):
            visit.drop_column(name)
    op.drop_table("shift")
