"""The desk codes of what went wrong, and the kind words that go with them.

Source: the catalogue of failures, ``docs/failures.md``.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why a person must help: what staff see. Stable; each has a page in the catalogue of failures."""

    CROWDED = "E01"
    CARD_MOVED = "E02"
    WRONG_DIGITS = "E03"
    UNKNOWN_CARD = "E04"
    NOT_GENUINE = "E05"
    CARD_EXPIRED = "E06"
    NOT_COVERED = "E07"
    COVER_ENDED = "E08"
    IDENTITY_DIFFERS = "E09"
    COVER_UNKNOWN = "E10"
    QR_ONLY = "E11"
    PRINTER_LOST = "E13"
    READER_LOST = "E14"
    CLOCK_WRONG = "E15"
    STORE_FAULT = "E16"
    CHILD = "E17"
    NO_DOCUMENT = "E18"
    HELP = "help"
    EMERGENCY = "emergency"
    CARD_LEFT = "card_left"

    @property
    def public(self) -> str:
        """The code on the patient's screen: nobody is accused there, so E05 looks like E04."""
        match self:
            case Code.NOT_GENUINE:
                return Code.UNKNOWN_CARD.value
            case Code.HELP | Code.EMERGENCY | Code.CARD_LEFT:
                return ""
            case _:
                return self.value

    @property
    def message(self) -> "DeskMessage":
        """The words on the patient's screen."""
        return _MESSAGES[self]


class VisitReason(StrEnum):
    """What staff are told beside a code, where the visit itself is the reason.

    The other reasons are a verdict's (``fact.reason``), the cover's and the codes of the library's errors.
    """

    PACE_REFUSED = "pace_refused"
    NO_QR = "no_qr"
    NO_CARD = "no_card"
    NO_CONSENT = "no_consent"
    CLOCK_BEHIND = "clock_behind"
    NOT_ALONE = "not_alone"
    WRONG_ACCESS_KEY = "wrong_access_key"
    CARD_REMOVED = "card_removed"
    READING_TOO_LONG = "reading_too_long"
    READER_MISSING = "reader_missing"
    NO_PERSONAL_NUMBER = "no_personal_number"
    SOURCE_UNUSABLE = "source_unusable"
    ROSTER_TOO_OLD = "roster_too_old"
    TRUST_TOO_OLD = "trust_too_old"
    PROVINCE_SILENT = "province_silent"
    """The province was not heard for so long that nobody here knows which signers still count."""
    PROVINCE_CLOSED = "province_closed"
    """The province says that nobody is to be admitted automatically."""
    ADMITTED_UNPROVED = "admitted_unproved"
    """Somebody was admitted today under the same number, whom no chip proved: a clerk compares the two visits."""
    ADMITTED_ELSEWHERE = "admitted_elsewhere"
    """The province found that the person had been admitted before on that day: the first stays."""
    CODE_NOT_TRUSTED = "code_not_trusted"
    CODE_INCOMPLETE = "code_incomplete"
    CODE_TO_COMPARE = "code_to_compare"
    CODE_NOT_CONFIRMED = "code_not_confirmed"
    CODE_SHOWN_BEFORE = "code_shown_before"
    REPORTED_LOST = "reported_lost"
    """The card was reported lost. The patient is told nothing of that."""
    HOLDER_CHECK = "holder_check"
    """The clinic looks at every holder before it admits."""
    HOLDER_DIFFERS = "holder_differs"
    """A clerk saw somebody else than the chip's portrait shows."""
    SUSPECTED_TODAY = "suspected_today"
    """Another ticket says that this person's card is not genuine, was reported lost, or is not theirs."""
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    PRINTER_JAM = "jam"
    PRINTER_OFFLINE = "offline"
    PRINT_UNSURE = "print_unsure"
    """A ticket may be on paper, whole or in part: it is not printed again unasked."""
    CLOSED_READER = "closed_reader"
    """A closed reader handed the files over; that the chip is no copy is its word alone."""
    STOPPED = "stopped"
    INTERNAL_FAULT = "internal_fault"


class Resolution(StrEnum):
    """How an exception was settled: by staff, or by itself."""

    ADMITTED = "admitted"
    HELPED = "helped"
    SELF_PAY = "self_pay"
    REFERRED = "referred"
    REFUSED = "refused"
    FRAUD_SUSPECTED = "fraud_suspected"
    CAME_BACK = "came_back"
    """By itself: the device that was lost works again. Nobody can choose it."""
    DAY_OVER = "day_over"
    """By itself: its desk ticket was left over from an earlier day. Nobody can choose it."""


_NOT_CHOSEN = (Resolution.ADMITTED, Resolution.CAME_BACK, Resolution.DAY_OVER)
SETTLED_BY_STAFF = tuple(word for word in Resolution if word not in _NOT_CHOSEN)
"""What staff can choose where nobody is admitted."""


class DeskMessage(StrEnum):
    """Why the person is asked to go to the desk, or who was called, in kind words: keys of the catalogues."""

    CROWDED = "crowded"
    UNKNOWN_CARD = "unknown_card"
    WRONG_DIGITS = "wrong_digits"
    CARD_MOVED = "card_moved"
    NO_COVER = "no_cover"
    COVER_ENDED = "cover_ended"
    COMPARE = "compare"
    COVER_UNKNOWN = "cover_unknown"
    CARD_EXPIRED = "card_expired"
    QR_ONLY = "qr_only"
    NO_CARD = "no_card"
    READER = "reader"
    CLOCK = "clock"
    PAPER = "paper"
    TAKE_CARD = "take_card"
    HELP = "help"
    CHILD = "child"
    EMERGENCY = "emergency"
    CLOSED = "closed"


_MESSAGES = {
    Code.CROWDED: DeskMessage.CROWDED,
    Code.PRINTER_LOST: DeskMessage.PAPER,
    Code.CLOCK_WRONG: DeskMessage.CLOCK,
    Code.CARD_LEFT: DeskMessage.TAKE_CARD,
    Code.CARD_MOVED: DeskMessage.CARD_MOVED,
    Code.WRONG_DIGITS: DeskMessage.WRONG_DIGITS,
    Code.UNKNOWN_CARD: DeskMessage.UNKNOWN_CARD,
    Code.NOT_GENUINE: DeskMessage.UNKNOWN_CARD,
    Code.CARD_EXPIRED: DeskMessage.CARD_EXPIRED,
    Code.NOT_COVERED: DeskMessage.NO_COVER,
    Code.COVER_ENDED: DeskMessage.COVER_ENDED,
    Code.IDENTITY_DIFFERS: DeskMessage.COMPARE,
    Code.COVER_UNKNOWN: DeskMessage.COVER_UNKNOWN,
    Code.QR_ONLY: DeskMessage.QR_ONLY,
    Code.READER_LOST: DeskMessage.READER,
    Code.STORE_FAULT: DeskMessage.CLOSED,
    Code.CHILD: DeskMessage.CHILD,
    Code.NO_DOCUMENT: DeskMessage.NO_CARD,
    Code.HELP: DeskMessage.HELP,
    Code.EMERGENCY: DeskMessage.EMERGENCY,
}
