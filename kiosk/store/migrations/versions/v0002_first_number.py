"""The number and the day that a desk ticket had before it was confirmed on a later day."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        visit.add_column(sa.Column("first_day", sa.Date()))
        visit.add_column(sa.Column("first_number", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        visit.drop_column("first_number")
        visit.drop_column("first_day")
