"""The security keys of the desk's accounts: their public halves. No column holds a person's field."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.store.tables import Base


class StaffKey(Base):
    """A security key of an account. ``site`` is the name that it is bound to, ``count`` how often it has signed.

    ``proof`` is the staff process's own mark of the row: whoever else writes here makes no key.
    """

    __tablename__ = "staff_key"
    __table_args__ = (
        CheckConstraint("state IN ('good', 'revoked')", name="state"),
        Index("ix_staff_key_clinic_sign", "clinic", "sign"),
        Index("ix_staff_key_clinic_credential", "clinic", "credential", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    clinic: Mapped[str] = mapped_column(String(16))
    sign: Mapped[str] = mapped_column(String(32))
    site: Mapped[str] = mapped_column(String(253))
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(1023))
    count: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    proof: Mapped[bytes] = mapped_column(LargeBinary(16))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
