"""How well a person is known: recorded with every visit, shown to staff as a word and a shape."""

from enum import StrEnum
from typing import Final


class Assurance(StrEnum):
    """The rung that an identity reached, strongest first."""

    CHIP_ANCHORED = "chip_anchored"
    """The chip is genuine and its issuer is in the trust store."""
    CHIP_PINNED = "chip_pinned"
    """The chip is genuine if two named people, who signed for the certificate behind it, were right."""
    CHIP_CONFIRMED = "chip_confirmed"
    """The chip is genuine if the authority, which answered for the certificate behind it, was right."""
    CLOSED_READER = "closed_reader"
    """The data are what a known signer signed; that the chip is no copy is the word of the reader that gave them."""
    CHIP_UNANCHORED = "chip_unanchored"
    """The chip was read, but nothing here vouches for its issuer."""
    STAFF = "staff"
    """A clerk looked at the person and the papers."""
    QR_CONFIRMED = "qr_confirmed"
    """A signed code said so, and the payer confirmed number, name and birth; nobody looked who showed it."""
    QR_UNSIGNED = "qr_unsigned"
    """A code said so, and nobody confirmed it."""
    NONE = "none"
    """Nothing was read: a number to be called with, and no more."""

    @property
    def shape(self) -> str:
        """The shape beside the word, so that colour is never needed."""
        return _SHAPES[self]


CHIP_PROVED: Final = (Assurance.CHIP_ANCHORED, Assurance.CHIP_PINNED, Assurance.CHIP_CONFIRMED)
"""The rungs on which the chip says who somebody is, and somebody vouches for the chip."""

_SHAPES = {
    Assurance.CHIP_ANCHORED: "◆",
    Assurance.CHIP_PINNED: "◈",
    Assurance.CHIP_CONFIRMED: "⬖",
    Assurance.CLOSED_READER: "⬗",
    Assurance.CHIP_UNANCHORED: "◇",
    Assurance.STAFF: "○",
    Assurance.QR_CONFIRMED: "▣",
    Assurance.QR_UNSIGNED: "▢",
    Assurance.NONE: "·",
}
