"""The client of the payer's gateway: a look-up of somebody's card, in the name of the officer on duty.

Theory of operation. A call takes a token where there is none, asks, and takes one new token if the gateway refuses the
first (401). What passes by itself (no connection, a dropped one, a server error) is tried again after a pause that
grows and is never twice the same. All of it ends by one deadline, and a circuit breaker spares a gateway that is down.

What the answer means is judged elsewhere: :mod:`kiosk.domain.cover_answer`.

Source: docs/gateway.md, which says how certain each part of it is.
"""

import base64
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

from kiosk.domain.cover_answer import CoverAnswer
from kiosk.insurance.account import GatewayAccount
from kiosk.insurance.answers import PastVisit, cover_answer, past_visits, receipt_of, result_code, token_of
from kiosk.insurance.circuit import Circuit, CircuitState
from kiosk.insurance.gateway_errors import PASSING, DownReason, GatewayDown, GatewayRefused
from kiosk.insurance.token import Token, Tokens
from kiosk.insurance.wire import Answered, Wire
from kiosk.ports import Clock

TAKE_TOKEN = "/api/token/take"
LOOK_UP = "/api/egw/KQNhanLichSuKCB2024"
HISTORY = "/api/egw/Lskcb2025"
CHECK_IN = "/api/qd130/checkInKcbQd4750"

TRIES = 3
_FIRST_PAUSE_S = 0.2
_OK = "200"
_UNAUTHORISED = "401"
_THEIR_FAULTS = frozenset({"101", "500"})
"""Result codes of a server in trouble. 100 is a fault in one person's data: an answer, which the table describes."""
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Officer(Protocol):
    """Who is on duty; the gateway wants a registered one with every look-up."""

    @property
    def name(self) -> str:
        """The full name with its accents."""

    @property
    def personal_number(self) -> str:
        """12 digits."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Question:
    """Who is asked for: a number, the name with its accents, the birth (``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``)."""

    number: str
    name: str
    birth: str

    def __repr__(self) -> str:
        return "Question(…)"


class Gateway:
    """A gateway to ask; safe to use from several threads.

    :param sleep: waits between two tries, so many seconds.
    :param chance: a number from 0 to 1, to vary the pauses with.
    """

    def __init__(
        self,
        account: GatewayAccount,
        *,
        clock: Clock,
        circuit: Circuit | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._account = account
        self._clock = clock
        self._circuit = circuit or Circuit(clock.monotonic)
        self._sleep = sleep
        self._chance = chance
        authority = None if account.authority is None else str(account.authority)
        self._wire = Wire(account.url, authority=authority, least_tls=account.least_tls)
        self._tokens = Tokens(self._take_token, clock.monotonic, good_s=account.token_s)

    @property
    def look_up_by(self) -> str:
        """The number that a look-up takes: ``personal_number`` or ``insurance_number``."""
        return self._account.look_up_by

    @property
    def circuit(self) -> CircuitState:
        """Whether the gateway is asked now."""
        return self._circuit.state

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def look_up(self, number: str, name: str, birth: str, *, officer: Officer) -> CoverAnswer:
        """What the gateway says about this person.

        :param birth: ``dd/MM/yyyy``, ``MM/yyyy`` or ``yyyy``.
        :param officer: in whose name it is asked.
        :raises GatewayDown: where no usable answer comes in time. :raises GatewayRefused: for a refused account.
        """

        def read(fields: Mapping[str, Any]) -> CoverAnswer:
            return cover_answer(fields, asked_number=number, as_of=self._clock.now())

        return self._ask(LOOK_UP, Question(number=number, name=name, birth=birth), officer, read)

    def history(self, number: str, name: str, birth: str, *, officer: Officer) -> tuple[PastVisit, ...]:
        """The visits that the insurer knows of this person; errors and parameters as for :meth:`look_up`."""
        return self._ask(HISTORY, Question(number=number, name=name, birth=birth), officer, past_visits)

    def file_check_in(self, xml: bytes, *, clinic: str, path: str = CHECK_IN) -> str:
        """The payer's number for a check-in table that it took.

        No retry here: who delivers it tries again.

        :param clinic: the facility code. :param path: the address of the service, which a later decision may change.
        :raises GatewayDown: where no usable answer comes in time. :raises GatewayRefused: for a refused account.
        :raises RecordRefused: where the payer does not take the table.
        """
        until = self._clock.monotonic() + self._account.deadline_s
        body = {
            "username": self._account.username,
            "loaiHoSo": "0",
            "maTinh": clinic[:2],
            "maCSKCB": clinic,
            "fileHSBase64": base64.b64encode(xml).decode("ascii"),
        }
        answered = self._renewing(until, lambda token: self._post_record(path, token, body, until))
        return receipt_of(answered.fields)

    def _ask(self, path: str, question: Question, officer: Officer, read: Callable[[Mapping[str, Any]], T]) -> T:
        until = self._clock.monotonic() + self._account.deadline_s
        with self._circuit.asking(question.number):
            for tried in range(1, TRIES + 1):
                try:
                    return read(self._once(path, _body(question, officer), until))
                except GatewayDown as problem:
                    _log.info("gateway_down", tried=tried, **problem.facts)
                    if tried == TRIES or problem.reason not in PASSING or not self._pause(tried, until):
                        raise
        raise AssertionError("the last try returns or raises")

    def _pause(self, tried: int, until: float) -> bool:
        """Whether there was time to wait before another try."""
        pause = _FIRST_PAUSE_S * 2 ** (tried - 1) * (0.5 + self._chance() / 2)
        if self._clock.monotonic() + pause >= until:
            return False
        self._sleep(pause)
        return True

    def _once(self, path: str, body: Mapping[str, str], until: float) -> Mapping[str, Any]:
        answered = self._renewing(until, lambda token: self._post(path, token, body, until))
        code = result_code(answered.fields)
        if code in _THEIR_FAULTS:
            raise GatewayDown(DownReason.SERVER_ERROR, kind=code)
        return answered.fields

    def _renewing(self, until: float, post: Callable[[Token], Answered]) -> Answered:
        """The answer to a request with the present token, or with a new one where that is refused: once."""
        token = self._tokens.get(self._rest(until))
        answered = post(token)
        if _is_refused(answered):
            _log.info("gateway_token_renewed")
            answered = post(self._tokens.get(self._rest(until), refused=token))
            if _is_refused(answered):
                raise GatewayRefused(_UNAUTHORISED)
        return answered

    def _post_record(self, path: str, token: Token, body: Mapping[str, str], until: float) -> Answered:
        headers = {
            "accessToken": token.access,
            "tokenId": token.identity,
            "passwordHash": self._account.password_hash,
        }
        return self._wire.post(path, query={}, body=body, as_json=False, seconds=self._rest(until), headers=headers)

    def _post(self, path: str, token: Token, body: Mapping[str, str], until: float) -> Answered:
        query = {
            "token": token.access,
            "id_token": token.identity,
            "username": self._account.username,
            "password": self._account.password_hash,
        }
        as_json = self._account.body == "json"
        return self._wire.post(path, query=query, body=body, as_json=as_json, seconds=self._rest(until))

    def _take_token(self, seconds: float) -> Token:
        account = {"username": self._account.username, "password": self._account.password_hash}
        answered = self._wire.post(TAKE_TOKEN, query={}, body=account, as_json=False, seconds=seconds)
        if _is_refused(answered):
            raise GatewayRefused(_UNAUTHORISED)
        code = result_code(answered.fields)
        if code != _OK:
            raise GatewayDown(DownReason.SERVER_ERROR, kind=code)
        return token_of(answered.fields)

    def _rest(self, until: float) -> float:
        rest = until - self._clock.monotonic()
        if rest <= 0:
            raise GatewayDown(DownReason.TOO_SLOW)
        return rest


def _is_refused(answered: Answered) -> bool:
    return answered.unauthorised or answered.fields.get("maKetQua") == _UNAUTHORISED


def _body(question: Question, officer: Officer) -> dict[str, str]:
    return {
        "maThe": question.number,
        "hoTen": question.name,
        "ngaySinh": question.birth,
        "hoTenCb": officer.name,
        "cccdCb": officer.personal_number,
    }
