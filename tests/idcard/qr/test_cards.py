"""The codes of both card generations, printed small, before a cheap camera: what its optics leave is still read.

A camera of 1280 pixels that sees 170 mm gives 7.5 pixels to a millimetre, so that a module of the 2021 card, 11 mm with
49 or 53 modules, gets 1.6 pixels. Nearer it sees 110 mm.
"""

import io

import numpy as np
import pytest
import segno
from PIL import Image, ImageFilter

from idcard.qr.symbol import scan
from idcard.vietnam.card_qr import CardQr

OF_2021 = {
    8: "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Ngõ 2, Phố Mẫu, Phường Thử, Nam Định, Nam Định|01022022",
    9: "036190999992|012345678|Nguyễn Thị Thử Nghiệm|15011990|Nữ|"
    "Số 12, Phố Mẫu, Phường Trần Thử, Thành phố Hồ Chí Minh|01022022",
}
OF_2024 = {
    10: f"{OF_2021[9]}|036090000001|Nguyễn Văn Cha",
    11: f"{OF_2021[9]}|036090000001|Nguyễn Văn Cha Thử|Trần Thị Mẹ Thử",
    12: f"{OF_2021[9]}|036090000001|Nguyễn Văn Cha Thử Nghiệm|Trần Thị Mẹ Thử Nghiệm|Thử Mẫu",
}
CARDS = [(version, 11.0, text) for version, text in OF_2021.items()] + [
    (version, 18.0, text) for version, text in OF_2024.items()
]


def photographed(
    text: str, version: int, side_mm: float, *, px_per_mm: float, turn: float, tilt: float, blur: float, noise: float,
    contrast: float, jpeg: int,
) -> bytes:  # fmt: skip
    """A frame of a camera with that code, printed on a card that is held askew."""
    code = segno.make(text, version=version, error="m", mode="byte", boost_error=False)
    file = io.BytesIO()
    code.save(file, kind="png", scale=12)
    drawn = Image.open(file).convert("L")
    # The quiet zone is drawn with it; the millimetres are those of the modules.
    modules = 17 + 4 * version
    width = side_mm * px_per_mm * (modules + 8) / modules
    fine = Image.new("L", (2560, 1440), 225)
    fine.paste(drawn.resize((round(2 * width), round(2 * width)), Image.Resampling.BOX), (1000, 500))
    fine = fine.rotate(turn, Image.Resampling.BICUBIC, center=(1280, 720), fillcolor=225)
    fine = fine.transform(
        fine.size, Image.Transform.PERSPECTIVE, (1, tilt, -700 * tilt, 0, 1 + tilt, -700 * tilt, 0, tilt / 1500),
        Image.Resampling.BICUBIC, fillcolor=225,
    )  # fmt: skip
    frame = fine.resize((1280, 720), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(blur))
    grain = np.random.default_rng(version).normal(0, noise, (720, 1280))
    shades = np.clip(128 + (np.asarray(frame, dtype=float) - 128) * contrast + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(shades).save(out, "JPEG", quality=jpeg)
    return out.getvalue()


VIEWS = {
    "near": {"px_per_mm": 11.6, "turn": 3.0, "tilt": 0.0, "blur": 0.5, "noise": 4.0, "contrast": 0.9, "jpeg": 80},
    "far": {"px_per_mm": 8.6, "turn": 8.0, "tilt": 0.06, "blur": 0.4, "noise": 4.0, "contrast": 0.7, "jpeg": 80},
    "askew": {"px_per_mm": 11.0, "turn": -24.0, "tilt": 0.1, "blur": 0.6, "noise": 6.0, "contrast": 0.6, "jpeg": 65},
    "faint": {"px_per_mm": 11.0, "turn": 95.0, "tilt": 0.02, "blur": 0.5, "noise": 4.0, "contrast": 0.3, "jpeg": 85},
    "noisy": {"px_per_mm": 13.0, "turn": 5.0, "tilt": 0.03, "blur": 0.4, "noise": 20.0, "contrast": 0.9, "jpeg": 80},
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("version", "side_mm", "text"), CARDS, ids=[f"version {card[0]}" for card in CARDS])
def test_both_generations_are_read_by_a_poor_camera(version: int, side_mm: float, text: str, view: str) -> None:
    found = scan(photographed(text, version, side_mm, **VIEWS[view]))  # type: ignore[arg-type]
    assert [symbol.data.decode() for symbol in found] == [text]
    assert CardQr.from_bytes(found[0].data).text == text
    assert found.module_px is not None
    assert found.module_px == pytest.approx(VIEWS[view]["px_per_mm"] * side_mm / (17 + 4 * version), rel=0.2)
