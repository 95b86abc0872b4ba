"""The places in a personal number's first three digits, and what became of them.

Numbers once given never change; the provinces do. So the codes are those of the 63 provinces that gave them, and what
happened to a province since is data with a date.

Source: Circular 59/2021/TT-BCA (codes); Resolution 175/2024/QH15 (Huế); Resolution 202/2025/QH15 (34 provinces).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

PROVINCES: Mapping[str, str] = MappingProxyType(
    {
        "001": "Hà Nội",
        "002": "Hà Giang",
        "004": "Cao Bằng",
        "006": "Bắc Kạn",
        "008": "Tuyên Quang",
        "010": "Lào Cai",
        "011": "Điện Biên",
        "012": "Lai Châu",
        "014": "Sơn La",
        "015": "Yên Bái",
        "017": "Hòa Bình",
        "019": "Thái Nguyên",
        "020": "Lạng Sơn",
        "022": "Quảng Ninh",
        "024": "Bắc Giang",
        "025": "Phú Thọ",
        "026": "Vĩnh Phúc",
        "027": "Bắc Ninh",
        "030": "Hải Dương",
        "031": "Hải Phòng",
        "033": "Hưng Yên",
        "034": "Thái Bình",
        "035": "Hà Nam",
        "036": "Nam Định",
        "037": "Ninh Bình",
        "038": "Thanh Hóa",
        "040": "Nghệ An",
        "042": "Hà Tĩnh",
        "044": "Quảng Bình",
        "045": "Quảng Trị",
        "046": "Thừa Thiên Huế",
        "048": "Đà Nẵng",
        "049": "Quảng Nam",
        "051": "Quảng Ngãi",
        "052": "Bình Định",
        "054": "Phú Yên",
        "056": "Khánh Hòa",
        "058": "Ninh Thuận",
        "060": "Bình Thuận",
        "062": "Kon Tum",
        "064": "Gia Lai",
        "066": "Đắk Lắk",
        "067": "Đắk Nông",
        "068": "Lâm Đồng",
        "070": "Bình Phước",
        "072": "Tây Ninh",
        "074": "Bình Dương",
        "075": "Đồng Nai",
        "077": "Bà Rịa - Vũng Tàu",
        "079": "Thành phố Hồ Chí Minh",
        "080": "Long An",
        "082": "Tiền Giang",
        "083": "Bến Tre",
        "084": "Trà Vinh",
        "086": "Vĩnh Long",
        "087": "Đồng Tháp",
        "089": "An Giang",
        "091": "Kiên Giang",
        "092": "Cần Thơ",
        "093": "Hậu Giang",
        "094": "Sóc Trăng",
        "095": "Bạc Liêu",
        "096": "Cà Mau",
    }
)
"""The 63 province codes of personal numbers, with the names the provinces had when the codes were made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From ``day`` on, the provinces with these ``codes`` are one province called ``name``."""

    day: date
    name: str
    codes: tuple[str, ...]


_MERGERS_OF_2025 = {
    "Tuyên Quang": ("008", "002"),
    "Lào Cai": ("010", "015"),
    "Thái Nguyên": ("019", "006"),
    "Phú Thọ": ("025", "026", "017"),
    "Bắc Ninh": ("027", "024"),
    "Hưng Yên": ("033", "034"),
    "Hải Phòng": ("031", "030"),
    "Ninh Bình": ("037", "035", "036"),
    "Quảng Trị": ("045", "044"),
    "Đà Nẵng": ("048", "049"),
    "Quảng Ngãi": ("051", "062"),
    "Gia Lai": ("064", "052"),
    "Khánh Hòa": ("056", "058"),
    "Lâm Đồng": ("068", "067", "060"),
    "Đắk Lắk": ("066", "054"),
    "Thành phố Hồ Chí Minh": ("079", "074", "077"),
    "Đồng Nai": ("075", "070"),
    "Tây Ninh": ("072", "080"),
    "Cần Thơ": ("092", "094", "093"),
    "Vĩnh Long": ("086", "083", "084"),
    "Đồng Tháp": ("087", "082"),
    "Cà Mau": ("096", "095"),
    "An Giang": ("089", "091"),
}

CHANGES: tuple[Change, ...] = (
    Change(day=date(2025, 1, 1), name="Huế", codes=("046",)),
    *(Change(day=date(2025, 7, 1), name=name, codes=codes) for name, codes in _MERGERS_OF_2025.items()),
)
"""What happened to provinces since, in order of time. A merged province lists first the code of its namesake."""


def province_name(code: str, on: date) -> str | None:
    """The name of the province to which ``code`` belongs on the day ``on``, or None for a country or no known code."""
    names = [change.name for change in CHANGES if code in change.codes and change.day <= on]
    return names[-1] if names else PROVINCES.get(code)


def same_province(code: str, other: str, on: date) -> bool:
    """Whether both codes belong to one province on the day ``on``; False for codes that are no province's."""
    name = province_name(code, on)
    return name is not None and name == province_name(other, on)
