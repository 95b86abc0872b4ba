"""ASN.1 values in BER and DER, as places in the bytes they came from: nothing is copied until it is asked for.

Theory of operation. A value is a tag, a length and contents. Certificates and signed data ought to be DER, where every
length is definite and shortest; real ones also come in BER, with lengths that are longer than needed, indefinite (the
value ends at two zero bytes) or strings that are cut into pieces. All of that is read; what is *written* is DER, and
only where a standard says that DER is what was signed.

A node knows the bytes it is in, so that :attr:`Node.raw` gives back the original encoding: signatures are checked over
that. Nesting and total length are bounded, and every length is checked against the value around it.

:func:`door` stands at every entry: whatever goes wrong in hostile bytes leaves as ``MalformedData``.

Source: ITU-T X.690, "Basic encoding rules".
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from types import TracebackType

from idcard.encoding.der import oid_from_bytes
from idcard.encoding.tlv import build
from idcard.errors import BoundExceeded, IdCardError, MalformedData

MAX_BYTES = 1 << 20
MAX_DEPTH = 24

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20
_STRINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_HIGH_TAG = 0x1F
_MAX_FLAG_BYTES = 16
_HOSTILE = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)


class door:
    """Turns whatever hostile bytes raise on their way in into :class:`MalformedData`.

    :param where: the structure's name for the error.
    """

    __slots__ = ("where",)

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        """Nothing: the door only looks at what comes out."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, _HOSTILE) and not isinstance(error, IdCardError):
            raise MalformedData("is not well formed", where=self.where) from error


def context(number: int, *, constructed: bool = True) -> int:
    """The tag [number] of its context."""
    return 0x80 | (CONSTRUCTED if constructed else 0) | number


class Node:
    """A value: its tag, and where it lies in ``data``.

    ``start`` is the tag's place, ``body`` to ``end`` the contents, ``stop`` the place after the whole value.
    """

    __slots__ = ("body", "data", "end", "start", "stop", "tag")

    def __init__(self, data: bytes, tag: int, start: int, body: int, end: int, stop: int) -> None:
        self.data = data
        self.tag = tag
        self.start = start
        self.body = body
        self.end = end
        self.stop = stop

    @property
    def raw(self) -> bytes:
        """The value's original bytes, tag and length included."""
        return self.data[self.start : self.stop]

    @property
    def content(self) -> bytes:
        """The contents' original bytes."""
        return self.data[self.body : self.end]

    @property
    def indefinite(self) -> bool:
        """Whether the length is indefinite."""
        return self.stop != self.end

    def children(self, tag: int | None = None) -> list["Node"]:
        """The values inside, all of them.

        :param tag: what this value's own tag must be.
        :raises MalformedData: if it is another, or the contents are not a whole run of values.
        """
        if tag is not None and self.tag != tag:
            raise MalformedData(f"has the tag {self.tag:02X} instead of {tag:02X}", where="ASN.1", offset=self.start)
        return _run(self.data, self.body, self.end, 0)

    def expect(self, tag: int) -> "Node":
        """This value, whose tag must be ``tag``.

        :raises MalformedData: if it is another.
        """
        if self.tag != tag:
            raise MalformedData(f"has the tag {self.tag:02X} instead of {tag:02X}", where="ASN.1", offset=self.start)
        return self

    def only(self) -> "Node":
        """The one value inside.

        :raises MalformedData: if there are none or several.
        """
        inside = self.children()
        if len(inside) != 1:
            raise MalformedData("does not hold exactly one value", where="ASN.1", offset=self.start)
        return inside[0]

    def oid(self) -> str:
        """The object identifier that this is, in dotted form."""
        return oid_from_bytes(self.expect(OID).content, where="ASN.1")

    def integer(self) -> int:
        """The INTEGER that this is; one that is longer than it need be is taken, too."""
        content = self.expect(INTEGER).content
        if not content:
            raise MalformedData("an integer without contents", where="ASN.1", offset=self.start)
        return int.from_bytes(content, signed=True)

    def boolean(self) -> bool:
        """The BOOLEAN that this is; any byte but zero is true, as BER has it."""
        content = self.expect(BOOLEAN).content
        if len(content) != 1:
            raise MalformedData("a truth value that is not one byte", where="ASN.1", offset=self.start)
        return content != b"\x00"

    def octets(self, tag: int = OCTET_STRING) -> bytes:
        """The bytes of the OCTET STRING that this is, joined where they come in pieces.

        :param tag: the tag in its place, for a string that is implicitly tagged.
        """
        if self.tag == tag:
            return self.content
        self.expect(tag | CONSTRUCTED)
        return b"".join(_pieces(self, 0))

    def bits(self) -> bytes:
        """The bytes of the BIT STRING that this is, which must be a whole number of them."""
        if self.tag == BIT_STRING | CONSTRUCTED:
            return b"".join(piece.bits() for piece in self.children())
        content = self.expect(BIT_STRING).content
        if content[:1] != b"\x00":
            raise MalformedData("a bit string that is no whole number of bytes", where="ASN.1", offset=self.start)
        return content[1:]

    def flags(self) -> frozenset[int]:
        """The numbers of the bits that are set in the BIT STRING that this is, from the left.

        :raises MalformedData: if it is longer than 16 bytes.
        """
        content = self.expect(BIT_STRING).content[1:]
        if len(content) > _MAX_FLAG_BYTES:
            raise MalformedData("more flags than anybody defined", where="ASN.1", offset=self.start)
        return frozenset(8 * at + bit for at, byte in enumerate(content) for bit in range(8) if byte & 0x80 >> bit)

    def text(self) -> str | None:
        """The string that this is, or None where it is no string of characters.

        :raises UnicodeDecodeError: if its bytes are not of its type; :func:`door` turns that into ``MalformedData``.
        """
        encoding = _STRINGS.get(self.tag)
        if encoding is None:
            return None
        if self.tag == 0x13:
            # Some states put accents into what should be ASCII.
            return self.content.decode("latin-1")
        return self.content.decode(encoding)

    def time(self) -> datetime:
        """The UTCTime or GeneralizedTime that this is, in UTC; without a zone, which DER forbids, taken as UTC."""
        if self.tag not in (UTC_TIME, GENERALIZED_TIME):
            raise MalformedData("is no time", where="ASN.1", offset=self.start)
        return _time(self.content.decode("ascii"), 2 if self.tag == UTC_TIME else 4)


def load(data: bytes, where: str, *, limit: int = MAX_BYTES) -> Node:
    """The one value that ``data`` is; call it inside :func:`door`.

    :raises MalformedData: if there are trailing bytes, or more than ``limit``.
    """
    if len(data) > limit:
        raise MalformedData("is too long", where=where)
    node = _read(bytes(data), 0, len(data), 0)
    if node.stop != len(data):
        raise MalformedData("is followed by other bytes", where=where, offset=node.stop)
    return node


def _read(data: bytes, at: int, limit: int, depth: int) -> Node:
    tag, length = data[at], data[at + 1]
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise MalformedData("a tag of several bytes", where="ASN.1", offset=at)
    body = at + 2
    if length >= 0x80:
        if length == 0x80:
            return _indefinite(data, at, limit, depth)
        size = length & 0x7F
        if size > 4:
            raise MalformedData("a length of more than four bytes", where="ASN.1", offset=at)
        body += size
        length = int.from_bytes(data[at + 2 : body])
    end = body + length
    if end > limit:
        raise MalformedData("is cut short", where="ASN.1", offset=at)
    return Node(data, tag, at, body, end, end)


def _indefinite(data: bytes, at: int, limit: int, depth: int) -> Node:
    if not data[at] & CONSTRUCTED:
        raise MalformedData("an indefinite length where nothing is inside", where="ASN.1", offset=at)
    if depth >= MAX_DEPTH:
        raise BoundExceeded("ASN.1 that is nested too deeply", where="ASN.1")
    inside = at + 2
    while data[inside : inside + 2] != b"\x00\x00":
        inside = _read(data, inside, limit, depth + 1).stop
    if inside + 2 > limit:
        raise MalformedData("is cut short", where="ASN.1", offset=at)
    return Node(data, data[at], at, at + 2, inside, inside + 2)


def _run(data: bytes, at: int, end: int, depth: int) -> list[Node]:
    found = []
    while at < end:
        node = _read(data, at, end, depth)
        found.append(node)
        at = node.stop
    return found


def _pieces(node: Node, depth: int) -> Iterator[bytes]:
    if depth >= MAX_DEPTH:
        raise BoundExceeded("ASN.1 that is nested too deeply", where="ASN.1")
    for piece in node.children():
        if piece.tag == OCTET_STRING:
            yield piece.content
        else:
            yield from _pieces(piece.expect(OCTET_STRING | CONSTRUCTED), depth + 1)


def to_der(node: Node, *, depth: int = 0) -> bytes:
    """The value anew in DER: definite lengths, strings in one piece, the elements of a SET in order.

    :raises BoundExceeded: if it is nested too deeply.
    """
    if depth >= MAX_DEPTH:
        raise BoundExceeded("ASN.1 that is nested too deeply", where="ASN.1")
    if node.tag == OCTET_STRING | CONSTRUCTED:
        return build(OCTET_STRING, node.octets())
    if not node.tag & CONSTRUCTED:
        return build(node.tag, node.content)
    inside = [to_der(child, depth=depth + 1) for child in node.children()]
    return build(node.tag, *(sorted(inside) if node.tag == SET else inside))


def _time(text: str, year_digits: int) -> datetime:
    """A time with a year of two digits (1950 to 2049) or four; seconds may be missing or have a fraction."""
    digits, zone = _split_zone(text)
    whole = digits.partition(".")[0]
    fields = whole[year_digits:]
    if not whole.isdigit() or len(fields) not in (8, 10):
        raise ValueError("no time")
    year = int(whole[:year_digits])
    if year_digits == 2:
        year += 1900 if year >= 50 else 2000
    month, day, hour, minute = (int(fields[at : at + 2]) for at in range(0, 8, 2))
    second = int(fields[8:10] or 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - zone


def _split_zone(text: str) -> tuple[str, timedelta]:
    if text.endswith("Z"):
        return text[:-1], timedelta()
    if len(text) > 5 and text[-5] in "+-":
        sign = -1 if text[-5] == "-" else 1
        ahead = time(int(text[-4:-2]), int(text[-2:]))
        return text[:-5], sign * timedelta(hours=ahead.hour, minutes=ahead.minute)
    return text, timedelta()
