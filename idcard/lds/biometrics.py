"""DG2, DG3 and DG4: biometric information group templates, in the old encoding and in the extensible one.

Theory of operation. A group template (7F61) says how many templates there are, and each template (7F60) has a header
(A1: type, subtype, format owner and format) and a data block. In 5F2E the block is a record of ISO/IEC 19794: a face
(``FAC``), fingers (``FIR``) or irises (``IIR``). In 7F2E it is ASN.1 of ISO/IEC 39794; some issuers put a record of
the older kind there as well. What the chip gives decides, not what its header claims.

Source: ICAO Doc 9303-10, "Data Group 2" to "Data Group 4"; ISO/IEC 7816-11, "Biometric information template".
"""

from collections.abc import Callable
from typing import TypeVar

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData
from idcard.lds import iso39794
from idcard.lds.face import FaceImage, parse_face_record
from idcard.lds.iso19794 import FingerImage, IrisImage, parse_finger_record, parse_iris_record
from idcard.lds.layout import File

_GROUP, _TEMPLATE, _COUNT = 0x7F61, 0x7F60, 0x02
_DATA_BLOCKS = (0x5F2E, 0x7F2E)
_MAX_TEMPLATES = 16
_OLD_RECORDS = (b"FAC\x00", b"FIR\x00", b"IIR\x00")

T = TypeVar("T")
Parser = Callable[[bytes], tuple[T, ...]]


def parse_dg2(data: bytes) -> tuple[FaceImage, ...]:
    """The face images of DG2, in its order; at least one.

    :raises MalformedData: if it is not well formed, or holds no image.
    """
    images = _images(data, File.DG2, parse_face_record, iso39794.faces)
    if not images:
        raise MalformedData("holds no face", where="DG2")
    return images


def parse_dg3(data: bytes) -> tuple[FingerImage, ...]:
    """The finger images of DG3; none where the state keeps the file's place without fingers in it.

    :raises MalformedData: if it is not well formed.
    """
    return _images(data, File.DG3, parse_finger_record, iso39794.fingers)


def parse_dg4(data: bytes) -> tuple[IrisImage, ...]:
    """The iris images of DG4; none where the state keeps the file's place without irises in it.

    :raises MalformedData: if it is not well formed.
    """
    return _images(data, File.DG4, parse_iris_record, iso39794.irises)


def _images(data: bytes, file: File, old: Parser[T], new: Parser[T]) -> tuple[T, ...]:
    where = file.label
    outer = tlv.parse_one(data, file.tag, where=where)
    group = tlv.parse(outer.value, where=where)
    nodes = tlv.require(group, _GROUP, where=where).children(where)
    tlv.require(nodes, _COUNT, where=where)
    templates = [node for node in nodes if node.tag == _TEMPLATE]
    if len(templates) > _MAX_TEMPLATES:
        raise BoundExceeded(f"{where}: {len(templates)} templates", where=where)
    return tuple(image for node in templates for image in _block(node, where, old, new))


def _block(template: tlv.Tlv, where: str, old: Parser[T], new: Parser[T]) -> tuple[T, ...]:
    block = next((node for node in template.children(where) if node.tag in _DATA_BLOCKS), None)
    if block is None:
        raise MalformedData("a template without a data block", where=where)
    is_old = block.tag == _DATA_BLOCKS[0] or block.value.startswith(_OLD_RECORDS)
    return old(block.value) if is_old else new(block.value)
