"""Cards that lie on the wire, each in one way, and a bound on what reading one may cost.

No clock is asked: what bounds the time is the number of commands, what bounds the memory is what was kept.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

import idcard
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard

MAX_COMMANDS = 40_000
MAX_MEMORY = 24 << 20


class Endless(AssertionError):
    """The reader never stops asking."""


@dataclass(slots=True)
class Liar:
    """A card whose answers go through ``lie(number, command, answer)``: ``number`` counts commands from 0."""

    card: SimulatedCard
    lie: Callable[[int, bytes, bytes], bytes]
    sent: int = 0
    answers: list[bytes] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        if self.sent >= MAX_COMMANDS:
            raise Endless
        answer = self.lie(self.sent, command, self.card.transmit(command))
        self.sent += 1
        return answer

    def reset(self) -> None:
        self.card.reset()

    def close(self) -> None:
        self.card.power_off()


@pytest.fixture(scope="session")
def hostile_issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def hostile_card(hostile_issuer: Issuer) -> SimulatedCard:
    return hostile_issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=40_000))


@pytest.fixture
def new_card(hostile_issuer: Issuer) -> Callable[..., SimulatedCard]:
    def make(behaviour: Behaviour | None = None, **options: object) -> SimulatedCard:
        return hostile_issuer.issue(SPECIMEN, behaviour=behaviour, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def lying(hostile_card: SimulatedCard) -> Callable[..., Liar]:
    def make(lie: Callable[[int, bytes, bytes], bytes], card: SimulatedCard | None = None) -> Liar:
        chosen = card or hostile_card
        chosen.reset()
        return Liar(chosen, lie)

    return make


FEW = (File.SOD, File.DG1, File.DG13, File.DG14, File.DG15)


@pytest.fixture
def read_few() -> Callable[[Liar], idcard.Evidence]:
    """Reads a card with its CAN, few files and nothing else."""

    def read(card: Liar) -> idcard.Evidence:
        return idcard.read(idcard.Can(SPECIMEN.can), card, plan=idcard.ReadPlan(files=FEW))

    return read


@pytest.fixture
def bounded() -> Iterator[None]:
    """Whatever the test does, it does not keep more than 24 MiB at once."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_MEMORY
