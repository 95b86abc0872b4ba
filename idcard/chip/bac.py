"""Basic Access Control: old, weak, and the only way into many cards in pockets.

Theory of operation.

1. The keys K_ENC and K_MAC follow from the seed, which is a hash of the MRZ information.
2. The chip gives eight random bytes, RND.IC.
3. The reader sends E_IFD || M_IFD: RND.IFD, RND.IC and its half K.IFD of the key, encrypted and sealed.
4. The chip answers in the same form with its half K.IC.
5. The session keys follow from K.IFD xor K.IC, the counter from the last four bytes of both random numbers.

A few chips count wrong tries and block. They say how many are left where the command of step 3 comes without data.

Source: ICAO Doc 9303-11, "Basic Access Control"; worked example in Appendix D; ISO/IEC 7816-4, "EXTERNAL AUTHENTICATE".
"""

import hmac
from dataclasses import dataclass

from idcard.crypto.cipher import CipherSuite, pad
from idcard.crypto.kdf import session_keys
from idcard.errors import MalformedData, PaceRequired, ProtocolViolation, WrongAccessKey
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import tries_left

_TDES = CipherSuite.TDES
GET_CHALLENGE = CommandApdu(ins=0x84, le=8)
_EXTERNAL_AUTHENTICATE = CommandApdu(ins=0x82)
ENTROPY_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Nonces:
    rnd_ic: bytes
    rnd_ifd: bytes
    k_ifd: bytes


def basic_access_control(bac_seed: bytes, entropy: bytes) -> Procedure[SecureChannel]:
    """A secure channel opened with the 16-byte ``bac_seed``.

    :param entropy: 24 random bytes: RND.IFD (8) and K.IFD (16).
    :raises PaceRequired: if the chip does not offer BAC.
    :raises WrongAccessKey: if the chip refuses the key.
    :raises ProtocolViolation: if the chip's answer is not sealed with the same key.
    """
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError("BAC takes 24 random bytes")
    keys = session_keys(_TDES, bac_seed)
    rnd_ic = yield from _challenge()
    nonces = _Nonces(rnd_ic=rnd_ic, rnd_ifd=entropy[:8], k_ifd=entropy[8:])
    cryptogram = _TDES.encrypt(keys.ks_enc, nonces.rnd_ifd + nonces.rnd_ic + nonces.k_ifd)
    data = cryptogram + _TDES.checksum(keys.ks_mac, pad(cryptogram, 8))
    response = yield from exchange(CommandApdu(ins=0x82, data=data, le=40))
    _accepted(response)
    sealed = response.data
    if not hmac.compare_digest(_TDES.checksum(keys.ks_mac, pad(sealed[:32], 8)), sealed[32:]):
        raise ProtocolViolation("the chip's answer to EXTERNAL AUTHENTICATE has a wrong checksum")
    return _channel(_TDES.decrypt(keys.ks_enc, sealed[:32]), nonces)


def tries() -> Procedure[int]:
    """What the chip says where it is asked how many tries are left: 63Cx; nearly all that do not count them refuse."""
    response = yield from exchange(_EXTERNAL_AUTHENTICATE)
    return response.sw


def _challenge() -> Procedure[bytes]:
    response = yield from exchange(GET_CHALLENGE)
    if not response.ok:
        raise PaceRequired("the chip gives no challenge for BAC: it opens with PACE only", sw=response.sw)
    if len(response.data) != 8:
        raise MalformedData(f"{len(response.data)} bytes instead of 8", where="GET CHALLENGE")
    return response.data


def _accepted(response: ResponseApdu) -> None:
    if not response.ok:
        raise WrongAccessKey("the chip refused the BAC key", tries_left=tries_left(response.sw), sw=response.sw)
    if len(response.data) != 40:
        raise MalformedData(f"{len(response.data)} bytes instead of 40", where="EXTERNAL AUTHENTICATE")


def _channel(answer: bytes, nonces: _Nonces) -> SecureChannel:
    if not hmac.compare_digest(answer[:16], nonces.rnd_ic + nonces.rnd_ifd):
        raise ProtocolViolation("the chip's answer is to another challenge")
    seed = bytes(a ^ b for a, b in zip(nonces.k_ifd, answer[16:], strict=True))
    return SecureChannel(session_keys(_TDES, seed), nonces.rnd_ic[4:] + nonces.rnd_ifd[4:])
