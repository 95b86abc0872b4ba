import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from idcard.iso7816.apdu import CommandApdu, ResponseApdu

T = TypeVar("T")
Drive = Callable[[Generator[CommandApdu, ResponseApdu, T], list[tuple[str, str]]], T]


@pytest.fixture(scope="session")
def icao() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "vectors" / "chip" / "icao_9303_11_worked_examples.json"
    vectors: dict[str, Any] = json.loads(path.read_text("utf-8"))["vectors"]
    return vectors


@pytest.fixture(scope="session")
def drive() -> Callable[..., Any]:
    """Plays a card: compares each command with the script's and sends the script's answer."""

    def play(procedure: Generator[CommandApdu, ResponseApdu, T], script: list[tuple[str, str]]) -> T:
        try:
            command = next(procedure)
            for position, (expected, answer) in enumerate(script, start=1):
                assert command.to_bytes().hex().upper() == expected.upper(), f"command {position}"
                command = procedure.send(ResponseApdu.from_bytes(bytes.fromhex(answer)))
        except StopIteration as stop:
            assert position == len(script), "the procedure ended before the script"
            result: T = stop.value
            return result
        raise AssertionError("the procedure goes on after the script")

    return play
