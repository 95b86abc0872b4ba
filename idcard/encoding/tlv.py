"""BER-TLV, strictly: bytes become frozen nodes or an error, and every length has a bound.

Theory of operation. A data object is a tag (one to three bytes: the low five bits of the first byte all set mean that
more bytes follow, until one without its high bit), a definite length (short form, or 81 to 84 with one to four bytes)
and that many bytes of value. A tag whose bit 6 is set is constructed: its value is again a run of data objects.
Indefinite length is BER for streams; no file of an identity chip may use it.

Source: ISO/IEC 7816-4, "BER-TLV data objects"; ITU-T X.690.
"""

from dataclasses import dataclass

from idcard.errors import BoundExceeded, MalformedData

MAX_LENGTH = 1 << 20
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tlv:
    """One data object: its tag as an integer (0x5F1F) and its value, byte for byte."""

    tag: int
    value: bytes

    @property
    def constructed(self) -> bool:
        """Whether the value is itself a run of data objects."""
        return bool(self.tag >> (8 * (_tag_size(self.tag) - 1)) & 0x20)

    def children(self, where: str = "TLV") -> tuple["Tlv", ...]:
        """The data objects inside this one.

        :raises MalformedData: if the value is not a whole run of data objects.
        """
        return parse(self.value, where=where)

    def to_bytes(self) -> bytes:
        """This data object as bytes, with the shortest length form."""
        return build(self.tag, self.value)


def _tag_size(tag: int) -> int:
    return max(1, (tag.bit_length() + 7) // 8)


def read_header(data: bytes, offset: int = 0, *, where: str = "TLV") -> tuple[int, int, int]:
    """The tag, the value's length and the header's length, in bytes, of the data object at ``offset``.

    The value itself need not be there: this is what reads the length of a file from its first bytes.

    :raises MalformedData: if the header is cut short or not definite.
    :raises BoundExceeded: if the length is over 1 MiB.
    """
    tag, at = _read_tag(data, offset, where)
    length, end = _read_length(data, at, where)
    if length > MAX_LENGTH:
        raise BoundExceeded(f"{where}: a data object of {length} bytes", where=where, length=length)
    return tag, length, end - offset


def _read_tag(data: bytes, offset: int, where: str) -> tuple[int, int]:
    first = _byte(data, offset, where)
    if first & 0x1F != 0x1F:
        return first, offset + 1
    tag = first
    for at in range(offset + 1, offset + 3):
        byte = _byte(data, at, where)
        tag = tag << 8 | byte
        if not byte & 0x80:
            return tag, at + 1
    raise MalformedData("a tag of more than three bytes", where=where, offset=offset)


def _read_length(data: bytes, at: int, where: str) -> tuple[int, int]:
    first = _byte(data, at, where)
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    if not 1 <= size <= 4:
        raise MalformedData("a length that is not definite", where=where, offset=at)
    _byte(data, at + size, where)
    return int.from_bytes(data[at + 1 : at + 1 + size]), at + 1 + size


def _byte(data: bytes, at: int, where: str) -> int:
    if at >= len(data):
        raise MalformedData("cut short in a header", where=where, offset=at)
    return data[at]


# Writing the slots one by one takes half the time of the constructor, and a verdict makes hundreds of nodes.
_set_tag, _set_value = (vars(Tlv)[name].__set__ for name in ("tag", "value"))


def _node(tag: int, value: bytes) -> Tlv:
    node = object.__new__(Tlv)
    _set_tag(node, tag)
    _set_value(node, value)
    return node


def parse(data: bytes, *, where: str = "TLV") -> tuple[Tlv, ...]:
    """All data objects of ``data``; the whole of it must be data objects.

    :raises MalformedData: if anything is cut short.
    """
    found, at, size = [], 0, len(data)
    while at < size:
        start, tag, length = at + 2, data[at], data[at + 1] if at + 1 < size else 0x80
        if length >= 0x80 or tag & 0x1F == 0x1F:
            # Not the common case of a tag and a length of one byte each.
            tag, length, header = read_header(data, at, where=where)
            start = at + header
        end = start + length
        if end > size:
            raise MalformedData("cut short in a value", where=where, offset=at)
        found.append(_node(tag, bytes(data[start:end])))
        at = end
    return tuple(found)


def parse_run(data: bytes, *, where: str = "TLV") -> tuple[Tlv, ...]:
    """The data objects at the start of ``data``, up to filling (00 or FF) or to one that does not come whole.

    For files that say nowhere how long they are: EF.DIR, EF.ATR/INFO.
    """
    found, at = [], 0
    while at < len(data) and data[at] not in (0x00, 0xFF):
        try:
            tag, length, header = read_header(data, at, where=where)
        except (MalformedData, BoundExceeded):
            break
        end = at + header + length
        if end > len(data):
            break
        found.append(_node(tag, bytes(data[at + header : end])))
        at = end
    return tuple(found)


def parse_one(data: bytes, tag: int, *, where: str = "TLV") -> Tlv:
    """The one data object that ``data`` is, which must bear ``tag``; trailing bytes are an error.

    :raises MalformedData: if there is another tag, more than one object, or none.
    """
    nodes = parse(data, where=where)
    if len(nodes) != 1 or nodes[0].tag != tag:
        raise MalformedData(f"is not exactly one data object {tag:02X}", where=where, offset=0)
    return nodes[0]


def find(nodes: tuple[Tlv, ...], tag: int) -> Tlv | None:
    """The first of ``nodes`` that bears ``tag``, or None."""
    return next((node for node in nodes if node.tag == tag), None)


def require(nodes: tuple[Tlv, ...], tag: int, *, where: str) -> Tlv:
    """The first of ``nodes`` that bears ``tag``.

    :raises MalformedData: if there is none.
    """
    node = find(nodes, tag)
    if node is None:
        raise MalformedData(f"lacks the data object {tag:02X}", where=where)
    return node


def build(tag: int, *values: bytes) -> bytes:
    """A data object with ``values`` joined as its value, in the shortest length form."""
    value = b"".join(values)
    return tag.to_bytes(_tag_size(tag)) + build_length(len(value)) + value


def build_length(length: int) -> bytes:
    """A length in its shortest form, up to four bytes."""
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size)
