"""Object identifiers with arcs beyond 127, and BER of an indefinite length that ends with its data."""

import pytest

from idcard.encoding import ber
from idcard.encoding.der import oid_to_bytes
from idcard.errors import MalformedData


@pytest.mark.parametrize(
    ("oid", "content"),
    [
        ("1.2.840.113549", "2A864886F70D"),
        ("2.999.3", "883703"),
        ("0.4.0.127.0.7.2.2.4.2.2", "04007F00070202040202"),
    ],
)
def test_arcs_take_as_many_octets_as_they_need(oid: str, content: str) -> None:
    assert oid_to_bytes(oid) == bytes.fromhex(content)


@pytest.mark.parametrize("data", ["3080020101", "308002010100", "3080", "300530800201010000"])
def test_an_indefinite_length_that_does_not_end_where_it_should(data: str) -> None:
    with pytest.raises(MalformedData), ber.door("a test"):
        ber.load(bytes.fromhex(data), "a test")
