"""What the patient's and the staff's process say to each other about cover: JSON in a body, strictly parsed.

Of the payer's answer only the decision crosses; the patient's process needs no more.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from idcard import BirthDate, Sex
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import Coverage, CoverReason, CoverSource, Eligibility, NextStep, Step
from kiosk.domain.worklist import Source
from kiosk.insurance.sources import NoOnlineAnswer

PATH = "/internal/cover"
LARGEST = 8 * 1024
"""The greatest body in either direction, in bytes."""

Number = Annotated[str, Field(pattern=r"^[0-9A-Z]{9,15}$")]


class MalformedMessage(ValueError):
    """Bytes that are no such message; the message quotes nothing of them."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Birth(_Message):
    year: Annotated[int, Field(ge=1800, le=2200)]
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None


class _Question(_Message):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    birth: _Birth
    personal_number: Number | None = None
    insurance_number: Number | None = None
    sex: Sex | None = None
    latin: bool = False
    source: Source = Source.CHIP


class _Coverage(_Message):
    valid_from: date
    valid_to: date | None
    benefit: Annotated[str, Field(max_length=1)]
    home_clinic: Annotated[str, Field(max_length=16)]
    as_of: AwareDatetime
    insurance_number: Annotated[str, Field(max_length=20)] | None
    object_group: Annotated[str, Field(max_length=4)] | None


class _Decision(_Message):
    online: Literal["answered"] = "answered"
    code: Code | None
    reasons: tuple[CoverReason, ...]
    step: Step
    next: NextStep
    result: Annotated[str, Field(max_length=8)] | None
    coverage: _Coverage | None
    as_of: AwareDatetime
    shift_id: Annotated[str, Field(max_length=36)]


class _Nothing(_Message):
    online: Online


def question_bytes(asked: Asked) -> bytes:
    """The message that asks about somebody.

    :raises ValueError: where what is known of them is no question: no name, or one beyond every document's bounds.
    """
    birth = _Birth(year=asked.birth.year, month=asked.birth.month, day=asked.birth.day)
    question = _Question(
        name=asked.name,
        birth=birth,
        personal_number=asked.personal_number,
        insurance_number=asked.insurance_number,
        sex=asked.sex,
        latin=asked.latin,
        source=asked.source,
    )
    return question.model_dump_json().encode()


def question_of(content: bytes) -> Asked:
    """Who is asked about; MalformedMessage for anything else."""
    try:
        question = _Question.model_validate_json(content, strict=True)
        birth = BirthDate(year=question.birth.year, month=question.birth.month, day=question.birth.day)
    except ValueError:
        raise MalformedMessage("no question about cover") from None
    return Asked(
        name=question.name,
        birth=birth,
        personal_number=question.personal_number,
        insurance_number=question.insurance_number,
        sex=question.sex,
        latin=question.latin,
        source=question.source,
    )


def answer_bytes(answer: OnlineAnswer) -> bytes:
    """The message that brings a decision."""
    decision = answer.eligibility
    coverage = decision.coverage
    message = _Decision(
        code=decision.code,
        reasons=decision.reasons,
        step=decision.step,
        next=decision.next,
        result=decision.result,
        coverage=None if coverage is None else _coverage_message(coverage),
        as_of=answer.as_of,
        shift_id=answer.shift_id,
    )
    return message.model_dump_json().encode()


def nothing_bytes(why: Online) -> bytes:
    """The message that no answer came."""
    return _Nothing(online=why).model_dump_json().encode()


def answer_of(content: bytes) -> OnlineAnswer:
    """The decision in a message.

    :raises NoOnlineAnswer: where it says that none came. :raises MalformedMessage: for anything else.
    """
    try:
        return _answer(_Decision.model_validate_json(content))
    except ValidationError:
        raise NoOnlineAnswer(_why(content)) from None
    except ValueError:
        # A decision that admits and has a desk code, or the like.
        raise MalformedMessage("no decision") from None


def _why(content: bytes) -> Online:
    try:
        why = _Nothing.model_validate_json(content).online
    except ValidationError:
        raise MalformedMessage("no answer about cover") from None
    if why is Online.ANSWERED:
        raise MalformedMessage("an answer without a decision")
    return why


def _coverage_message(coverage: Coverage) -> _Coverage:
    return _Coverage(
        valid_from=coverage.valid_from,
        valid_to=coverage.valid_to,
        benefit=coverage.benefit,
        home_clinic=coverage.home_clinic,
        as_of=coverage.as_of,
        insurance_number=coverage.insurance_number,
        object_group=coverage.object_group,
    )


def _answer(message: _Decision) -> OnlineAnswer:
    eligibility = Eligibility(
        code=message.code,
        reasons=message.reasons,
        coverage=None if message.coverage is None else _coverage(message.coverage),
        step=message.step,
        next=message.next,
        result=message.result,
    )
    as_of: datetime = message.as_of
    return OnlineAnswer(eligibility=eligibility, as_of=as_of, shift_id=message.shift_id)


def _coverage(message: _Coverage) -> Coverage:
    return Coverage(
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        benefit=message.benefit,
        home_clinic=message.home_clinic,
        as_of=message.as_of,
        insurance_number=message.insurance_number,
        object_group=message.object_group,
        source=CoverSource.GATEWAY,
    )
