"""Accounts of those who work at the desk, with the hash of a password each."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_account",
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("sign", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("proof", sa.LargeBinary(16), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(32), nullable=True),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'locked', 'removed')", name=op.f("ck_staff_account_state")),
        sa.PrimaryKeyConstraint("clinic", "sign", name=op.f("pk_staff_account")),
    )


def downgrade() -> None:
    op.drop_table("staff_account")
