"""From images to bytes, and from rubbish to our own errors."""

import io
import sys
from collections.abc import Callable

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps

from idcard.errors import BoundExceeded, IdCardError, MalformedData, MissingExtra
from idcard.qr.symbol import MAX_IMAGE_BYTES, Mode, Scan, Symbol, scan

Draw = Callable[..., Image.Image]

MODES: tuple[Mode, ...] = ("live", "still")
LINE = "036090999991||Huỳnh Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022".encode()
BINARY = b"\xdc\x03" + bytes(range(256))
# Alone, without a long line around them, these are what decoders that guess an encoding get wrong.
NAMES = [name.encode() for name in ("Trần", "Huỳnh", "Trần Thị Mẫu", "Nguyễn Văn Thử", "Đặng", "Võ", "Bùi Ẩn")]


def png(image: Image.Image, **options: object) -> bytes:
    """The image as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize("data", [LINE, BINARY, *NAMES])
def test_the_bytes_come_out_exactly(draw: Draw, data: bytes) -> None:
    assert scan(draw(data)).symbols == (Symbol(format="QR", data=data),)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_an_image_file_is_read(draw: Draw, kind: str) -> None:
    file = io.BytesIO()
    draw(LINE).save(file, kind)
    assert [symbol.data for symbol in scan(file.getvalue())] == [LINE]


@pytest.mark.parametrize("scale", [6, 4, 3, 2.4, 2, 1.6])
def test_small_codes(draw: Draw, scale: float) -> None:
    assert [symbol.data for symbol in scan(draw(LINE, scale=scale).filter(ImageFilter.GaussianBlur(0.3)))] == [LINE]


def test_what_is_too_small_at_first_is_found_enlarged(draw: Draw) -> None:
    frame = draw(LINE, scale=1.25).filter(ImageFilter.GaussianBlur(0.3))
    view = memoryview(frame.tobytes()).cast("B", shape=(frame.height, frame.width))
    assert not zxingcpp.read_barcodes(view, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    assert [symbol.data for symbol in scan(frame)] == [LINE]


@pytest.mark.parametrize("angle", [12, 45, 90, 200])
def test_turned_blurred_and_faint(draw: Draw, angle: int) -> None:
    frame = draw(LINE).rotate(angle, fillcolor=255).filter(ImageFilter.GaussianBlur(1))
    faint = frame.point(lambda value: 90 + value // 4)
    assert [symbol.data for symbol in scan(faint)] == [LINE]


def test_white_on_black(draw: Draw) -> None:
    assert [symbol.data for symbol in scan(ImageOps.invert(draw(LINE)))] == [LINE]


def test_a_transparent_background_counts_as_white(draw: Draw) -> None:
    code = draw(LINE)
    see_through = Image.new("RGBA", code.size, (0, 0, 0, 0))
    see_through.paste((0, 0, 0, 255), mask=ImageOps.invert(code))
    assert [symbol.data for symbol in scan(png(see_through))] == [LINE]


def test_several_codes_come_out_once_each(draw: Draw) -> None:
    page = draw(LINE, at=(20, 20))
    page.paste(draw(BINARY, at=(0, 0)).crop((0, 0, 400, 400)), (500, 20))
    page.paste(page.crop((20, 20, 320, 320)), (900, 20))
    assert sorted(symbol.data for symbol in scan(page)) == sorted([LINE, BINARY])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kind", "name"), [("DataMatrix", "Data Matrix"), ("Aztec", "Aztec"), ("PDF417", "PDF417")])
def test_other_kinds_of_symbol(kind: str, name: str, mode: Mode) -> None:
    drawn = zxingcpp.create_barcode(BINARY[:90], getattr(zxingcpp.BarcodeFormat, kind)).to_image(scale=4)
    view = memoryview(drawn)  # type: ignore[arg-type]
    image = Image.frombytes("L", (view.shape[1], view.shape[0]), view.tobytes())  # type: ignore[index]
    assert scan(ImageOps.expand(image, 40, 255), mode=mode).symbols == (Symbol(format=name, data=BINARY[:90]),)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("image", [
    Image.new("L", (1280, 720), 128), Image.new("RGB", (1, 1)), Image.effect_noise((320, 240), 80),
    Image.new("1", (9, 9)), Image.new("L", (2001, 2000), 255),
])  # fmt: skip
def test_where_there_is_no_symbol_there_is_none(image: Image.Image, mode: Mode) -> None:
    assert scan(image, mode=mode).symbols == ()


def test_it_prints_as_nothing(draw: Draw) -> None:
    assert repr(scan(draw(LINE)).symbols) == f"(Symbol(QR, {len(LINE)} bytes),)"


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>"]
)
def test_what_is_no_image_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        scan(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_image_is_malformed(draw: Draw, share: float) -> None:
    whole = png(draw(LINE), compress_level=0)
    with pytest.raises(MalformedData):
        scan(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("size", [(8000, 5001), (20001, 1), (14000, 14000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    bomb = png(Image.new("1", size))
    assert len(bomb) < 100_000
    with pytest.raises(BoundExceeded):
        scan(bomb)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(BoundExceeded):
        scan(bytes(MAX_IMAGE_BYTES + 1))


def test_a_huge_image_object_is_refused() -> None:
    with pytest.raises(BoundExceeded):
        scan(Image.new("1", (8000, 5001)))


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"RIFF", b"II*\x00"])
)
def test_any_bytes_are_symbols_or_one_of_our_errors(tail: bytes, head: bytes) -> None:
    try:
        assert isinstance(scan(head + tail), Scan)
    except IdCardError:
        return


def test_zbar_stands_in_where_zxing_is_missing(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    for data in (LINE, BINARY, *NAMES):
        assert scan(draw(data)).symbols == (Symbol(format="QR", data=data),)
    assert scan(Image.new("L", (640, 480), 255)).symbols == ()
    assert scan(Image.new("L", (2001, 2000), 255), mode="still").symbols == ()


@pytest.mark.parametrize("missing", [("PIL",), ("zxingcpp", "pyzbar")])
def test_a_missing_extra_is_named(draw: Draw, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]) -> None:
    frame = png(draw(LINE))
    monkeypatch.delitem(sys.modules, "idcard.qr.zbar", raising=False)
    monkeypatch.delattr("idcard.qr.zbar", raising=False)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"pip install 'idcard\[qr\]'"):
        scan(frame)
