"""Face images in ISO/IEC 19794-5 records: the image's bytes and what they are.

Theory of operation. A record starts with ``FAC`` and a version, its own length and the number of images. Each image
block has 20 bytes on the person (the block's length and the number of feature points among them), eight bytes for
every feature point, 12 bytes on the image, and the image. Real documents give lengths that are off by up to eight
bytes, so an image runs to its block's stated end or, in the last block, to the end of the data.

Source: ISO/IEC 19794-5:2005, "Facial record format"; ICAO Doc 9303-9, "Facial image".
"""

from dataclasses import dataclass

from idcard.errors import BoundExceeded, MalformedData
from idcard.lds.images import J2K, JP2, JPEG, media_type

_WHERE = "face record"
_MAGIC = b"FAC\x00"
_RECORD_HEADER = 14
_BLOCK_HEADER = 20
_FEATURE_POINT = 8
_IMAGE_HEADER = 12
_SLIP = 8
_MAX_IMAGES = 16
_FACES = (JPEG, JP2, J2K)
_FILLING = 32


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FaceImage:
    """A face: the image's bytes as they are in the chip, and their media type, told by their first bytes.

    ``image/jpeg``, ``image/jp2`` (JPEG 2000 in its file format) or ``image/j2k`` (a bare JPEG 2000 codestream).
    ``width`` and ``height`` are in pixels, as the record says; None where it does not.
    """

    image: bytes
    media_type: str
    width: int | None = None
    height: int | None = None

    def __repr__(self) -> str:
        return f"FaceImage({self.media_type}, {len(self.image)} bytes)"


def parse_face_record(data: bytes) -> tuple[FaceImage, ...]:
    """The face images of a record.

    :raises MalformedData: if it is no record, or a length in it is off by more than eight bytes.
    :raises BoundExceeded: if it claims more than 16 images.
    """
    if data[:4] != _MAGIC or len(data) < _RECORD_HEADER:
        raise MalformedData("does not start with FAC", where=_WHERE, offset=0)
    if abs(_number(data, 8, 4) - len(data)) > _SLIP:
        raise MalformedData("is not as long as it says", where=_WHERE, offset=8)
    count = _number(data, 12, 2)
    if count > _MAX_IMAGES:
        raise BoundExceeded(f"{_WHERE}: {count} images", where=_WHERE)
    return _images(data, count)


def _images(data: bytes, count: int) -> tuple[FaceImage, ...]:
    images, start = [], _RECORD_HEADER
    for number in range(1, count + 1):
        end = _block_end(data, start, last=number == count)
        images.append(_image(data[start:end], start))
        start = end
    return tuple(images)


def _block_end(data: bytes, start: int, *, last: bool) -> int:
    end = start + _number(data, start, 4)
    if end > len(data) + _SLIP or (last and end < len(data) - _SLIP):
        raise MalformedData("an image block whose length does not fit", where=_WHERE, offset=start)
    return len(data) if last else min(end, len(data))


def _image(block: bytes, offset: int) -> FaceImage:
    points = _number(block, 4, 2)
    header = _BLOCK_HEADER + points * _FEATURE_POINT
    image = _unpadded(block[header + _IMAGE_HEADER :])
    kind = media_type(image)
    if kind not in _FACES:
        raise MalformedData("an image that is neither JPEG nor JPEG 2000", where=_WHERE, offset=offset)
    width, height = (_number(block, header + at, 2) or None for at in (2, 4))
    return FaceImage(image=image, media_type=kind, width=width, height=height)


def _unpadded(image: bytes) -> bytes:
    """The image without zeros before it, which some states put there; a JPEG 2000 file itself begins with three."""
    zeros = len(image) - len(image.lstrip(b"\x00"))
    if media_type(image) or not 0 < zeros <= _FILLING:
        return image
    return image[zeros - 3 :] if media_type(image[zeros - 3 :]) == JP2 and zeros > 3 else image[zeros:]


def _number(data: bytes, offset: int, size: int) -> int:
    if offset + size > len(data):
        raise MalformedData("cut short", where=_WHERE, offset=offset)
    return int.from_bytes(data[offset : offset + size])
