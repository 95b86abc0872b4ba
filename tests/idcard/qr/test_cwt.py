"""The claims of a token."""

from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.errors import MalformedData
from idcard.qr import cbor
from idcard.qr.cwt import Claims

EXAMPLE = bytes.fromhex(
    "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e657861"
    "6d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71"
)


def test_the_example_of_the_standard() -> None:
    """RFC 8392, appendix A.1."""
    claims = Claims.from_bytes(EXAMPLE)
    assert (claims.issuer, claims.subject) == ("coap://as.example.com", "erikw")
    assert claims.audience == "coap://light.example.com"
    assert claims.expires == datetime.fromtimestamp(1444064944, UTC)
    assert claims.not_before == claims.issued == datetime.fromtimestamp(1443944944, UTC)
    assert claims.token_id == bytes.fromhex("0b71")
    assert repr(claims) == "Claims(…)"


def test_a_moment_may_have_a_fraction() -> None:
    assert Claims.from_bytes(cbor.encode({4: 1.5})).expires == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)


@pytest.mark.parametrize("claims", [
    7, [], {1: 7}, {2: b"x"}, {3: ["a"]}, {4: "soon"}, {4: -1}, {4: 253402300800}, {4: 1e300}, {4: True},
    {5: b"x"}, {6: [1]}, {7: "x"}, {7: b""}, {7: bytes(65)},
])  # fmt: skip
def test_a_claim_of_the_wrong_kind_is_malformed(claims: Any) -> None:
    with pytest.raises(MalformedData):
        Claims.from_bytes(cbor.encode(claims))
