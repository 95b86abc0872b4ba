"""Pictures of more than eight bits, cut short behind their head, of several frames, and larger than they look."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from idcard.errors import BoundExceeded, MalformedData
from idcard.qr.picture import MAX_PIXELS, grey
from idcard.qr.picture_guard import check_canvas
from idcard.qr.symbol import scan

Draw = Callable[..., Image.Image]
DATA = "Trần Thị Mẫu".encode()


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def deep(image: Image.Image, dark: float, light: float, kind: str) -> Image.Image:
    """The same picture, its shades from ``dark`` to ``light``."""
    shades = np.asarray(image, dtype=np.float64) / 255
    return Image.fromarray((dark + shades * (light - dark)).astype(kind))


@pytest.mark.parametrize(("dark", "light"), [(0, 65535), (3000, 59100), (0, 255), (100, 1100), (40000, 40200)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits(draw: Draw, dark: int, light: int, kind: str) -> None:
    picture = deep(draw(DATA), dark, light, "uint16")
    assert [symbol.data for symbol in scan(file_of(picture, kind))] == [DATA]
    assert [symbol.data for symbol in scan(picture)] == [DATA]


@pytest.mark.parametrize(("dark", "light"), [(0, 1), (-1, 1), (0, 255), (0, 1e6)])
def test_floating_point(draw: Draw, dark: float, light: float) -> None:
    assert [symbol.data for symbol in scan(file_of(deep(draw(DATA), dark, light, "float32"), "TIFF"))] == [DATA]


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), -1e30])
def test_one_shade_or_none(value: float) -> None:
    assert len(scan(Image.fromarray(np.full((50, 50), value, dtype=np.float32)))) == 0


def test_a_picture_that_is_cut_short_behind_its_head() -> None:
    noise = file_of(Image.effect_noise((300, 300), 50), "PNG")[:2000]
    with pytest.raises(MalformedData):
        scan(Image.open(io.BytesIO(noise)))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first(draw: Draw, kind: str) -> None:
    code = draw(DATA)
    frames = {"save_all": True, "append_images": [Image.new("L", code.size, 255)]}
    assert [symbol.data for symbol in scan(file_of(code.convert("RGB"), kind, **frames))] == [DATA]


def test_a_canvas_that_is_larger_than_its_frame() -> None:
    """It is refused before Pillow, which would make it at once, sees it."""
    frames = {"save_all": True, "append_images": [Image.new("RGB", (9, 9))]}
    file = bytearray(file_of(Image.new("RGB", (9, 9), "white"), "WEBP", **frames))
    assert file[12:16] == b"VP8X"
    file[24:30] = (15999).to_bytes(3, "little") * 2
    for check in (lambda: check_canvas(bytes(file), most=MAX_PIXELS), lambda: grey(bytes(file))):
        with pytest.raises(BoundExceeded):
            check()
    check_canvas(bytes(file), most=16000 * 16000)
