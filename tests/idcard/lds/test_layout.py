"""Where files lie."""

import sys

import pytest

from idcard.errors import MalformedData, MissingExtra
from idcard.lds.com import Com
from idcard.lds.images import decoded
from idcard.lds.layout import File


@pytest.mark.parametrize("number", range(1, 17))
def test_every_data_group_has_its_file(number: int) -> None:
    file = File.of_data_group(number)
    assert (file.data_group, file.sfi, file.fid) == (number, number, 0x0100 + number)
    assert File.of_tag(file.tag) is file


@pytest.mark.parametrize("number", [0, 17, -1])
def test_no_other_number_has_one(number: int) -> None:
    with pytest.raises(ValueError, match="no data group"):
        File.of_data_group(number)


def test_an_ef_com_that_lists_what_no_data_group_is() -> None:
    with pytest.raises(MalformedData, match="unknown tag"):
        Com.from_bytes(bytes.fromhex("60135F0104303130375F36063034303030305C0177"))


def test_without_pillow_a_portrait_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtra):
        decoded(b"\xff\xd8\xff")
