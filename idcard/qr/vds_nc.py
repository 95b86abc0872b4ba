"""VDS-NC, ICAO's seal for health proofs and travel papers: JSON that a state signed, with its signer's certificate.

Theory of operation. The signature is over the part ``data`` in canonical JSON, so spaces and the order of members mean
nothing; keys that come twice are refused before anything is written canonically. The certificate comes along, or is
named by a reference; it counts where a CSCA issued it for such seals.

Source: ICAO TR "VDS-NC: Visible Digital Seal for non-constrained environments"; RFC 8785 for the canonical form.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.cose import Algorithm, VerificationKey, verify_raw

ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {"ES256": Algorithm.ES256, "ES384": Algorithm.ES384, "ES512": Algorithm.ES512}
)
"""What the standard allows."""
_WHERE = "VDS-NC"
_PREFIX = "icao."
_MAX_CERTIFICATE, _MAX_TEXT = 4096, 1024
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]+={0,2}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VdsNc:
    """What a seal says, unproved until its signature is verified.

    ``kind`` is its type, as ``icao.vacc`` or ``icao.test``; ``country`` the issuing state as the MRZ writes it.
    ``message`` is the part that is about the person and the proof; ``person`` the one of it that names somebody.
    ``certificate`` is the signer's in DER; where it did not come along, ``reference`` names it.
    """

    kind: str
    country: str
    message: Mapping[str, Any]
    algorithm: str
    certificate: bytes | None
    reference: str | None
    signature: bytes
    signed_bytes: bytes

    def __repr__(self) -> str:
        return f"VdsNc({self.kind})"

    @property
    def person(self) -> Mapping[str, Any]:
        """The part of the message that names the person; empty where it names nobody."""
        found = self.message.get("pid")
        return found if isinstance(found, dict) else {}

    @classmethod
    def from_bytes(cls, payload: bytes) -> "VdsNc":
        """The seal in the text of a code.

        :raises MalformedData: if it is none.
        """
        whole = strict_json.decode_object(payload, where=_WHERE)
        data, sig = _object(whole, "data"), _object(whole, "sig")
        header, message = _object(data, "hdr"), _object(data, "msg")
        if whole.keys() != {"data", "sig"} or type(header.get("v")) is not int:
            raise MalformedData("is of an unknown form", where=_WHERE)
        kind = _text(header, "t")
        if not kind.startswith(_PREFIX):
            raise MalformedData("is of no type of ICAO's", where=_WHERE)
        if ("cer" in sig) == ("certref" in sig):
            raise MalformedData("names no signer's certificate, or two", where=_WHERE)
        return cls(
            kind=kind,
            country=_text(header, "is"),
            message=MappingProxyType(message),
            algorithm=_text(sig, "alg"),
            certificate=_bytes(sig, "cer", _MAX_CERTIFICATE) if "cer" in sig else None,
            reference=_text(sig, "certref") if "certref" in sig else None,
            signature=_bytes(sig, "sigvl", _MAX_TEXT),
            signed_bytes=_canonical(data),
        )

    def verify(self, key: VerificationKey) -> str:
        """The algorithm's name, where the key signed the seal; otherwise it raises.

        :raises SignatureInvalid: if it did not.
        :raises UnsupportedAlgorithm: if the algorithm is not allowed, or the key is not one for it.
        """
        if self.algorithm not in ALGORITHMS:
            raise UnsupportedAlgorithm("a signature algorithm that such seals do not have")
        verify_raw(ALGORITHMS[self.algorithm], key, self.signature, self.signed_bytes)
        return self.algorithm


def _canonical(data: dict[str, Any]) -> bytes:
    try:
        return strict_json.canonical(data)
    except ValueError as error:
        raise MalformedData("holds a number that no such seal has", where=_WHERE) from error


def _object(whole: dict[str, Any], name: str) -> dict[str, Any]:
    found = whole.get(name)
    if not isinstance(found, dict):
        raise MalformedData(f"lacks its part {name}", where=_WHERE)
    return found


def _text(whole: dict[str, Any], name: str) -> str:
    found = whole.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= _MAX_TEXT:
        raise MalformedData(f"lacks the text {name}", where=_WHERE)
    return found


def _bytes(whole: dict[str, Any], name: str, limit: int) -> bytes:
    """The bytes in base64 or base64url, with or without padding, in its one form."""
    text = whole.get(name)
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        raise MalformedData(f"{name} is no base64", where=_WHERE)
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise MalformedData(f"{name} is no base64", where=_WHERE) from error
    if len(data) > limit or base64.b64encode(data).rstrip(b"=").decode() != bare:
        raise MalformedData(f"{name} is too long, or has bits that mean nothing", where=_WHERE)
    return data
