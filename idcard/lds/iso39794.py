"""Faces, fingers and irises in the extensible encoding: ASN.1 in which every field bears its number.

Theory of operation. A data block is marked by its application tag (4 fingers, 5 a face, 6 irises) and holds a version
and representations. What is not known is passed over: the encoding was made to grow. Only the image and what names it
is taken out. A code is either given as such, or inside an extension block with a fallback.

Source: ISO/IEC 39794-4, -5 and -6:2019 with ICAO's application profile, "FaceImageDataBlock", "FingerImageDataBlock",
"IrisImageDataBlock". This software makes use of the Schema from ISO/IEC 39794-5 within modifications permitted in the
relevant ISO/IEC standard. Please reproduce this note if possible.
"""

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData
from idcard.lds.face import FaceImage
from idcard.lds.images import RAW, media_type
from idcard.lds.iso19794 import FingerImage, IrisImage

FINGERS, FACE, IRISES = 0x64, 0x65, 0x66
_WRAPPED = 0xA1
_REPRESENTATIONS, _SEQUENCE = 0xA1, 0x30
_MAX_REPRESENTATIONS = 24
_WHERE = "ISO 39794 block"


def faces(block: bytes) -> tuple[FaceImage, ...]:
    """The faces of a face image data block.

    :raises MalformedData: if it is none, or an image in it is neither JPEG nor JPEG 2000.
    """
    return tuple(_face(each) for each in _representations(block, FACE))


def fingers(block: bytes) -> tuple[FingerImage, ...]:
    """The fingers of a finger image data block.

    :raises MalformedData: if it is none.
    """
    return tuple(_finger(each) for each in _representations(block, FINGERS))


def irises(block: bytes) -> tuple[IrisImage, ...]:
    """The irises of an iris image data block.

    :raises MalformedData: if it is none.
    """
    return tuple(_iris(each) for each in _representations(block, IRISES))


def _representations(block: bytes, tag: int) -> list[tlv.Tlv]:
    nodes = tlv.parse(block, where=_WHERE)
    if len(nodes) == 1 and nodes[0].tag == _WRAPPED:
        nodes = nodes[0].children(_WHERE)
    outer = tlv.require(nodes, tag, where=_WHERE)
    run = tlv.require(outer.children(_WHERE), _REPRESENTATIONS, where=_WHERE).children(_WHERE)
    if len(run) > _MAX_REPRESENTATIONS:
        raise BoundExceeded(f"{_WHERE}: {len(run)} representations", where=_WHERE)
    if not run or any(each.tag != _SEQUENCE for each in run):
        raise MalformedData("without a representation", where=_WHERE)
    return list(run)


def _inside(node: tlv.Tlv, *tags: int) -> tlv.Tlv:
    for tag in tags:
        node = tlv.require(node.children(_WHERE), tag, where=_WHERE)
    return node


def _face(representation: tlv.Tlv) -> FaceImage:
    picture = _inside(representation, 0xA1, 0xA0, 0xA0)
    image = _inside(picture, 0x80).value
    kind = media_type(image)
    if kind is None:
        raise MalformedData("an image that is neither JPEG nor JPEG 2000", where=_WHERE)
    size = tlv.find(_inside(picture, 0xA1).children(_WHERE), 0xA7)
    width, height = (None, None) if size is None else (_number(size, 0x80), _number(size, 0x81))
    return FaceImage(image=image, media_type=kind, width=width, height=height)


def _finger(representation: tlv.Tlv) -> FingerImage:
    image = _inside(representation, 0x83).value
    return FingerImage(
        image=image,
        media_type=media_type(image) or RAW,
        position=_code(representation, 0),
        impression=_code(representation, 1),
    )


def _iris(representation: tlv.Tlv) -> IrisImage:
    image = _inside(representation, 0x89).value
    return IrisImage(image=image, media_type=media_type(image) or RAW, eye=_code(representation, 0))


def _code(node: tlv.Tlv, number: int) -> int:
    """The code in the field of that number: plain, in a choice, or the fallback of an extension block."""
    fields = node.children(_WHERE)
    field = tlv.find(fields, 0x80 | number) or tlv.require(fields, 0xA0 | number, where=_WHERE)
    while field.constructed:
        inner = field.children(_WHERE)
        if not inner:
            raise MalformedData("a code without a value", where=_WHERE)
        field = inner[0]
    return int.from_bytes(field.value[:4])


def _number(node: tlv.Tlv, tag: int) -> int:
    return int.from_bytes(_inside(node, tag).value[:4])
