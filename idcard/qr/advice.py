"""What a person can do so that a code is read: from pixels to a module, unused error correction, light and motion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from idcard.qr.sight import Advice, Point, Symbol, Unread

if TYPE_CHECKING:
    from PIL import Image

TOO_SMALL_PX = 1.8
"""Pixels to a module: zxing-cpp reads all at 1.6 and two of three at 1.3, when nothing else is wrong."""
LITTLE_LEFT = 0.25
"""Unused error correction below which the next picture may fail."""
_DARK, _FAINT = 60, 40
_SHARE = 50  # the darkest and the brightest fiftieth do not count


def advice_for(
    image: Image.Image, symbols: Sequence[Symbol], unread: Sequence[Unread], *, moved: bool
) -> Advice | None:
    """What would help most, or None where nothing is known to.

    :param image: the picture in shades of grey.
    :param moved: whether the picture shows motion.
    """
    sizes = [code.module_px for code in symbols] + [code.module_px for code in unread]
    if any(size is not None and size < TOO_SMALL_PX for size in sizes):
        return Advice.CLOSER
    if symbols:
        weak = [each for each in symbols if each.unused_correction is not None]
        return Advice.STEADIER if any((each.unused_correction or 0) < LITTLE_LEFT for each in weak) else None
    if unread:
        return Advice.MORE_LIGHT if _is_dark(_part(image, unread[0].corners)) else Advice.STEADIER
    if _darkness(image)[1] < _DARK:
        return Advice.MORE_LIGHT
    return Advice.STEADIER if moved else None


def _part(image: Image.Image, corners: Sequence[Point]) -> Image.Image:
    columns, rows = zip(*corners, strict=True)
    box = (max(0, min(columns)), max(0, min(rows)), min(image.width, max(columns)), min(image.height, max(rows)))
    left, top, right, bottom = (round(each) for each in box)
    return image.crop((left, top, right, bottom)) if right > left and bottom > top else image


def _is_dark(image: Image.Image) -> bool:
    darkest, brightest = _darkness(image)
    return brightest < _DARK or brightest - darkest < _FAINT


def _darkness(image: Image.Image) -> tuple[int, int]:
    """How bright the darkest and the brightest parts are, but for a fiftieth of each."""
    histogram = image.histogram()
    few = sum(histogram) // _SHARE
    return _beyond(histogram, few, range(256)), _beyond(histogram, few, range(255, -1, -1))


def _beyond(histogram: Sequence[int], few: int, shades: range) -> int:
    seen = 0
    for shade in shades:
        seen += histogram[shade]
        if seen > few:
            return shade
    return shades[-1]
