"""The invented person of a simulated card, and the texts printed on it: the MRZ and the QR code.

Source: ICAO Doc 9303-5 (TD1); Circular 59/2021/TT-BCA (personal numbers); the layouts seen on Vietnamese cards.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

NO_EXPIRY = "991231"
_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Holder:
    """An invented citizen. Nothing of it shows in ``repr``.

    :param personal_number: 12 digits; the last six are the card's CAN.
    :param name: the full name with accents, family name first.
    :param expiry: the card's last day, or None for a card without an expiry.
    :param address: place of residence. :param origin: place of origin.
    :param serial: 16 hexadecimal digits; None gives some that depend on the personal number.
    :param portrait_seed: what the drawn face depends on; None takes the personal number.
    """

    personal_number: str
    name: str
    birth: date
    sex: Literal["M", "F"]
    issued: date
    expiry: date | None
    address: str = "Số 1, Phố Mẫu, Nam Định"
    origin: str = "Xã Mẫu, Huyện Mẫu, Nam Định"
    father: str | None = None
    mother: str | None = None
    spouse: str | None = None
    old_number: str | None = None
    nationality: str = "Việt Nam"
    ethnicity: str = "Kinh"
    religion: str = "Không"
    marks: str = "Nốt ruồi C:1cm"
    serial: str | None = None
    portrait_seed: str | None = None

    def __post_init__(self) -> None:
        if len(self.personal_number) != 12 or not self.personal_number.isdecimal():
            raise ValueError("a personal number has twelve digits")

    def __repr__(self) -> str:
        return "Holder()"

    @property
    def can(self) -> str:
        """The card access number: six digits."""
        return self.personal_number[-6:]

    @property
    def document_number(self) -> str:
        """The document number of the MRZ: the last nine digits of the personal number."""
        return self.personal_number[-9:]

    @property
    def chip_serial(self) -> str:
        """16 hexadecimal digits, upper case."""
        return self.serial or hashlib.sha256(self.personal_number.encode()).hexdigest()[:16].upper()

    @property
    def mrz_information(self) -> str:
        """What BAC and PACE make their keys of: document number, birth and expiry with their check digits."""
        parts = (self.document_number, f"{self.birth:%y%m%d}", _expiry(self.expiry))
        return "".join(part + mrz_check_digit(part) for part in parts)

    def mrz_text(self) -> str:
        """The 90 characters of the TD1 zone, its three lines joined."""
        number = self.document_number
        first = "IDVNM" + number + mrz_check_digit(number) + self.personal_number + "<<"
        first += mrz_check_digit(self.personal_number)
        birth, expiry = f"{self.birth:%y%m%d}", _expiry(self.expiry)
        birth, expiry = birth + mrz_check_digit(birth), expiry + mrz_check_digit(expiry)
        composite = mrz_check_digit(first[5:] + birth + expiry + "<" * 11)
        return first + birth + self.sex + expiry + "VNM" + "<" * 11 + composite + mrz_name(self.name)

    def card_qr_text(self, *, layout: Literal[2021, 2024] = 2021) -> str:
        """The text of the QR code on the card.

        The cards of 2024 say more than seven fields, for a child under six the parents' names; no specimen of their
        order is public, so the fields after the seventh are this simulator's own.
        """
        sex = "Nam" if self.sex == "M" else "Nữ"
        dates = f"{self.birth:%d%m%Y}", f"{self.issued:%d%m%Y}"
        fields = [self.personal_number, self.old_number or "", self.name, dates[0], sex, self.address, dates[1]]
        extra = ["", self.father or "", self.mother or ""] if layout == 2024 else []
        return "|".join(fields + extra)


def _expiry(value: date | None) -> str:
    return NO_EXPIRY if value is None else f"{value:%y%m%d}"


def mrz_check_digit(text: str) -> str:
    """The check digit over ``text``: weights 7, 3, 1."""
    return str(sum(_VALUES[character] * (7, 3, 1)[at % 3] for at, character in enumerate(text)) % 10)


def mrz_name(name: str) -> str:
    """The third line of the zone, 30 characters: family name, two fillers, the other names, accents removed."""
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    words = "".join(letter for letter in plain.upper() if letter.isascii() and (letter.isalpha() or letter == " "))
    family, *given = words.split()
    return (family + "<<" + "<".join(given)).ljust(30, "<")[:30]


SPECIMEN = Holder(
    personal_number="036090999991",
    name="Nguyễn Văn Thử",
    birth=date(1990, 1, 15),
    sex="M",
    issued=date(2022, 2, 1),
    expiry=date(2030, 1, 15),
    father="Nguyễn Văn Cha",
    mother="Trần Thị Mẹ",
    spouse="Lê Thị Vợ",
    old_number="160000001",
    serial="0123456789ABCDEF",
)
"""The invented citizen whose DG13 is known byte for byte."""
