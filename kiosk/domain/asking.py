"""What the insurer is asked next, after an answer that was not about the person: twice at most, then a clerk.

Theory of operation. Nothing is invented: another number, spelling or birth date is asked only if somebody gave it (the
chip, a code, the roster), and no question is asked twice. The one thing derived is the year of a birth date, because
the insurer knows many people by it alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kiosk.domain.cover_reasons import NextStep


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Question:
    """What the insurer is asked: a number, a name, and a birth as ``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``."""

    number: str
    name: str
    birth: str

    def __repr__(self) -> str:
        return "Question(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Known:
    """What else is known of the same person, best first."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    births: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Known(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRule:
    """How often the insurer is asked about one person in one visit without anybody looking; the first time counts."""

    questions: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.questions <= 2:
            raise ValueError("the insurer is asked once or twice")

    def next_question(self, asked: Sequence[Question], step: NextStep, known: Known) -> Question | None:
        """The next question after the last of ``asked``, or None where a clerk looks.

        :param step: what the answer to the last question said to do next.
        """
        if len(asked) >= self.questions:
            return None
        return next((question for question in _others(asked[-1], step, known) if question not in asked), None)


def _others(last: Question, step: NextStep, known: Known) -> Iterator[Question]:
    match step:
        case NextStep.OTHER_NUMBER:
            yield from (replace(last, number=number) for number in known.numbers)
        case NextStep.OTHER_SPELLING:
            yield from (replace(last, name=name) for name in known.names)
        case NextStep.YEAR_ONLY:
            yield from (replace(last, birth=birth) for birth in (*known.births, last.birth[-4:]))
        case _:
            return
