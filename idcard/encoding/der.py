"""The two DER scalars that protocols put into data objects by hand: object identifiers and small integers.

Source: ITU-T X.690, "Encoding of an object identifier value" and "Encoding of an integer value".
"""

from functools import cache, lru_cache

from idcard.errors import MalformedData

_MAX_OID_BYTES = 64


@cache
def oid_to_bytes(oid: str) -> bytes:
    """The content octets of the object identifier ``oid`` (dotted form), without tag and length."""
    first, second, *rest = (int(arc) for arc in oid.split("."))
    return b"".join(_base128(arc) for arc in (first * 40 + second, *rest))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(arc & 0x7F | 0x80)
    return bytes(reversed(digits))


def oid_from_bytes(content: bytes, *, where: str = "object identifier") -> str:
    """The dotted form of an object identifier's content octets.

    :raises MalformedData: if they are empty, end inside an arc, or are longer than 64 bytes.
    """
    if not content or content[-1] & 0x80 or len(content) > _MAX_OID_BYTES:
        raise MalformedData("is not an object identifier", where=where)
    return _dotted(content)


@lru_cache(maxsize=1024)
def _dotted(content: bytes) -> str:
    arcs, arc = [], 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def small_integer(content: bytes, *, where: str = "integer") -> int:
    """The non-negative integer below 2^31 that the content octets are.

    :raises MalformedData: if they are empty, negative or longer.
    """
    if not 1 <= len(content) <= 4 or content[0] & 0x80:
        raise MalformedData("is not a small integer", where=where)
    return int.from_bytes(content)
