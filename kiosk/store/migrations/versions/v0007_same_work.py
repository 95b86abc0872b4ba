"""A keyed hash by which an entry of the worklist is found again without opening all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work", sa.Column("same", sa.LargeBinary(16)))
    # Unique: nothing (NULL) is never the same as nothing. The key is the staff's, who fill in what was there before.
    op.create_index("uq_work_clinic_same", "work", ["clinic", "same"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_work_clinic_same", "work")
    op.drop_column("work", "same")
