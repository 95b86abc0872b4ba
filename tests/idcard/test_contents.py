"""Files as named fields: one bad file hides no other, and DG13 is read where its state is known."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.contents import NATIONAL, content_of, contents
from idcard.encoding import tlv
from idcard.encoding.mrz import Mrz
from idcard.errors import IdCardError, MalformedData
from idcard.iso7816.directory import parse_directory
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Issuer
from idcard.vietnam.dg13 import Dg13


@pytest.fixture(scope="module")
def evidence() -> idcard.Evidence:
    card = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(SPECIMEN)
    return idcard.Evidence(files=card.files)


def test_every_file_of_a_card_has_named_fields(evidence: idcard.Evidence) -> None:
    found = contents(evidence)
    assert set(found.values) == set(evidence.files)
    assert not found.errors
    assert isinstance(found.values[File.DG1], Mrz)
    assert isinstance(found.values[File.DG13], Dg13)
    assert found.values[File.COM].data_groups == (1, 2, 13, 14, 15)
    assert found.values[File.DG2][0].width
    assert SPECIMEN.name not in repr(found)


def test_another_states_dg13_stays_bytes(evidence: idcard.Evidence) -> None:
    raw = evidence.files[File.DG13]
    assert content_of(File.DG13, raw) == raw
    assert content_of(File.DG13, raw, issuing_state="D") == raw
    assert isinstance(content_of(File.DG13, raw, issuing_state="VNM"), Dg13)
    assert set(NATIONAL) == {"VNM"}


@pytest.mark.parametrize("bad", [File.DG1, File.DG2, File.DG13, File.DG14, File.SOD, File.COM])
def test_one_bad_file_hides_no_other(evidence: idcard.Evidence, bad: File) -> None:
    spoilt = replace(evidence, files={**evidence.files, bad: b"\x30\x00"})
    found = contents(spoilt)
    assert set(found.errors) == ({bad} if bad is not File.DG13 else {File.DG13})
    assert set(found.values) == set(evidence.files) - {bad}


@pytest.mark.parametrize("file", [file for file in File if file not in (File.DG6, File.DG13)])
@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 40, b"\x30\x84\xff\xff\xff\xff"])
def test_nonsense_is_an_error_in_every_file(file: File, data: bytes) -> None:
    with pytest.raises(IdCardError):
        content_of(file, data)


def test_dg6_was_never_defined() -> None:
    assert content_of(File.DG6, b"\x66\x00") == b"\x66\x00"


def test_the_directory_names_every_application() -> None:
    one = tlv.build(0x61, tlv.build(0x4F, bytes.fromhex("A0000002471001")), tlv.build(0x50, b"eMRTD"))
    two = tlv.build(0x61, tlv.build(0x4F, bytes.fromhex("A0000002472001")))
    other = tlv.build(0x53, b"x")
    for rest in (b"", b"\x00\x00", b"\xff\xff", b"\x61\x20\x4f"):
        first, second = parse_directory(one + other + two + rest)
        assert (first.identifier.hex(), first.label) == ("a0000002471001", "eMRTD")
        assert second.label is None
    with pytest.raises(MalformedData):
        parse_directory(other)


def test_a_label_does_not_command_a_terminal() -> None:
    label = tlv.build(0x50, b"\x1b[2J\x07\nName\xc2\x9b")
    template = tlv.build(0x61, tlv.build(0x4F, bytes.fromhex("A0000002471001")) + label)
    shown = parse_directory(template)[0].label
    assert (
        shown
        == "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}Name\N{REPLACEMENT CHARACTER}"
    )
