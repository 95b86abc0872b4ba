"""What the province's picture needs: officers, their acts, codes that were shown, and since when there are events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("ix_check_in_day", "check_in", ["day"], unique=False)
    op.create_table(
        "officer",
        sa.Column("sign", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.CheckConstraint("role IN ('auditor', 'officer', 'administrator')", name=op.f("ck_officer_role")),
        sa.CheckConstraint("state IN ('open', 'locked')", name=op.f("ck_officer_state")),
        sa.PrimaryKeyConstraint("sign", name=op.f("pk_officer")),
    )
    op.create_table(
        "officer_act",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("sign", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("clinic", sa.String(length=32), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("words", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_act")),
    )
    op.create_index("ix_officer_act_at", "officer_act", ["at"], unique=False)
    op.create_table(
        "shown_code",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.LargeBinary(length=16), nullable=False),
        sa.Column("code", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "visit", name=op.f("pk_shown_code")),
    )
    op.create_index("ix_shown_code_day_code", "shown_code", ["day", "code"], unique=False)
    op.create_table(
        "horizon",
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_horizon")),
    )


def downgrade() -> None:
    for table in ("horizon", "shown_code", "officer_act", "officer"):
        op.drop_table(table)
    op.drop_index("ix_check_in_day", table_name="check_in")
