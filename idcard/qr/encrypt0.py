"""COSE_Encrypt0: something encrypted with a key that both sides have, and opened with it.

AES in GCM with keys of 128, 192 and 256 bits; what is encrypted is authentic only to whoever shares the key: who
issued it, the signature inside says.

Source: RFC 9052, "Single Recipient Encrypted"; RFC 9053, "AES-GCM".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import cbor
from idcard.qr.cbor import Tagged

ENCRYPT0_TAG: Final = 16
_KEY_BYTES: Final[Mapping[int, int]] = MappingProxyType({1: 16, 2: 24, 3: 32})
_ALGORITHM, _CRITICAL, _KEY_ID, _NONCE = 1, 2, 4, 5
_NONCE_BYTES = 12
_WHERE = "COSE_Encrypt0"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Encrypt0:
    """A message as it came: the bytes of its protected headers, what the headers say, and what is encrypted."""

    protected_bytes: bytes
    protected: Mapping[int | str, Any]
    unprotected: Mapping[int | str, Any]
    ciphertext: bytes

    def __repr__(self) -> str:
        return f"Encrypt0({len(self.ciphertext)} bytes)"

    @classmethod
    def from_value(cls, value: Any) -> "Encrypt0":
        """The message in a decoded value, tagged as COSE_Encrypt0.

        :raises MalformedData: if it is none, or has a critical header.
        """
        if not isinstance(value, Tagged) or value.tag != ENCRYPT0_TAG:
            raise MalformedData("is tagged as something else", where=_WHERE)
        if not isinstance(value.value, list) or len(value.value) != 3:
            raise MalformedData("is no list of three parts", where=_WHERE)
        protected, unprotected, ciphertext = value.value
        if not isinstance(protected, bytes) or not isinstance(unprotected, dict) or not isinstance(ciphertext, bytes):
            raise MalformedData("has parts of the wrong kind", where=_WHERE)
        headers = cbor.decode(protected, where=_WHERE) if protected else {}
        if not isinstance(headers, dict) or _CRITICAL in headers:
            raise MalformedData("has headers that are not known here", where=_WHERE)
        return cls(
            protected_bytes=protected,
            protected=MappingProxyType(headers),
            unprotected=MappingProxyType(unprotected),
            ciphertext=ciphertext,
        )

    @property
    def key_id(self) -> bytes | None:
        """The identifier of the key that opens it, where the headers name one."""
        found = self._header(_KEY_ID)
        return found if isinstance(found, bytes) else None

    def _header(self, label: int) -> Any:
        return self.protected[label] if label in self.protected else self.unprotected.get(label)

    def decrypt(self, key: bytes) -> bytes:
        """What is inside.

        :param key: 16, 24 or 32 bytes, as the algorithm needs.
        :raises MalformedData: if the key is another one, the message was changed, or it lacks its nonce.
        :raises UnsupportedAlgorithm: if the algorithm is not AES in GCM.
        """
        size = _KEY_BYTES.get(self._algorithm)
        if size is None:
            raise UnsupportedAlgorithm("an encryption of COSE that is not known here")
        nonce = self._header(_NONCE)
        if not isinstance(nonce, bytes) or len(nonce) != _NONCE_BYTES:
            raise MalformedData("lacks its nonce", where=_WHERE)
        if len(key) != size:
            raise MalformedData("does not open with a key of that length", where=_WHERE)
        associated = cbor.encode(["Encrypt0", self.protected_bytes, b""])
        try:
            return AESGCM(key).decrypt(nonce, self.ciphertext, associated)
        except InvalidTag as error:
            raise MalformedData("does not open with this key", where=_WHERE) from error

    @property
    def _algorithm(self) -> int:
        found = self._header(_ALGORITHM)
        return found if type(found) is int else 0
