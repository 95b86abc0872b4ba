"""Which generation of card was read, how many readings that took, and which code was shown."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("card", sa.String(16)))
    op.add_column("visit", sa.Column("readings", sa.Integer()))
    op.add_column("visit", sa.Column("shown_code", sa.LargeBinary()))


def downgrade() -> None:
    for column in ("shown_code", "readings", "card"):
        op.drop_column("visit", column)
