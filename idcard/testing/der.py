"""DER, written out: what the issuer needs to build certificates, signed data and security infos byte by byte.

The reader parses with a library for ASN.1. The issuer writes with these few lines instead, so that both must agree on
the standard and not on a library; explicit curve parameters, which no high-level builder writes, cost nothing extra.

Source: ITU-T X.690, "Distinguished encoding rules".
"""

from datetime import UTC, datetime

from idcard.encoding import tlv


def integer(value: int) -> bytes:
    """INTEGER, zero or positive."""
    return tlv.build(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def boolean(value: bool) -> bytes:
    """BOOLEAN."""
    return tlv.build(0x01, b"\xff" if value else b"\x00")


def null() -> bytes:
    """NULL."""
    return tlv.build(0x05)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER, of arcs of any size."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv.build(0x06, b"".join(_base128(arc) for arc in (first * 40 + second, *rest)))


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def octet_string(value: bytes) -> bytes:
    """OCTET STRING."""
    return tlv.build(0x04, value)


def bit_string(value: bytes, *, unused: int = 0) -> bytes:
    """BIT STRING whose last ``unused`` bits do not count."""
    return tlv.build(0x03, bytes([unused]), value)


def utf8(text: str) -> bytes:
    """UTF8String."""
    return tlv.build(0x0C, text.encode())


def printable(text: str) -> bytes:
    """PrintableString."""
    return tlv.build(0x13, text.encode("ascii"))


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return tlv.build(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF, sorted as DER wants it."""
    return tlv.build(0x31, *sorted(parts))


def context(number: int, *parts: bytes, constructed: bool = True) -> bytes:
    """A context tag [``number``]: explicit around whole parts, implicit around their contents."""
    return tlv.build((0xA0 if constructed else 0x80) | number, *parts)


def time(value: datetime) -> bytes:
    """UTCTime until 2049, GeneralizedTime from 2050 on, in whole seconds.

    :raises ValueError: if ``value`` bears no time zone.
    """
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = value.astimezone(UTC)
    year, tag = (f"{utc.year % 100:02}", 0x17) if 1950 <= utc.year < 2050 else (f"{utc.year:04}", 0x18)
    return tlv.build(tag, f"{year}{utc:%m%d%H%M%SZ}".encode())
