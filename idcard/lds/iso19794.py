"""Fingers and irises in records of ISO/IEC 19794: the image's bytes, what they are and where they are from.

Theory of operation. A record starts with three letters and a version, its own length, and what all images share. Each
image has a header of its own with its length. Which compression it is, the image's first bytes tell better than the
record; what they do not tell is raw pixels. A length that does not fit is an error: unlike faces, no off-by-a-few
records of these were ever reported.

Source: ISO/IEC 19794-4:2005, "Finger image record format"; ISO/IEC 19794-6:2005, "Iris image record format".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idcard.errors import BoundExceeded, MalformedData
from idcard.lds.images import RAW, media_type

_FINGER_WHERE, _IRIS_WHERE = "finger record", "iris record"
_FINGERS, _IRISES = b"FIR\x00", b"IIR\x00"
_FINGER_RECORD_HEADER, _FINGER_HEADER = 32, 14
_IRIS_RECORD_HEADER, _EYE_HEADER, _IRIS_HEADER = 45, 3, 11
_MAX_IMAGES = 24


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FingerImage:
    """A finger or palm: its image, which finger (1 right thumb to 10 left little finger; 0 not said), and quality.

    ``impression`` is the standard's number (0 live-scan plain). ``width`` and ``height`` in pixels and ``quality``
    (0 to 100) are None where they are not said.
    """

    image: bytes
    media_type: str
    position: int
    impression: int
    quality: int | None = None
    width: int | None = None
    height: int | None = None

    def __repr__(self) -> str:
        return f"FingerImage({self.media_type}, {len(self.image)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IrisImage:
    """An iris: its image, and which eye (1 right, 2 left, 0 not said)."""

    image: bytes
    media_type: str
    eye: int
    quality: int | None = None

    def __repr__(self) -> str:
        return f"IrisImage({self.media_type}, {len(self.image)} bytes)"


def parse_finger_record(data: bytes) -> tuple[FingerImage, ...]:
    """The images of a finger record.

    :raises MalformedData: if it is no record, or a length in it does not fit.
    :raises BoundExceeded: if it claims more than 24 images.
    """
    _require_start(data, _FINGERS, _FINGER_RECORD_HEADER, _number(data, 8, 6, _FINGER_WHERE), _FINGER_WHERE)
    return tuple(_fingers(data, _bounded(data[18], _FINGER_WHERE)))


def _fingers(data: bytes, count: int) -> Iterator[FingerImage]:
    at = _FINGER_RECORD_HEADER
    for _ in range(count):
        end = at + _number(data, at, 4, _FINGER_WHERE)
        image = _slice(data, at + _FINGER_HEADER, end, _FINGER_WHERE)
        yield FingerImage(
            image=image,
            media_type=media_type(image) or RAW,
            position=data[at + 4],
            quality=data[at + 7],
            impression=data[at + 8],
            width=_number(data, at + 9, 2, _FINGER_WHERE),
            height=_number(data, at + 11, 2, _FINGER_WHERE),
        )
        at = end


def parse_iris_record(data: bytes) -> tuple[IrisImage, ...]:
    """The images of an iris record, eye by eye.

    :raises MalformedData: if it is no record, or a length in it does not fit.
    :raises BoundExceeded: if it claims more than 24 images.
    """
    _require_start(data, _IRISES, _IRIS_RECORD_HEADER, _number(data, 8, 4, _IRIS_WHERE), _IRIS_WHERE)
    return tuple(_irises(data, _bounded(data[14], _IRIS_WHERE)))


def _irises(data: bytes, eyes: int) -> Iterator[IrisImage]:
    at = _IRIS_RECORD_HEADER
    for _ in range(eyes):
        eye, count = _number(data, at, 1, _IRIS_WHERE), _number(data, at + 1, 2, _IRIS_WHERE)
        at += _EYE_HEADER
        for _ in range(_bounded(count, _IRIS_WHERE)):
            start = at + _IRIS_HEADER
            end = start + _number(data, at + 7, 4, _IRIS_WHERE)
            image = _slice(data, start, end, _IRIS_WHERE)
            yield IrisImage(image=image, media_type=media_type(image) or RAW, eye=eye, quality=data[at + 2])
            at = end


def _require_start(data: bytes, magic: bytes, header: int, length: int, where: str) -> None:
    if data[:4] != magic or len(data) < header:
        raise MalformedData(f"does not start with {magic[:3].decode()}", where=where, offset=0)
    if length != len(data):
        raise MalformedData("is not as long as it says", where=where, offset=8)


def _bounded(count: int, where: str) -> int:
    if count > _MAX_IMAGES:
        raise BoundExceeded(f"{where}: {count} images", where=where)
    return count


def _slice(data: bytes, start: int, end: int, where: str) -> bytes:
    if not start < end <= len(data):
        raise MalformedData("an image whose length does not fit", where=where, offset=start)
    return data[start:end]


def _number(data: bytes, offset: int, size: int, where: str) -> int:
    if offset + size > len(data):
        raise MalformedData("cut short", where=where, offset=offset)
    return int.from_bytes(data[offset : offset + size])
