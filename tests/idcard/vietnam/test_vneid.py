"""A code of VNeID holds nothing for us."""

from datetime import timedelta

import pytest

from idcard.errors import BoundExceeded, MalformedData
from idcard.vietnam.vneid import LIFE, VneidCode


def test_it_is_wrapped_and_prints_nothing() -> None:
    assert repr(VneidCode.from_bytes(b"opaque")) == "VneidCode(6 bytes)"
    assert timedelta(minutes=1) == LIFE


def test_bounds() -> None:
    with pytest.raises(MalformedData):
        VneidCode.from_bytes(b"")
    with pytest.raises(BoundExceeded):
        VneidCode.from_bytes(bytes(8193))
