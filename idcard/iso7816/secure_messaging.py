"""The secure channel: what goes to the chip is encrypted and sealed, what comes back is checked before it is read.

Theory of operation. Both sides hold two keys and a send sequence counter (SSC) that grows by one before each command
and before each response. A protected command carries its data encrypted in DO'87' (DO'85' for odd instructions), its Le
in DO'97', and in DO'8E' a checksum over SSC, padded header and those objects. A protected response carries DO'87',
the status word in DO'99', and a checksum over SSC and both.

The checksum is compared first, in constant time; nothing unproved is decrypted. A bare status word, a missing object, a
wrong checksum: the channel closes for ever, because the two counters can no longer be known to agree.

Source: ICAO Doc 9303-11, "Secure Messaging"; worked example in Appendix D.4.
"""

import hmac
from dataclasses import replace
from typing import Literal

from idcard.crypto.cipher import CipherSuite, pad, unpad
from idcard.crypto.kdf import SessionKeys
from idcard.encoding import tlv
from idcard.errors import IdCardError, ProtocolViolation, SecureMessagingBroken
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure

_DATA, _DATA_ODD, _LE, _STATUS, _CHECKSUM = 0x87, 0x85, 0x97, 0x99, 0x8E
_SHORT_RESPONSE = 256
_CHECKSUM_OBJECT = 10
_CHECKSUM_AND_STATUS = 14


class SecureChannel:
    """A secure session with a chip: keys and counter, spent in order.

    :param keys: the session keys.
    :param ssc: the counter's first value: 8 bytes for 3DES, or None for AES, which starts at zero.
    """

    def __init__(self, keys: SessionKeys, ssc: bytes | None = None) -> None:
        self._suite = keys.suite
        self._keys: SessionKeys | None = keys
        self._ssc = int.from_bytes(ssc or b"")

    @property
    def suite(self) -> CipherSuite:
        """The cipher of this channel."""
        return self._suite

    @property
    def closed(self) -> bool:
        """Whether the channel can be used no more."""
        return self._keys is None

    @property
    def short_read(self) -> int:
        """How many plain bytes fit into one short protected response: 223 for AES, 231 for 3DES."""
        return self.room(_SHORT_RESPONSE)

    def room(self, answer_bytes: int) -> int:
        """How many plain bytes fit into a protected response of ``answer_bytes``, its status word not counted."""
        within = answer_bytes - _CHECKSUM_AND_STATUS
        indicated = within - 1 - len(tlv.build_length(max(within, 0))) - 1
        return max(0, indicated // self._suite.block_bytes * self._suite.block_bytes - 1)

    def close(self) -> None:
        """Drop the keys."""
        self._keys = None

    def protect(self, command: CommandApdu) -> CommandApdu:
        """``command`` as it goes over the wire.

        :raises SecureMessagingBroken: if the channel is closed.
        """
        keys = self._open()
        header = replace(command, cla=command.cla | 0x0C, data=b"", le=None)
        body = self._protected_data(command, keys) + _protected_le(command)
        checksum = self._checksum(pad(header.header, self._suite.block_bytes) + body, keys)
        long = command.extended or len(body) + 10 > 255
        le = 65536 if long else _SHORT_RESPONSE
        return replace(header, data=body + tlv.build(_CHECKSUM, checksum), le=le, extended=long)

    def unprotect(self, response: ResponseApdu) -> ResponseApdu:
        """What the chip said under ``response``.

        :raises SecureMessagingBroken: if the answer is bare or its checksum is wrong; the channel is closed then.
        """
        try:
            return self._unprotect(response, self._open())
        except SecureMessagingBroken:
            self.close()
            raise
        except IdCardError as error:
            self.close()
            raise SecureMessagingBroken("a protected answer that cannot be read", sw=response.sw) from error

    def send(self, command: CommandApdu) -> Procedure[ResponseApdu]:
        """The chip's answer to ``command``, both protected."""
        response = yield self.protect(command)
        return self.unprotect(response)

    def _open(self) -> SessionKeys:
        if self._keys is None:
            raise SecureMessagingBroken("the secure channel is closed")
        return self._keys

    def _step(self) -> bytes:
        """The next counter value; every value is used exactly once."""
        size = self._suite.block_bytes
        self._ssc = (self._ssc + 1) % (1 << 8 * size)
        return self._ssc.to_bytes(size)

    def _iv(self, keys: SessionKeys, ssc: int) -> bytes | None:
        if not self._suite.is_aes:
            return None
        return self._suite.encrypt_block(keys.ks_enc, ssc.to_bytes(self._suite.block_bytes))

    def _protected_data(self, command: CommandApdu, keys: SessionKeys) -> bytes:
        if not command.data:
            return b""
        iv = self._iv(keys, self._ssc + 1)
        cryptogram = self._suite.encrypt(keys.ks_enc, pad(command.data, self._suite.block_bytes), iv)
        if command.ins & 1:
            return tlv.build(_DATA_ODD, cryptogram)
        return tlv.build(_DATA, b"\x01", cryptogram)

    def _checksum(self, message: bytes, keys: SessionKeys) -> bytes:
        return self._suite.checksum(keys.ks_mac, pad(self._step() + message, self._suite.block_bytes))

    def _unprotect(self, response: ResponseApdu, keys: SessionKeys) -> ResponseApdu:
        if not response.data:
            raise SecureMessagingBroken("a bare status word in a secure session", sw=response.sw)
        sealed = tlv.parse(self._checked(response.data, keys), where="protected response")
        status = tlv.require(sealed, _STATUS, where="protected response")
        sw = int.from_bytes(status.value)
        if len(status.value) != 2 or sw != response.sw:
            raise SecureMessagingBroken("two different status words", sw=response.sw)
        return ResponseApdu(data=self._decrypt(sealed, keys), sw=sw)

    def _checked(self, data: bytes, keys: SessionKeys) -> bytes:
        """The objects before the checksum, byte for byte as they came, once the checksum is proved."""
        message, last = data[:-_CHECKSUM_OBJECT], data[-_CHECKSUM_OBJECT:]
        expected = tlv.build(_CHECKSUM, self._checksum(message, keys))
        if not hmac.compare_digest(expected, last):
            raise SecureMessagingBroken("a wrong checksum")
        return message

    def _decrypt(self, sealed: tuple[tlv.Tlv, ...], keys: SessionKeys) -> bytes:
        cryptogram = _cryptogram(sealed)
        if not cryptogram:
            return b""
        if len(cryptogram) % self._suite.block_bytes:
            raise ProtocolViolation("a cryptogram that is not whole blocks")
        return unpad(self._suite.decrypt(keys.ks_enc, cryptogram, self._iv(keys, self._ssc)))


def _protected_le(command: CommandApdu) -> bytes:
    if command.le is None:
        return b""
    size: Literal[1, 2] = 2 if command.extended or command.le > 256 else 1
    return tlv.build(_LE, (command.le % (1 << 8 * size)).to_bytes(size))


def _cryptogram(sealed: tuple[tlv.Tlv, ...]) -> bytes:
    node = tlv.find(sealed, _DATA)
    if node is None:
        odd = tlv.find(sealed, _DATA_ODD)
        return odd.value if odd else b""
    if node.value[:1] != b"\x01":
        raise ProtocolViolation("an unknown padding indicator")
    return node.value[1:]
