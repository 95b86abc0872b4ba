"""Drivers that hang, at every call, and what is left of them when they answer after all."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

import pytest

import idcard
from idcard.errors import CardSilent, ReaderMissing
from idcard.lds.layout import File
from idcard.reading import ReadPlan, read
from idcard.testing import SPECIMEN, Hand, Issuer, SimulatedCard
from idcard.transport.patience import Patience, PatientConnection, _Call

CAN = idcard.Can(SPECIMEN.can)
FEW = ReadPlan(files=(File.SOD, File.DG1), chip_authentication=False)
GET_CHALLENGE = b"\x00\x84\x00\x00\x08"


class Driver(Hand):
    """A driver that hangs in one kind of call until it is let go on."""

    def __init__(self, card: SimulatedCard, hangs_in: str) -> None:
        self.hangs_in, self.goes_on, self.closed = hangs_in, threading.Event(), threading.Event()
        super().__init__(card)

    def _perhaps_hang(self, call: str) -> None:
        if call == self.hangs_in:
            self.goes_on.wait()

    def transmit(self, command: bytes) -> bytes:
        self._perhaps_hang("transmit")
        return super().transmit(command)

    def reset(self) -> None:
        self._perhaps_hang("reset")
        super().reset()

    @property
    def answer_limit(self) -> int | None:
        self._perhaps_hang("answer_limit")
        return 256

    def close(self) -> None:
        self._perhaps_hang("close")
        super().close()
        self.closed.set()


@pytest.fixture(scope="module")
def card() -> SimulatedCard:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(SPECIMEN)


@pytest.fixture
def driver(card: SimulatedCard) -> Iterator[Callable[[str], Driver]]:
    made: list[Driver] = []

    def hanging_in(call: str) -> Driver:
        made.append(Driver(card, call))
        return made[-1]

    yield hanging_in
    for each in made:
        each.goes_on.set()


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "idcard-driver"}


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_a_card_is_read_through_it(card: SimulatedCard) -> None:
    patient = PatientConnection(Hand(card), seconds=60)
    assert set(read(patient, [CAN], entropy=os.urandom, plan=FEW).files) == set(FEW.files)
    patient.close()


def test_a_slow_chip_is_given_the_time(card: SimulatedCard) -> None:
    class Slow(Hand):
        def transmit(self, command: bytes) -> bytes:
            time.sleep(0.05)
            return super().transmit(command)

    patient = PatientConnection(Slow(card), seconds=60)
    assert set(read(patient, [CAN], entropy=os.urandom, plan=FEW).files) == set(FEW.files)
    patient.close()


CALLS: dict[str, Callable[[PatientConnection], object]] = {
    "transmit": lambda patient: patient.transmit(GET_CHALLENGE),
    "reset": lambda patient: patient.reset(),
    "answer_limit": lambda patient: patient.answer_limit,
    "close": lambda patient: patient.close(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_driver_that_hangs_is_left_alone(call: str, driver: Callable[[str], Driver]) -> None:
    before, inner = threads(), driver(call)
    patient = PatientConnection(inner, seconds=0.01)
    with pytest.raises(CardSilent, match="does not answer"):
        CALLS[call](patient)
    assert patient.stuck
    for other in ("transmit", "reset", "answer_limit"):
        with pytest.raises(CardSilent, match="earlier"):
            CALLS[other](patient)
    patient.close()
    assert len(threads() - before) == 1
    assert not inner.closed.is_set()
    inner.goes_on.set()
    # What it holds is let go of as soon as it answers: the card is not held for ever.
    assert inner.closed.wait(10)
    assert soon(lambda: not threads() - before)


def test_a_late_answer_is_nobodys_and_a_reset_begins_anew(driver: Callable[[str], Driver]) -> None:
    inner = driver("transmit")
    patient = PatientConnection(inner, seconds=0.05)
    with pytest.raises(CardSilent):
        patient.transmit(GET_CHALLENGE)
    inner.hangs_in = ""
    inner.goes_on.set()
    assert soon(lambda: not patient.stuck)
    with pytest.raises(CardSilent, match="in time"):
        patient.transmit(GET_CHALLENGE)
    patient.reset()
    assert patient.transmit(GET_CHALLENGE)[-2:] != b""
    patient.close()


def test_a_reading_over_a_driver_that_hangs_ends(driver: Callable[[str], Driver]) -> None:
    patient = PatientConnection(driver("transmit"), seconds=0.01)
    with pytest.raises(CardSilent):
        read(patient, [CAN], entropy=os.urandom, plan=FEW)
    patient.close()


def test_a_connection_that_comes_too_late_is_closed(driver: Callable[[str], Driver]) -> None:
    before, inner, goes_on = threads(), driver(""), threading.Event()

    def make() -> Driver:
        goes_on.wait()
        return inner

    with pytest.raises(CardSilent):
        PatientConnection.made_by(make, seconds=0.01)
    goes_on.set()
    assert inner.closed.wait(10)
    assert soon(lambda: not threads() - before)


def test_an_error_of_the_card_comes_through(card: SimulatedCard) -> None:
    patient = PatientConnection(Hand(card), seconds=60)
    card.power_off()
    for _ in range(2):
        with pytest.raises(CardSilent, match="no power"):
            patient.transmit(GET_CHALLENGE)
    patient.reset()
    assert patient.transmit(GET_CHALLENGE)
    patient.close()


def test_an_interrupt_does_not_wait_for_the_driver() -> None:
    """Ctrl-C during a command of a driver that hangs; only the main thread is interrupted."""
    goes_on, patience = threading.Event(), Patience(seconds=60)

    def hang() -> bool:
        time.sleep(0.1)  # the main thread waits by then; a signal that finds it on its way there wakes nobody
        os.kill(os.getpid(), signal.SIGINT)  # to the process: its main thread wakes
        return goes_on.wait()

    with pytest.raises(KeyboardInterrupt):
        patience.ask(hang)
    assert patience.stuck
    goes_on.set()
    assert soon(lambda: not patience.stuck)
    patience.end()


def test_another_error_can_say_that_nothing_came() -> None:
    goes_on, patience = threading.Event(), Patience(0.01, ReaderMissing)
    for _ in range(3):
        with pytest.raises(ReaderMissing):
            patience.ask(goes_on.wait)
    goes_on.set()
    assert soon(lambda: not patience.stuck)
    assert patience.ask(lambda: 1, seconds=60) == 1
    patience.end()


# An answer at the very end of the waiting


class Striking(SimpleQueue[Any]):
    """A queue of the standard library whose waiting ends, by ``strike``, in the moment in which the answer has come."""

    def __init__(self, strike: type[BaseException]) -> None:
        super().__init__()
        self.strike = strike

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().get(block)
        assert soon(lambda: not self.empty())
        raise self.strike


def struck(call: Callable[[], Any], late: Callable[[Any], None], strike: type[BaseException]) -> Any:
    """What an answer comes to that arrives when the waiting has ended and nobody has given it up yet."""
    asked = _Call(call, late)
    asked._answers = Striking(strike)
    driver = threading.Thread(target=asked.run)
    driver.start()
    try:
        return asked.answer(0.01)
    finally:
        driver.join()
        assert asked.returned


def test_what_comes_with_the_end_of_the_waiting_is_taken() -> None:
    late: list[str] = []
    assert struck(lambda: "connection", late.append, Empty) == "connection"
    assert late == []


def test_so_is_what_the_driver_says_then() -> None:
    def fail() -> None:
        raise ReaderMissing

    with pytest.raises(ReaderMissing):
        struck(fail, lambda _: None, Empty)


def test_what_comes_with_an_interrupt_is_let_go_of() -> None:
    late: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        struck(lambda: "connection", late.append, KeyboardInterrupt)
    assert late == ["connection"]


def test_a_connection_that_cannot_be_closed_does_not_keep_the_reader() -> None:
    before, goes_on, patience = threads(), threading.Event(), Patience(0.01, ReaderMissing)

    def broken(_: object) -> None:
        raise OSError

    with pytest.raises(ReaderMissing):
        patience.ask(goes_on.wait, late=broken)
    goes_on.set()
    assert soon(lambda: not patience.stuck)
    assert patience.ask(lambda: 1, seconds=60) == 1
    assert len(threads() - before) == 1
    patience.end()
