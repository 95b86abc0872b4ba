"""Profiles that several threads share: each learns and writes them out at once, and nothing breaks."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from idcard.reading import CardProfile, Profiles

LEARNERS, ROUNDS, MOST = 6, 5_000, 256


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Threads take turns after every few steps."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def atr_of(learner: int, number: int) -> bytes:
    return b"\x3b\x03" + bytes([learner]) + number.to_bytes(2)


def learn(profiles: Profiles, learner: int) -> None:
    """More types than are kept: each that is learnt drops the oldest, which another may be about to drop."""
    for number in range(ROUNDS):
        profiles.learn("reader", atr_of(learner, number), CardProfile())
        profiles.prove_absence("reader", atr_of(learner, number))


def test_many_learn_while_others_write_out() -> None:
    profiles = Profiles()
    for number in range(MOST):
        profiles.learn("reader", atr_of(LEARNERS, number), CardProfile())
    with ThreadPoolExecutor(LEARNERS + 1) as pool:
        learning = [pool.submit(learn, profiles, learner) for learner in range(LEARNERS)]
        while not all(each.done() for each in learning):
            assert len(Profiles.from_json(profiles.to_json())._known) == MOST
        assert [each.result() for each in learning] == [None] * LEARNERS
    assert len(profiles._known) == MOST
