"""The ladders: what is done to an image, one thing after the other, until a decoder reads it.

Theory of operation. Each rung prepares the image in one way and asks the decoder. The live ladder serves a camera that
has another picture soon: it stops at the first rung that reads anything, and begins none once its time is used up. The
still ladder serves a photo that will not come again: it looks for all kinds of symbols at once, has more rungs, and in
the end asks an independent decoder.

A picture that shows motion has that undone first, because nothing else would read it. What the rungs are good for was
measured, see ``docs/performance.md``: reduced, noise; enlarged, modules of less than two pixels; sharpened, blur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idcard.qr import picture
from idcard.qr.sight import Kind

if TYPE_CHECKING:
    from PIL import Image

Prepared = tuple["Image.Image", float]

# The modules of a photo with more pixels are large enough.
_MAX_PIXELS_TO_ENLARGE = 4_000_000
# A smaller picture is a screenshot or a cut-out, in which nothing can be spared.
_MIN_PIXELS_TO_REDUCE = 400_000
_MAX_PIXELS_OF_MOTION = 2_500_000
_MOVED = 0.25
MOTION_UNDONE = "motion undone"
"""The rung that is tried only where the picture shows motion."""
ALL = frozenset(Kind)
QR = frozenset((Kind.QR,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to prepare an image. ``prepare`` gives it with its enlargement, or None where it makes no sense.

    ``second``: the independent decoder is asked.
    """

    name: str
    prepare: Callable[[Image.Image], Prepared | None]
    kinds: Set[Kind] = QR
    thorough: bool = False
    second: bool = False


def _as_it_is(image: Image.Image) -> Prepared | None:
    return image, 1


def _reduced(image: Image.Image) -> Prepared | None:
    by = 2 / 3 if image.width * image.height >= _MIN_PIXELS_TO_REDUCE else 1
    return (picture.resized(image, by) if by < 1 else image), by


def _enlarged(by: float) -> Callable[[Image.Image], Prepared | None]:
    def prepare(image: Image.Image) -> Prepared | None:
        if image.width * image.height > _MAX_PIXELS_TO_ENLARGE:
            return None
        return picture.resized(image, by), by

    return prepare


def _sharpened(sigma: float, by: float) -> Callable[[Image.Image], Prepared | None]:
    enlarged = _enlarged(by)

    def prepare(image: Image.Image) -> Prepared | None:
        if image.width * image.height > _MAX_PIXELS_TO_ENLARGE:
            return None
        return enlarged(picture.sharpened(image, sigma=sigma))

    return prepare


def _moved(image: Image.Image) -> bool:
    """Whether the picture shows motion; False too where numpy is missing, or the picture too large to look."""
    if min(image.size) < 16 or image.width * image.height > _MAX_PIXELS_OF_MOTION:
        return False
    try:
        from idcard.qr import motion
    except ImportError:
        return False
    return motion.amount(image) > _MOVED


def _without_motion(image: Image.Image) -> Prepared | None:
    if not _moved(image):
        return None
    from idcard.qr import motion

    return picture.resized(motion.undone(image), 1.5), 1.5


LIVE = (
    Rung(name="as it is", prepare=_as_it_is, thorough=True),
    Rung(name=MOTION_UNDONE, prepare=_without_motion),
    Rung(name="reduced", prepare=_reduced, kinds=ALL),
    Rung(name="enlarged", prepare=_enlarged(1.5)),
    Rung(name="sharpened", prepare=_sharpened(2.5, 1.5)),
)
STILL = (
    Rung(name="as it is", prepare=_as_it_is, kinds=ALL, thorough=True),
    *LIVE[1:],
    Rung(name="enlarged twice", prepare=_enlarged(2), thorough=True),
    Rung(name="sharpened, enlarged twice", prepare=_sharpened(2.5, 2)),
    Rung(name="second decoder", prepare=_as_it_is, second=True),
)


def rungs_for(ladder: tuple[Rung, ...], kinds: Set[Kind]) -> Iterator[tuple[Rung, Set[Kind]]]:
    """The rungs that look for any of these kinds, each with those that it looks for.

    The first looks for all that are wanted where QR codes are not: there is no other to be quick for.
    """
    for place, rung in enumerate(ladder):
        wanted = kinds & rung.kinds
        if not wanted and place == 0:
            wanted = kinds
        if wanted:
            yield rung, wanted
