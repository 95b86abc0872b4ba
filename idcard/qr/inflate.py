"""Compressed payloads: inflated within a bound, and nothing behind or between that says something else.

Theory of operation. A few bytes can inflate to gigabytes, so inflating stops at a bound. A zlib stream ends with a
checksum; nothing may stand behind it. The last byte before the checksum may have unused bits, which change nothing in
what is inflated: they must be zero, so that a bit that is changed in a code of the usual kind is noticed.

That is no proof of one form: the same bytes can be compressed in many ways, the header names a level that changes
nothing, and a stored block is padded. What is signed is what was inflated, never its compressed form, so nothing may
be remembered or compared by that.

Source: RFC 1950, "ZLIB Compressed Data Format"; RFC 1951, "DEFLATE Compressed Data Format".
"""

import zlib
from typing import Final

from idcard.errors import BoundExceeded, MalformedData

MAX_INFLATED: Final = 256 << 10
"""How many bytes a payload may inflate to."""
ZLIB_METHOD: Final = 0x78
"""The first byte of nearly every zlib stream: deflate with the largest window."""
_WHERE = "zlib"
_CHECKSUM_BYTES = 4


def inflate(data: bytes, *, limit: int = MAX_INFLATED) -> bytes:
    """What the zlib stream ``data`` holds.

    :raises BoundExceeded: if that is more than ``limit`` bytes.
    :raises MalformedData: if it is no zlib stream, cut short, or followed by something.
    """
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise MalformedData("is no zlib stream", where=_WHERE) from error
    if len(inflated) > limit:
        raise BoundExceeded("zlib: inflates to too much", where=_WHERE, limit=limit)
    if not stream.eof:
        raise MalformedData("is cut short", where=_WHERE)
    if stream.unused_data:
        raise MalformedData("goes on behind its end", where=_WHERE)
    if _has_unused_bits(data, inflated):
        raise MalformedData("has bits that mean nothing", where=_WHERE)
    return inflated


def inflate_raw(data: bytes, *, limit: int = MAX_INFLATED) -> bytes:
    """What ``data``, compressed by DEFLATE without zlib's header and checksum, holds; for what is signed compressed.

    :raises BoundExceeded: if that is more than ``limit`` bytes.
    :raises MalformedData: if it is nothing such, cut short, or followed by something.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise MalformedData("is not compressed by DEFLATE", where=_WHERE) from error
    if len(inflated) > limit:
        raise BoundExceeded("DEFLATE: inflates to too much", where=_WHERE, limit=limit)
    if not stream.eof or stream.unused_data:
        raise MalformedData("is cut short, or goes on behind its end", where=_WHERE)
    return inflated


def _has_unused_bits(data: bytes, inflated: bytes) -> bool:
    """Whether the highest bit that is set in the last byte can be cleared without changing anything."""
    last = len(data) - _CHECKSUM_BYTES - 1
    if not data[last]:
        return False
    cleared = data[last] ^ 1 << data[last].bit_length() - 1
    stream = zlib.decompressobj()
    try:
        again = stream.decompress(data[:last] + bytes([cleared]) + data[last + 1 :], len(inflated) + 1)
    except zlib.error:
        return False
    return stream.eof and again == inflated
