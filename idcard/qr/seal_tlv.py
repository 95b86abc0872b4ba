"""The data objects in seals and barcodes: one byte of tag, a length, a value.

Stricter than BER: the length is definite and as short as it can be, and nothing stands behind the last object. A tag
is any byte, also one that would go on in BER (FF is the signature of a seal, 7F that of a barcode).

Source: ICAO Doc 9303-13, "Message Zone"; ITU-T X.690, "Length octets".
"""

from idcard.errors import MalformedData

_MAX_LENGTH_BYTES = 2
MAX_OBJECTS = 256


def parse(data: bytes, *, where: str) -> list[tuple[int, bytes, int]]:
    """Tag, value and place of each object in ``data``, which is nothing else.

    :raises MalformedData: if it is something else, or a length is longer than needed.
    """
    found, at = [], 0
    while at < len(data):
        start = at
        if at + 1 >= len(data):
            raise MalformedData("is cut short", where=where, offset=at)
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            length, at = _long_length(data, at, length & 0x7F, where)
        if at + length > len(data):
            raise MalformedData("is cut short", where=where, offset=start)
        found.append((tag, bytes(data[at : at + length]), start))
        at += length
    if len(found) > MAX_OBJECTS:
        raise MalformedData("holds too many objects", where=where)
    return found


def parse_either(data: bytes, *, where: str) -> list[tuple[int, bytes, int]]:
    """The objects in ``data``, whose lengths may also be plain bytes: what older seals have for 128 to 254.

    What can be read in the standard's way is read so, whatever it would be in the other.

    :raises MalformedData: if it is neither.
    """
    try:
        return parse(data, where=where)
    except MalformedData:
        return _parse_plain(data, where)


def _parse_plain(data: bytes, where: str) -> list[tuple[int, bytes, int]]:
    found, at = [], 0
    while at < len(data):
        end = at + 2 + data[at + 1] if at + 1 < len(data) else len(data) + 1
        if end > len(data):
            raise MalformedData("is cut short", where=where, offset=at)
        found.append((data[at], bytes(data[at + 2 : end]), at))
        at = end
    return found


def _long_length(data: bytes, at: int, size: int, where: str) -> tuple[int, int]:
    length = int.from_bytes(data[at : at + size])
    if not 1 <= size <= _MAX_LENGTH_BYTES or at + size > len(data):
        raise MalformedData("a length that is none", where=where, offset=at)
    if length < 0x80 or length >> 8 * (size - 1) == 0:
        raise MalformedData("a length that is longer than needed", where=where, offset=at)
    return length, at + size


def unique(objects: list[tuple[int, bytes, int]], *, where: str) -> dict[int, bytes]:
    """The values by their tags.

    :raises MalformedData: if a tag comes twice.
    """
    values = {tag: value for tag, value, _ in objects}
    if len(values) != len(objects):
        raise MalformedData("holds one tag twice", where=where)
    return values
