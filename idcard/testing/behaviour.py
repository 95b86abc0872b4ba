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
    :param says_lengths: whether the answer to reset says so; without it the card has historical bytes of its own kind.
    :param master_file: whether SELECT of the master file works; Vietnamese cards answer 6D00.
    :param card_access_refused_sw: EF.CardAccess is there and is refused with this status word, as 6982 or 6983.
    :param short_identifiers: whether READ BINARY takes short file identifiers.
    :param select_takes_le: True for a card that wants Le with SELECT of an application, False for one that refuses it.
    :param longest_le: READ BINARY with a larger Le is refused with 6700.
    :param refuses_length_bare: that refusal leaves secure messaging, and the session is over.
    :param past_end_sw: the status word for an Le that reaches beyond the end of a file, as 6B00, without data.
    :param refuses_files_bare: a missing or guarded file is refused outside secure messaging: the session is over.
    :param response_piece: answers longer than this come in pieces, by 61xx and GET RESPONSE.
    """

    pace: bool = True
    bac: bool = True
    pace_refused_sw: int | None = None
    can_tries: int | None = None
    end_of_file_sw: int = StatusWord.END_OF_FILE
    max_response: int = 256
    says_lengths: bool = True
    master_file: bool = False
    card_access_refused_sw: int | None = None
    short_identifiers: bool = True
    select_takes_le: bool | None = None
    longest_le: int | None = None
    refuses_length_bare: bool = False
    past_end_sw: int | None = None
    refuses_files_bare: bool = False
    response_piece: int | None = None
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


def answer_to_reset(*, extended: bool = False, says_lengths: bool = True) -> bytes:
    """An answer to reset in the form of a contactless card (T=1), invented for the simulator.

    The historical bytes say: selection by name and identifier, short identifiers, command chaining, and whether
    extended lengths are taken. No real card's answer was at hand.
    """
    body = bytes.fromhex("8880010073940180059000")
    if extended:
        body = body.replace(bytes.fromhex("940180"), bytes.fromhex("9401C0"))
    if not says_lengths:
        body = bytes.fromhex("848001") + b"IDCD"
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])
