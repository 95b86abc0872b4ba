from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard


@pytest.fixture(scope="module")
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder)


heads = st.sampled_from(["00A4", "00B0", "0022", "1086", "0086", "0088", "0082", "0084", "0CA4", "0CB0", "0C86"])
commands = st.one_of(
    st.binary(max_size=300), st.builds(lambda a, b: bytes.fromhex(a) + b, heads, st.binary(max_size=80))
)


@given(st.lists(commands, max_size=8))
def test_any_bytes_are_answered_and_open_nothing(card: SimulatedCard, sent: list[bytes]) -> None:
    card.reset()
    for command in sent:
        answer = card.transmit(command)
        assert 2 <= len(answer) <= 258
    last = card.transmit(bytes.fromhex("00B0810000"))
    assert len(last) == 2
    assert last != b"\x90\x00"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_of_any_file_is_read(terminal: Any, holder: Holder, data: st.DataObject) -> None:
    if terminal.channel is None:
        assert terminal.pace(can=holder.can) == 0x9000
        assert terminal.select_application().ok
    file = data.draw(st.sampled_from([File.COM, File.SOD, File.DG1, File.DG2, File.DG13, File.DG14, File.DG15]))
    content = terminal.card.files[file]
    offset, size = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
    assert terminal.send(0xA4, 0x02, 0x0C, file.fid.to_bytes(2)).ok
    answer = terminal.send(0xB0, offset >> 8, offset & 0xFF, le=size)
    assert answer.data == content[offset : offset + min(size, 223)]
    assert answer.sw == (0x6282 if offset + size > len(content) and offset + 223 >= len(content) else 0x9000)
