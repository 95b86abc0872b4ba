"""The portrait on the chip: read only where the clinic looks at holders or a case at the desk needs it, and not kept.

Theory of operation. The patient's process reads it, makes a small plain JPEG of it, gives that to the staff's process
over the loopback, and overwrites its own copy. The staff's process keeps it in memory until a clerk has looked, once,
or until its time is over. No file, no row and no log ever has it.
"""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from PIL import Image

from idcard import Portrait
from kiosk.domain.codes import Code
from kiosk.domain.holder import HolderPolicy
from kiosk.services.card_reader import CardOutcome, Proved, ToDesk
from kiosk.services.visit import wipe

CASES = frozenset({Code.IDENTITY_DIFFERS, Code.CARD_EXPIRED, Code.NOT_GENUINE})
"""What a clerk settles by looking: other names, an expired card, a card that is not genuine."""

LARGEST = 192 * 1024
"""The greatest image that goes to the desk, in bytes."""
_HEIGHT, _QUALITY = 480, 88
_MOST_PIXELS = 4_000_000
_FORMATS = ("JPEG", "JPEG2000")
_log = structlog.get_logger(__name__)


class PortraitLink(Protocol):
    """Who takes a portrait to the desk. It raises nothing, holds nobody up, and wipes what it was given."""

    def hand_over(self, visit_id: str, image: bytearray) -> None:
        """Take the JPEG of this visit's card to the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portraits:
    """When portraits are read, and who takes them to the desk.

    ``cases``: whether a case at the desk may need one. ``entropy`` draws the lot of a sample.
    """

    policy: HolderPolicy
    link: PortraitLink
    cases: bool = True
    entropy: Callable[[int], bytes] = os.urandom

    def draws(self) -> bool:
        """Whether the holder of this visit is looked at."""
        return self.policy.draws(self.entropy(4))

    def is_first(self, outcome: CardOutcome) -> bool:
        """Whether the portrait is read before the visit goes on: the desk needs it, and the card will be taken."""
        match outcome:
            case Proved():
                return self.policy.waits
            case ToDesk():
                return self.cases and outcome.code in CASES and outcome.claim is not None
            case _:
                return False


def plain_jpeg(portrait: Portrait) -> bytearray | None:
    """A small JPEG of a chip's image, without anything that the file says beside it; None where it is no image.

    The chip may be anybody's: its bytes are decoded here, where no key lies, within bounds of format and size.
    """
    try:
        with Image.open(io.BytesIO(portrait.image), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            return _encoded(image.convert("RGB"))
    except Exception as error:  # decoders raise what they like
        _log.warning("portrait_unusable", kind=type(error).__name__)
        return None


def _encoded(image: Image.Image) -> bytearray | None:
    image.thumbnail((_HEIGHT, _HEIGHT))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    with out.getbuffer() as buffer:
        encoded = bytearray(buffer)
        buffer[:] = bytes(len(encoded))
    if len(encoded) <= LARGEST:
        return encoded
    wipe(encoded)
    return None
