"""DG2 to DG5, DG7 to DG10: images in all the forms that states use."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.lds.biometrics import parse_dg2, parse_dg3, parse_dg4
from idcard.lds.images import decoded, media_type
from idcard.lds.layout import File
from idcard.lds.pictures import parse_displayed_images, parse_features

JPEG = b"\xff\xd8\xff\xe0" + bytes(40) + b"\xff\xd9"
JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40)
WSQ = b"\xff\xa0\xff\xa8" + bytes(30)


def group(file: File, *blocks: bytes, tag: int = 0x5F2E) -> bytes:
    templates = [tlv.build(0x7F60, tlv.build(0xA1, b""), tlv.build(tag, block)) for block in blocks]
    return tlv.build(file.tag, tlv.build(0x7F61, tlv.build(0x02, bytes([len(blocks)])), *templates))


def face(image: bytes, *, size: tuple[int, int] | None = (413, 531), wrapped: bool = True) -> bytes:
    """A face image data block of ISO 39794-5, with its required fields and perhaps the size."""
    sizes = (
        b""
        if size is None
        else tlv.build(0xA7, tlv.build(0x80, size[0].to_bytes(2)), tlv.build(0x81, size[1].to_bytes(2)))
    )
    information = tlv.build(0xA1, tlv.build(0xA0, tlv.build(0x80, b"\x02")), sizes)
    picture = tlv.build(0xA0, tlv.build(0xA0, tlv.build(0x80, image), information))
    representation = tlv.build(0x30, tlv.build(0x80, b"\x01"), tlv.build(0xA1, picture))
    version = tlv.build(0xA0, tlv.build(0x80, b"\x03"), tlv.build(0x81, (2019).to_bytes(2)))
    block = tlv.build(0x65, version, tlv.build(0xA1, representation))
    return tlv.build(0xA1, block) if wrapped else block


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_face_in_the_extensible_encoding(wrapped: bool) -> None:
    (found,) = parse_dg2(group(File.DG2, face(JPEG, wrapped=wrapped), tag=0x7F2E))
    assert (found.image, found.media_type, found.width, found.height) == (JPEG, "image/jpeg", 413, 531)


def test_a_face_that_does_not_say_its_size() -> None:
    (found,) = parse_dg2(group(File.DG2, face(JP2, size=None), tag=0x7F2E))
    assert (found.media_type, found.width) == ("image/jp2", None)


def test_an_unknown_image_in_the_extensible_encoding() -> None:
    with pytest.raises(MalformedData, match="neither JPEG nor"):
        parse_dg2(group(File.DG2, face(b"GIF89a"), tag=0x7F2E))


def fir(*fingers: tuple[int, bytes], length: int | None = None, count: int | None = None) -> bytes:
    """A finger record of ISO 19794-4."""
    body = b"".join(
        (14 + len(image)).to_bytes(4)
        + bytes([position, 1, 1, 80, 0])
        + (300).to_bytes(2)
        + (400).to_bytes(2)
        + b"\x00"
        + image
        for position, image in fingers
    )
    total = 32 + len(body) if length is None else length
    number = len(fingers) if count is None else count
    head = (
        b"FIR\x00010\x00"
        + total.to_bytes(6)
        + bytes(2)
        + bytes(2)
        + bytes([number, 2])
        + bytes(8)
        + b"\x08\x02\x00\x00"
    )
    assert len(head) == 32
    return head + body


def test_fingers_in_the_older_encoding() -> None:
    right, left = parse_dg3(group(File.DG3, fir((1, WSQ)), fir((6, JP2))))
    assert (right.media_type, right.position, right.quality, right.width, right.height) == (
        "image/x-wsq",
        1,
        80,
        300,
        400,
    )
    assert (left.media_type, left.position, left.image) == ("image/jp2", 6, JP2)
    assert repr(right) == f"FingerImage(image/x-wsq, {len(WSQ)} bytes)"


def test_two_fingers_in_one_record() -> None:
    assert [finger.position for finger in parse_dg3(group(File.DG3, fir((2, WSQ), (7, b"raw pixels"))))] == [2, 7]


@pytest.mark.parametrize(
    "record",
    [b"FIR\x00", b"XXX\x00" + bytes(40), fir((1, WSQ), length=99), fir((1, WSQ))[:-5], fir(count=1), fir((1, b""))],
    ids=["short", "magic", "length", "cut", "missing", "empty"],
)
def test_finger_records_that_do_not_fit(record: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg3(group(File.DG3, record))


def test_more_fingers_than_anybody_has() -> None:
    with pytest.raises(BoundExceeded):
        parse_dg3(group(File.DG3, fir(count=25)))


def code(number: int, value: int, *, extended: bool) -> bytes:
    inner = tlv.build(0x80, bytes([value]))
    return tlv.build(0xA0 | number, tlv.build(0xA1, inner) if extended else inner)


@pytest.mark.parametrize("extended", [True, False])
def test_fingers_in_the_extensible_encoding(extended: bool) -> None:
    fields = code(0, 6, extended=extended) + code(1, 1, extended=extended) + code(2, 1, extended=extended)
    representation = tlv.build(0x30, fields, tlv.build(0x83, WSQ))
    block = tlv.build(0xA1, tlv.build(0x64, tlv.build(0xA0), tlv.build(0xA1, representation, representation)))
    first, _ = parse_dg3(group(File.DG3, block, tag=0x7F2E))
    assert (first.position, first.impression, first.media_type, first.image) == (6, 1, "image/x-wsq", WSQ)


def iir(*eyes: tuple[int, tuple[bytes, ...]], length: int | None = None) -> bytes:
    """An iris record of ISO 19794-6."""
    body = b""
    for eye, images in eyes:
        body += bytes([eye]) + len(images).to_bytes(2)
        body += b"".join(bytes(2) + b"\x50" + bytes(4) + len(image).to_bytes(4) + image for image in images)
    total = 45 + len(body) if length is None else length
    head = b"IIR\x00010\x00" + total.to_bytes(4) + bytes(2) + bytes([len(eyes)]) + (45).to_bytes(2) + bytes(28)
    assert len(head) == 45
    return head + body


def test_irises_in_the_older_encoding() -> None:
    right, left = parse_dg4(group(File.DG4, iir((1, (JPEG,)), (2, (JP2,)))))
    assert (right.eye, right.media_type, right.quality) == (1, "image/jpeg", 80)
    assert (left.eye, left.image) == (2, JP2)
    assert repr(left) == f"IrisImage(image/jp2, {len(JP2)} bytes)"


@pytest.mark.parametrize(
    "record", [b"IIR\x00" + bytes(50), iir((1, (JPEG,)), length=9), iir((1, (JPEG,)))[:-3], iir((1, (b"",)))]
)
def test_iris_records_that_do_not_fit(record: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg4(group(File.DG4, record))


def test_irises_in_the_extensible_encoding() -> None:
    representation = tlv.build(0x30, tlv.build(0x80, b"\x02"), tlv.build(0x89, JP2))
    block = tlv.build(0x66, tlv.build(0xA0), tlv.build(0xA1, representation))
    (iris,) = parse_dg4(group(File.DG4, block, tag=0x7F2E))
    assert (iris.eye, iris.media_type) == (2, "image/jp2")


@pytest.mark.parametrize(
    "block",
    [
        tlv.build(0x64),
        tlv.build(0x64, tlv.build(0xA1)),
        tlv.build(0x64, tlv.build(0xA1, tlv.build(0x31))),
        tlv.build(0x64, tlv.build(0xA1, tlv.build(0x30, tlv.build(0x83, WSQ)))),
        tlv.build(0x64, tlv.build(0xA1, tlv.build(0x30, tlv.build(0x83, WSQ), tlv.build(0xA0)))),
        tlv.build(0x65, tlv.build(0xA1, tlv.build(0x30))),
    ],
)
def test_extensible_blocks_that_lack_something(block: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg3(group(File.DG3, block, tag=0x7F2E))


def test_more_representations_than_anybody_has() -> None:
    block = tlv.build(0x64, tlv.build(0xA1, *[tlv.build(0x30)] * 25))
    with pytest.raises(BoundExceeded):
        parse_dg3(group(File.DG3, block, tag=0x7F2E))


def test_a_file_that_only_keeps_its_place() -> None:
    assert parse_dg3(group(File.DG3)) == ()
    with_filling = tlv.build(File.DG3.tag, tlv.build(0x7F61, tlv.build(0x02, b"\x00")), tlv.build(0x53, bytes(16)))
    assert parse_dg3(with_filling) == ()
    assert parse_dg4(group(File.DG4)) == ()


def test_too_many_templates() -> None:
    with pytest.raises(BoundExceeded):
        parse_dg3(group(File.DG3, *[b""] * 17))


@pytest.mark.parametrize(("file", "tag"), [(File.DG5, 0x5F40), (File.DG7, 0x5F43)])
def test_displayed_images(file: File, tag: int) -> None:
    data = tlv.build(file.tag, tlv.build(0x02, b"\x02"), tlv.build(tag, JPEG), tlv.build(tag, b"pixels"))
    first, second = parse_displayed_images(data, file)
    assert (first.image, first.media_type, second.media_type) == (JPEG, "image/jpeg", "image/raw")
    assert repr(first) == f"DisplayedImage(image/jpeg, {len(JPEG)} bytes)"


@pytest.mark.parametrize(("file", "kind"), [(File.DG8, "data"), (File.DG9, "structure"), (File.DG10, "substance")])
def test_features_by_their_tags(file: File, kind: str) -> None:
    parts = (tlv.build(0x02, b"\x02"), tlv.build(0x7F60, b"a header"), tlv.build(0x53, b"feature"))
    found = parse_features(tlv.build(file.tag, *parts), file)
    assert (found.kind, found.stated) == (kind, 2)
    assert [(one.tag, one.content) for one in found.features] == [(0x7F60, b"a header"), (0x53, b"feature")]
    assert repr(found.features[1]) == "Feature(53, 7 bytes)"
    assert parse_features(tlv.build(file.tag, tlv.build(0x02, b"\x00")), file).features == ()


@pytest.mark.parametrize("file", [File.DG8, File.DG9, File.DG10])
def test_features_have_a_number_and_a_bound(file: File) -> None:
    with pytest.raises(BoundExceeded):
        parse_features(tlv.build(file.tag, tlv.build(0x02, b"\x63"), *[tlv.build(0x53, b"x")] * 20), file)
    for count in (b"", tlv.build(0x02), tlv.build(0x02, b"\x00\x01")):
        with pytest.raises(MalformedData):
            parse_features(tlv.build(file.tag, count, tlv.build(0x53, b"x")), file)


def picture(name: str, **options: object) -> bytes:
    written = BytesIO()
    Image.new("RGB", (32, 40), (200, 150, 120)).save(written, name, **options)
    return written.getvalue()


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG2000"), "image/jp2"),
        (picture("JPEG2000", no_jp2=True), "image/j2k"),
        (picture("PNG"), "image/png"),
    ],
    ids=["jpeg", "jp2", "j2k", "png"],
)
def test_a_portrait_is_decoded_on_request(image: bytes, kind: str) -> None:
    assert media_type(image) == kind
    assert decoded(image).size == (32, 40)


def test_what_cannot_be_decoded() -> None:
    with pytest.raises(MalformedData):
        decoded(WSQ)
    with pytest.raises(MalformedData):
        decoded(picture("JPEG")[:200])
    with pytest.raises(BoundExceeded):
        decoded(picture("JPEG"), max_pixels=100)


@given(st.binary(max_size=120), st.sampled_from(["FIR", "IIR", "FAC", ""]), st.sampled_from([0x5F2E, 0x7F2E]))
def test_any_block_is_images_or_an_error(data: bytes, magic: str, tag: int) -> None:
    block = (magic.encode() + b"\x00" if magic else b"") + data
    for file, parse in ((File.DG2, parse_dg2), (File.DG3, parse_dg3), (File.DG4, parse_dg4)):
        try:
            parse(group(file, block, tag=tag))
        except IdCardError:
            continue
