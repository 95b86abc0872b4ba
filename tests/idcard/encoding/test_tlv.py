import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData

tags = st.sampled_from([0x02, 0x30, 0x5C, 0x61, 0x7C, 0x5F1F, 0x7F49, 0x7F61, 0x5F2E])


@given(st.lists(st.tuples(tags, st.binary(max_size=300)), max_size=8))
def test_what_is_built_is_parsed_again(objects: list[tuple[int, bytes]]) -> None:
    data = b"".join(tlv.build(tag, value) for tag, value in objects)
    assert [(node.tag, node.value) for node in tlv.parse(data)] == objects


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_malformed(data: bytes) -> None:
    try:
        nodes = tlv.parse(data)
    except (MalformedData, BoundExceeded):
        return
    assert sum(len(node.value) for node in nodes) <= len(data)


@pytest.mark.parametrize("data", ["61", "6105", "610501", "61800000", "5F", "5F1F", "5FFFFFFF0100", "6185", "618200"])
def test_cut_or_indefinite_is_malformed(data: str) -> None:
    with pytest.raises(MalformedData):
        tlv.parse(bytes.fromhex(data))


def test_an_absurd_length_is_out_of_bounds_before_it_is_looked_for() -> None:
    with pytest.raises(BoundExceeded):
        tlv.read_header(bytes.fromhex("6184FFFFFFFF"))


def test_the_header_alone_tells_the_length() -> None:
    assert tlv.read_header(bytes.fromhex("7582401B7F61")) == (0x75, 0x401B, 4)
    assert tlv.read_header(bytes.fromhex("5F1F5A49")) == (0x5F1F, 0x5A, 3)


def test_trailing_bytes_are_an_error_where_one_object_is_asked_for() -> None:
    with pytest.raises(MalformedData, match="exactly one"):
        tlv.parse_one(bytes.fromhex("6101000200"), 0x61)


def test_constructed_is_told_from_primitive() -> None:
    assert tlv.Tlv(tag=0x7F49, value=b"").constructed
    assert not tlv.Tlv(tag=0x5F1F, value=b"").constructed
