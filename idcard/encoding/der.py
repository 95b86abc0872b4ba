"""The two DER scalars that protocols put into data objects by hand: object identifiers and small integers.

Source: ITU-T X.690, "Encoding of an object identifier value" and "Encoding of an integer value".
"""

from functools import cache
from typing import cast

from asn1crypto.core import ObjectIdentifier

from idcard.errors import MalformedData


@cache
def oid_to_bytes(oid: str) -> bytes:
    """The content octets of the object identifier ``oid`` (dotted form), without tag and length."""
    return cast(bytes, ObjectIdentifier(oid).contents)


def oid_from_bytes(content: bytes, *, where: str = "object identifier") -> str:
    """The dotted form of an object identifier's content octets.

    :raises MalformedData: if they are empty, end inside an arc, or are longer than 64 bytes.
    """
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise MalformedData("is not an object identifier", where=where)
    return cast(str, ObjectIdentifier(contents=content).dotted)


def small_integer(content: bytes, *, where: str = "integer") -> int:
    """The non-negative integer below 2^31 that the content octets are.

    :raises MalformedData: if they are empty, negative or longer.
    """
    if not 1 <= len(content) <= 4 or content[0] & 0x80:
        raise MalformedData("is not a small integer", where=where)
    return int.from_bytes(content)
