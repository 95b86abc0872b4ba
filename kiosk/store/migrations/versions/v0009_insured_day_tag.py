"""A second tag of the day, by which a visit is found by its insurance number without opening the day's records."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was recorded earlier on the day of the upgrade stays without: only the day's key makes tags.
    op.add_column("visit", sa.Column("insured_day_tag", sa.LargeBinary(16)))
    op.create_index("ix_visit_clinic_day_insured_day_tag", "visit", ["clinic", "day", "insured_day_tag"])


def downgrade() -> None:
    op.drop_index("ix_visit_clinic_day_insured_day_tag", "visit")
    op.drop_column("visit", "insured_day_tag")
