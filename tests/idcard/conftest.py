"""What tests of readings share: an issuer, cards of its specimen holder, and one that gives a file at once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def issue(issuer: Issuer) -> Callable[..., SimulatedCard]:
    def card(behaviour: Behaviour | None = None, **options: object) -> SimulatedCard:
        return issuer.issue(SPECIMEN, behaviour=behaviour, **options)  # type: ignore[arg-type]

    return card


@pytest.fixture(scope="module")
def long_card(issue: Callable[..., SimulatedCard]) -> SimulatedCard:
    return issue(Behaviour(max_response=40_000))
