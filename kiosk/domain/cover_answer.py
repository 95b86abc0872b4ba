"""What the insurer's service answered, and what that means for the visit.

Theory of operation. The answer is kept as it came; nothing in it is judged where it is parsed. What a result code means
is a row of data (:class:`ResultTable`): the step, the desk code, the reason that staff read, and what is done next. A
row that admits is judged further by the dates of the cards in the answer: the new card counts only if its own dates
cover the day. Codes that nobody has described have a row of their own, which never admits.

Source: Vietnam Social Security, functions of the look-up service (KQNhanLichSuKCB); the rule for new cards is that
of hospital systems in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from idcard import BhytNumber
from kiosk.domain.codes import Code
from kiosk.domain.cover_reasons import CoverReason, NextStep
from kiosk.domain.eligibility import Coverage, CoverSource, Eligibility, Step, decide


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CoverAnswer:
    """What the service said, parsed and not judged; a field that it left empty is empty here, or None for a date.

    ``birth`` is as it was sent (``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``), ``number`` is its maThe,
    ``insurance_number`` its maSoBHXH. ``as_of`` is when the answer came (aware, UTC).
    """

    result_code: str
    asked_number: str
    as_of: datetime
    note: str = ""
    number: str = ""
    insurance_number: str = ""
    name: str = ""
    birth: str = ""
    sex: str = ""
    home_clinic: str = ""
    home_clinic_name: str = ""
    authority: str = ""
    area: str = ""
    five_years_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    old_number: str = ""
    new_number: str = ""
    new_valid_from: date | None = None
    new_valid_to: date | None = None
    new_home_clinic: str = ""
    new_home_clinic_name: str = ""

    def __repr__(self) -> str:
        return f"CoverAnswer(result_code={self.result_code[:8]!r}, …)"


class Cards(StrEnum):
    """Which of the cards in an answer may count."""

    NONE = "none"
    NEW = "new"
    EITHER = "either"
    """The new one if its dates cover the day, else the one that was asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """What one result code means; ``code`` is the desk code, which a row that admits does not have."""

    step: Step
    reason: CoverReason
    next: NextStep
    code: Code | None = None
    cards: Cards = Cards.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """The rows by result code, the row of all other codes, and the groups that show a paper card instead."""

    rows: Mapping[str, ResultRow]
    unknown: ResultRow
    paper_groups: frozenset[str] = field(default_factory=frozenset)

    def row(self, result_code: str) -> ResultRow:
        """The row of this code."""
        return self.rows.get(result_code, self.unknown)


def judge(answer: CoverAnswer, table: ResultTable, *, on: date, clinic: str) -> Eligibility:
    """The decision that an answer amounts to, for a visit on this day at this clinic."""
    row = table.row(answer.result_code)
    decision = _of_row(row, answer, table) if row.cards is Cards.NONE else _of_cards(row, answer, on, clinic)
    return replace(decision, result=answer.result_code)


def _of_row(row: ResultRow, answer: CoverAnswer, table: ResultTable) -> Eligibility:
    """A row that admits nobody; a group that the service need not know shows its paper card."""
    if row.reason is CoverReason.NO_DATA and _group_of(answer.asked_number) in table.paper_groups:
        return _desk(Code.COVER_UNKNOWN, (row.reason, CoverReason.PAPER_CARD), NextStep.PAPER_CARD)
    return Eligibility(code=row.code, reasons=(row.reason,), coverage=None, step=row.step, next=row.next)


def _of_cards(row: ResultRow, answer: CoverAnswer, on: date, clinic: str) -> Eligibility:
    """A row that admits, if a card in the answer covers the day."""
    if _of_another(answer):
        return _desk(Code.IDENTITY_DIFFERS, (CoverReason.OTHER_NUMBER,), NextStep.COMPARE)
    new = _new_card(answer) if _has_new_card(row, answer) else None
    # An answer that names the old number is itself about the new card.
    current = _current_card(answer) if row.cards is Cards.EITHER or answer.old_number else None
    if new is not None and (new.covers(on) or row.cards is Cards.NEW):
        return _remarked(decide(new, on=on, clinic=clinic))
    if current is None:
        return _desk(Code.COVER_UNKNOWN, (CoverReason.DATES_MISSING,), NextStep.LOOK_UP)
    return decide(current, on=on, clinic=clinic)


def _remarked(decision: Eligibility) -> Eligibility:
    """A decision by the new card says so where it admits."""
    return replace(decision, reasons=(*decision.reasons, CoverReason.NEW_CARD)) if decision.covered else decision


def _desk(code: Code, reasons: tuple[CoverReason, ...], next_step: NextStep) -> Eligibility:
    return Eligibility(code=code, reasons=reasons, coverage=None, step=Step.DESK, next=next_step)


def _has_new_card(row: ResultRow, answer: CoverAnswer) -> bool:
    """Whether a new card was issued beside the one in the answer: another number, or the code says so."""
    announced = row.reason is CoverReason.NEW_CARD or answer.new_number != answer.number
    return bool(answer.new_number) and not answer.old_number and announced


def _current_card(answer: CoverAnswer) -> Coverage | None:
    return _card(answer, answer.number, answer.valid_from, answer.valid_to, answer.home_clinic)


def _new_card(answer: CoverAnswer) -> Coverage | None:
    home = answer.new_home_clinic or answer.home_clinic
    return _card(answer, answer.new_number, answer.new_valid_from, answer.new_valid_to, home)


def _card(answer: CoverAnswer, number: str, start: date | None, end: date | None, home: str) -> Coverage | None:
    """A card of the answer, or None where its first day is missing: an empty end is open, an empty start is no date."""
    if start is None:
        return None
    parsed = parse_number(number)
    insured = parsed or parse_number(answer.insurance_number)
    return Coverage(
        valid_from=start,
        valid_to=end,
        benefit=str(parsed.benefit_level or "") if parsed else "",
        home_clinic=home,
        as_of=answer.as_of,
        insurance_number=insured.text if insured else None,
        object_group=parsed.group if parsed else None,
        source=CoverSource.GATEWAY,
    )


def parse_number(text: str) -> BhytNumber | None:
    """The insurance number that ``text`` is, of ten digits or 15 characters, or None where it is none."""
    try:
        return BhytNumber(text=text.strip().upper())
    except ValueError:
        return None


def _group_of(number: str) -> str | None:
    parsed = parse_number(number)
    return parsed.group if parsed else None


def _of_another(answer: CoverAnswer) -> bool:
    """Whether an insurance number was asked and another person's came back; a personal number cannot be compared."""
    return is_of_another(answer, answer.asked_number)


def is_of_another(answer: CoverAnswer, insurance_number: str) -> bool:
    """Whether the answer is about another insurance number than this one; not where either of them says none."""
    own = parse_number(insurance_number)
    told = [parse_number(each) for each in (answer.number, answer.insurance_number, answer.new_number)]
    numbers = {number.social_insurance_number for number in told if number}
    return own is not None and bool(numbers) and numbers != {own.social_insurance_number}
