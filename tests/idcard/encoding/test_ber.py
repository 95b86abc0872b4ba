from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import ber
from idcard.encoding.ber import door, load, to_der
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.testing import der


def read(data: bytes) -> ber.Node:
    with door("test"):
        return load(data, "test")


def indefinite(tag: int, *values: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(values) + b"\x00\x00"


def refused(data: bytes) -> MalformedData:
    with pytest.raises(MalformedData) as caught:
        read(data)
    return caught.value


def test_a_value_knows_its_bytes() -> None:
    outer = read(der.sequence(der.integer(5), der.octet_string(b"ab")))
    number, text = outer.children(ber.SEQUENCE)
    assert (number.integer(), text.octets()) == (5, b"ab")
    assert (number.raw, number.content, number.indefinite) == (b"\x02\x01\x05", b"\x05", False)


def test_lengths_that_are_longer_than_needed_are_read() -> None:
    assert read(b"\x04\x82\x00\x02ab").octets() == b"ab"
    assert read(b"\x02\x02\x00\x05").integer() == 5


def test_indefinite_lengths_end_at_two_zero_bytes() -> None:
    outer = read(indefinite(0x30, der.integer(0), indefinite(0x31, der.octet_string(b"\x00\x00"))))
    number, inner = outer.children()
    assert outer.indefinite
    assert number.integer() == 0
    assert inner.only().octets() == b"\x00\x00"
    assert inner.raw == indefinite(0x31, der.octet_string(b"\x00\x00"))


def test_strings_in_pieces_are_joined() -> None:
    pieces = der.octet_string(b"a"), indefinite(0x24, der.octet_string(b"b"), der.octet_string(b"c"))
    assert read(indefinite(0x24, *pieces)).octets() == b"abc"
    assert read(b"\x23\x08\x03\x02\x00\xaa\x03\x02\x00\xbb").bits() == b"\xaa\xbb"
    with pytest.raises(MalformedData):
        read(indefinite(0x24, der.integer(1))).octets()


def test_der_is_written_with_sets_in_order() -> None:
    sent = indefinite(0x31, der.octet_string(b"b"), indefinite(0x24, der.octet_string(b"a")), b"\x02\x81\x01\x07")
    assert to_der(read(sent)) == der.set_of(der.integer(7), der.octet_string(b"a"), der.octet_string(b"b"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x02\x02",
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"\x1f\x01\x00",
        b"\x04\x80\x00\x00",
        b"\x30\x80\x02\x01\x05",
        b"\x30\x80\x02\x01\x05\x00",
        b"\x02\x01\x05\x00",
        bytes(ber.MAX_BYTES + 1),
    ],
)
def test_what_is_no_value_is_malformed(data: bytes) -> None:
    assert refused(data).where in ("test", "ASN.1")


def test_a_run_that_ends_inside_a_value_is_malformed() -> None:
    with pytest.raises(MalformedData):
        read(b"\x30\x03\x02\x05\x01").children()


def test_an_indefinite_length_may_not_run_over_the_value_around_it() -> None:
    with pytest.raises(MalformedData), door("test"):
        read(b"\x30\x06\x30\x80\x02\x01\x05\x00" + b"").children()


def test_nesting_has_a_bound() -> None:
    deep = b"\x02\x01\x01"
    for _ in range(ber.MAX_DEPTH + 2):
        deep = indefinite(0x30, deep)
    with pytest.raises(BoundExceeded):
        read(deep)
    strings = der.octet_string(b"a")
    for _ in range(ber.MAX_DEPTH + 2):
        strings = bytes([0x24]) + der.octet_string(strings)[1:]
    with pytest.raises(BoundExceeded):
        read(strings).octets()
    values = b"\x02\x01\x01"
    for _ in range(ber.MAX_DEPTH + 2):
        values = der.sequence(values)
    with pytest.raises(BoundExceeded):
        to_der(read(values))


@pytest.mark.parametrize(
    ("data", "member"),
    [
        (b"\x04\x01\x05", "integer"),
        (b"\x02\x00", "integer"),
        (b"\x01\x02\x00\x00", "boolean"),
        (b"\x03\x02\x01\x00", "bits"),
        (b"\x03\x00", "bits"),
        (b"\x02\x01\x00", "octets"),
        (b"\x06\x01\x80", "oid"),
        (b"\x06\x00", "oid"),
        (b"\x04\x00", "time"),
        (b"\x30\x00", "only"),
    ],
)
def test_values_of_another_type_are_malformed(data: bytes, member: str) -> None:
    with pytest.raises(MalformedData):
        getattr(read(data), member)()


def test_truth_and_bits() -> None:
    assert read(b"\x01\x01\x01").boolean()
    assert not read(b"\x01\x01\x00").boolean()
    assert read(b"\x03\x02\x01\x06").flags() == {5, 6}
    with pytest.raises(MalformedData):
        read(b"\x30\x00").children(ber.SET)


def test_flags_are_few() -> None:
    assert len(read(b"\x03\x11\x00" + b"\xff" * 16).flags()) == 128
    with pytest.raises(MalformedData):
        read(b"\x03\x12\x00" + b"\xff" * 17).flags()


@pytest.mark.parametrize(
    ("tag", "encoding", "text"),
    [
        (0x0C, "utf-8", "Việt"),
        (0x13, "latin-1", "Montréal"),
        (0x14, "latin-1", "ü"),
        (0x1E, "utf-16-be", "Ж"),
        (0x1C, "utf-32-be", "ø"),
        (0x16, "ascii", "a@b"),
        (0x02, "ascii", None),
    ],
)
def test_strings_of_every_type(tag: int, encoding: str, text: str | None) -> None:
    data = (text or "1").encode(encoding)
    assert read(bytes([tag, len(data)]) + data).text() == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        ("491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2301010000Z", datetime(2023, 1, 1, tzinfo=UTC)),
        ("230101070000+0700", datetime(2023, 1, 1, tzinfo=UTC)),
        ("230101000000-0130", datetime(2023, 1, 1, 1, 30, tzinfo=UTC)),
        ("230101000000", datetime(2023, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_with_a_year_of_two_digits(text: str, moment: datetime) -> None:
    assert read(bytes([0x17, len(text)]) + text.encode()).time() == moment


def test_times_with_a_year_of_four_digits_and_a_fraction() -> None:
    text = b"20500101000000.5Z"
    assert read(bytes([0x18, len(text)]) + text).time() == datetime(2050, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", [b"", b"Z", b"23010100Z", b"231301000000Z", b"23010100000aZ", b"230101000000+99aa"])
def test_times_that_cannot_be(text: bytes) -> None:
    node = read(bytes([0x17, len(text)]) + text)
    with pytest.raises(MalformedData), door("time"):
        node.time()


@given(data=st.binary(max_size=80))
def test_any_bytes_are_a_value_or_an_error(data: bytes) -> None:
    try:
        node = read(data)
    except IdCardError:
        return
    assert node.raw == data


VALUES = st.recursive(
    st.binary(max_size=6).map(der.octet_string) | st.integers(0, 99).map(der.integer),
    lambda inner: st.lists(inner, max_size=4).map(lambda values: der.sequence(*values)),
    max_leaves=8,
)


@given(value=VALUES)
def test_der_stays_as_it_is(value: bytes) -> None:
    assert to_der(read(value)) == value
