"""BAC with an answer of another length, and with too little chance."""

import pytest

from idcard.chip.bac import basic_access_control
from idcard.errors import MalformedData
from idcard.iso7816.apdu import ResponseApdu


@pytest.mark.parametrize("length", [0, 39, 41])
def test_an_answer_of_another_length_is_malformed(length: int) -> None:
    steps = basic_access_control(bytes(16), bytes(24))
    next(steps)
    steps.send(ResponseApdu(data=bytes(8), sw=0x9000))
    with pytest.raises(MalformedData):
        steps.send(ResponseApdu(data=bytes(length), sw=0x9000))


@pytest.mark.parametrize("length", [0, 23, 25])
def test_too_little_chance_is_the_callers_mistake(length: int) -> None:
    with pytest.raises(ValueError, match="24 random bytes"):
        next(basic_access_control(bytes(16), bytes(length)))
