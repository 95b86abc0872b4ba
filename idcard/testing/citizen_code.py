"""An invented issuer of signed codes that name invented citizens: MOSIP's Claim 169 in a COSE_Sign1, with Ed25519.

Written from the specification alone, with an encoder of its own: see the package's promise.

Source: MOSIP, "169 - QR Code Specifications"; RFC 8392 (CWT), RFC 9052 (COSE), RFC 8949 (CBOR), RFC 9285 (Base45).
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idcard.testing.holder import Holder

_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_ALGORITHM, _KEY_ID, _EDDSA = 1, 4, -8
_ISSUER, _EXPIRES, _NOT_BEFORE, _ISSUED, _CLAIM = 1, 4, 5, 6, 169
_ID, _FULL_NAME, _BIRTH, _GENDER = 1, 4, 8, 9
_GENDERS = {"M": 1, "F": 2}
_FORMAT = "mosip_claim_169"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CodeIssuer:
    """Signs codes. ``name`` is what its codes call it, ``key_id`` what they call its key."""

    name: str
    key: Ed25519PrivateKey
    key_id: str = "codes-1"

    def __repr__(self) -> str:
        return f"CodeIssuer({self.name})"

    @classmethod
    def create(cls, name: str = "https://codes.example") -> "CodeIssuer":
        """An issuer with a new key."""
        return cls(name=name, key=Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, file: Path) -> "CodeIssuer":
        """The issuer that :meth:`save` wrote into this file."""
        kept = json.loads(file.read_text("utf-8"))
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept["key"]))
        return cls(name=kept["name"], key=key, key_id=kept["key_id"])

    def save(self, file: Path) -> None:
        """Write it down, private key and all."""
        raw = self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        file.write_text(json.dumps({"name": self.name, "key_id": self.key_id, "key": raw.hex()}), "utf-8")

    def listed(self) -> bytes:
        """The issuer as an operator lists it: a file for the trust store's folder ``qr/issuers``."""
        x = base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        jwk = {"kty": "OKP", "crv": "Ed25519", "kid": self.key_id, "x": x}
        return json.dumps({"format": 1, "issuer": self.name, "for": [_FORMAT], "keys": [jwk]}).encode()

    def claim_169(self, holder: Holder, *, issued: datetime, expires: datetime, signed: bool = True) -> str:
        """The text of a code that names somebody: personal number, name, birth and sex, and no picture.

        :param signed: False for one whose signature is empty.
        """
        person = {
            _ID: holder.personal_number,
            _FULL_NAME: holder.name,
            _BIRTH: holder.birth.strftime("%Y%m%d"),
            _GENDER: _GENDERS[holder.sex],
        }
        begin, end = int(issued.timestamp()), int(expires.timestamp())
        payload = cbor({_ISSUER: self.name, _EXPIRES: end, _NOT_BEFORE: begin, _ISSUED: begin, _CLAIM: person})
        protected = cbor({_ALGORITHM: _EDDSA, _KEY_ID: self.key_id.encode()})
        to_sign = cbor(["Signature1", protected, b"", payload])
        signature = self.key.sign(to_sign) if signed else b""
        return base45(zlib.compress(b"\xd2" + cbor([protected, {}, payload, signature]), 9))


def base45(data: bytes) -> str:
    """The bytes in Base45: two of them in three letters, a last one in two."""
    out = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            out.append(_BASE45[digit])
    return "".join(out)


def cbor(value: Any) -> bytes:
    """A whole number, bytes, text, list or map in CBOR."""
    match value:
        case int() if value >= 0:
            return _head(0, value)
        case int():
            return _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case Mapping():
            return _head(5, len(value)) + b"".join(cbor(part) for item in value.items() for part in item)
        case _:
            raise TypeError(f"{type(value).__name__} is not written here")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(each for each in (1, 2, 4, 8) if number < 1 << 8 * each)
    return bytes([major << 5 | 24 + (1, 2, 4, 8).index(size)]) + number.to_bytes(size)
