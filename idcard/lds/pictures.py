"""DG5 and DG7 to DG10: displayed portrait and signature, and features of the document that a machine can check.

Theory of operation. Each file holds a number (02) and as many templates. In DG5 (5F40) and DG7 (5F43) these are images;
what is in DG8, DG9 and DG10 was left to the states, so their content is kept as it is.

Source: ICAO Doc 9303-10, "Data Group 5" to "Data Group 10".
"""

from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.errors import BoundExceeded
from idcard.lds.images import RAW, media_type
from idcard.lds.layout import File

_COUNT = 0x02
_IMAGE_TAGS = {File.DG5: 0x5F40, File.DG7: 0x5F43}
_MAX_ITEMS = 16


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DisplayedImage:
    """A displayed portrait or signature: the image's bytes and their media type."""

    image: bytes
    media_type: str

    def __repr__(self) -> str:
        return f"DisplayedImage({self.media_type}, {len(self.image)} bytes)"


def parse_displayed_images(data: bytes, file: File) -> tuple[DisplayedImage, ...]:
    """The images of DG5 or DG7, in their order.

    :raises MalformedData: if the file is not well formed.
    :raises BoundExceeded: if it holds more than 16.
    """
    nodes = _templates(data, file)
    values = [node.value for node in nodes if node.tag == _IMAGE_TAGS[file]]
    return tuple(DisplayedImage(image=value, media_type=media_type(value) or RAW) for value in values)


def parse_features(data: bytes, file: File) -> tuple[bytes, ...]:
    """The features in DG8, DG9 or DG10, byte for byte.

    :raises MalformedData: if the file is not well formed.
    :raises BoundExceeded: if it holds more than 16.
    """
    return tuple(node.value for node in _templates(data, file) if node.tag != _COUNT)


def _templates(data: bytes, file: File) -> tuple[tlv.Tlv, ...]:
    nodes = tlv.parse_one(data, file.tag, where=file.label).children(file.label)
    tlv.require(nodes, _COUNT, where=file.label)
    if len(nodes) > _MAX_ITEMS + 1:
        raise BoundExceeded(f"{file.label}: {len(nodes)} items", where=file.label)
    return nodes
