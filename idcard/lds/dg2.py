"""DG2: the holder's face.

Theory of operation. DG2 holds a biometric information group template (7F61): how many templates there are, and for
each a template (7F60) with a header (A1) and the data block (5F2E, or 7F2E where it is constructed), which is a face
record.

Source: ICAO Doc 9303-10, "Data Group 2: encoded identification features, face".
"""

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.lds.face import FaceImage, parse_face_record
from idcard.lds.layout import File

_GROUP, _TEMPLATE, _COUNT = 0x7F61, 0x7F60, 0x02
_DATA_BLOCKS = (0x5F2E, 0x7F2E)


def parse_dg2(data: bytes) -> tuple[FaceImage, ...]:
    """The face images of DG2, in its order; at least one.

    :raises MalformedData: if it is not well formed, or holds no image.
    """
    outer = tlv.parse_one(data, File.DG2.tag, where="DG2")
    nodes = tlv.parse_one(outer.value, _GROUP, where="DG2").children("DG2")
    tlv.require(nodes, _COUNT, where="DG2")
    images = tuple(image for node in nodes if node.tag == _TEMPLATE for image in _images(node))
    if not images:
        raise MalformedData("holds no face", where="DG2")
    return images


def _images(template: tlv.Tlv) -> tuple[FaceImage, ...]:
    block = next((node for node in template.children("DG2") if node.tag in _DATA_BLOCKS), None)
    if block is None:
        raise MalformedData("a template without a data block", where="DG2")
    return parse_face_record(block.value)
