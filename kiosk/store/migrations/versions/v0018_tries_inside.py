"""Wrong tries of whoever is logged in are counted apart from those at the door."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_account", sa.Column("inside_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("staff_account", sa.Column("inside_next_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("staff_account", "inside_next_at")
    op.drop_column("staff_account", "inside_tries")
