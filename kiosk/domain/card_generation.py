"""Which generation of the Vietnamese chip card it is, as far as its day of issue tells.

Source: the first cards with a chip (CCCD gắn chip) were issued in 2021; since 1 July 2024 offices issue the card of the
Law on Identification 2023 (căn cước), and no other.
"""

from datetime import date
from enum import StrEnum
from typing import Final

_FIRST_CHIP_CARDS: Final = date(2021, 1, 1)
_LAW_OF_2023: Final = date(2024, 7, 1)


class CardGeneration(StrEnum):
    """The word by which the province counts."""

    CCCD_2021 = "cccd_2021"
    CC_2024 = "cc_2024"
    UNKNOWN = "unknown"
    """The card did not say when it was issued, was not read so far, or is another state's."""


def generation_of(issued: date | None) -> CardGeneration:
    """The generation of a Vietnamese card by its day of issue; a day before the first ones tells nothing."""
    if issued is None or issued < _FIRST_CHIP_CARDS:
        return CardGeneration.UNKNOWN
    return CardGeneration.CC_2024 if issued >= _LAW_OF_2023 else CardGeneration.CCCD_2021
