"""How the card behaves, by raw APDUs and by the small terminal of conftest.py."""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.encoding import tlv
from idcard.errors import CardSilent
from idcard.iso7816.apdu import CommandApdu
from idcard.lds.layout import File
from idcard.testing import Behaviour, Holder, Issuer, Profile, RsaChipKey, SimulatedCard, Suite
from idcard.testing.chip_pace import oid_value
from idcard.testing.records import VIETNAMESE_CARD_ACCESS

Terminals = Callable[[SimulatedCard], Any]
SELECT_CARD_ACCESS = "00A4020C02011C"
SELECT_APPLICATION = "00A4040C07A0000002471001"
SET_UP_PACE = "0022C1A40F800A04007F00070202040202830102"


@pytest.fixture
def opened(terminal: Any, holder: Holder) -> Any:
    """A terminal in a PACE session inside the application."""
    assert terminal.pace(can=holder.can) == 0x9000
    assert terminal.select_application().ok
    return terminal


# Before access


@pytest.mark.parametrize("command", ["00A4000C023F00", "00A4000C", "00A40000023F00", "00A4030C"])
def test_the_master_file_cannot_be_selected(terminal: Any, command: str) -> None:
    assert terminal.raw(command).sw == 0x6D00


def test_card_access_is_selected_and_read(terminal: Any) -> None:
    assert terminal.raw(SELECT_CARD_ACCESS).sw == 0x9000
    assert terminal.raw("00B0000000").data == VIETNAMESE_CARD_ACCESS
    assert terminal.raw("00B0000004").data == VIETNAMESE_CARD_ACCESS[:4]
    assert terminal.raw("00B0000432").data == VIETNAMESE_CARD_ACCESS[4:]


def test_card_access_is_read_by_its_short_identifier(terminal: Any) -> None:
    assert terminal.raw("00B09C0000").data == VIETNAMESE_CARD_ACCESS


def test_the_end_of_a_file(terminal: Any) -> None:
    terminal.raw(SELECT_CARD_ACCESS)
    short = terminal.raw("00B00030FF")
    assert (short.data, short.sw) == (VIETNAMESE_CARD_ACCESS[0x30:], 0x6282)
    assert terminal.raw("00B0003600").sw == 0x6B00
    assert terminal.raw("00B0003500").data == VIETNAMESE_CARD_ACCESS[-1:]


def test_a_card_may_end_a_file_with_9000(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, behaviour=Behaviour(end_of_file_sw=0x9000)))
    terminal.raw(SELECT_CARD_ACCESS)
    assert terminal.raw("00B00030FF").sw == 0x9000


@pytest.mark.parametrize(
    "command",
    ["00A4020C020101", "00A4020C02011D", "00A4020C02011E", "00A4020C02010D", "00B0810000", "00B09E0000", "00B0000000"],
)
def test_nothing_of_the_application_is_read_before_access(terminal: Any, command: str) -> None:
    assert terminal.raw(SELECT_APPLICATION).sw == 0x9000
    answer = terminal.raw(command)
    assert answer.sw in (0x6982, 0x6986)
    assert answer.data == b""


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00A4020C020101", 0x6A82),
        ("00B0810000", 0x6A82),
        ("00B0000000", 0x6986),
        ("00A4040C07A0000002471002", 0x6A82),
        ("00A4020C0101", 0x6A80),
        ("00CA0000", 0x6D00),
        ("80B0000000", 0x6E00),
        ("0084000008", 0x6985),
        ("0088000008010203040506070800", 0x6982),
        ("0086000002 7C00 00", 0x6985),
        ("0022C1B603830102", 0x6A86),
        ("0CB0000000", 0x6988),
        ("00", 0x6700),
        ("00A4020C03011C", 0x6700),
        ("00B00000000100", 0x6700),
    ],
)
def test_what_is_refused_outside_the_application(terminal: Any, command: str, sw: int) -> None:
    answer = terminal.raw(command)
    assert (answer.data, answer.sw) == (b"", sw)


# Basic access control


def test_bac_opens_the_application(terminal: Any, holder: Holder) -> None:
    assert terminal.bac(holder.mrz_information) == 0x9000
    for file, content in terminal.card.files.items():
        if file is not File.CARD_ACCESS:
            assert terminal.read(file.sfi, len(content)) == content


def test_a_wrong_zone_is_refused(terminal: Any) -> None:
    assert terminal.bac("090999992890011583001156") == 0x6300
    assert terminal.raw("00B0810000").sw == 0x6982


def test_a_challenge_serves_once(terminal: Any, holder: Holder) -> None:
    assert terminal.bac("090999992890011583001156") == 0x6300
    assert terminal.raw("0082000028" + "00" * 40 + "28").sw == 0x6985
    assert terminal.bac(holder.mrz_information) == 0x9000


def test_a_card_without_bac_says_6a88(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    assert terminal_for(issuer.issue(holder, bac=False)).bac(holder.mrz_information) == 0x6A88


# PACE


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("parameter_id", [12, 13, 15, 17])
def test_pace_with_every_cipher(
    issuer: Issuer, holder: Holder, terminal_for: Terminals, suite: Suite, parameter_id: int
) -> None:
    profile = Profile(suite=suite, parameter_id=parameter_id)
    terminal = terminal_for(issuer.issue(holder, behaviour=Behaviour(pace_profile=profile)))
    assert terminal.pace(can=holder.can, profile=profile) == 0x9000
    assert terminal.select_application().ok
    assert terminal.read(File.DG1.sfi, 95) == terminal.card.files[File.DG1]


def test_pace_with_the_zone(terminal: Any, holder: Holder) -> None:
    assert terminal.pace(mrz=holder.mrz_information) == 0x9000


def test_a_wrong_can_shows_in_the_last_step_only(terminal: Any) -> None:
    assert terminal.pace(can="000000") == 0x6300
    assert len(terminal.log) == 5
    assert [answer[-2:] for _, answer in terminal.log[:4]] == [b"\x90\x00"] * 4


def test_a_wrong_can_may_be_typed_again(terminal: Any, holder: Holder) -> None:
    assert terminal.pace(can="000000") == 0x6300
    assert terminal.pace(can=holder.can) == 0x9000


def test_a_counter_of_wrong_cans_blocks(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, can_tries=2))
    assert terminal.pace(can="000000") == 0x63C1
    assert terminal.pace(can=holder.can) == 0x9000
    terminal = terminal_for(terminal.card)
    assert [terminal.pace(can="000000") for _ in range(3)] == [0x63C1, 0x63C0, 0x6983]
    terminal.card.reset()
    assert terminal.pace(can=holder.can) == 0x6983
    assert terminal.pace(mrz=holder.mrz_information) == 0x9000


def test_a_card_without_pace(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, pace=False))
    assert terminal.raw(SELECT_CARD_ACCESS).sw == 0x6A82
    assert terminal.raw(SET_UP_PACE).sw == 0x6A88
    assert terminal.bac(holder.mrz_information) == 0x9000


def test_a_card_that_advertises_pace_and_refuses_it(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, pace_refused_sw=0x6982))
    assert terminal.raw("00B09C0000").data == VIETNAMESE_CARD_ACCESS
    assert terminal.pace(can=holder.can) == 0x6982
    assert terminal.bac(holder.mrz_information) == 0x9000


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("0022C1A40F800A04007F00070202040203830102", 0x6A80),
        ("0022C1A412800A04007F0007020204020283010284010C", 0x6A80),
        ("0022C1A40F800A04007F00070202040202830103", 0x6A88),
        ("0022C1A403800A04", 0x6A80),
    ],
)
def test_what_pace_cannot_be_set_up_with(terminal: Any, command: str, sw: int) -> None:
    assert terminal.raw(command).sw == sw


def test_pace_runs_outside_the_application(terminal: Any) -> None:
    terminal.raw(SELECT_APPLICATION)
    assert terminal.raw(SET_UP_PACE).sw == 0x6985


@pytest.mark.parametrize(
    "step",
    ["0086000002 7C00 00", "1086000004 7C028000 00", "1086000005 7C03810104 00", "1086000002 7D00 00"],
)
def test_a_run_of_pace_ends_with_its_first_mistake(terminal: Any, step: str) -> None:
    assert terminal.raw(SET_UP_PACE).ok
    assert terminal.raw(step).sw in (0x6A80, 0x6985)
    if not step.endswith("7D00 00"):
        assert terminal.raw("10860000027C0000").sw == 0x6985


def test_a_readers_point_off_the_curve_is_refused(terminal: Any) -> None:
    terminal.raw(SET_UP_PACE)
    terminal.raw("10860000027C0000")
    point = tlv.build(0x7C, tlv.build(0x81, b"\x04" + bytes(64)))
    assert terminal.send(0x86, 0, 0, point, 256, cla=0x10).sw == 0x6A80


# Secure messaging


def test_a_block_is_as_long_as_fits(opened: Any) -> None:
    answer = opened.send(0xB0, 0x82, 0x00, le=256)
    assert (len(answer.data), answer.sw) == (223, 0x9000)
    assert opened.send(0xB0, 0x00, 223, le=10).data == opened.card.files[File.DG2][223:233]
    assert max(len(response) for _, response in opened.log) <= 258


def test_ends_of_files_inside_a_session(opened: Any) -> None:
    dg1 = opened.card.files[File.DG1]
    answer = opened.send(0xB0, 0x81, 90, le=223)
    assert (answer.data, answer.sw) == (dg1[90:], 0x6282)
    assert opened.send(0xB0, 0x81, 95, le=1).sw == 0x6B00
    assert opened.send(0xB0, 0x81, 0, le=95).sw == 0x9000


@pytest.mark.parametrize(("fid", "sw"), [("010B", 0x6A82), ("0103", 0x6982), ("0104", 0x6982), ("011C", 0x6A82)])
def test_files_that_are_not_given_out(opened: Any, fid: str, sw: int) -> None:
    assert opened.send(0xA4, 0x02, 0x0C, bytes.fromhex(fid)).sw == sw
    assert opened.send(0xB0, 0x80 | int(fid, 16) & 0x1F, 0, le=1).sw == sw


def test_files_are_selected_and_read_by_offset(opened: Any) -> None:
    assert opened.send(0xA4, 0x02, 0x0C, bytes.fromhex("011D")).ok
    assert opened.send(0xB0, 0x01, 0x00, le=100).data == opened.card.files[File.SOD][256:356]


def test_a_wrong_checksum_ends_the_session(opened: Any) -> None:
    spoilt = bytearray(opened.protect(CommandApdu(ins=0xB0, p1=0x81, le=1)).to_bytes())
    spoilt[-2] ^= 1
    answer = opened.raw(bytes(spoilt))
    assert (answer.data, answer.sw) == (b"", 0x6988)
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988
    opened.channel = None
    assert opened.raw("00B0810000").sw == 0x6982


def test_a_replayed_command_ends_the_session(opened: Any) -> None:
    assert opened.send(0xB0, 0x81, 0, le=1).ok
    assert opened.raw(opened.log[-1][0]).sw == 0x6988


@pytest.mark.parametrize("body", ["970101", "8E08" + "00" * 8 + "970101", "8701", "9901008E08" + "00" * 8])
def test_a_protected_command_needs_its_objects(opened: Any, body: str) -> None:
    command = f"0CB08100{len(body) // 2:02X}{body}00"
    assert opened.raw(command).sw in (0x6987, 0x6988)
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988


def test_a_plain_command_ends_the_session(opened: Any) -> None:
    assert opened.raw("00B0810000").sw == 0x6982
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988


def test_power_off_and_reset_forget_the_session(opened: Any, holder: Holder) -> None:
    opened.card.power_off()
    with pytest.raises(CardSilent):
        opened.raw(SELECT_APPLICATION)
    opened.card.power_on()
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988
    opened.channel = None
    assert opened.bac(holder.mrz_information) == 0x9000
    opened.card.reset()
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988


def test_extended_lengths_end_the_session(opened: Any) -> None:
    command = opened.protect(CommandApdu(ins=0xB0, p1=0x82, le=4096, extended=True))
    assert opened.raw(command.to_bytes()).sw == 0x6700
    assert opened.send(0xB0, 0x81, 0, le=1).sw == 0x6988


def test_a_card_with_extended_lengths(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, behaviour=Behaviour(max_response=65000)))
    assert terminal.pace(can=holder.can) == 0x9000
    assert terminal.select_application().ok
    assert terminal.send(0xB0, 0x82, 0, le=65536).data == terminal.card.files[File.DG2]


# Proofs of the chip


def test_active_authentication_needs_access(terminal: Any, holder: Holder) -> None:
    terminal.raw(SELECT_APPLICATION)
    assert terminal.raw("0088000008010203040506070800").sw == 0x6982
    assert terminal.bac(holder.mrz_information) == 0x9000
    assert len(terminal.send(0x88, 0, 0, bytes(8), 256).data) == 64
    assert terminal.send(0x88, 0, 0, bytes(7), 256).sw == 0x6700


def test_active_authentication_with_rsa(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, active_authentication="rsa"))
    terminal.bac(holder.mrz_information)
    assert len(terminal.send(0x88, 0, 0, bytes(8), 256).data) == 192


def test_a_card_without_active_authentication(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    terminal = terminal_for(issuer.issue(holder, active_authentication=None))
    terminal.bac(holder.mrz_information)
    assert terminal.send(0x88, 0, 0, bytes(8), 256).sw == 0x6D00


def test_a_signature_that_no_answer_can_bear_is_a_mistake_of_the_caller(issuer: Issuer, holder: Holder) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        issuer.issue(holder, proof=RsaChipKey.generate(bits=2048))


def test_chip_authentication_begins_a_new_session(opened: Any) -> None:
    profile = opened.card.behaviour.chip_profile
    curve, oid = profile.curve, oid_value(profile.chip_authentication_oid)
    assert opened.send(0x22, 0x41, 0xA4, tlv.build(0x80, oid)).ok
    own = curve.encode(curve.multiply(99))
    answer = opened.send(0x86, 0, 0, tlv.build(0x7C, tlv.build(0x80, own)), 256)
    assert (answer.data, answer.sw) == (bytes.fromhex("7c00"), 0x9000)
    spki = tlv.parse_one(tlv.parse_one(opened.card.files[File.DG14], 0x6E).value, 0x31).children()
    public = next(
        info.children()[1].children()[1].value[1:]
        for info in spki
        if oid_value("0.4.0.127.0.7.2.2.1.2") == info.children()[0].value
    )
    secret = curve.multiply(99, curve.decode(public)).x.to_bytes(curve.size)
    opened.channel = type(opened.channel).from_secret(profile.suite, secret)
    assert opened.read(File.DG1.sfi, 95) == opened.card.files[File.DG1]


# Manners


def test_the_answer_to_reset_is_well_formed(terminal: Any) -> None:
    atr = terminal.card.atr
    assert atr[0] == 0x3B
    assert len(atr) == 4 + (atr[1] & 0x0F) + 1
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert check == 0


def test_the_answer_to_reset_says_whether_lengths_may_be_extended(issuer: Issuer, holder: Holder) -> None:
    short, long = (issuer.issue(holder, behaviour=Behaviour(max_response=size)).atr for size in (256, 4096))
    assert (short[8] & 0x40, long[8] & 0x40) == (0, 0x40)


def test_a_slow_card_is_slow_before_each_command(terminal: Any) -> None:
    waits: list[int] = []
    terminal.card.before_each = lambda: waits.append(1)
    terminal.raw(SELECT_CARD_ACCESS)
    terminal.raw("00")
    assert len(waits) == 2


def test_a_card_stands_where_a_connection_is_expected(terminal: Any) -> None:
    terminal.card.close()
    with pytest.raises(CardSilent):
        terminal.card.transmit(bytes.fromhex(SELECT_APPLICATION))


def test_another_curve_is_advertised_too(issuer: Issuer, holder: Holder) -> None:
    profile = Profile(suite=Suite.AES256, parameter_id=12)
    card = issuer.issue(holder, behaviour=Behaviour(pace_profile=profile))
    info = oid_value(profile.pace_oid)
    assert info in card.files[File.CARD_ACCESS]
    assert info in card.files[File.DG14]
