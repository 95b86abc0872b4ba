"""The staff process asks the payer, in the name of the officer on duty, at most twice about one person.

The second question is the one that the first answer's row of data proposes: the year of birth alone, or the other
number. Nothing is tried a third time; then a person compares. An answer that would admit somebody of another name,
birth or sex admits nobody.
"""

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Protocol

import structlog

from idcard import BirthDate
from kiosk.domain.asking import AskRule, Known, Question
from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import CoverAnswer, ResultTable, is_of_another, judge
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import CoverReason, Eligibility, NextStep, Step
from kiosk.domain.match import BirthGrade, Grade, MatchRule, match_births, match_names, parse_birth, parse_sex, same_sex
from kiosk.domain.tickets import clinic_day
from kiosk.insurance.gateway_errors import ODD, DownReason, GatewayDown, GatewayRefused
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.ports import Clock
from kiosk.services.shift import Officer, ShiftBook

_AT_ONCE = 4
_log = structlog.get_logger(__name__)


class PayerGateway(Protocol):
    """The client of the payer's gateway."""

    @property
    def look_up_by(self) -> str:
        """``personal_number`` or ``insurance_number``."""

    def look_up(self, number: str, name: str, birth: str, *, officer: Officer) -> CoverAnswer:
        """The gateway's answer; GatewayDown or GatewayRefused where there is none."""


class Records(Protocol):
    """What else the clinic knows of people, and where it notes what the payer has otherwise."""

    def spellings(self, asked: Asked) -> tuple[str, ...]:
        """How others write the name of whoever is asked about."""

    def noted(self, asked: Asked, answer: CoverAnswer, decision: Eligibility) -> None:
        """Note where the answer differs from what was asked."""

    def is_anothers(self, personal_number: str, insurance_number: str) -> bool:
        """Whether the insurance number is known to belong to another personal number."""


class GatewayCover:
    """Asks the payer; safe to use from several threads.

    :param gateway: gives the client, which is made when somebody is first asked about.
    :param clinic: the facility code. :param records: what else is known of people, or None where nothing is.
    """

    def __init__(
        self,
        gateway: Callable[[], PayerGateway],
        *,
        shifts: ShiftBook,
        table: ResultTable,
        clinic: str,
        clock: Clock,
        records: Records | None = None,
    ) -> None:
        self._records = records
        self._gateway = gateway
        self._shifts = shifts
        self._table = table
        self._clinic = clinic
        self._clock = clock
        self._rule = AskRule()
        self._places = BoundedSemaphore(_AT_ONCE)

    def use(self, table: ResultTable) -> None:
        """Judge answers by this table from now on."""
        self._table = table

    def ask(self, asked: Asked) -> OnlineAnswer:
        """What the payer says about this person.

        :raises NoOnlineAnswer: where there is no shift, no number to ask by, no place, or no usable answer.
        :raises StoreUnavailable: where the shift cannot be looked up.
        """
        shift = self._shifts.current()
        if shift is None:
            raise NoOnlineAnswer(Online.NO_SHIFT)
        if not self._places.acquire(blocking=False):
            raise NoOnlineAnswer(Online.BUSY)
        try:
            answer, eligibility = self._answered(asked, shift.officer)
        except GatewayDown as problem:
            raise NoOnlineAnswer(_why(problem.reason)) from None
        except GatewayRefused:
            raise NoOnlineAnswer(Online.REFUSED) from None
        finally:
            self._places.release()
        if self._records is not None:
            self._records.noted(asked, answer, eligibility)
        return OnlineAnswer(eligibility=eligibility, as_of=answer.as_of, shift_id=shift.id)

    def _answered(self, asked: Asked, officer: Officer) -> tuple[CoverAnswer, Eligibility]:
        """The last answer, and the decision that it amounts to."""
        gateway = self._gateway()
        first, *others = _numbers(asked, gateway.look_up_by) or [""]
        if not first:
            raise NoOnlineAnswer(Online.NO_NUMBER)
        known = Known(numbers=tuple(others), names=self._spellings(asked))
        questions = [Question(number=first, name=asked.name, birth=birth_text(asked.birth))]
        while True:
            last = questions[-1]
            answer = gateway.look_up(last.number, last.name, last.birth, officer=officer)
            decision = self._judged(answer, asked, last)
            following = self._rule.next_question(questions, decision.next, known)
            if following is None:
                return answer, decision
            questions.append(following)

    def _spellings(self, asked: Asked) -> tuple[str, ...]:
        """How others write the same name; one that may be another person's is asked about by nobody."""
        names = asked.spellings if self._records is None else (*asked.spellings, *self._records.spellings(asked))
        return tuple(name for name in names if _same_name(asked, name))

    def _judged(self, answer: CoverAnswer, asked: Asked, question: Question) -> Eligibility:
        day = asked.on or clinic_day(self._clock.now())
        decision = judge(answer, self._table, on=day, clinic=self._clinic)
        difference = _difference(answer, asked, question) if decision.covered else None
        if difference is None and decision.covered and self._is_anothers(asked, answer, decision):
            difference = CoverReason.OTHER_NUMBER
        if difference is None:
            return decision
        _log.warning("gateway_answered_about_another_person", reason=difference.value)
        return Eligibility(
            code=Code.COVER_UNKNOWN if difference is CoverReason.UNKNOWN_RESULT else Code.IDENTITY_DIFFERS,
            reasons=(difference,),
            coverage=None,
            step=Step.DESK,
            next=NextStep.COMPARE,
            result=answer.result_code,
        )

    def _is_anothers(self, asked: Asked, answer: CoverAnswer, decision: Eligibility) -> bool:
        """Whether an answer without a name brings a number that is another's: nothing else in it says whose it is."""
        number = None if decision.coverage is None else decision.coverage.insurance_number
        if self._records is None or answer.name or asked.insurance_number or not (asked.personal_number and number):
            return False
        return self._records.is_anothers(asked.personal_number, number)


def birth_text(birth: BirthDate) -> str:
    """A birth as the gateway takes it: ``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``."""
    parts = [f"{part:02}" for part in (birth.day, birth.month) if part is not None]
    return "/".join([*parts, f"{birth.year:04}"])


def _why(reason: DownReason) -> Online:
    if reason in ODD:
        return Online.MALFORMED
    return Online.NONSENSE if reason is DownReason.NONSENSE else Online.DOWN


def _numbers(asked: Asked, look_up_by: str) -> list[str]:
    """The numbers to ask by, the first one first."""
    by_personal = look_up_by == "personal_number"
    return [number for number in (asked.personal_number if by_personal else None, asked.insurance_number) if number]


def _same_name(asked: Asked, name: str) -> bool:
    return match_names(asked.name, name, a_latin=asked.latin).grade not in (Grade.CLOSE, Grade.DIFFERENT)


def _difference(answer: CoverAnswer, asked: Asked, question: Question) -> CoverReason | None:
    """What tells the person in an admitting answer from the one who was asked about: such an answer admits nobody.

    What the answer leaves out cannot differ: the gateway was told name and birth, and compares them itself. But an
    answer that names neither is about nobody in particular, and one to a year alone agrees with no more than the year:
    that takes the name as it is written, so that without a name the whole birth must be the same.
    """
    if asked.insurance_number and is_of_another(answer, asked.insurance_number):
        return CoverReason.OTHER_NUMBER
    births = _births(answer, asked, question)
    if births in (BirthGrade.DIFFERENT, BirthGrade.UNKNOWN):
        return CoverReason.BIRTH_DIFFERS
    if not same_sex(asked.sex, parse_sex(answer.sex)):
        return CoverReason.SEX_DIFFERS
    if not answer.name:
        return None if answer.birth and births is BirthGrade.SAME else CoverReason.UNKNOWN_RESULT
    names = match_names(asked.name, answer.name, a_latin=asked.latin)
    return None if MatchRule().allows(names.grade, births) else CoverReason.NAME_DIFFERS


def _births(answer: CoverAnswer, asked: Asked, question: Question) -> BirthGrade:
    if answer.birth:
        return match_births(asked.birth, parse_birth(answer.birth))
    return match_births(asked.birth, parse_birth(question.birth))
