from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.lds.biometrics import parse_dg2
from idcard.lds.face import parse_face_record

JPEG = b"\xff\xd8\xff\xe0" + bytes(40) + b"\xff\xd9"
JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40)
J2K = b"\xff\x4f\xff\x51" + bytes(40)


def block(image: bytes, *, points: int = 0, slip: int = 0) -> bytes:
    body = points.to_bytes(2) + bytes(14) + bytes(8 * points) + bytes(12) + image
    return (len(body) + 4 + slip).to_bytes(4) + body


def record(*blocks: bytes, slip: int = 0, count: int | None = None) -> bytes:
    body = b"".join(blocks)
    number = len(blocks) if count is None else count
    return b"FAC\x00010\x00" + (len(body) + 14 + slip).to_bytes(4) + number.to_bytes(2) + body


def dg2(*records: bytes, tag: int = 0x5F2E) -> bytes:
    templates = [tlv.build(0x7F60, tlv.build(0xA1, b""), tlv.build(tag, one)) for one in records]
    return tlv.build(0x75, tlv.build(0x7F61, tlv.build(0x02, bytes([len(records)])), *templates))


@pytest.mark.parametrize(
    ("image", "media_type"), [(JPEG, "image/jpeg"), (JP2, "image/jp2"), (J2K, "image/j2k")], ids=["jpeg", "jp2", "j2k"]
)
def test_the_image_and_what_it_is(image: bytes, media_type: str) -> None:
    (face,) = parse_dg2(dg2(record(block(image))))
    assert (face.image, face.media_type) == (image, media_type)
    assert repr(face) == f"FaceImage({media_type}, {len(image)} bytes)"


def test_feature_points_are_skipped() -> None:
    assert parse_dg2(dg2(record(block(JPEG, points=3))))[0].image == JPEG


def test_a_constructed_data_block() -> None:
    assert parse_dg2(dg2(record(block(JPEG)), tag=0x7F2E))[0].image == JPEG


def test_several_images_and_several_templates() -> None:
    faces = parse_dg2(dg2(record(block(JPEG), block(JP2)), record(block(J2K))))
    assert [face.media_type for face in faces] == ["image/jpeg", "image/jp2", "image/j2k"]
    assert [face.image for face in faces] == [JPEG, JP2, J2K]


@pytest.mark.parametrize("slip", [-8, -1, 1, 8])
def test_lengths_that_are_off_by_up_to_eight_bytes(slip: int) -> None:
    """As passports of New Zealand and the United Kingdom have them."""
    assert parse_dg2(dg2(record(block(JPEG), slip=slip)))[0].image == JPEG
    assert parse_dg2(dg2(record(block(JPEG, slip=slip))))[0].image == JPEG


@pytest.mark.parametrize("slip", [-9, 9, 1000])
def test_lengths_that_are_off_by_more(slip: int) -> None:
    with pytest.raises(MalformedData):
        parse_dg2(dg2(record(block(JPEG), slip=slip)))
    with pytest.raises(MalformedData):
        parse_dg2(dg2(record(block(JPEG, slip=slip))))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x75\x00",
        dg2(),
        dg2(b""),
        dg2(b"FAC\x00"),
        dg2(b"FID\x00" + bytes(20)),
        dg2(record(block(b"GIF89a"))),
        dg2(record(count=1)),
        dg2(record(b"\x00\x00")),
        dg2(record(block(JPEG), count=2)),
        dg2(record(block(JPEG)), tag=0x5F2D),
        dg2(record(block(JPEG))) + b"\x00",
        tlv.build(0x75, tlv.build(0x7F61, tlv.build(0x7F60))),
    ],
)
def test_what_is_no_face_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg2(data)


def test_a_record_of_no_images_is_malformed() -> None:
    with pytest.raises(MalformedData):
        parse_dg2(dg2(record()))


def test_the_number_of_images_is_bounded() -> None:
    with pytest.raises(BoundExceeded):
        parse_face_record(record(block(JPEG), count=17))


def test_the_specimen_s_face(root: Path) -> None:
    data = (root / "tests" / "vectors" / "chip" / "bsi2008_specimen" / "Datagroup2.bin").read_bytes()
    (face,) = parse_dg2(data)
    assert face.media_type == "image/jp2"
    assert data.endswith(face.image)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_face_or_an_error(data: bytes) -> None:
    for parse in (parse_dg2, parse_face_record):
        try:
            parse(data)
        except IdCardError:
            continue


@pytest.mark.parametrize("zeros", [1, 4, 12])
@pytest.mark.parametrize("image", [JPEG, JP2, J2K], ids=["jpeg", "jp2", "j2k"])
def test_zeros_before_an_image(zeros: int, image: bytes) -> None:
    """As some states put them there; a JPEG 2000 file begins with three of its own."""
    (face,) = parse_dg2(dg2(record(block(bytes(zeros) + image))))
    assert face.image == image


def test_too_many_zeros_are_no_image() -> None:
    with pytest.raises(MalformedData):
        parse_dg2(dg2(record(block(bytes(60) + JPEG))))
