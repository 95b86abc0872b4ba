"""What opens a chip: the card access number, the numbers of the machine readable zone, or the holder's PIN and PUK.

Source: ICAO Doc 9303-11, "Password encoding" (PACE) and "Document Basic Access Keys" (BAC); BSI TR-03110-3 for PIN and
PUK.
"""

import hashlib
from dataclasses import dataclass

from idcard.encoding.mrz import mrz_information
from idcard.evidence import KeyKind


@dataclass(frozen=True, slots=True, repr=False)
class Can:
    """A card access number: six digits on the card; on Vietnamese cards the last six of the personal number."""

    number: str

    def __post_init__(self) -> None:
        if not (self.number.isascii() and self.number.isdigit() and 1 <= len(self.number) <= 20):
            raise ValueError("a card access number is digits")

    def __repr__(self) -> str:
        return "Can(…)"

    @property
    def kind(self) -> KeyKind:
        """CAN."""
        return KeyKind.CAN

    @property
    def password(self) -> bytes:
        """The encoded password of PACE: the digits themselves."""
        return self.number.encode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class MrzKey:
    """The MRZ information: document number, birth and expiry date, each with its check digit."""

    information: str

    def __repr__(self) -> str:
        return "MrzKey(…)"

    @classmethod
    def of(cls, document_number: str, birth: str, expiry: str) -> "MrzKey":
        """The key from the document number (9 or more characters) and the dates as YYMMDD."""
        return cls(mrz_information(document_number, birth, expiry))

    @property
    def kind(self) -> KeyKind:
        """MRZ."""
        return KeyKind.MRZ

    @property
    def password(self) -> bytes:
        """The encoded password of PACE: the SHA-1 of the MRZ information, 20 bytes."""
        return hashlib.sha1(self.information.encode("ascii")).digest()

    @property
    def bac_seed(self) -> bytes:
        """The 16-byte key seed of BAC."""
        return self.password[:16]


@dataclass(frozen=True, slots=True, repr=False)
class _Secret:
    """A secret number that its holder keeps in mind."""

    number: str

    def __post_init__(self) -> None:
        if not (self.number.isascii() and self.number.isdigit() and 1 <= len(self.number) <= 20):
            raise ValueError("a PIN or a PUK is digits")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    @property
    def password(self) -> bytes:
        """The encoded password of PACE: the digits themselves."""
        return self.number.encode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class PinCode(_Secret):
    """The holder's PIN; a few wrong tries block it."""

    @property
    def kind(self) -> KeyKind:
        """PIN."""
        return KeyKind.PIN


@dataclass(frozen=True, slots=True, repr=False)
class PukCode(_Secret):
    """What unblocks the PIN."""

    @property
    def kind(self) -> KeyKind:
        """PUK."""
        return KeyKind.PUK


AccessKey = Can | MrzKey | PinCode | PukCode
