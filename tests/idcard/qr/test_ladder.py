"""What each preparation is for, what a scan says about itself, and what it advises."""

import sys
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter

import idcard
from idcard.qr import motion
from idcard.qr.picture import sharpened
from idcard.qr.sight import Advice, Kind, module_pixels
from idcard.qr.symbol import Mode, scan

Draw = Callable[..., Image.Image]

LINE = "036090999991||Huỳnh Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022".encode()
MODES: tuple[Mode, ...] = ("live", "still")


def noisy(image: Image.Image, sigma: float, seed: int = 1) -> Image.Image:
    """The image as a poor sensor gives it."""
    noise = np.random.default_rng(seed).normal(0, sigma, (image.height, image.width))
    return Image.fromarray(np.clip(np.asarray(image) * 0.76 + 30 + noise, 0, 255).astype(np.uint8))


def smeared(image: Image.Image, dx: float, dy: float, steps: int = 60) -> Image.Image:
    """The image while camera and code move against each other by so many pixels."""
    total = np.zeros((image.height, image.width))
    for step in range(steps):
        share = step / (steps - 1) - 0.5
        shift = (1, 0, dx * share, 0, 1, dy * share)
        total += np.asarray(image.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR))
    return Image.fromarray((total / steps).astype(np.uint8)).crop((20, 20, image.width - 20, image.height - 20))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("spoil", "rung"),
    [
        (lambda draw: draw(LINE), "as it is"),
        (lambda draw: noisy(draw(LINE).filter(ImageFilter.GaussianBlur(2.1)), 3), "sharpened"),
        (lambda draw: noisy(draw(LINE), 52), "reduced"),
        (lambda draw: draw(LINE, scale=1.25).filter(ImageFilter.GaussianBlur(0.3)), "enlarged"),
        (lambda draw: noisy(smeared(draw(LINE), 9, 3), 3), "motion undone"),
        (lambda draw: noisy(smeared(draw(LINE), -4, 9), 3), "motion undone"),
    ],
    ids=["clear", "blurred", "noisy", "small", "moved sideways", "moved downwards"],
)
def test_each_rung_reads_what_the_others_do_not(
    draw: Draw, spoil: Callable[[Draw], Image.Image], rung: str, mode: Mode
) -> None:
    found = scan(spoil(draw), mode=mode)
    assert [symbol.data for symbol in found] == [LINE]
    assert (found.rung, found.decoder, found.located) == (rung, "zxing-cpp", True)
    assert found.attempts >= 1


def test_without_numpy_all_but_motion_is_read(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "idcard.qr.motion", raising=False)
    monkeypatch.delattr("idcard.qr.motion", raising=False)
    moved = noisy(smeared(draw(LINE), 9, 3), 3)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert not scan(moved)
    assert scan(draw(LINE, scale=1.25).filter(ImageFilter.GaussianBlur(0.3)))


def test_the_sharpening_is_an_unsharp_mask(draw: Draw) -> None:
    image = draw(LINE).filter(ImageFilter.GaussianBlur(2))
    peer = image.filter(ImageFilter.UnsharpMask(2.5, 400, 0))
    difference = ImageChops.difference(sharpened(image), peer)
    # Rounding is multiplied by the amount.
    assert max(value for value, many in enumerate(difference.histogram()) if many) <= 5


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 40), (16, 16), (640, 480)])
@pytest.mark.parametrize("mode", MODES)
def test_any_size_and_even_shade(size: tuple[int, int], mode: Mode) -> None:
    assert not scan(Image.new("L", size, 77), mode=mode)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_even_shade_shows_no_motion(shade: int) -> None:
    image = Image.new("L", (64, 48), shade)
    assert motion.amount(image) == 0
    assert motion.undone(image).getextrema() == (shade, shade)


def test_a_still_picture_gives_symbols_of_several_kinds(draw: Draw) -> None:
    import zxingcpp

    drawn = zxingcpp.create_barcode(b"other", zxingcpp.BarcodeFormat.DataMatrix).to_image(scale=5)
    view = memoryview(drawn)  # type: ignore[arg-type]
    page = draw(LINE, at=(20, 20))
    page.paste(Image.frombytes("L", (view.shape[1], view.shape[0]), view.tobytes()), (800, 200))  # type: ignore[index]
    assert {(each.format, each.data) for each in scan(page, mode="still")} == {("QR", LINE), ("Data Matrix", b"other")}
    assert [each.data for each in scan(page, kinds=["Data Matrix"])] == [b"other"]
    assert not scan(page, kinds=["Aztec"])
    assert not scan(page, kinds=[])


def ticking(step_s: float) -> Callable[[], float]:
    """A clock that moves on each time it is looked at."""
    moments: Iterator[float] = (number * step_s for number in count())
    return lambda: next(moments)


def test_no_rung_begins_once_the_time_is_used_up(draw: Draw) -> None:
    blurred = noisy(draw(LINE).filter(ImageFilter.GaussianBlur(2.1)), 3)
    found = scan(blurred, clock=ticking(1.0))
    assert (found.symbols, found.attempts) == ((), 1)
    assert found.ms is not None
    assert found.ms >= 1000
    assert scan(blurred, clock=ticking(0.001))
    assert scan(blurred, clock=ticking(1.0), budget_ms=60_000)


def test_without_a_clock_no_time_is_told(draw: Draw) -> None:
    assert scan(draw(LINE)).ms is None


def test_the_face_lends_its_clock(draw: Draw) -> None:
    found = idcard.scan(draw(LINE))
    assert found.ms is not None
    assert 0 < found.ms < 60_000
    assert [symbol.data for symbol in found] == [LINE]
    assert isinstance(found, idcard.Scan)


@pytest.mark.parametrize("wrong", [{"mode": "fast"}, {"budget_ms": 0}, {"budget_ms": float("nan")}, {"kinds": ["EAN"]}])
def test_wrong_arguments(draw: Draw, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"mode|budget|EAN"):
        scan(draw(LINE), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [2.0, 4.0])
def test_where_and_how_large(draw: Draw, scale: float) -> None:
    found = scan(draw(LINE, scale=scale, at=(300, 100)))
    [symbol] = found
    assert symbol.module_px == pytest.approx(scale, rel=0.05)
    assert found.module_px == symbol.module_px
    left, top = symbol.corners[0]
    assert (left, top) == (pytest.approx(300 + 4 * scale, abs=scale), pytest.approx(100 + 4 * scale, abs=scale))
    assert symbol.unused_correction == 1


def test_corners_are_those_of_the_image_that_was_given(draw: Draw) -> None:
    found = scan(draw(LINE, scale=1.25, at=(300, 100)).filter(ImageFilter.GaussianBlur(0.3)))
    assert found.rung == "enlarged"
    assert found[0].corners[0] == (pytest.approx(305, abs=2), pytest.approx(105, abs=2))
    assert found.module_px == pytest.approx(1.25, rel=0.05)


def test_a_code_that_is_read_well_needs_no_advice(draw: Draw) -> None:
    assert scan(draw(LINE)).advice is None


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (lambda draw: draw(LINE, scale=1.25).filter(ImageFilter.GaussianBlur(0.3)), Advice.CLOSER),
        (lambda draw: draw(LINE).filter(ImageFilter.GaussianBlur(2.6)), Advice.STEADIER),
        (lambda draw: noisy(smeared(draw(LINE), 20, 18), 10), Advice.STEADIER),
        (lambda draw: Image.new("L", (1280, 720), 20), Advice.MORE_LIGHT),
        (lambda draw: Image.new("L", (1280, 720), 190), None),
    ],
    ids=["small", "blurred", "moved", "dark", "nothing there"],
)
def test_advice(draw: Draw, spoil: Callable[[Draw], Image.Image], advice: Advice | None) -> None:
    assert scan(spoil(draw)).advice is advice


def test_a_scratched_code_is_advised_to_be_held_steadier(draw: Draw) -> None:
    page = draw(LINE, at=(300, 100))
    page.paste(255, (370, 170, 408, 208))
    found = scan(page)
    assert [symbol.data for symbol in found] == [LINE]
    assert found[0].unused_correction is not None
    assert (found[0].unused_correction < 0.25) == (found.advice is Advice.STEADIER)


def test_a_dark_code_that_was_found_wants_light(draw: Draw) -> None:
    faint = draw(LINE).filter(ImageFilter.GaussianBlur(2.9)).point(lambda value: 10 + value // 12)
    found = scan(faint)
    assert not found
    assert found.advice is Advice.MORE_LIGHT


def test_the_second_decoder_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """zxing-cpp reads what zbar reads, so that zbar's turn shows in the attempts alone."""
    blank = Image.new("L", (640, 480), 255)
    attempts = scan(blank, mode="still").attempts
    monkeypatch.delitem(sys.modules, "idcard.qr.zbar", raising=False)
    monkeypatch.delattr("idcard.qr.zbar", raising=False)
    monkeypatch.setitem(sys.modules, "pyzbar", None)
    assert scan(blank, mode="still").attempts == attempts - 1


def test_pixels_to_a_module() -> None:
    assert module_pixels([(0, 0), (82, 0), (82, 82), (0, 82)], 6) == 2
    assert {kind.value for kind in Kind} == {"QR", "Data Matrix", "Aztec", "PDF417"}
