"""ICAO's data structure for barcodes: what visible digital seals became, as text.

Theory of operation. ``RDB1`` (``NDB1`` in drafts), a letter that says whether the rest is signed and compressed, and
Base32. Inside, a header of the issuing state and, where it is signed, of algorithm, certificate and day; then, each
under its tag, the messages (61), perhaps the signer's certificate (7E), and the signature (7F), which is over header
and messages. The reference to a certificate is the last five bytes of its SHA-1: it finds one, and proves nothing.

Source: ICAO TR "Datastructure for Barcode"; where a draft leaves something open, as vdstools reads and writes it.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from idcard.encoding.mrz import Mrz
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import c40, seal_tlv
from idcard.qr.cose import VerificationKey
from idcard.qr.inflate import inflate
from idcard.qr.vds import mrz_of, verify_plain

IDENTIFIERS: Final = (b"RDB1", b"NDB1")
_FLAGS = {ord("A"): (False, False), ord("B"): (True, False), ord("C"): (False, True), ord("D"): (True, True)}
_MESSAGES, _CERTIFICATE, _SIGNATURE = 0x61, 0x7E, 0x7F
_ALGORITHMS: Mapping[int, str] = {1: "sha256", 2: "sha384", 3: "sha512"}
_REFERENCE_BYTES = 5
_HOLD_MRZ, _MRZ_TAGS = (0x01, 0x02), (0x01, 0x02)
_WHERE = "IDB"


def _c40(data: bytes) -> str:
    return c40.decode(data, where=_WHERE).strip()


def masked_date(data: bytes) -> str:
    """The day in four bytes, as ``YYYY-MM-DD``: the first says which digits are not known, which become ``x``.

    :raises MalformedData: if it is none.
    """
    if len(data) != 1 + c40.DATE_BYTES:
        raise MalformedData("a date is cut short", where=_WHERE)
    digits = [*f"{int.from_bytes(data[1:]):08}"]
    if len(digits) != 8:
        raise MalformedData("a date that is none", where=_WHERE)
    for place in range(8):
        if data[0] & 0x80 >> place:
            digits[place] = "x"
    text = "".join(digits)
    return f"{text[4:]}-{text[:2]}-{text[2:4]}"


_CODINGS: Mapping[int, tuple[str, Callable[[bytes], Any]]] = {
    0x01: ("visa", bytes),
    0x02: ("emergency_travel_document", bytes),
    0x03: ("proof_of_testing", bytes),
    0x04: ("proof_of_vaccination", bytes),
    0x05: ("proof_of_recovery", bytes),
    0x06: ("digital_travel_authorization", bytes),
    0x07: ("mrz", mrz_of),
    0x08: ("mrz", mrz_of),
    0x09: ("can", _c40),
    0x0A: ("card_access", bytes),
    0x80: ("face_image", bytes),
    0x81: ("mrz", mrz_of),
    0x82: ("document_reference", _c40),
    0x83: ("azr_number", _c40),
    0x84: ("expiry", masked_date),
    0x85: ("document_number", _c40),
    0x86: ("national_document", bytes),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IcaoBarcode:
    """What a barcode says, unproved until its signature is verified.

    ``country`` is the issuing state as the MRZ writes it; ``reference`` five bytes that name the signer's certificate,
    ``signed_on`` the day, ``digest`` the hash, and ``signature`` the signature, all None where it is not signed.
    ``messages`` are the values by their tags, ``fields`` those that have a name here; ``certificate`` is the signer's
    in DER, where it came along.
    """

    country: str
    reference: bytes | None
    signed_on: date | None
    digest: str | None
    messages: Mapping[int, bytes]
    fields: Mapping[str, Any]
    certificate: bytes | None
    signed_bytes: bytes
    signature: bytes | None

    def __repr__(self) -> str:
        return f"IcaoBarcode({len(self.messages)} messages)"

    @property
    def mrz(self) -> Mrz | None:
        """The machine-readable zone, where a message is one, or a visa's or an emergency document's holds one."""
        found: Mrz | None = self.fields.get("mrz")
        return found or next((mrz for tag in _HOLD_MRZ if (mrz := _inner_mrz(self.messages.get(tag, b"")))), None)

    @classmethod
    def from_bytes(cls, payload: bytes) -> "IcaoBarcode":
        """The barcode in the text of a code.

        :raises MalformedData: if it is none.
        :raises BoundExceeded: if it inflates to more than 256 KiB.
        """
        if payload[:4] not in IDENTIFIERS or payload[4:5] not in (b"A", b"B", b"C", b"D"):
            raise MalformedData("does not begin as a barcode of ICAO", where=_WHERE)
        signed, zipped = _FLAGS[payload[4]]
        data = _base32(payload[5:])
        return cls._from_body(inflate(data) if zipped else data, signed=signed)

    @classmethod
    def _from_body(cls, body: bytes, *, signed: bool) -> "IcaoBarcode":
        size = 12 if signed else 2
        header = body[:size]
        if len(header) != size:
            raise MalformedData("is cut short", where=_WHERE)
        objects = seal_tlv.parse(body[size:], where=_WHERE)
        values = seal_tlv.unique(objects, where=_WHERE)
        expected = [_MESSAGES, *([_CERTIFICATE] if _CERTIFICATE in values else []), *([_SIGNATURE] if signed else [])]
        if [tag for tag, _, _ in objects] != expected:
            raise MalformedData("holds other parts than its letter says, or in another order", where=_WHERE)
        end = size + (objects[1][2] if len(objects) > 1 else len(body) - size)
        messages = seal_tlv.unique(seal_tlv.parse(values[_MESSAGES], where=_WHERE), where=_WHERE)
        named = [(*_CODINGS[tag], value) for tag, value in messages.items() if tag in _CODINGS]
        return cls(
            country=c40.decode(header[:2], where=_WHERE).rstrip(),
            reference=header[3:8] if signed else None,
            signed_on=_day(header[8:]) if signed else None,
            digest=_ALGORITHMS.get(header[2]) if signed else None,
            messages=MappingProxyType(messages),
            fields=MappingProxyType({name: decode(value) for name, decode, value in named}),
            certificate=values.get(_CERTIFICATE),
            signed_bytes=body[:end],
            signature=values.get(_SIGNATURE),
        )

    def names(self, certificate: bytes) -> bool:
        """Whether its header means the certificate in DER."""
        digest = hashlib.sha1(certificate, usedforsecurity=False).digest()
        return self.reference == digest[-_REFERENCE_BYTES:]

    def verify(self, key: VerificationKey) -> str:
        """The algorithm's name, where the key signed the barcode; otherwise it raises.

        :raises SignatureInvalid: if it did not.
        :raises UnsupportedAlgorithm: if the algorithm is not known here, or the key is not one for it.
        """
        if self.digest is None:
            raise UnsupportedAlgorithm("a signature algorithm of barcodes that is not known here")
        return verify_plain(key, self.signature or b"", self.signed_bytes, self.digest)


def _inner_mrz(message: bytes) -> Mrz | None:
    """The machine-readable zone in a message that holds features as a seal does; None where there is none."""
    try:
        inner = seal_tlv.unique(seal_tlv.parse(message, where=_WHERE), where=_WHERE)
        return next((mrz_of(inner[tag]) for tag in _MRZ_TAGS if tag in inner), None)
    except MalformedData:
        return None


def _day(data: bytes) -> date | None:
    """The day of the signature; None where it is not known to the day."""
    text = masked_date(data)
    if "x" in text or text == "0000-00-00":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedData("a date that is none", where=_WHERE) from error


def _base32(text: bytes) -> bytes:
    """The bytes in Base32 with or without its padding, in their one form."""
    bare = text.rstrip(b"=")
    try:
        data = base64.b32decode(bare + b"=" * (-len(bare) % 8))
    except (binascii.Error, ValueError) as error:
        raise MalformedData("is no Base32", where=_WHERE) from error
    whole = base64.b32encode(data)
    if text not in (whole, whole.rstrip(b"=")):
        raise MalformedData("has bits that mean nothing", where=_WHERE)
    return data
