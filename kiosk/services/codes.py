"""Codes before the camera: which is the QR of a card, and whether it was just shown."""

import hashlib
import os

import structlog

from idcard import CardQr, IdCardError, scan
from kiosk.ports import Clock

_log = structlog.get_logger(__name__)


def card_qr_in(image: bytes) -> tuple[CardQr | None, bool]:
    """The QR of a card in a picture, where there is one, and whether there is any code at all."""
    try:
        codes = [symbol.data for symbol in scan(image)]
    except IdCardError as error:
        _log.info("picture_unusable", error=error.code)
        return None, False
    for code in codes:
        try:
            return CardQr.from_bytes(code), True
        except IdCardError:
            continue
    return None, bool(codes)


class CodeMemory:
    """Tells a code that comes anew before the camera from one that is still held there.

    Only a hash under a key of this process is kept, never the code.

    :param absence_s: how long a code must be gone before it counts as new.
    """

    def __init__(self, clock: Clock, absence_s: float) -> None:
        self._clock = clock
        self._absence_s = absence_s
        self._key = os.urandom(32)
        self._last = b""
        self._until = 0.0

    def is_new(self, code: bytes) -> bool:
        """Whether this code was not in the picture just before."""
        seen = hashlib.blake2b(code, key=self._key, digest_size=16).digest()
        now = self._clock.monotonic()
        still_held = seen == self._last and now < self._until
        self._last, self._until = seen, now + self._absence_s
        return not still_held
