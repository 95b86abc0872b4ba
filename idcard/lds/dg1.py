"""DG1: the machine-readable zone, as the chip holds it.

Source: ICAO Doc 9303-10, "Data Group 1: machine readable zone information".
"""

from idcard.encoding.mrz import Mrz
from idcard.encoding.tlv import parse_one
from idcard.errors import MalformedData

_DG1 = 0x61
_MRZ = 0x5F1F
_LENGTHS = (90, 72, 88)


def parse_dg1(data: bytes) -> Mrz:
    """The machine-readable zone in DG1; trailing bytes are an error.

    :raises MalformedData: if the file or the zone is not well formed.
    """
    outer = parse_one(data, _DG1, where="DG1")
    text = parse_one(outer.value, _MRZ, where="DG1").value
    if len(text) not in _LENGTHS or not text.isascii():
        raise MalformedData("does not hold the characters of an MRZ", where="DG1")
    return Mrz.parse(text.decode("ascii"))
