"""DG1 holds one machine-readable zone, and nothing else."""

import pytest

from idcard.encoding.mrz import MrzFormat
from idcard.encoding.tlv import build
from idcard.errors import MalformedData
from idcard.lds.dg1 import parse_dg1

TD1 = b"IDVNM0909999917036090999991<<29001158M3001156VNM<<<<<<<<<<<8NGUYEN<<VAN<THU<<<<<<<<<<<<<<<"
DG1 = b"\x61\x5d\x5f\x1f\x5a" + TD1


def test_the_zone_of_a_vietnamese_card() -> None:
    assert parse_dg1(DG1).document_number == "090999991"


def test_the_zone_of_the_german_specimen_of_2008() -> None:
    text = b"P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<" + b"C11T002JM4D<<9608122F1310317<<<<<<<<<<<<<<<6"
    mrz = parse_dg1(b"\x61\x5b\x5f\x1f\x58" + text)
    assert (mrz.format, mrz.issuing_state, mrz.document_number) == (MrzFormat.TD3, "D", "C11T002JM")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        DG1[:-1],
        DG1 + b"\x00",
        DG1 + DG1,
        b"\x62" + DG1[1:],
        build(0x61, build(0x5F1E, TD1)),
        build(0x61, build(0x5F1F, TD1), build(0x5F1F, TD1)),
        build(0x61, build(0x5F1F, TD1 + b"\n")),
        build(0x61, build(0x5F1F, TD1[:-1] + b"\xff")),
        build(0x61, build(0x5F1F, b"\n" * 90)),
        build(0x61),
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        parse_dg1(data)


@pytest.mark.parametrize("length", range(len(DG1)))
def test_a_truncated_file_is_malformed(length: int) -> None:
    with pytest.raises(MalformedData):
        parse_dg1(DG1[:length])
