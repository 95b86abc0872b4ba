"""Active authentication, the reader's half: a challenge goes in, a signature comes out. Judging it is not done here.

Source: ICAO Doc 9303-11, "Active Authentication".
"""

from idcard.evidence import ActiveAuthenticationProof
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel

CHALLENGE_BYTES = 8


def active_authentication(channel: SecureChannel, challenge: bytes) -> Procedure[ActiveAuthenticationProof]:
    """What the chip answers to an eight-byte ``challenge``, a refusal included."""
    if len(challenge) != CHALLENGE_BYTES:
        raise ValueError("active authentication takes a challenge of eight bytes")
    command = CommandApdu(ins=0x88, data=challenge, le=256)
    response = yield from channel.send(command)
    data = response.data if response.ok else None
    return ActiveAuthenticationProof(challenge=challenge, response=data, sw=response.sw)
