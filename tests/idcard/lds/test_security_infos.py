import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import tlv
from idcard.errors import IdCardError, MalformedData
from idcard.lds.card_security import CardSecurity
from idcard.lds.layout import File
from idcard.lds.security_infos import (
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    DomainParameterInfo,
    OtherInfo,
    PaceInfo,
    SecurityInfos,
    TerminalAuthenticationInfo,
)
from idcard.lds.sod import Sod
from idcard.testing import SPECIMEN, Behaviour, Issuer

VIETNAM = bytes.fromhex(
    "3134300d060804007f00070202020201 01300f060a04007f000702020302030201013012060a04007f0007020204020202010202010d"
)
CHIP = Path(__file__).parents[2] / "vectors" / "chip"


def test_the_card_access_of_vietnamese_cards() -> None:
    infos = SecurityInfos.from_bytes(VIETNAM)
    assert infos.pace == (PaceInfo(oid="0.4.0.127.0.7.2.2.4.2.2", version=2, parameter_id=13),)
    assert infos.chip_authentication == (ChipAuthenticationInfo(oid="0.4.0.127.0.7.2.2.3.2.3", version=1),)
    assert infos.terminal_authentication == TerminalAuthenticationInfo(version=1)
    assert isinstance(SecurityInfos.from_bytes(bytes.fromhex("310a3008060404007f000500")).infos[0], OtherInfo)


@pytest.mark.parametrize("name", ["icao_sample_dg14.bin", "bsi2008_specimen/Datagroup14.bin"])
def test_published_dg14s(name: str) -> None:
    infos = SecurityInfos.from_dg14((CHIP / name).read_bytes())
    assert any(isinstance(info, ChipAuthenticationPublicKeyInfo) for info in infos.infos)


@pytest.mark.parametrize("name", ["icao_sample_dg14.bin", "bsi2008_specimen/Datagroup14.bin"])
def test_what_is_shown_of_a_dg14_tells_no_chip_from_another(name: str) -> None:
    infos = SecurityInfos.from_dg14((CHIP / name).read_bytes())
    (key, *_) = infos.chip_keys
    other = replace(infos, infos=tuple(replace(i, public_key=b"another") if i is key else i for i in infos.infos))
    assert other != infos
    assert repr(other) == repr(infos)
    assert key.oid in repr(infos)


def test_nor_does_what_is_shown_of_what_was_signed() -> None:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    behaviour = Behaviour(chip_authentication_version=2)
    one, other = (issuer.issue(SPECIMEN, behaviour=behaviour).files for _ in range(2))
    for parse, file in ((CardSecurity.from_bytes, File.CARD_SECURITY), (Sod.from_bytes, File.SOD)):
        assert one[file] != other[file]
        assert repr(parse(one[file])) == repr(parse(other[file]))


def test_nor_does_what_is_shown_of_an_unknown_entry() -> None:
    one, other = (SecurityInfos.from_bytes(bytes.fromhex(f"310c300a060404007f000402{n}")) for n in ("1111", "2222"))
    assert one != other
    assert repr(one) == repr(other)


def test_bytes_after_dg14_are_tolerated() -> None:
    data = (CHIP / "icao_sample_dg14.bin").read_bytes()
    assert SecurityInfos.from_dg14(data + bytes(3)) == SecurityInfos.from_dg14(data)


@pytest.mark.parametrize("data", ["", "30020500", "31020500", "3104300205FF", VIETNAM.hex() + "00"])
def test_anything_else_is_malformed(data: str) -> None:
    with pytest.raises(MalformedData):
        SecurityInfos.from_bytes(bytes.fromhex(data))


@given(st.integers(0, len(VIETNAM) - 1), st.integers(1, 255))
def test_any_changed_byte_is_read_or_refused(position: int, change: int) -> None:
    data = bytearray(VIETNAM)
    data[position] ^= change
    with contextlib.suppress(IdCardError):
        SecurityInfos.from_bytes(bytes(data))


def test_too_many_entries_are_refused() -> None:
    entry = bytes.fromhex("300d060804007f0007020202020101")
    with pytest.raises(MalformedData, match="entries"):
        SecurityInfos.from_bytes(tlv.build(0x31, entry * 65))


def test_domain_parameters_that_are_written_out() -> None:
    algorithm = tlv.build(0x30, bytes.fromhex("060704007f00070102"), bytes.fromhex("02010d"))
    pace, chip = (
        tlv.build(0x30, tlv.build(0x06, bytes.fromhex(f"04007f000702020{arc}")), algorithm, bytes.fromhex("020128"))
        for arc in ("402", "302")
    )
    infos = SecurityInfos.from_bytes(tlv.build(0x31, pace, chip))
    expected = DomainParameterInfo(oid="0.4.0.127.0.7.2.2.4.2", parameters=algorithm, parameter_id=40)
    assert infos.pace_domains == (expected,)
    assert infos.infos[1] == DomainParameterInfo(oid="0.4.0.127.0.7.2.2.3.2", parameters=algorithm, parameter_id=40)
    assert infos.terminal_authentication is None


def test_a_protocol_with_too_many_arcs_is_another() -> None:
    entry = tlv.build(0x30, tlv.build(0x06, bytes.fromhex("04007f0007020204020201")), bytes.fromhex("020102"))
    infos = SecurityInfos.from_bytes(tlv.build(0x31, entry, tlv.build(0x30, bytes.fromhex("06032a0304"))))
    assert all(isinstance(info, OtherInfo) for info in infos.infos)
