"""The personal number (số định danh cá nhân): twelve digits that a person keeps for life.

Three digits for the place of birth registration (a province, or from 100 on a country), one for century and sex, two
for the year of birth, six at random. There is no check digit in it.

Source: Circular 59/2021/TT-BCA, with Circular 07/2016/TT-BCA.
"""

import re
from dataclasses import dataclass

from idcard.errors import MalformedData
from idcard.identity import Sex

_DIGITS = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonalNumber:
    """A personal number: its twelve digits and what they say."""

    digits: str

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise ValueError("a personal number has twelve digits")

    def __repr__(self) -> str:
        return "PersonalNumber(…)"

    @classmethod
    def parse(cls, text: str) -> "PersonalNumber":
        """The personal number that ``text`` is: twelve ASCII digits and nothing else.

        :raises MalformedData: if it is anything else.
        """
        if not _DIGITS.fullmatch(text):
            raise MalformedData("is not twelve digits", where="personal number")
        return cls(digits=text)

    @property
    def province_code(self) -> str:
        """The three digits of the place of birth registration: see :mod:`idcard.vietnam.provinces`."""
        return self.digits[:3]

    @property
    def sex(self) -> Sex:
        """The sex that was registered: the fourth digit is even for men and odd for women."""
        return Sex.FEMALE if int(self.digits[3]) % 2 else Sex.MALE

    @property
    def birth_year(self) -> int:
        """The year of birth in four digits: the fourth digit's half counts the centuries from 1900."""
        return 1900 + int(self.digits[3]) // 2 * 100 + int(self.digits[4:6])

    @property
    def can(self) -> str:
        """The card access number of the card: the last six digits."""
        return self.digits[6:]

    @property
    def document_number(self) -> str:
        """The document number in the machine-readable zone: the last nine digits."""
        return self.digits[3:]
