"""Who looked at whose record, and who gave leave to be read."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "look",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(36), nullable=True),
        sa.Column("page", sa.String(32), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_look_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    op.create_index("ix_look_clinic_at", "look", ["clinic", "at"])
    op.create_index("ix_look_visit_id", "look", ["visit_id"])
    op.create_index("ix_look_device_link", "look", ["device", "link"])
    op.add_column("visit", sa.Column("agreed_at", sa.DateTime(), nullable=True))
    op.add_column("visit", sa.Column("agreed_to", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("visit", "agreed_to")
    op.drop_column("visit", "agreed_at")
    op.drop_table("look")
