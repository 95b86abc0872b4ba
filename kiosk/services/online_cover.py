"""The staff process asks the payer, in the name of the officer on duty, at most twice about one person.

The second question is the one that the first answer's row of data proposes: the year of birth alone, or the other
number. Nothing is tried a third time; then a person compares.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import Protocol

from idcard import BirthDate
from kiosk.domain.cover_answer import CoverAnswer, ResultTable, judge
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import Eligibility, NextStep
from kiosk.domain.tickets import clinic_day
from kiosk.insurance.gateway_errors import GatewayDown, GatewayRefused
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.ports import Clock
from kiosk.services.shift import Officer, ShiftBook

_AT_ONCE = 4


class PayerGateway(Protocol):
    """The client of the payer's gateway."""

    @property
    def look_up_by(self) -> str:
        """``personal_number`` or ``insurance_number``."""

    def look_up(self, number: str, name: str, birth: str, *, officer: Officer) -> CoverAnswer:
        """The gateway's answer; GatewayDown or GatewayRefused where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Try:
    """One question; ``kind`` says what is proposed by asking it."""

    kind: NextStep
    number: str
    birth: BirthDate


class GatewayCover:
    """Asks the payer; safe to use from several threads.

    :param gateway: gives the client, which is made when somebody is first asked about.
    :param clinic: the facility code.
    """

    def __init__(
        self,
        gateway: Callable[[], PayerGateway],
        *,
        shifts: ShiftBook,
        table: ResultTable,
        clinic: str,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._shifts = shifts
        self._table = table
        self._clinic = clinic
        self._clock = clock
        self._places = BoundedSemaphore(_AT_ONCE)

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
            answer, eligibility = self._two_tries(asked, shift.officer)
        except GatewayDown:
            raise NoOnlineAnswer(Online.DOWN) from None
        except GatewayRefused:
            raise NoOnlineAnswer(Online.REFUSED) from None
        finally:
            self._places.release()
        return OnlineAnswer(eligibility=eligibility, as_of=answer.as_of, shift_id=shift.id)

    def _two_tries(self, asked: Asked, officer: Officer) -> tuple[CoverAnswer, Eligibility]:
        tries = _tries(asked, self._gateway().look_up_by)
        first = next(tries, None)
        if first is None:
            raise NoOnlineAnswer(Online.NO_NUMBER)
        answer, eligibility = self._try(first, asked, officer)
        for other in tries:
            if other.kind is eligibility.next:
                return self._try(other, asked, officer)
        return answer, eligibility

    def _try(self, question: _Try, asked: Asked, officer: Officer) -> tuple[CoverAnswer, Eligibility]:
        birth = birth_text(question.birth)
        answer = self._gateway().look_up(question.number, asked.name, birth, officer=officer)
        day = clinic_day(self._clock.now())
        return answer, judge(answer, self._table, on=day, clinic=self._clinic)


def birth_text(birth: BirthDate) -> str:
    """A birth as the gateway takes it: ``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``."""
    parts = [f"{part:02}" for part in (birth.day, birth.month) if part is not None]
    return "/".join([*parts, f"{birth.year:04}"])


def _tries(asked: Asked, look_up_by: str) -> Iterator[_Try]:
    """The first question, and those that may follow it."""
    numbers = [asked.personal_number, asked.insurance_number]
    if look_up_by == "insurance_number":
        numbers = [asked.insurance_number]
    known = [number for number in numbers if number]
    if not known:
        return
    first = _Try(kind=NextStep.NONE, number=known[0], birth=asked.birth)
    yield first
    if asked.birth.month is not None:
        yield replace(first, kind=NextStep.YEAR_ONLY, birth=BirthDate(year=asked.birth.year))
    for number in known[1:]:
        yield replace(first, kind=NextStep.OTHER_NUMBER, number=number)
