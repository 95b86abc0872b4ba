"""What a simulated card is made with: how it behaves, what only its chip knows, and its answer to reset."""

from dataclasses import dataclass

from idcard.iso7816.status import StatusWord
from idcard.testing.chip_pace import Profile, password_of_mrz
from idcard.testing.chip_proof import ChipKey
from idcard.testing.chip_terminal import TerminalKey
from idcard.testing.records import VIETNAMESE_CHIP_AUTHENTICATION, VIETNAMESE_PACE

MRZ, CAN, PIN, PUK = b"\x01", b"\x02", b"\x03", b"\x04"
BAC = b""
"""Where the counter of BAC is kept, beside those of PACE's passwords."""


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
    :param refuses_length_bare: it is refused under secure messaging only, and outside of it: the session is over.
    :param past_end_sw: the status word for an Le that reaches beyond the end of a file, as 6B00, without data.
    :param refuses_files_bare: a missing or guarded file is refused outside secure messaging: the session is over.
    :param tells_can_tries: whether MSE:Set AT says how many are left (63Cx), as it does for a PIN.
    :param bac_tries: how many wrong keys block BAC; the chip says how many are left where it is asked without a key.
    :param pin_tries: how many wrong PINs block it. :param puk_tries: how many wrong PUKs.
    :param more_pace_profiles: other ways to run PACE, which EF.CardAccess names after ``pace_profile``.
    :param refuses_parameter_number: MSE:Set AT for PACE with the number of domain parameters answers 6A80.
    :param chip_key_id: the number of the key for chip authentication, which must then be told.
    :param chip_authentication_named: whether DG14 says which cipher goes with that key; 3DES is meant without.
    :param chip_authentication_at_once: MSE:Set KAT alone (True) or MSE:Set AT alone (False) works, or both.
    :param cuts_proof: a signature that does not fit into a short answer is cut off, with 9000.
    :param proof_refuses_extended: INTERNAL AUTHENTICATE with an extended Le answers nothing, with 9000.
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
    tells_can_tries: bool = False
    bac_tries: int | None = None
    pin_tries: int | None = 3
    puk_tries: int | None = 10
    pace_profile: Profile = VIETNAMESE_PACE
    more_pace_profiles: tuple[Profile, ...] = ()
    refuses_parameter_number: bool = False
    chip_profile: Profile = VIETNAMESE_CHIP_AUTHENTICATION
    chip_key_id: int | None = None
    chip_authentication_named: bool = True
    chip_authentication_at_once: bool | None = None
    chip_authentication_version: int = 1
    cuts_proof: bool = False
    proof_refuses_extended: bool = False

    @property
    def pace_profiles(self) -> tuple[Profile, ...]:
        """All ways to run PACE."""
        return (self.pace_profile, *self.more_pace_profiles)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipSecrets:
    """What only the chip knows.

    :param proof: the key for active authentication, if any.
    :param agreement: the private key for chip authentication, if any.
    :param pin: the holder's PIN, if any. :param puk: what unblocks it.
    :param terminal_anchor: the authority whose terminals may read fingerprints and irises, if any.
    """

    can: str
    mrz_information: str
    proof: ChipKey | None = None
    agreement: int | None = None
    pin: str | None = None
    puk: str | None = None
    terminal_anchor: TerminalKey | None = None

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """The names of the authorities that the chip knows."""
        return () if self.terminal_anchor is None else (self.terminal_anchor.name,)

    @property
    def document_identifier(self) -> bytes:
        """The document number with its check digit, by which terminal authentication calls the chip after BAC."""
        return self.mrz_information[:-14].encode("ascii")

    def __repr__(self) -> str:
        return "ChipSecrets()"

    def password(self, reference: bytes) -> bytes | None:
        """The password that PACE's ``reference`` names, or None."""
        numbers = {CAN: self.can, PIN: self.pin, PUK: self.puk}
        if reference == MRZ:
            return password_of_mrz(self.mrz_information)
        number = numbers.get(reference)
        return None if number is None else number.encode("ascii")


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
