"""Security keys of the desk's accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_key",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("sign", sa.String(32), nullable=False),
        sa.Column("site", sa.String(253), nullable=False),
        sa.Column("credential", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(1023), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proof", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('good', 'revoked')", name=op.f("ck_staff_key_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_key")),
    )
    op.create_index("ix_staff_key_clinic_sign", "staff_key", ["clinic", "sign"])
    op.create_index("ix_staff_key_clinic_credential", "staff_key", ["clinic", "credential"], unique=True)


def downgrade() -> None:
    op.drop_table("staff_key")
