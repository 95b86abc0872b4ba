"""What the insurer is asked next: only what somebody said, nothing twice, two questions in all."""

import pytest

from kiosk.domain.asking import AskRule, Known, Question
from kiosk.domain.cover_reasons import NextStep

FIRST = Question(number="036060999901", name="Trần Văn Thử", birth="08/03/1960")
KNOWN = Known(
    numbers=("036060999901", "3699999901"),
    names=("Trần Văn Thử", "TRAN VAN THU"),
    births=("08/03/1960",),
)


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        (NextStep.OTHER_NUMBER, {"number": "3699999901"}),
        (NextStep.OTHER_SPELLING, {"name": "TRAN VAN THU"}),
        (NextStep.YEAR_ONLY, {"birth": "1960"}),
    ],
)
def test_the_second_question_is_another(step: NextStep, changed: dict[str, str]) -> None:
    asked = {"number": FIRST.number, "name": FIRST.name, "birth": FIRST.birth} | changed
    assert AskRule().next_question([FIRST], step, KNOWN) == Question(**asked)


@pytest.mark.parametrize(
    "step", [step for step in NextStep if step not in ("other_number", "other_spelling", "year_only")]
)
def test_other_answers_ask_nothing(step: NextStep) -> None:
    assert AskRule().next_question([FIRST], step, KNOWN) is None


def test_two_questions_and_no_more() -> None:
    rule = AskRule()
    second = rule.next_question([FIRST], NextStep.YEAR_ONLY, KNOWN)
    assert second is not None
    assert rule.next_question([FIRST, second], NextStep.OTHER_NUMBER, KNOWN) is None
    assert AskRule(questions=1).next_question([FIRST], NextStep.YEAR_ONLY, KNOWN) is None
    with pytest.raises(ValueError, match="once or twice"):
        AskRule(questions=3)


def test_nothing_is_invented_and_nothing_asked_twice() -> None:
    year = Question(number=FIRST.number, name=FIRST.name, birth="1960")
    assert AskRule().next_question([year], NextStep.YEAR_ONLY, Known()) is None
    assert AskRule().next_question([FIRST], NextStep.OTHER_NUMBER, Known()) is None
    assert AskRule().next_question([FIRST], NextStep.OTHER_SPELLING, Known(names=(FIRST.name,))) is None


def test_a_question_shows_nobody() -> None:
    assert repr([FIRST, KNOWN]) == "[Question(…), Known(…)]"
