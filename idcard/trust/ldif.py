"""LDIF: how the ICAO PKD hands out certificates, revocation lists and master lists.

Theory of operation. Lines ``name: text`` or ``name:: base64``, the blank before the value being optional; a line that
starts with a blank continues the one before, a comment too; an empty line ends an entry. Only the values of the few
attributes that hold certificates and lists are taken; an entry's own claims about them (country, conformance) are not
believed.

Source: RFC 2849, "The LDAP Data Interchange Format"; ICAO PKD interface specification.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from idcard.errors import MalformedData

MAX_LDIF_BYTES = 256 << 20
_WHERE = "LDIF"
_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:(?:#|[ \t])[^\n]*\n|\r?\n)*(?:dn|version):", re.IGNORECASE)
"""Comments, however long, and empty lines, then a line that names an entry or the version."""
_ATTRIBUTES = frozenset(
    {
        b"usercertificate",
        b"cacertificate",
        b"certificaterevocationlist",
        b"authorityrevocationlist",
        b"pkdmasterlistcontent",
        b"cscamasterlistdata",
        b"pkddeviationlistcontent",
    }
)


def is_ldif(data: bytes) -> bool:
    """Whether ``data`` looks like LDIF: its first line that is no comment names an entry or the version."""
    return _START.match(data) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands in a line, and the certificate or list that it is; None where it is no base64."""

    text: bytes
    data: bytes | None


def values(data: bytes) -> Iterator[Value]:
    """The values that hold certificates and lists in ``data``, in its order.

    :raises MalformedData: if there are more than 256 MiB.
    """
    if len(data) > MAX_LDIF_BYTES:
        raise MalformedData("is too long", where=_WHERE)
    unfolded = data.replace(b"\r\n", b"\n").replace(b"\n ", b"")
    for line in unfolded.split(b"\n"):
        name, colons, value = line.partition(b"::")
        if colons and name.partition(b";")[0].strip().lower() in _ATTRIBUTES:
            yield Value(text=value, data=_decoded(value))


def _decoded(value: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(value.split()), validate=True)
    except binascii.Error:
        return None
