"""Who somebody says they are, and who is proved to be: two types that cannot stand in for each other.

:class:`ClaimedIdentity` is what an unsigned code, a typed number or an unproved chip says.
:class:`VerifiedIdentity` is made only by ``Verdict.require(policy)`` and never leaves its process.
Neither shows anything of the person when it is printed or logged.
"""

from dataclasses import InitVar, dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NoReturn


class Sex(StrEnum):
    """Sex as documents write it."""

    MALE = "M"
    FEMALE = "F"
    UNSPECIFIED = "<"


class ClaimSource(StrEnum):
    """Where a claimed identity comes from."""

    CARD_QR = "card_qr"
    TYPED = "typed"
    CHIP_NOT_PROVED = "chip_not_proved"
    INSURANCE_QR = "insurance_qr"
    SIGNED_QR = "signed_qr"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BirthDate:
    """A birth date as people have it: a year, perhaps a month, perhaps a day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.month is None and self.day is not None:
            raise ValueError("a day without a month")
        try:
            date(self.year, self.month or 1, self.day or 1)
        except OverflowError:
            # Codes of strangers say years of fifty digits: no date, like any other that there is not.
            raise ValueError("no such date") from None

    def __str__(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    @property
    def exact(self) -> date | None:
        """The calendar day, or None where only the year or the month is known."""
        if self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)

    def __repr__(self) -> str:
        return "BirthDate(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Portrait:
    """A face image: its bytes as the chip holds them and their media type, ``image/jpeg`` or ``image/jp2``."""

    image: bytes
    media_type: str

    def __repr__(self) -> str:
        return f"Portrait({self.media_type}, {len(self.image)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClaimedIdentity:
    """What somebody, or something unproved, says about a person.

    ``name`` is in NFC with its accents where the source has them; ``name_latin`` is the MRZ's form.
    """

    source: ClaimSource
    personal_number: str | None = None
    name: str | None = None
    name_latin: str | None = None
    birth: BirthDate | None = None
    sex: Sex | None = None
    expiry: date | None = None

    def __repr__(self) -> str:
        return f"ClaimedIdentity({self.source})"


_MAKER: Final = object()
"""What verdicts and verified identities are made with; held by :func:`verify` and :meth:`Verdict.require` alone."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedIdentity:
    """Who the document proves its subject to be, under the policy that was required.

    Only :meth:`idcard.Verdict.require` makes one; it can be neither changed nor pickled nor copied.
    ``expiry`` is None for a card that does not expire.
    """

    name: str
    name_latin: str
    birth: BirthDate
    sex: Sex
    document_number: str
    issuing_state: str
    nationality: str
    personal_number: str | None = None
    expiry: date | None = None
    portrait: Portrait | None = None
    # It is given and not kept, so that nobody finds it in an identity: dataclasses.replace is refused with the rest.
    maker: InitVar[object] = None

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("a VerifiedIdentity comes from Verdict.require(policy), and from nowhere else")

    def __repr__(self) -> str:
        return "VerifiedIdentity(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a VerifiedIdentity never leaves its process")
