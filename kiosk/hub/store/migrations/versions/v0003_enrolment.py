"""Enrolment: codes, who asked with them, certificates, and the starts by which two machines are told apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "join_code",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("locator", sa.String(length=8), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('open', 'used', 'void')", name=op.f("ck_join_code_state")),
        sa.PrimaryKeyConstraint("clinic", "device", "locator", name=op.f("pk_join_code")),
    )
    op.create_index("ix_join_code_locator", "join_code", ["locator"], unique=True)
    op.create_table(
        "join_request",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tls_key", sa.LargeBinary(), nullable=False),
        sa.Column("digits", sa.String(length=19), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("serial", sa.LargeBinary(length=20), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name=op.f("ck_join_request_state")),
        sa.PrimaryKeyConstraint("clinic", "device", "digest", name=op.f("pk_join_request")),
    )
    op.create_index("ix_join_request_digest", "join_request", ["digest"], unique=False)
    op.create_index("ix_join_request_state_asked_at", "join_request", ["state", "asked_at"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.LargeBinary(length=20), nullable=False),
        sa.Column("tls_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("replaced_by", sa.LargeBinary(length=20), nullable=True),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("clinic", "device", "serial", name=op.f("pk_certificate")),
    )
    op.create_index("ix_certificate_serial", "certificate", ["serial"], unique=True)
    op.create_index("ix_certificate_revoked_at", "certificate", ["revoked_at"], unique=False)
    op.create_table(
        "start",
        sa.Column("clinic", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("drawn", _JSON, nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("heard_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic", "device", name=op.f("pk_start")),
    )


def downgrade() -> None:
    op.drop_table("start")
    op.drop_table("certificate")
    op.drop_table("join_request")
    op.drop_table("join_code")
