"""Scans of JPEG pictures are counted, never decoded: the tests count them, too, and look at no clock."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from idcard.errors import BoundExceeded
from idcard.qr.picture import MAX_PIXELS
from idcard.qr.picture_guard import MAX_SCANNED_PIXELS, MAX_SCANS, check_scans, count_scans
from idcard.qr.symbol import scan

SOS, EOI = b"\xff\xda", b"\xff\xd9"


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "jpeg", **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def progressive() -> bytes:
    return jpeg(Image.new("RGB", (64, 48), "white"), progressive=True)


def repeated(data: bytes, times: int) -> bytes:
    """The picture with its last scan that many times more."""
    last = data.rindex(SOS)
    return data[:-2] + data[last:-2] * times + EOI


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


@pytest.mark.parametrize(
    ("options", "mode", "scans"),
    [
        ({}, "L", 1),
        ({}, "RGB", 1),
        ({"restart_marker_blocks": 1}, "RGB", 1),
        ({"progressive": True}, "L", 6),
        ({"progressive": True}, "RGB", 10),
    ],
)
def test_scans_are_counted(options: dict[str, object], mode: str, scans: int) -> None:
    noise = Image.effect_noise((160, 120), 90).convert(mode)
    assert count_scans(jpeg(noise, **options), most=MAX_SCANS) == scans


def test_what_is_not_of_the_picture_is_not_counted(progressive: bytes) -> None:
    """A thumbnail in a comment, and a film that telephones append to a picture."""
    odd = progressive[:2] + segment(0xFE, SOS * 500) + b"\xff\xff" + progressive[2:] + SOS * 500
    assert count_scans(odd, most=MAX_SCANS) == 10
    assert Image.open(io.BytesIO(odd)).convert("L").size == (64, 48)
    assert not scan(odd)


def test_scans_that_repeat_themselves_are_refused_unread(progressive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repeated(progressive, 2000)
    assert count_scans(bomb, most=1 << 20) == 2010
    assert count_scans(bomb, most=MAX_SCANS) == MAX_SCANS + 1
    decoded: list[object] = []
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", decoded.append)
    with pytest.raises(BoundExceeded) as caught:
        scan(bomb)
    assert caught.value.facts["scans"] == MAX_SCANS + 1
    assert not decoded


def test_as_many_scans_as_a_picture_may_have(progressive: bytes) -> None:
    most = repeated(progressive, MAX_SCANS - 10)
    assert count_scans(most, most=MAX_SCANS) == MAX_SCANS
    assert not scan(most)
    with pytest.raises(BoundExceeded):
        scan(repeated(progressive, MAX_SCANS - 9))


def test_a_large_picture_has_fewer(progressive: bytes) -> None:
    width, height = 8000, MAX_PIXELS // 8000
    assert MAX_SCANNED_PIXELS // (width * height) == 12
    check_scans(repeated(progressive, 2), width=width, height=height)
    with pytest.raises(BoundExceeded):
        check_scans(repeated(progressive, 3), width=width, height=height)


def test_other_pictures_are_not_looked_at(progressive: bytes) -> None:
    check_scans(b"\x89PNG" + SOS * 1000, width=1, height=1)


@given(
    data=st.binary(max_size=400), seed=st.sampled_from([b"", SOS, b"\xff\xd8", b"\xff\xff\xff", b"\xff\xe0\x00\x00"])
)
def test_any_bytes_can_be_counted(data: bytes, seed: bytes) -> None:
    assert 0 <= count_scans(b"\xff\xd8" + seed + data, most=3) <= 4


def test_a_picture_of_a_code_is_read_as_before(draw: Callable[..., Image.Image]) -> None:
    for options in ({}, {"progressive": True}):
        found = scan(jpeg(draw(b"synthetic"), quality=90, **options))
        assert [symbol.data for symbol in found] == [b"synthetic"]
