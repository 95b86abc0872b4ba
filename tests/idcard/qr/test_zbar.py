"""zbar in binary mode gives bytes, where by default it gives a guess."""

from collections.abc import Callable

import pytest
from PIL import Image
from pyzbar import pyzbar

from idcard.qr.zbar import read_qr_codes

Draw = Callable[..., Image.Image]


@pytest.mark.parametrize("data", ["Trần".encode(), "Huỳnh Thị".encode(), bytes(range(128, 256)), b"a\x00b"])
def test_the_bytes_come_out_exactly(draw: Draw, data: bytes) -> None:
    frame = draw(data)
    assert read_qr_codes(frame.tobytes(), *frame.size) == (data,)


def test_the_default_mode_is_why_this_exists(draw: Draw) -> None:
    (guess,) = pyzbar.decode(draw("Trần".encode()), symbols=[pyzbar.ZBarSymbol.QRCODE])
    assert guess.data != "Trần".encode()


def test_pixels_and_size_must_agree() -> None:
    with pytest.raises(ValueError, match="pixels"):
        read_qr_codes(b"\x00" * 10, 4, 4)
