"""Who works at the demonstration's desk: invented people, with passwords that everybody may read."""

from dataclasses import dataclass

from kiosk.domain.staff import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """An invented clerk. The password is no secret."""

    sign: str
    role: Role
    name: str
    number: str
    password: str


CLERKS = (
    Clerk(
        sign="truc",
        role=Role.RECEPTION,
        name="Phạm Thị Trực",
        number="036185999901",
        password="hoa sen trước cửa",
    ),
    Clerk(
        sign="hung",
        role=Role.LEAD,
        name="Đỗ Văn Hùng Mẫu",
        number="036078999902",
        password="cây đa bến nước",
    ),
    Clerk(
        sign="mai",
        role=Role.ADMINISTRATOR,
        name="Vũ Thị Mai Mẫu",
        number="036182999903",
        password="con đò sang sông",
    ),
)
