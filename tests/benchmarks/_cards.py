"""Simulated cards in a process of their own, behind a pipe, so that their arithmetic is not the host's.

And how long a real card's answers take on the air.
"""

import math
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from types import TracebackType

import idcard
from idcard.testing import Issuer, SimulatedCard

CHIP_AND_HOST_S = 0.012
"""What a command takes besides the air, in seconds."""


def seconds(lengths: Sequence[tuple[int, int]], kilobits: int) -> float:
    """What these commands and answers take on the air, and 12 ms each for chip and host."""
    up, down = sum(up for up, _ in lengths), sum(down for _, down in lengths)
    blocks = max(2 * len(lengths), math.ceil(up / 253) + math.ceil(down / 253) + len(lengths))
    acknowledgements = blocks - 2 * len(lengths)
    bits = 9 * (up + down + 3 * (blocks + acknowledgements))
    return bits / (kilobits * 1000) + (blocks + acknowledgements) * 0.00015 + CHIP_AND_HOST_S * len(lengths)


def _play(pipe: Pipe, cards: Sequence[SimulatedCard]) -> None:
    """The process: two bytes choose a card and power it on, answered by its ATR; anything longer is a command."""
    card = cards[0]
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        if len(message) == 2:
            card = cards[int.from_bytes(message)]
            card.reset()
            pipe.send_bytes(card.atr)
        else:
            pipe.send_bytes(card.transmit(message))


@dataclass(slots=True)
class PipedCards:
    """A connection to one of those cards at a time; counts bytes, commands and the time spent waiting for the card."""

    cards: Sequence[SimulatedCard]
    atr: bytes = b""
    lengths: list[tuple[int, int]] = field(default_factory=list)
    waited_s: float = 0.0
    _index: int = 0
    _pipe: Pipe = field(init=False)
    _process: multiprocessing.process.BaseProcess = field(init=False)

    def __enter__(self) -> "PipedCards":
        self._pipe, far = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_play, args=(far, self.cards), daemon=True)
        self._process.start()
        far.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.join(5)
        self._pipe.close()

    def take(self, index: int) -> None:
        """Put the card of that index there, freshly powered, and count from nothing."""
        self.lengths.clear()
        self.waited_s = 0.0
        self._index = index
        self.reset()

    def reset(self) -> None:
        """Power the card off and on, as a real reader can."""
        self.atr = self._answer(self._index.to_bytes(2))

    def transmit(self, command: bytes) -> bytes:
        """The card's answer."""
        response = self._answer(command)
        self.lengths.append((len(command), len(response)))
        return response

    def close(self) -> None:
        """The process goes on: other cards may follow."""

    def _answer(self, message: bytes) -> bytes:
        start = time.perf_counter()
        self._pipe.send_bytes(message)
        answer = self._pipe.recv_bytes()
        self.waited_s += time.perf_counter() - start
        return answer


def trust_in(directory: Path, issuer: Issuer) -> idcard.TrustStore:
    """A trust store with that issuer alone."""
    (directory / "csca").mkdir(parents=True)
    (directory / "trust.toml").write_text("format = 1\n")
    (directory / "csca" / "csca.cer").write_bytes(issuer.csca_certificate)
    return idcard.TrustStore.from_directory(directory, accept_demonstration=True)
