"""What a certificate's key is meant for: the extended key usage, as object identifiers.

Source: RFC 5280, "Extended Key Usage".
"""

from idcard.encoding import oids, tlv
from idcard.encoding.der import oid_from_bytes
from idcard.trust.certificates import Certificate

_SEQUENCE, _OBJECT_IDENTIFIER = 0x30, 0x06
_WHERE = "extendedKeyUsage"


def purposes_of(certificate: Certificate) -> frozenset[str]:
    """The purposes in dotted form; none where the key is not restricted.

    :raises MalformedData: if the extension is not well formed.
    """
    extension = certificate.extensions.get(oids.EXTENDED_KEY_USAGE)
    if extension is None:
        return frozenset()
    nodes = tlv.parse_one(extension.value, _SEQUENCE, where=_WHERE).children(_WHERE)
    return frozenset(
        oid_from_bytes(tlv.require((node,), _OBJECT_IDENTIFIER, where=_WHERE).value, where=_WHERE) for node in nodes
    )
