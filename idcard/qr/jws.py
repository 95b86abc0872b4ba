"""JWS in its compact form: one signature over one payload, as text.

Theory of operation. Three parts in base64url with dots between: the header (a JSON object), the payload, the
signature, which is over the first two as they came. An algorithm is used only with the kind of key that it is for, and
only if the format allows it; "none" is no algorithm. A header that demands what is not known here is refused.

Source: RFC 7515, "JSON Web Signature (JWS)"; RFC 7518, "Cryptographic Algorithms for Digital Signatures".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.cose import Algorithm, VerificationKey, verify_allowed
from idcard.qr.jwk import base64url

_WHERE = "JWS"
_PARTS = 3
_MAX_SIGNATURE = 1024
# RFC 9864 gave EdDSA on Ed25519, which is the only one known here, a name of its own.
_ALGORITHMS = {one.label: one for one in Algorithm} | {"Ed25519": Algorithm.EDDSA}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Jws:
    """A message as it came; ``payload`` is the bytes inside, ``signed_bytes`` what the signature is over."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signed_bytes: bytes

    def __repr__(self) -> str:
        return f"Jws({len(self.payload)} bytes)"

    @classmethod
    def from_text(cls, text: str) -> "Jws":
        """The message in ``text``.

        :raises MalformedData: if it is none, or its header names a critical extension.
        """
        parts = text.split(".")
        if len(parts) != _PARTS or not all(parts):
            raise MalformedData("is not three parts", where=_WHERE)
        header, payload, signature = (base64url(part, where=_WHERE) for part in parts)
        if len(signature) > _MAX_SIGNATURE:
            raise MalformedData("has a signature that is too long", where=_WHERE)
        headers = strict_json.decode_object(header, where="JWS header")
        if "crit" in headers or headers.get("b64") is False:
            raise MalformedData("has a critical header that is not known here", where=_WHERE)
        return cls(
            header=MappingProxyType(headers),
            payload=payload,
            signature=signature,
            signed_bytes=text.rpartition(".")[0].encode(),
        )

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that the header names.

        :raises UnsupportedAlgorithm: if it names none, or one that is not known here.
        """
        name = self.header.get("alg")
        if not isinstance(name, str) or name not in _ALGORITHMS:
            raise UnsupportedAlgorithm("a signature algorithm of JOSE that is not known here")
        return _ALGORITHMS[name]

    @property
    def key_id(self) -> str | None:
        """The key identifier, where the header names one."""
        found = self.header.get("kid")
        return found if isinstance(found, str) else None

    def verify(self, key: VerificationKey, allowed: frozenset[Algorithm]) -> Algorithm:
        """The algorithm, where the key signed the message; otherwise it raises.

        :param allowed: the algorithms that the format may use.
        :raises SignatureInvalid: if the key did not.
        :raises UnsupportedAlgorithm: if the algorithm is unknown, not allowed, or not one for this kind of key.
        """
        return verify_allowed(self.algorithm, allowed, key, self.signature, self.signed_bytes)
