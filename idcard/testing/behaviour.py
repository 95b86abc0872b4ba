"""What a simulated card is made with: how it behaves, what only its chip knows, and its answer to reset."""

from dataclasses import dataclass

from idcard.iso7816.status import StatusWord
from idcard.testing.chip_pace import Profile, password_of_mrz
from idcard.testing.chip_proof import ChipKey
from idcard.testing.records import VIETNAMESE_CHIP_AUTHENTICATION, VIETNAMESE_PACE

MRZ, CAN = b"\x01", b"\x02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a card behaves where real cards differ.

    :param pace: whether the card has EF.CardAccess and runs PACE.
    :param bac: whether it runs BAC; without it EXTERNAL AUTHENTICATE answers 6A88.
    :param pace_refused_sw: a card that advertises PACE and answers MSE:Set AT with this status word.
    :param can_tries: how many wrong CANs block it (63Cx, then 6983); None for no counter (6300).
    :param end_of_file_sw: 6282 or 9000: what ends an answer that is shorter than asked for.
    :param max_response: the most bytes of an answer, status word not counted; over 256 the card takes extended lengths.
    """

    pace: bool = True
    bac: bool = True
    pace_refused_sw: int | None = None
    can_tries: int | None = None
    end_of_file_sw: int = StatusWord.END_OF_FILE
    max_response: int = 256
    pace_profile: Profile = VIETNAMESE_PACE
    chip_profile: Profile = VIETNAMESE_CHIP_AUTHENTICATION


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipSecrets:
    """What only the chip knows.

    :param proof: the key for active authentication, if any.
    :param agreement: the private key for chip authentication, if any.
    """

    can: str
    mrz_information: str
    proof: ChipKey | None = None
    agreement: int | None = None

    def __repr__(self) -> str:
        return "ChipSecrets()"

    def password(self, reference: bytes) -> bytes | None:
        """The password that PACE's ``reference`` names, or None."""
        return {MRZ: password_of_mrz(self.mrz_information), CAN: self.can.encode("ascii")}.get(reference)


def answer_to_reset(*, extended: bool = False) -> bytes:
    """An answer to reset in the form of a contactless card (T=1), invented for the simulator.

    The historical bytes say: selection by name and identifier, short identifiers, command chaining, and whether
    extended lengths are taken. No real card's answer was at hand.
    """
    body = bytes.fromhex("8880010073940180059000")
    if extended:
        body = body.replace(bytes.fromhex("940180"), bytes.fromhex("9401C0"))
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])
