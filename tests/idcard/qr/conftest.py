"""QR codes drawn by segno, which shares nothing with the decoders."""

import io
from collections.abc import Callable

import pytest
import segno
from PIL import Image

Draw = Callable[..., Image.Image]


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draws a QR code of some bytes on a white page of 1280 × 720, ``scale`` pixels to a module."""

    def drawn(data: bytes, *, scale: float = 4, at: tuple[int, int] = (300, 100)) -> Image.Image:
        code = segno.make(data, error="m", mode="byte", micro=False, boost_error=False)
        file = io.BytesIO()
        code.save(file, kind="png", scale=10)
        image = Image.open(file).convert("L")
        side = round(image.width * scale / 10)
        page = Image.new("L", (1280, 720), 255)
        page.paste(image.resize((side, side), Image.Resampling.BOX), at)
        return page

    return drawn
