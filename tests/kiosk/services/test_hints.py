"""What the camera's pictures make the screen say about how to hold a code."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageFilter

from kiosk.domain.flow import Screen


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def code(kiosk: Any, qr_png: Callable[[str], bytes]) -> Image.Image:
    page = Image.new("L", (640, 480), 255)
    page.paste(Image.open(io.BytesIO(qr_png(kiosk.holders["insured"].card_qr_text()))).convert("L"), (120, 120))
    return page


def held(kiosk: Any, image: Image.Image, hint: str) -> None:
    """Hold it before the camera until that is said: on a busy machine a frame's time may end too early."""
    for _ in range(40):
        kiosk.patient.show_image(png(image))
        if kiosk.view.hint == hint:
            return
    raise AssertionError(f"{kiosk.view.hint!r} is said, not {hint!r}")


def asked_for_a_code(kiosk: Any) -> None:
    kiosk.put(kiosk.card("insured", pace=False))
    assert kiosk.digits("insured").screen is Screen.SHOW_QR


def test_a_blurred_code_is_to_be_held_still(kiosk: Any, code: Image.Image) -> None:
    held(kiosk, code.filter(ImageFilter.GaussianBlur(2.6)), "steadier")
    assert kiosk.screen is Screen.ATTRACT
    assert kiosk.after(5.1).hint == ""


def test_a_code_in_the_dark_is_to_be_held_into_the_light(kiosk: Any, code: Image.Image) -> None:
    asked_for_a_code(kiosk)
    held(kiosk, code.filter(ImageFilter.GaussianBlur(2.6)).point(lambda value: 8 + value // 12), "more_light")


def test_a_dark_room_alone_says_nothing_until_a_code_is_asked_for(kiosk: Any) -> None:
    dark = png(Image.new("L", (640, 480), 9))
    kiosk.patient.show_image(dark)
    assert kiosk.view.hint == ""
    asked_for_a_code(kiosk)
    kiosk.patient.show_image(dark)
    assert kiosk.view.hint == "more_light"


@pytest.mark.parametrize("image", [b"no picture", png(Image.new("L", (640, 480), 200))])
def test_a_picture_of_nothing_leaves_the_hint(kiosk: Any, code: Image.Image, image: bytes) -> None:
    held(kiosk, code.filter(ImageFilter.GaussianBlur(2.6)), "steadier")
    kiosk.patient.show_image(image)
    assert kiosk.view.hint == "steadier"


def test_a_code_that_is_read_takes_the_hint_away(kiosk: Any, code: Image.Image) -> None:
    held(kiosk, code.filter(ImageFilter.GaussianBlur(2.6)), "steadier")
    kiosk.patient.show_image(png(code))
    assert (kiosk.view.screen, kiosk.view.hint) == (Screen.PLACE_CARD, "")
