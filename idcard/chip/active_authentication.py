"""Active authentication, the reader's half: a challenge goes in, a signature comes out. Judging it is not done here.

Theory of operation. The signature of a long RSA key does not fit into a short answer under secure messaging. Some
chips then cut it off and say that all is well, others answer nothing to an extended command. So the short form is asked
first; where the answer is shorter than a signature of DG15's key must be, or refused for its length, the extended form
is asked too, and the longer answer is kept.

Source: ICAO Doc 9303-11, "Active Authentication".
"""

from idcard.crypto.signature import RsaPublicKey, load_public_key
from idcard.errors import IdCardError
from idcard.evidence import ActiveAuthenticationProof
from idcard.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LE, CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord
from idcard.lds.dg15 import parse_dg15

CHALLENGE_BYTES = 8


def active_authentication(
    channel: SecureChannel, challenge: bytes, *, signature_bytes: int = 0
) -> Procedure[ActiveAuthenticationProof]:
    """What the chip answers to an eight-byte ``challenge``, a refusal included.

    :param signature_bytes: how long a signature must be at least, see :func:`signature_bytes_of`; 0 for any.
    """
    if len(challenge) != CHALLENGE_BYTES:
        raise ValueError("active authentication takes a challenge of eight bytes")
    response = yield from channel.send(CommandApdu(ins=0x88, data=challenge, le=MAX_SHORT_LE))
    if _is_cut(response, signature_bytes):
        second = yield from channel.send(CommandApdu(ins=0x88, data=challenge, le=MAX_EXTENDED_LE, extended=True))
        response = max(response, second, key=lambda answer: (answer.ok, len(answer.data)))
    data = response.data if response.ok else None
    return ActiveAuthenticationProof(challenge=challenge, response=data, sw=response.sw)


def _is_cut(response: ResponseApdu, signature_bytes: int) -> bool:
    if response.ok:
        return len(response.data) < signature_bytes
    return response.sw == StatusWord.WRONG_LENGTH or response.sw >> 8 in (0x61, 0x6C)


def signature_bytes_of(dg15: bytes) -> int:
    """The least length of a signature by the key in DG15: an RSA modulus; for curves, where two forms are in use, 0."""
    try:
        key = load_public_key(parse_dg15(dg15))
    except IdCardError:
        return 0
    return (key.bits + 7) // 8 if isinstance(key, RsaPublicKey) else 0
