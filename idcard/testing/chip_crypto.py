"""The card's half of the ciphers: key derivation, checksums, basic access control, secure messaging.

Theory of operation (ICAO Doc 9303-11). A shared secret K gives the keys KDF(K, 1) for encryption and KDF(K, 2) for
checksums. Basic access control (section 4.3): the chip draws RND.IC; the reader sends E = 3DES(RND.IFD, RND.IC, K.IFD)
with a checksum; the chip answers in kind with K.IC; K.IFD xor K.IC is the session's secret. Secure messaging (9.8):
every command bears DO'87' (data), DO'97' (expected length) and DO'8E' (checksum) and every answer DO'87', DO'99'
(status) and DO'8E'; a send sequence counter is raised before each of them and enters each checksum.

Source: ICAO Doc 9303-11, "Basic Access Control", "Secure Messaging", "Key Derivation Function"; worked examples in
appendix D.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.status import StatusWord

ENCRYPTION, CHECKSUM, PASSWORD = 1, 2, 3


class Refused(Exception):
    """The simulated card refuses: the status word it answers with."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class Suite(Enum):
    """A block cipher with its checksum: name, key length and block length in bytes."""

    DES3 = ("3des", 16, 8)
    AES128 = ("aes128", 16, 16)
    AES192 = ("aes192", 24, 16)
    AES256 = ("aes256", 32, 16)

    def __init__(self, label: str, key_size: int, block: int) -> None:
        self.label = label
        self.key_size = key_size
        self.block = block

    def derive(self, secret: bytes, counter: int) -> bytes:
        """KDF(``secret``, ``counter``): SHA-1 for keys of 16 bytes, SHA-256 for longer ones."""
        digest = hashlib.sha1 if self.key_size == 16 else hashlib.sha256
        key = digest(secret + counter.to_bytes(4)).digest()[: self.key_size]
        return _odd_parity(key) if self is Suite.DES3 else key

    def encrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes:
        """``data``, whole blocks, in CBC mode."""
        worker = Cipher(self._algorithm(key), modes.CBC(iv)).encryptor()
        return worker.update(data) + worker.finalize()

    def decrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes:
        """Reverse of :meth:`encrypt`."""
        worker = Cipher(self._algorithm(key), modes.CBC(iv)).decryptor()
        return worker.update(data) + worker.finalize()

    def _algorithm(self, key: bytes) -> TripleDES | AES:
        return TripleDES(key + key[:8]) if self is Suite.DES3 else AES(key)

    def checksum(self, key: bytes, data: bytes) -> bytes:
        """The checksum of ``data`` (whole blocks for 3DES), 8 bytes: retail MAC or the first half of a CMAC."""
        if self is Suite.DES3:
            return retail_mac(key, data)
        worker = CMAC(AES(key))
        worker.update(data)
        return worker.finalize()[:8]


def _odd_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | (byte.bit_count() + (byte & 1) + 1) % 2 for byte in key)


def retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO 9797-1 MAC algorithm 3 with DES over ``data``, whole blocks of 8 bytes."""
    first, second = key[:8] * 3, key[8:16] * 3
    encryptor = Cipher(TripleDES(first), modes.CBC(bytes(8))).encryptor()
    last = (encryptor.update(data) + encryptor.finalize())[-8:]
    decryptor = Cipher(TripleDES(second), modes.CBC(bytes(8))).decryptor()
    middle = decryptor.update(last) + decryptor.finalize()
    final = Cipher(TripleDES(first), modes.CBC(bytes(8))).encryptor()
    return final.update(middle) + final.finalize()


def pad(data: bytes, block: int) -> bytes:
    """``data`` with 80 and as many 00 as fill the last block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Reverse of :func:`pad`.

    :raises Refused: 6988 if the filling is not there.
    """
    body = data.rstrip(b"\x00")
    if not body.endswith(b"\x80"):
        raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
    return body[:-1]


@dataclass(slots=True, kw_only=True)
class SecureChannel:
    """The chip's end of a secure session; ``counter`` is the send sequence counter."""

    suite: Suite
    ks_enc: bytes
    ks_mac: bytes
    counter: int = 0

    @classmethod
    def from_secret(cls, suite: Suite, secret: bytes, counter: int = 0) -> "SecureChannel":
        """The channel whose keys come from ``secret``."""
        enc, mac = suite.derive(secret, ENCRYPTION), suite.derive(secret, CHECKSUM)
        return cls(suite=suite, ks_enc=enc, ks_mac=mac, counter=counter)

    def __repr__(self) -> str:
        return f"SecureChannel({self.suite.label})"

    def unwrap(self, command: CommandApdu) -> CommandApdu:
        """The plain command in the protected one.

        :raises Refused: 6987 if an object is missing, 6988 if one is wrong: the session must end.
        """
        self._count()
        objects = _command_objects(command.data)
        if 0x8E not in objects:
            raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_MISSING)
        body = b"".join(tlv.build(tag, value) for tag, value in objects.items() if tag != 0x8E)
        header = pad(command.header, self.suite.block)
        expected = self._checksum(header + (pad(body, self.suite.block) if body else b""))
        if not hmac.compare_digest(expected, objects[0x8E]):
            raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
        data = self._decrypt(objects[0x87]) if 0x87 in objects else b""
        if 0x85 in objects:
            data = self._decrypt(b"\x01" + objects[0x85])
        le = _expected_length(objects.get(0x97))
        return CommandApdu(cla=command.cla & 0xF3, ins=command.ins, p1=command.p1, p2=command.p2, data=data, le=le)

    def wrap(self, response: ResponseApdu, *, odd: bool = False) -> ResponseApdu:
        """The protected form of a plain answer; ``odd`` for an odd instruction byte, whose data goes into DO'85'."""
        self._count()
        body = b""
        if response.data:
            cryptogram = self._encrypt(response.data)
            body = tlv.build(0x85, cryptogram) if odd else tlv.build(0x87, b"\x01", cryptogram)
        body += tlv.build(0x99, response.sw.to_bytes(2))
        checksum = self._checksum(pad(body, self.suite.block))
        return ResponseApdu(data=body + tlv.build(0x8E, checksum), sw=response.sw)

    def capacity(self, limit: int) -> int:
        """How many plain bytes an answer of at most ``limit`` protected bytes (status word not counted) can bear."""
        room = limit - 14  # DO'99' and DO'8E'
        blocks = max(0, room - 1 - len(tlv.build_length(room)) - 1) // self.suite.block
        return max(0, blocks * self.suite.block - 1)

    def _count(self) -> None:
        self.counter = (self.counter + 1) % (1 << 8 * self.suite.block)

    @property
    def _ssc(self) -> bytes:
        return self.counter.to_bytes(self.suite.block)

    def _iv(self) -> bytes:
        zero = bytes(self.suite.block)
        return zero if self.suite is Suite.DES3 else self.suite.encrypt(self.ks_enc, zero, self._ssc)

    def _checksum(self, data: bytes) -> bytes:
        return self.suite.checksum(self.ks_mac, self._ssc + data)

    def _encrypt(self, data: bytes) -> bytes:
        return self.suite.encrypt(self.ks_enc, self._iv(), pad(data, self.suite.block))

    def _decrypt(self, value: bytes) -> bytes:
        if value[:1] != b"\x01" or len(value) < 2 or (len(value) - 1) % self.suite.block:
            raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
        return unpad(self.suite.decrypt(self.ks_enc, self._iv(), value[1:]))


def _command_objects(data: bytes) -> dict[int, bytes]:
    try:
        nodes = tlv.parse(data, where="secure messaging")
    except MalformedData as error:
        raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG) from error
    tags = [node.tag for node in nodes]
    if tags != [tag for tag in (0x85 if 0x85 in tags else 0x87, 0x97, 0x8E) if tag in tags]:
        raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
    return {node.tag: node.value for node in nodes}


def _expected_length(value: bytes | None) -> int | None:
    if value is None:
        return None
    if len(value) not in (1, 2):
        raise Refused(StatusWord.SECURE_MESSAGING_OBJECT_WRONG)
    return int.from_bytes(value) or 1 << 8 * len(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAccess:
    """The chip's half of basic access control, for one MRZ information and one challenge."""

    k_enc: bytes
    k_mac: bytes
    rnd_ic: bytes

    @classmethod
    def start(cls, mrz_information: str, rnd_ic: bytes) -> "BasicAccess":
        """The half with the keys of ``mrz_information`` and the challenge ``rnd_ic`` (8 bytes)."""
        seed = hashlib.sha1(mrz_information.encode("ascii")).digest()[:16]
        keys = (Suite.DES3.derive(seed, ENCRYPTION), Suite.DES3.derive(seed, CHECKSUM))
        return cls(k_enc=keys[0], k_mac=keys[1], rnd_ic=rnd_ic)

    def __repr__(self) -> str:
        return "BasicAccess()"

    def authenticate(self, token: bytes, k_ic: bytes) -> tuple[bytes, SecureChannel]:
        """The chip's answer (40 bytes) to the reader's ``token`` (40 bytes) and the session it opens.

        :raises Refused: 6700 if the token has another length, 6300 if the reader does not know the key.
        """
        if len(token) != 40:
            raise Refused(StatusWord.WRONG_LENGTH)
        if not hmac.compare_digest(retail_mac(self.k_mac, pad(token[:32], 8)), token[32:]):
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        plain = Suite.DES3.decrypt(self.k_enc, bytes(8), token[:32])
        rnd_ifd, rnd_ic, k_ifd = plain[:8], plain[8:16], plain[16:]
        if rnd_ic != self.rnd_ic:
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        answer = Suite.DES3.encrypt(self.k_enc, bytes(8), rnd_ic + rnd_ifd + k_ic)
        secret = bytes(one ^ other for one, other in zip(k_ifd, k_ic, strict=True))
        counter = int.from_bytes(rnd_ic[4:] + rnd_ifd[4:])
        channel = SecureChannel.from_secret(Suite.DES3, secret, counter)
        return answer + retail_mac(self.k_mac, pad(answer, 8)), channel
