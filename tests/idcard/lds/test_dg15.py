from pathlib import Path

import pytest

from idcard.crypto.signature import RsaPublicKey, load_public_key
from idcard.errors import MalformedData
from idcard.lds.dg15 import parse_dg15


def test_the_specimen_s_key(root: Path) -> None:
    """Its modulus lacks the leading zero that DER wants: a quirk of a real chip."""
    data = (root / "tests" / "vectors" / "chip" / "bsi2008_specimen" / "Datagroup15.bin").read_bytes()
    spki = parse_dg15(data)
    assert data.endswith(spki)
    key = load_public_key(spki)
    assert isinstance(key, RsaPublicKey)
    assert key.bits == 1024


@pytest.mark.parametrize(
    "data",
    [b"", b"\x6f\x00", b"\x6f\x02\x31\x00", b"\x6e\x02\x30\x00", b"\x6f\x04\x30\x00\x30\x00", b"\x6f\x03\x30\x00"],
)
def test_what_is_not_one_sequence_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg15(data)
