"""What a camera sees when somebody holds a code before it: grey, a little tilted, blurred and noisy."""

import io
import random

import segno
from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)
MAX_BYTES = 0xFFFF
"""A picture must fit into one frame of the socket."""

_CODE_HEIGHT = 330
_TILT_DEGREES = 4
_QUALITY = 80


def camera_picture(text: str) -> bytes:
    """A JPEG of the QR code of ``text`` on a card held before a camera."""
    scene = _background()
    card = _code(text).rotate(_TILT_DEGREES, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    scene.paste(card, ((SIZE[0] - card.width) // 2, (SIZE[1] - card.height) // 2))
    out = io.BytesIO()
    scene.filter(ImageFilter.GaussianBlur(0.7)).save(out, "JPEG", quality=_QUALITY)
    if out.tell() > MAX_BYTES:
        raise ValueError("the picture does not fit into one frame")
    return out.getvalue()


def _code(text: str) -> Image.Image:
    """The code in the greys of print under a lamp, with a quiet zone."""
    symbol = segno.make_qr(text, error="m")
    scale = max(3, _CODE_HEIGHT // symbol.symbol_size(border=4)[0])
    out = io.BytesIO()
    symbol.save(out, kind="png", scale=scale, border=4)
    return Image.open(out).convert("L").point([45 + level * 190 // 255 for level in range(256)])


def _background() -> Image.Image:
    """A dim hall: a soft gradient with the grain of a cheap sensor, the same each time."""
    dice = random.Random(0)
    grain = Image.frombytes("L", (SIZE[0] // 4, SIZE[1] // 4), dice.randbytes(SIZE[0] * SIZE[1] // 16)).resize(SIZE)
    light = Image.linear_gradient("L").resize(SIZE).point([90 + level // 3 for level in range(256)])
    scene = Image.blend(light, grain, 0.12)
    ImageDraw.Draw(scene).ellipse((90, 380, 560, 640), fill=120)
    return scene
