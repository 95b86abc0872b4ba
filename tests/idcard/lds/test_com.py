from pathlib import Path

import pytest

from idcard.errors import MalformedData
from idcard.lds.com import Com

SPECIMEN = Path(__file__).parents[2] / "vectors" / "chip" / "bsi2008_specimen" / "EF_COM.bin"


def test_the_specimen() -> None:
    com = Com.from_bytes(SPECIMEN.read_bytes())
    assert com.lds_version == "0107"
    assert com.unicode_version == "040000"
    assert com.data_groups == (1, 2, 3, 14)


@pytest.mark.parametrize(
    "data", ["", "6000", "61185F0104303130375F36063034303030305C0161", "60165F0104303130375F36063034303030305C0199"]
)
def test_anything_else_is_malformed(data: str) -> None:
    with pytest.raises(MalformedData):
        Com.from_bytes(bytes.fromhex(data))
