"""A whole DG13 in the layout of real cards, with invented data.

Source: the layout agrees between a published parser with its fixture, a published profile, and the fixed offsets in a
third program, which were computed again from these bytes (the number at byte 30, the name at 49).
"""

from datetime import date

from idcard.identity import BirthDate, Sex
from idcard.vietnam.dg13 import Dg13

DG13 = bytes.fromhex(
    "6d82017d30820179020101060628d3160100083182016a30110201010c0c30333630393039393939393130180201020c134e677579e1bb856e"
    "2056c4836e205468e1bbad300f0201030c0a31352f30312f3139393030080201040c034e616d300f0201050c0a5669e1bb8774204e616d3009"
    "0201060c044b696e68300b0201070c064b68c3b46e67302a0201080c2558c3a3204de1baab752c20487579e1bb876e204de1baab752c204e61"
    "6d20c490e1bb8b6e6830250201090c2053e1bb9120312c205068e1bb91204de1baab752c204e616d20c490e1bb8b6e68301702010a0c124ee1"
    "bb9174207275e1bb936920433a31636d300f02010b0c0a30312f30322f32303232300f02010c0c0a31352f30312f32303330302b02010d3026"
    "0c114e677579e1bb856e2056c4836e204368610c115472e1baa76e205468e1bb8b204de1bab9301502010e30100c0e4cc3aa205468e1bb8b20"
    "56e1bba3300e02010f0c0931363030303030303130150201100c1030313233343536373839414243444546"
)


def test_the_offsets_that_programs_rely_on() -> None:
    assert DG13[30:42] == b"036090999991"
    assert DG13[49:68].decode() == "Nguyễn Văn Thử"


def test_every_field() -> None:
    dg13 = Dg13.parse(DG13)
    assert dg13.personal_number is not None
    assert dg13.personal_number.digits == "036090999991"
    assert dg13.name == "Nguyễn Văn Thử"
    assert dg13.birth == BirthDate(year=1990, month=1, day=15)
    assert dg13.sex is Sex.MALE
    assert (dg13.nationality, dg13.ethnicity, dg13.religion) == ("Việt Nam", "Kinh", "Không")
    assert dg13.origin == "Xã Mẫu, Huyện Mẫu, Nam Định"
    assert dg13.residence == "Số 1, Phố Mẫu, Nam Định"
    assert dg13.marks == "Nốt ruồi C:1cm"
    assert (dg13.issued, dg13.expiry, dg13.expiry_text) == (date(2022, 2, 1), date(2030, 1, 15), "15/01/2030")
    assert dg13.parents == ("Nguyễn Văn Cha", "Trần Thị Mẹ")
    assert dg13.spouse == "Lê Thị Vợ"
    assert (dg13.old_number, dg13.serial) == ("160000001", "0123456789ABCDEF")
    assert sorted(dg13.raw) == list(range(1, 17))
