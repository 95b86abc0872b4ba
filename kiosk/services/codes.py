"""Codes before the camera or under the scanner: which is the QR of a card, and whether it was just shown."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from idcard import BhytCard, CardQr, IdCardError, Recognised, scan
from kiosk.domain.scans import scanned_text
from kiosk.ports import Clock
from kiosk.services.view import Hint

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shown:
    """What was shown: the QR of a card, of an insurance card, a signed code, or what to say instead.

    ``certain``: a code is there.
    """

    card: CardQr | None = None
    insurance: BhytCard | None = None
    signed: Recognised | None = None
    hint: Hint = ""
    certain: bool = True

    @property
    def names_somebody(self) -> bool:
        """Whether it is a code that names a person without opening a chip."""
        return self.signed is not None or self.insurance is not None

    @property
    def payload(self) -> bytes:
        """What the code says; nothing where none counts."""
        if self.signed is not None:
            return self.signed.payload
        card = self.card or self.insurance
        return b"" if card is None else card.text.encode()


def code_digest(payload: bytes) -> bytes:
    """What is kept of a code that was shown: SHA-256 of what it says, which tells the same code again.

    Somebody who has the code, or can guess it, knows its hash: it is stored sealed, and leaves as a keyed tag.
    """
    return hashlib.sha256(payload).digest()


class SignedOnes(Protocol):
    """Knows the signed codes that the clinic listed."""

    def recognised(self, payload: bytes) -> Recognised | None:
        """The code, where it is one of them."""


def shown_in(image: bytes, signed: SignedOnes | None = None) -> Shown:
    """What a picture shows."""
    try:
        found = scan(image, kinds=("QR",))
    except IdCardError as error:
        _log.info("picture_unusable", error=error.code)
        return Shown()
    if found:
        return _card_among((code.data for code in found), signed)
    return Shown(hint="" if found.advice is None else found.advice.value, certain=found.located)


def shown_by(scanned: str, signed: SignedOnes | None = None) -> Shown:
    """What a scanner read."""
    return _card_among([scanned_text(scanned.encode("utf-8", "replace")).encode()], signed)


def _card_among(codes: Iterable[bytes], signed: SignedOnes | None) -> Shown:
    """The card among the codes; another code only where there is none, for the chip proves more."""
    insurance: BhytCard | None = None
    listed: Recognised | None = None
    for code in codes:
        try:
            return Shown(card=CardQr.from_bytes(code))
        except IdCardError:
            insurance = insurance or _insurance(code)
            if listed is None and signed is not None:
                listed = signed.recognised(code)
    return Shown(insurance=None if listed else insurance, signed=listed, hint="qr_unknown")


def _insurance(code: bytes) -> BhytCard | None:
    try:
        return BhytCard.from_bytes(code)
    except IdCardError:
        return None


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

    def is_new(self, code: bytes, absence_s: float = 0.0) -> bool:
        """Whether this code was not seen just before; ``absence_s`` lengthens how long that is."""
        seen = hashlib.blake2b(code, key=self._key, digest_size=16).digest()
        now = self._clock.monotonic()
        still_held = seen == self._last and now < self._until
        self._last, self._until = seen, now + max(absence_s, self._absence_s)
        return not still_held
