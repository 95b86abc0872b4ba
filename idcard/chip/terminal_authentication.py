"""Terminal authentication: the reader shows that a country lets it read fingerprints and irises. Off unless asked for.

Theory of operation (version 1, after chip authentication or PACE with chip authentication mapping).

1. The reader presents its certificates, each signed by the holder of the one before; the first by an authority that the
   chip knows. For each it names the key to check with (MSE:Set DST) and sends body and signature.
2. It names its own key (MSE:Set AT).
3. The chip gives a challenge of eight bytes.
4. The reader signs the chip's identifier, the challenge and its own ephemeral key in short form. The identifier is the
   chip's ephemeral key of PACE in short form, or the document number with its check digit after BAC.

The private key is never here: a ``sign`` function stands for whoever holds it.

Source: ICAO Doc 9303-11, "Terminal Authentication"; BSI TR-03110-3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idcard.chip.access_keys import MrzKey
from idcard.chip.cv_certificates import CvCertificate, Sign, chain_from
from idcard.encoding import tlv
from idcard.errors import CommandRefused, MalformedData
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel

CHALLENGE_BYTES = 8
_AFTER_NUMBER = 14
"""In the MRZ information, both dates with their check digits follow the document number and its check digit."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TerminalCredentials:
    """What a terminal has: certificates from its country's authority down to its own, and who signs with its key."""

    certificates: tuple[CvCertificate, ...]
    sign: Sign

    def __repr__(self) -> str:
        return f"TerminalCredentials({len(self.certificates)} certificates)"


def document_identifier(key: MrzKey) -> bytes:
    """What the chip is called after BAC: its document number with the check digit."""
    return key.information[:-_AFTER_NUMBER].encode("ascii")


def terminal_authentication(
    channel: SecureChannel,
    credentials: TerminalCredentials,
    *,
    chip_identifier: bytes,
    terminal_identifier: bytes,
    references: Sequence[bytes] = (),
) -> Procedure[None]:
    """Nothing; afterwards the chip gives what the certificates' rights allow.

    :param chip_identifier: from PACE, or :func:`document_identifier`.
    :param terminal_identifier: the short form of the ephemeral key that opened ``channel``.
    :param references: the authorities that the chip knows, where it said so.
    :raises Unsupported: if the certificates do not fit these authorities.
    :raises CommandRefused: if the chip refuses a certificate or the signature; the channel goes on.
    """
    chain = chain_from(credentials.certificates, references)
    for certificate in chain:
        yield from _send(channel, "MSE:Set DST", 0x22, 0x81B6, tlv.build(0x83, certificate.authority))
        yield from _send(channel, "PSO:VERIFY CERTIFICATE", 0x2A, 0x00BE, certificate.content)
    yield from _send(channel, "MSE:Set AT for the terminal", 0x22, 0x81A4, tlv.build(0x83, chain[-1].holder))
    challenge = yield from _send(channel, "GET CHALLENGE", 0x84, 0, le=CHALLENGE_BYTES)
    if len(challenge) != CHALLENGE_BYTES:
        raise MalformedData(f"{len(challenge)} bytes instead of 8", where="GET CHALLENGE")
    signature = credentials.sign(chip_identifier + challenge + terminal_identifier)
    yield from _send(channel, "EXTERNAL AUTHENTICATE", 0x82, 0, signature)


def _send(
    channel: SecureChannel, name: str, ins: int, parameters: int, data: bytes = b"", le: int | None = None
) -> Procedure[bytes]:
    command = CommandApdu(ins=ins, p1=parameters >> 8, p2=parameters & 0xFF, data=data, le=le)
    response = yield from channel.send(command)
    if not response.ok:
        raise CommandRefused(name, response.sw)
    return response.data
