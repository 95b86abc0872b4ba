"""The insurer's answers judged by dates: old and new cards, open ends, numbers, children, the army and the police."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import Cards, CoverAnswer, ResultRow, ResultTable, judge, parse_number
from kiosk.domain.eligibility import (
    Coverage,
    CoverReason,
    CoverSource,
    Eligibility,
    NextStep,
    Step,
    decide,
    off_line,
    settle,
)

DAY = date(2026, 11, 23)
AS_OF = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OLD, NEW = "GD4363699999901", "HT3363699999901"
TABLE = ResultTable(
    rows={
        "000": ResultRow(step=Step.ADMIT, reason=CoverReason.COVERED, next=NextStep.NONE, cards=Cards.EITHER),
        "003": ResultRow(step=Step.ADMIT, reason=CoverReason.NEW_CARD, next=NextStep.NONE, cards=Cards.NEW),
        "004": ResultRow(step=Step.ADMIT, reason=CoverReason.NEW_CARD, next=NextStep.NONE, cards=Cards.EITHER),
        "050": ResultRow(
            step=Step.NOT_COVERED, reason=CoverReason.NO_DATA, next=NextStep.OTHER_NUMBER, code=Code.NOT_COVERED
        ),
        "101": ResultRow(
            step=Step.DESK, reason=CoverReason.SERVICE_FAULT, next=NextStep.LATER, code=Code.COVER_UNKNOWN
        ),
    },
    unknown=ResultRow(
        step=Step.DESK, reason=CoverReason.UNKNOWN_RESULT, next=NextStep.LOOK_UP, code=Code.COVER_UNKNOWN
    ),
    paper_groups=frozenset({"QN", "CA"}),
)
YEAR = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
ENDED = {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 6, 30)}
OPEN = {"valid_from": date(2026, 1, 1), "valid_to": None}


def answer(code: str, **fields: Any) -> CoverAnswer:
    known = {"asked_number": "036060999901", "number": OLD, "home_clinic": "36001", "as_of": AS_OF} | fields
    return CoverAnswer(result_code=code, **known)


def new(start: date | None, end: date | None, number: str = NEW) -> dict[str, Any]:
    return {"new_number": number, "new_valid_from": start, "new_valid_to": end}


def judged(code: str, **fields: Any) -> Eligibility:
    return judge(answer(code, **fields), TABLE, on=DAY, clinic="36001")


def number_in(decision: Eligibility) -> str | None:
    return decision.coverage.insurance_number if decision.coverage else None


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        (YEAR, OLD),
        (OPEN, OLD),
        # The old card is still valid today, whatever the new one says of later.
        (YEAR | new(date(2027, 1, 1), None), OLD),
        # Both cover the day: the new one counts.
        (YEAR | new(date(2026, 11, 23), None), NEW),
        (ENDED | new(date(2026, 7, 1), date(2026, 11, 23)), NEW),
        (ENDED | new(date(2026, 7, 1), None), NEW),
        # A new card that has ended, or whose first day is missing, is not accepted.
        (YEAR | new(date(2026, 7, 1), date(2026, 11, 22)), OLD),
        (YEAR | new(None, None), OLD),
        # Where the answer names the old number, it is about the new card itself.
        (YEAR | new(date(2027, 1, 1), None) | {"number": NEW, "old_number": OLD}, NEW),
    ],
)
def test_code_004_takes_the_card_that_covers_the_day(fields: dict[str, Any], number: str) -> None:
    decision = judged("004", **fields)
    assert (decision.step, decision.code, number_in(decision)) == (Step.ADMIT, None, number)
    assert decision.result == "004"


@pytest.mark.parametrize(
    ("fields", "step", "reason"),
    [
        (ENDED | new(date(2026, 7, 1), None), Step.ADMIT, CoverReason.NEW_CARD),
        (ENDED | new(date(2026, 7, 1), date(2027, 6, 30)), Step.ADMIT, CoverReason.NEW_CARD),
        # The new card begins later: a gap, even if the old one's dates say that it still holds.
        (ENDED | new(date(2026, 12, 1), None), Step.NOT_COVERED, CoverReason.NOT_YET),
        (YEAR | new(date(2026, 12, 1), None), Step.NOT_COVERED, CoverReason.NOT_YET),
        (ENDED | new(date(2026, 7, 1), date(2026, 10, 31)), Step.NOT_COVERED, CoverReason.ENDED),
        # A new card was announced, and is not in the answer.
        (YEAR, Step.DESK, CoverReason.DATES_MISSING),
        (YEAR | new(None, None), Step.DESK, CoverReason.DATES_MISSING),
        # The same number was renewed.
        (ENDED | new(date(2026, 7, 1), None, OLD), Step.ADMIT, CoverReason.NEW_CARD),
        (YEAR | {"number": NEW, "old_number": OLD}, Step.ADMIT, CoverReason.COVERED),
    ],
)
def test_code_003_accepts_the_new_card_alone_and_only_by_its_dates(
    fields: dict[str, Any], step: Step, reason: CoverReason
) -> None:
    decision = judged("003", **fields)
    assert decision.step is step
    assert reason in decision.reasons


@pytest.mark.parametrize(
    ("fields", "step", "code", "reason"),
    [
        (YEAR, Step.ADMIT, None, CoverReason.COVERED),
        (YEAR | {"home_clinic": "36999"}, Step.ADMIT, None, CoverReason.OTHER_HOME_CLINIC),
        # A right card whose dates are not today's is a lie, or a card of another time.
        (ENDED, Step.NOT_COVERED, Code.COVER_ENDED, CoverReason.ENDED),
        ({"valid_from": date(2026, 11, 24)}, Step.NOT_COVERED, Code.COVER_ENDED, CoverReason.NOT_YET),
        ({}, Step.DESK, Code.COVER_UNKNOWN, CoverReason.DATES_MISSING),
        ({"valid_to": date(2026, 12, 31)}, Step.DESK, Code.COVER_UNKNOWN, CoverReason.DATES_MISSING),
    ],
)
def test_a_right_card_still_has_to_cover_the_day(
    fields: dict[str, Any], step: Step, code: Code | None, reason: CoverReason
) -> None:
    decision = judged("000", **fields)
    assert (decision.step, decision.code) == (step, code)
    assert reason in decision.reasons


@pytest.mark.parametrize("asked", ["3699999901", OLD, NEW])
def test_ten_digits_and_fifteen_characters_are_one_number(asked: str) -> None:
    decision = judged("000", asked_number=asked, insurance_number="3699999901", **YEAR)
    assert decision.step is Step.ADMIT
    assert decision.coverage is not None
    assert (decision.coverage.benefit, decision.coverage.object_group) == ("4", "GD")
    assert decision.coverage.source is CoverSource.GATEWAY


def test_a_card_of_ten_digits_says_no_group() -> None:
    decision = judged("000", number="3699999901", **YEAR)
    assert decision.coverage is not None
    assert (decision.coverage.benefit, decision.coverage.object_group, number_in(decision)) == ("", None, "3699999901")


@pytest.mark.parametrize("fields", [{"number": "GD4363699999999"}, {"insurance_number": "3699999999"}])
def test_an_answer_about_another_number_goes_to_the_desk(fields: dict[str, str]) -> None:
    decision = judged("000", asked_number="3699999901", **YEAR, **fields)
    assert (decision.step, decision.code) == (Step.DESK, Code.IDENTITY_DIFFERS)
    assert decision.reasons == (CoverReason.OTHER_NUMBER,)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("TE1369999999901", ("TE", 1, "36", "9999999901")),
        (" te1369999999901 ", ("TE", 1, "36", "9999999901")),
        ("9999999901", (None, None, None, "9999999901")),
        ("TE6369999999901", None),
        ("036060999901", None),
        ("", None),
    ],
)
def test_a_number_is_taken_apart(text: str, parts: tuple[str | int | None, ...] | None) -> None:
    number = parse_number(text)
    found = number and (number.group, number.benefit_level, number.province_code, number.social_insurance_number)
    assert found == parts


@pytest.mark.parametrize(
    ("number", "home", "step"),
    [
        ("TE1369999999901", "36000", Step.ADMIT_AND_RECHECK),
        ("TE1369999999901", "36001", Step.ADMIT),
        ("GD4369999999901", "36000", Step.ADMIT),
    ],
)
def test_a_childs_temporary_card_admits_and_is_asked_about_again(number: str, home: str, step: Step) -> None:
    decision = judged("000", number=number, home_clinic=home, **YEAR)
    assert decision.step is step
    assert (CoverReason.TEMPORARY_CHILD_CARD in decision.reasons) is (step is Step.ADMIT_AND_RECHECK)


def test_the_roster_knows_temporary_cards_too() -> None:
    child = Coverage(valid_from=DAY, valid_to=None, benefit="1", home_clinic="36000", as_of=AS_OF, object_group="TE")
    assert decide(child, on=DAY, clinic="36001").step is Step.ADMIT_AND_RECHECK


@pytest.mark.parametrize(
    ("asked", "step", "next_step"),
    [
        ("QN5979799999901", Step.DESK, NextStep.PAPER_CARD),
        ("CA5979799999901", Step.DESK, NextStep.PAPER_CARD),
        ("GD4363699999901", Step.NOT_COVERED, NextStep.OTHER_NUMBER),
        ("036060999901", Step.NOT_COVERED, NextStep.OTHER_NUMBER),
    ],
)
def test_army_and_police_without_data_show_the_paper_card(asked: str, step: Step, next_step: NextStep) -> None:
    decision = judged("050", asked_number=asked, number="")
    assert (decision.step, decision.next) == (step, next_step)
    assert (CoverReason.PAPER_CARD in decision.reasons) is (step is Step.DESK)


def test_army_with_data_is_admitted_like_anybody() -> None:
    assert judged("000", number="QN5979799999901", **OPEN).step is Step.ADMIT


@pytest.mark.parametrize("code", ["", "999", "00", "0000", "000 ", "abc", "200"])
def test_an_unknown_code_never_admits(code: str) -> None:
    decision = judged(code, **YEAR)
    assert (decision.step, decision.reasons) == (Step.DESK, (CoverReason.UNKNOWN_RESULT,))


COVERED = decide(
    Coverage(valid_from=DAY, valid_to=None, benefit="4", home_clinic="36001", as_of=AS_OF), on=DAY, clinic="36001"
)
NOBODY = decide(None, on=DAY, clinic="36001")


def test_without_an_answer_the_roster_decides_and_who_is_admitted_is_asked_about_again() -> None:
    assert settle(COVERED, None) == off_line(COVERED)
    assert (off_line(COVERED).step, off_line(COVERED).code) == (Step.ADMIT_AND_RECHECK, None)
    assert CoverReason.NOT_CONFIRMED in off_line(COVERED).reasons
    assert settle(NOBODY, None).step is Step.NOT_COVERED


def test_a_fault_of_the_service_says_nothing_of_the_person() -> None:
    settled = settle(COVERED, judged("101"))
    assert (settled.step, settled.result) == (Step.ADMIT_AND_RECHECK, "101")
    assert settled.reasons == (CoverReason.COVERED, CoverReason.NOT_CONFIRMED, CoverReason.SERVICE_FAULT)
    assert settle(NOBODY, judged("101")).step is Step.NOT_COVERED


@pytest.mark.parametrize(
    ("roster", "code", "step"),
    [(COVERED, "050", Step.DESK), (NOBODY, "050", Step.NOT_COVERED), (NOBODY, "000", Step.ADMIT)],
)
def test_an_answer_counts_more_than_the_roster_but_never_refuses_whom_that_covers_for_want_of_data(
    roster: Eligibility, code: str, step: Step
) -> None:
    assert settle(roster, judged(code, **YEAR)).step is step


@pytest.mark.parametrize(
    ("code", "step"), [(None, Step.DESK), (None, Step.NOT_COVERED), (Code.COVER_ENDED, Step.ADMIT)]
)
def test_a_decision_admits_or_has_a_desk_code(code: Code | None, step: Step) -> None:
    with pytest.raises(ValueError, match="desk code"):
        Eligibility(code=code, reasons=(), coverage=None, step=step)


def test_an_answer_shows_nobody() -> None:
    shown = repr(answer("000", name="Trần Văn Thử", birth="08/03/1960"))
    assert shown == "CoverAnswer(result_code='000', …)"
