"""Keys from shared secrets and passwords.

Source: ICAO Doc 9303-11, "Key Derivation Function".
"""

import hashlib
from dataclasses import dataclass

from idcard.crypto.cipher import CipherSuite

_ENCRYPTION, _CHECKSUM, _PASSWORD = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SessionKeys:
    """The two keys of a session: for encryption and for checksums."""

    suite: CipherSuite
    ks_enc: bytes
    ks_mac: bytes

    def __repr__(self) -> str:
        return f"SessionKeys({self.suite.label})"


def derive_key(suite: CipherSuite, secret: bytes, counter: int) -> bytes:
    """A key of ``suite``'s length from ``secret`` and a 32-bit ``counter``; 3DES keys get odd parity.

    SHA-1 for 3DES and AES-128, SHA-256 for AES-192 and AES-256.
    """
    hashed = hashlib.sha256 if suite.key_bytes > 16 else hashlib.sha1
    key = hashed(secret + counter.to_bytes(4)).digest()[: suite.key_bytes]
    return key if suite.is_aes else _odd_parity(key)


def session_keys(suite: CipherSuite, secret: bytes) -> SessionKeys:
    """The session keys that follow from the shared ``secret``."""
    return SessionKeys(
        suite=suite, ks_enc=derive_key(suite, secret, _ENCRYPTION), ks_mac=derive_key(suite, secret, _CHECKSUM)
    )


def password_key(suite: CipherSuite, password: bytes) -> bytes:
    """The key that PACE encrypts its nonce with, from the encoded password (f(pi) of the standard)."""
    return derive_key(suite, password, _PASSWORD)


def _odd_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)
