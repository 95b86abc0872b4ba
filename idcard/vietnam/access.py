"""What opens a Vietnamese card, as plain texts: the layers above make access keys of them."""

from datetime import date

from idcard.identity import BirthDate
from idcard.vietnam.card_expiry import expiry_candidates
from idcard.vietnam.card_qr import CardQr

MAX_KEYS = 4
"""How many keys are tried for one card QR: every wrong one costs the person time, and the chip may slow down."""


def can_of(card_qr: CardQr) -> str:
    """The card access number of the card that bears this QR: six digits."""
    return card_qr.personal_number.can


def mrz_key_fields(card_qr: CardQr) -> tuple[tuple[str, str, str], ...]:
    """Document number, birth and expiry (YYMMDD) as the machine-readable zone may say them: likeliest first, at most 4.

    The QR does not hold the expiry: see :mod:`idcard.vietnam.card_expiry`. Where day or month of birth is unknown, the
    standard's form with fillers is tried, and the first of the month or year, which registers often put instead.
    """
    first_day = _first_day(card_qr.birth)
    fields = (
        (card_qr.personal_number.document_number, birth, expiry)
        for expiry in expiry_candidates(first_day, card_qr.issued)
        for birth in _births(card_qr.birth, first_day)
    )
    return tuple(fields)[:MAX_KEYS]


def _first_day(birth: BirthDate) -> date:
    return date(birth.year, birth.month or 1, birth.day or 1)


def _births(birth: BirthDate, first_day: date) -> tuple[str, ...]:
    if birth.exact:
        return (f"{first_day:%y%m%d}",)
    with_fillers = f"{first_day:%y}" + (f"{birth.month:02}" if birth.month else "<<") + "<<"
    return with_fillers, f"{first_day:%y%m%d}"
