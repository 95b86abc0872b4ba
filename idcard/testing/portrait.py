"""A friendly face, drawn: what a simulated card shows in place of a photo.

The face is made of ellipses and curves and could be nobody's. The same seed draws the same face to the last byte.
"""

import io
import random
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 640
MIN_BYTES, MAX_BYTES = 10_000, 20_000
_SCALE = 2
Colour = tuple[int, int, int]
_SKIN: tuple[Colour, ...] = ((246, 214, 186), (238, 200, 168), (226, 184, 150), (250, 222, 198))
_CLOTHES: tuple[Colour, ...] = ((58, 92, 140), (122, 62, 84), (60, 110, 92), (94, 88, 130), (150, 96, 56), (70, 76, 88))
_WALL: tuple[Colour, ...] = ((196, 216, 232), (206, 224, 212), (222, 214, 232), (232, 222, 206))
_DARK: Colour = (38, 32, 34)
_GREY: Colour = (188, 188, 192)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a face is drawn from."""

    skin: Colour
    hair: Colour
    clothes: Colour
    wall: Colour
    long_hair: bool
    glasses: bool
    wide: int
    smile: int

    @classmethod
    def of(cls, seed: str, *, woman: bool, old: bool) -> "Look":
        """A look that depends on ``seed`` alone, but for hair."""
        dice = random.Random(seed)
        return cls(
            skin=dice.choice(_SKIN),
            hair=_GREY if old else _DARK,
            clothes=dice.choice(_CLOTHES),
            wall=dice.choice(_WALL),
            long_hair=woman,
            glasses=dice.random() < (0.6 if old else 0.25),
            wide=dice.randint(-12, 14),
            smile=dice.randint(14, 30),
        )


def draw(look: Look) -> Image.Image:
    """The face, 480 × 640 pixels."""
    image = _wall(look.wall)
    pen = _Pen(ImageDraw.Draw(image))
    _behind(pen, look)
    _body(pen, look)
    _head(pen, look)
    _features(pen, look)
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


class _Pen:
    """Draws in the coordinates of the finished picture on the larger canvas."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas

    def oval(self, x: int, y: int, half_width: int, half_height: int, colour: Colour) -> None:
        box = (x - half_width, y - half_height, x + half_width, y + half_height)
        self._canvas.ellipse([_SCALE * side for side in box], fill=colour)

    def ring(self, x: int, y: int, radius: int, colour: Colour) -> None:
        box = (x - radius, y - radius, x + radius, y + radius)
        self._canvas.ellipse([_SCALE * side for side in box], outline=colour, width=3 * _SCALE)

    def arc(self, box: tuple[int, int, int, int], start: int, end: int, colour: Colour, width: int) -> None:
        self._canvas.arc([_SCALE * side for side in box], start, end, fill=colour, width=width * _SCALE)

    def slab(self, box: tuple[int, int, int, int], radius: int, colour: Colour) -> None:
        self._canvas.rounded_rectangle([_SCALE * side for side in box], radius * _SCALE, fill=colour)

    def half(self, box: tuple[int, int, int, int], colour: Colour) -> None:
        self._canvas.pieslice([_SCALE * side for side in box], 180, 360, fill=colour)


def _wall(colour: Colour) -> Image.Image:
    size = (WIDTH * _SCALE, HEIGHT * _SCALE)
    light = Image.radial_gradient("L").resize(size)
    darker = tuple(int(part * 0.82) for part in colour)
    image = Image.composite(Image.new("RGB", size, darker), Image.new("RGB", size, colour), light)
    return image.filter(ImageFilter.GaussianBlur(2))


def _behind(pen: _Pen, look: Look) -> None:
    if look.long_hair:
        pen.slab((112 - look.wide, 170, 368 + look.wide, 470), 100, look.hair)


def _body(pen: _Pen, look: Look) -> None:
    pen.oval(240, 690, 230, 190, look.clothes)
    pen.slab((198, 410, 282, 540), 40, _shade(look.skin, 0.9))
    pen.half((170, 480, 310, 600), _shade(look.clothes, 1.25))
    pen.slab((198, 440, 282, 530), 40, _shade(look.skin, 0.9))


def _head(pen: _Pen, look: Look) -> None:
    for side in (-1, 1):
        pen.oval(240 + side * (116 + look.wide), 310, 22, 36, _shade(look.skin, 0.93))
    pen.half((112 - look.wide, 120, 368 + look.wide, 440), look.hair)
    pen.oval(240, 310, 114 + look.wide, 142, look.skin)
    pen.half((124 - look.wide, 134, 356 + look.wide, 320 if look.long_hair else 290), look.hair)


def _features(pen: _Pen, look: Look) -> None:
    for x in (192, 288):
        pen.oval(x, 304, 15, 11, (255, 255, 255))
        pen.oval(x, 304, 9, 10, (60, 40, 34))
        pen.oval(x + 3, 300, 3, 3, (255, 255, 255))
        pen.arc((x - 26, 262, x + 26, 306), 205, 335, _shade(look.hair, 0.85), 6)
        pen.oval(x + (-14 if x < 240 else 14), 356, 24, 14, _blush(look.skin))
        if look.glasses:
            pen.ring(x, 304, 34, (64, 64, 72))
    if look.glasses:
        pen.arc((222, 292, 258, 316), 200, 340, (64, 64, 72), 3)
    pen.arc((222, 320, 258, 358), 30, 150, _shade(look.skin, 0.72), 4)
    pen.arc((196, 350, 284, 372 + look.smile), 25, 155, (176, 82, 84), 6)


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue


def _blush(skin: Colour) -> Colour:
    return skin[0], int(skin[1] * 0.88), int(skin[2] * 0.86)


@lru_cache(maxsize=64)
def jpeg(look: Look) -> bytes:
    """The face as a JPEG of 10 to 20 kB."""
    face = draw(look)
    for quality in (92, 88, 84, 80, 74, 66, 95, 97, 98, 99, 100):
        out = io.BytesIO()
        face.save(out, "JPEG", quality=quality)
        if MIN_BYTES <= out.tell() <= MAX_BYTES:
            return out.getvalue()
    raise ValueError("no quality brings this face between 10 and 20 kB")
