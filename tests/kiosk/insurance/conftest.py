"""What the tests of the gateway share: clients of the stand-in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk.devices.clock import ManualClock
from kiosk.insurance.account import GatewayAccount
from kiosk.insurance.bhxh import Gateway
from kiosk.insurance.circuit import Circuit

PASSWORD = "rehearsal"


@dataclass(frozen=True)
class Duty:
    name: str = "Phạm Thị Trực"
    personal_number: str = "036185999901"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 0, 42, tzinfo=UTC))


@pytest.fixture
def duty() -> Duty:
    return Duty()


MakeGateway = Callable[..., Gateway]


@pytest.fixture
def gateway(clock: ManualClock) -> Iterator[MakeGateway]:
    """Makes clients of a stand-in; waiting between two tries takes no time and is counted in ``pauses``."""
    made: list[Gateway] = []

    def make(
        stand_in: Any, *, circuit: Circuit | None = None, pauses: list[float] | None = None, **own: Any
    ) -> Gateway:
        settings = {"url": stand_in.url, "username": "36999_BV", "password": PASSWORD, "deadline_s": 30.0} | own
        sleep = ([] if pauses is None else pauses).append
        client = Gateway(
            GatewayAccount.model_validate(settings), clock=clock, circuit=circuit, sleep=sleep, chance=lambda: 1.0
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
