"""zbar in binary mode gives bytes, where by default it gives a guess."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pyzbar import pyzbar, wrapper

from idcard.qr.decoders import second_decoder
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


def test_a_library_without_binary_mode_is_no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would give guessed text for bytes, and nobody could tell."""
    real = wrapper.zbar_image_scanner_set_config
    assert second_decoder() is not None
    monkeypatch.setattr(wrapper, "zbar_image_scanner_set_config", lambda *given: 1 if given[2] == 4 else real(*given))
    monkeypatch.delitem(sys.modules, "idcard.qr.zbar")
    assert second_decoder() is None


def test_it_is_loaded_only_when_it_is_needed(draw: Draw, tmp_path: Path) -> None:
    """Its C library is loaded with it: a live frame that zxing-cpp reads, or does not, never needs that."""
    draw(b"here").save(tmp_path / "code.png")
    program = (
        "import sys, pathlib, idcard\n"
        "found = idcard.scan(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print([one.data for one in found], 'pyzbar' in sys.modules)\n"
        "print(len(idcard.scan(pathlib.Path(sys.argv[1]).read_bytes(), mode='still')), 'pyzbar' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "code.png")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert said == "[b'here'] False\n1 False\n"
