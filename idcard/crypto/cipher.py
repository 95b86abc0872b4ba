"""The four ciphers of secure messaging: padding, CBC and checksums (ICAO Doc 9303-11, "Secure Messaging").

3DES and SHA-1 are old; cards in pockets use them, so a reader must. They never protect anything of ours.
"""

import functools
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherContext, algorithms, modes

from idcard.errors import ProtocolViolation

CHECKSUM_BYTES = 8


class CipherSuite(Enum):
    """A block cipher with its key length and block length in bytes."""

    TDES = ("3DES", 16, 8)
    AES_128 = ("AES-128", 16, 16)
    AES_192 = ("AES-192", 24, 16)
    AES_256 = ("AES-256", 32, 16)

    def __init__(self, label: str, key_bytes: int, block_bytes: int) -> None:
        self.label = label
        self.key_bytes = key_bytes
        self.block_bytes = block_bytes

    @property
    def is_aes(self) -> bool:
        """Whether the cipher is AES of any key length."""
        return self is not CipherSuite.TDES

    def encrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """``data`` (a whole number of blocks) encrypted in CBC mode; ``iv`` is zero where it is not given."""
        return _run(self._cbc(key, iv).encryptor(), data)

    def decrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """``data`` (a whole number of blocks) decrypted in CBC mode; ``iv`` is zero where it is not given."""
        return _run(self._cbc(key, iv).decryptor(), data)

    def encrypt_block(self, key: bytes, block: bytes) -> bytes:
        """One block encrypted by itself: how AES secure messaging makes its IV from the send sequence counter."""
        return self.encrypt(key, block)

    def checksum(self, key: bytes, padded: bytes) -> bytes:
        """The eight-byte checksum of ``padded`` (padded by the caller): retail MAC for 3DES, CMAC for AES."""
        return self._cmac(key, padded) if self.is_aes else retail_mac(key, padded)

    def token(self, key: bytes, data: bytes) -> bytes:
        """The eight-byte authentication token of PACE over unpadded ``data``."""
        return self._cmac(key, data) if self.is_aes else retail_mac(key, pad(data, 8))

    def _cmac(self, key: bytes, data: bytes) -> bytes:
        mac = cmac.CMAC(algorithms.AES(key))
        mac.update(data)
        return mac.finalize()[:CHECKSUM_BYTES]

    def _cbc(self, key: bytes, iv: bytes | None) -> Cipher[modes.CBC]:
        return Cipher(self._algorithm(key), modes.CBC(iv or bytes(self.block_bytes)))

    def _algorithm(self, key: bytes) -> BlockCipherAlgorithm:
        return algorithms.AES(key) if self.is_aes else TripleDES(_three_keys(key))


def _three_keys(key: bytes) -> bytes:
    """Two-key 3DES written as three keys, the form that the library asks for."""
    return key + key[:8]


def _run(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def retail_mac(key: bytes, padded: bytes) -> bytes:
    """The eight-byte MAC of ``padded`` (a whole number of 8-byte blocks) under a 16-byte key.

    Source: ISO/IEC 9797-1, MAC algorithm 3 with DES; ICAO Doc 9303-11, "Message Authentication Code".
    """
    first, last = padded[:-8], padded[-8:]
    single = Cipher(TripleDES(key[:8] * 3), modes.CBC(bytes(8)))
    chain = _run(single.encryptor(), first)[-8:] if first else bytes(8)
    return CipherSuite.TDES.encrypt(key, last, chain)


def pad(data: bytes, block_bytes: int) -> bytes:
    """``data`` with one byte 80 and as many 00 as fill the last block.

    Source: ISO/IEC 9797-1, padding method 2.
    """
    return data + b"\x80" + bytes(-(len(data) + 1) % block_bytes)


def unpad(padded: bytes) -> bytes:
    """``padded`` without its padding.

    :raises ProtocolViolation: if there is no padding.
    """
    data = padded.rstrip(b"\x00")
    if not data.endswith(b"\x80"):
        raise ProtocolViolation("decrypted data without padding")
    return data[:-1]


@functools.cache
def suite_of_pace(cipher_arc: int) -> CipherSuite:
    """The cipher that the last arc of a PACE object identifier names: 1 is 3DES, 2 to 4 AES-128 to AES-256."""
    return (CipherSuite.TDES, CipherSuite.AES_128, CipherSuite.AES_192, CipherSuite.AES_256)[cipher_arc - 1]
