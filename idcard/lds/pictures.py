"""DG5 and DG7 to DG10: displayed portrait and signature, and features of the document that a machine can check.

Theory of operation. Each file holds a number (02) and as many templates. In DG5 (5F40) and DG7 (5F43) these are images;
in DG8, DG9 and DG10 header and data are yet to be defined and each state's own until then, so that the tag of each
template and its content are all that can be told.

Source: ICAO Doc 9303-10, "Data Group 5" to "Data Group 10".
"""

from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData
from idcard.lds.images import RAW, media_type
from idcard.lds.layout import File

_COUNT = 0x02
_IMAGE_TAGS = {File.DG5: 0x5F40, File.DG7: 0x5F43}
_KINDS = {File.DG8: "data", File.DG9: "structure", File.DG10: "substance"}
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Feature:
    """A template of DG8, DG9 or DG10: its tag, and its content byte for byte."""

    tag: int
    content: bytes

    def __repr__(self) -> str:
        return f"Feature({self.tag:X}, {len(self.content)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Data, structure or substance features (DG8, DG9, DG10).

    ``stated`` is how many the file says there are; what is there counts.
    """

    kind: str
    stated: int
    features: tuple[Feature, ...]


def parse_features(data: bytes, file: File) -> Features:
    """The features in DG8, DG9 or DG10, in their order.

    :raises MalformedData: if the file is not well formed.
    :raises BoundExceeded: if it holds more than 16.
    """
    nodes = _templates(data, file)
    count = tlv.require(nodes, _COUNT, where=file.label)
    if len(count.value) != 1:
        raise MalformedData("a number of features that is not one byte", where=file.label)
    return Features(
        kind=_KINDS[file],
        stated=count.value[0],
        features=tuple(Feature(tag=node.tag, content=node.value) for node in nodes if node.tag != _COUNT),
    )


def _templates(data: bytes, file: File) -> tuple[tlv.Tlv, ...]:
    nodes = tlv.parse_one(data, file.tag, where=file.label).children(file.label)
    tlv.require(nodes, _COUNT, where=file.label)
    if len(nodes) > _MAX_ITEMS + 1:
        raise BoundExceeded(f"{file.label}: {len(nodes)} items", where=file.label)
    return nodes
