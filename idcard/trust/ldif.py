"""LDIF: how the ICAO PKD hands out certificates, revocation lists and master lists.

Theory of operation. Lines ``name: text`` or ``name:: base64``; a line that starts with a blank continues the one
before; an empty line ends an entry. Only the values of the few attributes that hold certificates and lists are taken;
an entry's own claims about them (country, conformance) are not believed.

Source: RFC 2849, "The LDAP Data Interchange Format"; ICAO PKD interface specification.
"""

import base64
import binascii
from collections.abc import Iterator

from idcard.errors import MalformedData

MAX_LDIF_BYTES = 256 << 20
_WHERE = "LDIF"
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
    for line in data[:4096].splitlines():
        if line.strip() and not line.startswith(b"#"):
            return line.lower().startswith((b"dn:", b"version:"))
    return False


def values(data: bytes) -> Iterator[bytes]:
    """The certificates and lists in ``data``, in its order.

    :raises MalformedData: if a value is no base64, or there are more than 256 MiB.
    """
    if len(data) > MAX_LDIF_BYTES:
        raise MalformedData("is too long", where=_WHERE)
    unfolded = data.replace(b"\r\n", b"\n").replace(b"\n ", b"")
    for line in unfolded.split(b"\n"):
        name, colon, value = line.partition(b":: ")
        if colon and name.partition(b";")[0].strip().lower() in _ATTRIBUTES:
            yield _decoded(value)


def _decoded(value: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(value.split()), validate=True)
    except binascii.Error as error:
        raise MalformedData("a value that is no base64", where=_WHERE) from error
