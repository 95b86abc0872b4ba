"""DG15: the public key of active authentication.

Source: ICAO Doc 9303-10, "Data Group 15: Active Authentication public key info".
"""

from idcard.encoding import tlv
from idcard.lds.layout import File

_SEQUENCE = 0x30


def parse_dg15(data: bytes) -> bytes:
    """The SubjectPublicKeyInfo in DG15, in DER.

    :raises MalformedData: if DG15 is not exactly one SEQUENCE.
    """
    outer = tlv.parse_one(data, File.DG15.tag, where="DG15")
    tlv.parse_one(outer.value, _SEQUENCE, where="DG15")
    return outer.value
