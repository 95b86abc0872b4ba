"""What shows the other side that a key was agreed on: a checksum over a public key, and a scalar that maps a key.

Theory of operation. In PACE and in version 2 of chip authentication a token is a checksum under the new keys over a
public key data object (7F49: object identifier and key). In PACE with chip authentication mapping the chip sends a
scalar that turns its static key into the point which it had sent for the mapping.

Source: ICAO Doc 9303-11, "Authentication Token", "Public Key Data Objects" and "Chip Authentication Mapping";
BSI TR-03110-3.
"""

import hmac

from idcard.crypto.agreement_keys import AgreementKey
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.domains import Domain, EcDomain
from idcard.crypto.kdf import SessionKeys, session_keys
from idcard.crypto.key_agreement import multiply
from idcard.encoding import tlv
from idcard.encoding.der import oid_to_bytes
from idcard.errors import ProtocolViolation

_PUBLIC_KEY, _OID = 0x7F49, 0x06
DYNAMIC_AUTHENTICATION_DATA = 0x7C
_NONCE, _TOKEN = 0x81, 0x82
_WHERE = "chip authentication"


def authentication_token(keys: SessionKeys, oid: str, domain: Domain, public_key: bytes) -> bytes:
    """The eight-byte token over ``public_key``, byte for byte, under the protocol ``oid``."""
    content = tlv.build(_OID, oid_to_bytes(oid)) + tlv.build(domain.key_tag, public_key)
    return keys.suite.token(keys.ks_mac, tlv.build(_PUBLIC_KEY, content))


def is_token(token: bytes, keys: SessionKeys, oid: str, domain: Domain, public_key: bytes) -> bool:
    """Whether ``token`` is one over ``public_key``, in any form in which chips write it.

    :raises ProtocolViolation: if the key is not in its group.
    """
    forms = domain.forms(public_key)
    return any(hmac.compare_digest(token, authentication_token(keys, oid, domain, form)) for form in forms)


def keys_of_answer(
    suite: CipherSuite, oid: str, domain: Domain, *, secret: bytes, public_key: bytes, answer: bytes
) -> SessionKeys:
    """The session keys of version 2 of chip authentication.

    :param secret: what both sides agreed on.
    :param public_key: the terminal's ephemeral key.
    :param answer: the chip's dynamic authentication data: its nonce, which enters the keys, and its token.
    :raises MalformedData: if the answer is not well formed.
    :raises ProtocolViolation: if the token is not one over that key.
    """
    nodes = tlv.parse_one(answer, DYNAMIC_AUTHENTICATION_DATA, where=_WHERE).children()
    nonce, token = (tlv.require(nodes, tag, where=_WHERE).value for tag in (_NONCE, _TOKEN))
    keys = session_keys(suite, secret + nonce)
    if not is_token(token, keys, oid, domain, public_key):
        raise ProtocolViolation("the chip's token of chip authentication is wrong")
    return keys


def is_mapped(static_key: AgreementKey, scalar: bytes, mapping_key: bytes) -> bool:
    """Whether the number ``scalar`` (big-endian, 1 to n-1) times ``static_key`` is the point ``mapping_key``.

    That shows something only where the session's domain parameters are the key's, generator and all. Over finite
    fields there is no such mapping.
    """
    domain, number = static_key.domain, int.from_bytes(scalar)
    if not isinstance(domain, EcDomain) or not 0 < number < domain.curve.n:
        return False
    curve = domain.curve
    mapped = multiply(curve, number, curve.decode(static_key.public_key))
    return hmac.compare_digest(curve.encode(mapped), mapping_key)
