"""The QR formats of Vietnam, for :func:`idcard.qr.recognise.recognise`."""

from idcard.qr.recognise import Recogniser
from idcard.vietnam.bhyt_card import looks_like_bhyt_card
from idcard.vietnam.card_qr import CardQr, looks_like_card_qr

CARD_QR = "vn_card_qr"
BHYT_CARD = "vn_bhyt_card"

RECOGNISERS = (
    Recogniser(
        format=CARD_QR,
        looks_like=lambda payload: looks_like_card_qr(payload.decode("utf-8", "replace")),
        parse=CardQr.from_bytes,
    ),
    Recogniser(format=BHYT_CARD, looks_like=looks_like_bhyt_card),
)
"""In the order to try them: the card's QR is parsed, the insurance card's is named."""
