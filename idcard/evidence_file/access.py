"""How the chip was opened, without anything that only the chip chose.

Theory of operation. EF.CardAccess is any bytes that a chip gives; one could hold a name. What is judged of it is which
ways to run PACE it offers. So those are read, and where they are ways that the standard knows, written anew in DER:
an object identifier of a list, a version and a parameter number. All else is gone.

Source: ICAO Doc 9303-11, "PACEInfo"; BSI TR-03110-3, A.1.1.1.
"""

from dataclasses import replace
from typing import Final

from idcard.encoding.der import oid_to_bytes
from idcard.encoding.tlv import build
from idcard.errors import ProtocolViolation
from idcard.evidence import AccessRecord
from idcard.lds.security_infos import PaceInfo, SecurityInfos

_OBJECT_IDENTIFIER, _INTEGER, _SEQUENCE, _SET = 0x06, 0x02, 0x30, 0x31
_VERSIONS: Final = (1, 2)
_PARAMETERS: Final = (None, *range(32))
# Each mapping (DH and ECDH generic, DH and ECDH integrated, ECDH with chip authentication), with 3DES or AES.
_WAYS: Final = frozenset(
    f"0.4.0.127.0.7.2.2.4.{mapping}.{cipher}" for mapping in (1, 2, 3, 4, 6) for cipher in range(1, 5)
)


def without_foreign_bytes(record: AccessRecord) -> AccessRecord:
    """The record, with EF.CardAccess and the way that was used only as far as the standard knows them."""
    known = record.pace_oid in _WAYS
    return replace(
        record,
        pace_oid=record.pace_oid if known else None,
        parameter_id=record.parameter_id if known and record.parameter_id in _PARAMETERS else None,
        card_access=None if record.card_access is None else _anew(record.card_access),
    )


def _anew(card_access: bytes) -> bytes:
    """The ways to run PACE that are offered there, and nothing else: an empty set where it is not well formed."""
    try:
        offered = SecurityInfos.from_bytes(card_access, where="EF.CardAccess").pace
    except ProtocolViolation:
        offered = ()
    return build(_SET, *dict.fromkeys(_written(info) for info in offered if _is_known(info)))


def _is_known(info: PaceInfo) -> bool:
    return info.oid in _WAYS and info.version in _VERSIONS and info.parameter_id in _PARAMETERS


def _written(info: PaceInfo) -> bytes:
    numbers = [info.version] if info.parameter_id is None else [info.version, info.parameter_id]
    oid = build(_OBJECT_IDENTIFIER, oid_to_bytes(info.oid))
    return build(_SEQUENCE, oid, *(build(_INTEGER, bytes([number])) for number in numbers))
