"""The receipt of an admission: a signed code on the ticket, which a desk or another hospital verifies without us.

It names the clinic, the ticket, the room, and from when until when it counts; nobody's name, number or birth. Each
kiosk, and the desk, signs with a key of its own, so that a stolen one is taken off the list alone.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard import Receipt, sign_token
from kiosk.keys import load_signing_key

LIFE = timedelta(days=10)
"""How long a receipt counts: as long as a patient who is sent on may take to come to the other hospital."""

_log = structlog.get_logger(__name__)


class ReceiptSigner:
    """Signs the receipts of one device."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, *, clinic: str, number: int, room_id: str, issued: datetime) -> str | None:
        """The code's text, in the letters that a QR code packs closest.

        None where clinic or room have a code that no receipt can hold: an admission needs no receipt.
        """
        try:
            receipt = Receipt(clinic=clinic, ticket=number, place=room_id, issued=issued, expires=issued + LIFE)
        except ValueError:
            _log.error("receipt_not_signed", room=room_id)
            return None
        return sign_token(receipt, self._key).decode("ascii")


def signer_of(key: Path | None) -> ReceiptSigner | None:
    """Who signs with the key in this file, or None without one; ConfigurationError where it cannot be used."""
    return None if key is None else ReceiptSigner(load_signing_key(key))


def receipt_digest(receipt: str | None) -> str | None:
    """What audit and outbox say of a receipt: its SHA-256 in hexadecimal."""
    return None if receipt is None else hashlib.sha256(receipt.encode()).hexdigest()
