"""Every end of an audit chain that is said stays, and not the last one alone. What the streams know is carried over."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("said_by", sa.String(length=32), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", "seq", "hash", name=op.f("pk_audit_head")),
    )
    op.execute(
        "INSERT INTO audit_head (clinic, device, seq, hash, said_by, event, at, received_at) "
        "SELECT clinic, device, audit_seq, audit_hash, device, audit_at, heard_at, heard_at FROM stream "
        "WHERE audit_seq > 0"
    )


def downgrade() -> None:
    op.drop_table("audit_head")
