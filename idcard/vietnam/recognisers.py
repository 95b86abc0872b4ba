"""The QR formats of Vietnam, for :func:`idcard.qr.recognise.recognise`."""

from idcard.qr.recognise import Recogniser
from idcard.vietnam.bhyt_card import BhytCard, looks_like_bhyt_card
from idcard.vietnam.card_qr import CardQr, begins_as_card_qr
from idcard.vietnam.vneid import VneidCode, looks_like_vneid

CARD_QR = "vn_card_qr"
BHYT_CARD = "vn_bhyt_card"
VNEID = "vn_vneid"

RECOGNISERS = (
    Recogniser(
        format=CARD_QR,
        looks_like=lambda payload: begins_as_card_qr(payload.decode("utf-8", "replace")),
        parse=CardQr.from_bytes,
    ),
    Recogniser(format=BHYT_CARD, looks_like=looks_like_bhyt_card, parse=BhytCard.from_bytes),
    Recogniser(format=VNEID, looks_like=looks_like_vneid, parse=VneidCode.from_bytes),
)
"""In the order to try them. VssID shows the insurance card's own code. A vaccine pass is an EU certificate."""
