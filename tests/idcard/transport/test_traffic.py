"""Logs of traffic: nothing personal in them unless asked for, and they play again."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.encoding import tlv
from idcard.errors import CardRemoved, CardSilent, MalformedData
from idcard.iso7816.atr_info import AtrInfo, masked
from idcard.iso7816.lengths import capabilities_of, without_numbers
from idcard.lds.layout import File
from idcard.reading import ReadPlan, read
from idcard.reading.diagnosis import diagnose
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard
from idcard.transport.base import HasLimits, Resettable
from idcard.transport.traffic import LoggedConnection, ReplayConnection
from idcard.transport.wrapped import WrappedConnection

PLAN = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
CAN, MRZ = idcard.Can(SPECIMEN.can), idcard.MrzKey(SPECIMEN.mrz_information)


def drawn() -> Callable[[int], bytes]:
    """The same random numbers each time."""
    calls = 0

    def draw(size: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_128(calls.to_bytes(4)).digest(size)

    return draw


@pytest.fixture
def card() -> SimulatedCard:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(SPECIMEN, behaviour=Behaviour(max_response=40_000))


def logged(
    card: SimulatedCard, *, redacted: bool, key: idcard.AccessKey = CAN
) -> tuple[LoggedConnection, idcard.Evidence]:
    card.reset()
    log = LoggedConnection(card, redacted=redacted)
    return log, read(log, [key], entropy=drawn(), plan=PLAN)


def test_a_whole_log_plays_the_same_reading_again(card: SimulatedCard) -> None:
    log, evidence = logged(card, redacted=False)
    again = ReplayConnection.from_text(log.to_text())
    assert again.atr == card.atr
    replayed = read(again, [CAN], entropy=drawn(), plan=PLAN)
    assert replayed.files == evidence.files
    assert replayed.chip_authentication == evidence.chip_authentication


@pytest.mark.parametrize("key", [CAN, MRZ], ids=["can", "mrz"])
@pytest.mark.parametrize("pace", [True, False])
def test_a_log_holds_nothing_personal(key: idcard.AccessKey, pace: bool) -> None:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    card = issuer.issue(SPECIMEN, pace=pace)
    try:
        log, evidence = logged(card, redacted=True, key=key)
    except idcard.PaceRefused:
        assert (key, pace) == (CAN, False)
        return
    text = log.to_text()
    files = evidence.files
    secrets = [files[File.DG1][5:25], files[File.DG15][-20:], SPECIMEN.can.encode(), SPECIMEN.name.encode()]
    assert not any(secret.hex() in text or repr(secret)[2:-1] in text for secret in secrets)
    protected = [each for each in log.exchanges if each.header[0] & 0x0C]
    assert protected
    assert all(each.command is None for each in protected)
    assert all(each.answer is None for each in protected)
    assert any(len(each.answer or b"") > 2 for each in log.exchanges) is pace
    assert "Exchange(" in repr(log.exchanges[0])


def test_a_redacted_log_plays_the_same_lengths_and_status_words(card: SimulatedCard) -> None:
    log, _ = logged(card, redacted=True)
    again = ReplayConnection.from_text(log.to_text())
    for each in log.exchanges:
        answer = again.transmit(each.command or each.header + bytes(each.command_length - 4))
        assert (len(answer), int.from_bytes(answer[-2:])) == (each.answer_length, each.sw)
    with pytest.raises(CardSilent, match="ended"):
        again.transmit(b"\x00\x84\x00\x00\x08")


def test_another_command_than_the_logged_one(card: SimulatedCard) -> None:
    log, _ = logged(card, redacted=False)
    with pytest.raises(CardSilent, match="another command"):
        ReplayConnection(log.exchanges).transmit(b"\x00\xa4\x04\x0c")


def test_a_failure_of_the_wire_is_logged_and_played(card: SimulatedCard) -> None:
    class Gone(WrappedConnection):
        def transmit(self, command: bytes) -> bytes:
            raise CardRemoved

    log = LoggedConnection(Gone(card))
    with pytest.raises(CardRemoved):
        log.transmit(b"\x00\x84\x00\x00\x08")
    assert log.exchanges[0].error == "card_removed"
    assert repr(log.exchanges[0]).endswith("card_removed)")
    again = ReplayConnection.from_text(log.to_text())
    with pytest.raises(CardSilent, match="card_removed"):
        again.transmit(b"\x00\x84\x00\x00\x08")
    again.close()


def test_what_is_no_command_is_left_out(card: SimulatedCard) -> None:
    log = LoggedConnection(card)
    log.transmit(b"\x00\x01")
    assert log.exchanges[0].command is None


# What numbers a single card


NUMBER = b"SERIAL123456789"
SELECT_ATR_INFO = bytes.fromhex("00a4020c022f01")


def numbered(card: SimulatedCard) -> SimulatedCard:
    objects = [tlv.build(0x43, b"\x01"), tlv.build(0x46, NUMBER), tlv.build(0x47, bytes.fromhex("940140"))]
    card.files[File.ATR_INFO] = b"".join([tlv.build(0x45, NUMBER), *objects, tlv.build(0x5F52, NUMBER)])
    return card


class Numbered(WrappedConnection):
    """A card whose historical bytes are the issuer's data, capabilities and pre-issuing data."""

    atr = bytes.fromhex("3B8D8001 80 53313233 73000040 63343536 11")


def shown_of(log: LoggedConnection) -> str:
    text = log.to_text()
    assert not [number for number in (NUMBER.hex(), "313233", "343536") if number in text]
    return text


def test_a_redacted_log_of_a_diagnosis_numbers_no_card_and_plays_all_the_same(card: SimulatedCard) -> None:
    log = LoggedConnection(Numbered(numbered(card)))
    found = diagnose(log)
    again = ReplayConnection.from_text(shown_of(log))
    assert capabilities_of(again.atr) == capabilities_of(Numbered.atr) is not None
    assert without_numbers(again.atr) == without_numbers(Numbered.atr)
    assert replace(diagnose(again), reader=found.reader, atr=found.atr, resettable=found.resettable) == replace(
        found, atr_info=AtrInfo.from_bytes(masked(card.files[File.ATR_INFO]))
    )


def test_a_redacted_log_of_a_reading_numbers_no_card(card: SimulatedCard) -> None:
    log = LoggedConnection(Numbered(numbered(card)))
    read(log, [CAN], entropy=drawn(), plan=PLAN)
    assert any(each.header == bytes.fromhex("00b08100") and each.answer for each in log.exchanges)
    assert ReplayConnection.from_text(shown_of(log)).atr != Numbered.atr


def test_a_whole_log_keeps_them(card: SimulatedCard) -> None:
    log = LoggedConnection(Numbered(numbered(card)), redacted=False)
    diagnose(log)
    assert NUMBER.hex() in log.to_text()
    assert ReplayConnection.from_text(log.to_text()).atr == Numbered.atr


@pytest.mark.parametrize(
    "commands", [["00b0810003"], ["00b0810a05"], ["SELECT", "00b0000500"], ["SELECT", "00b0000000"]]
)
def test_however_the_file_is_read(commands: list[str], card: SimulatedCard) -> None:
    numbered(card)

    class Answering(WrappedConnection):
        def transmit(self, command: bytes) -> bytes:
            whole = card.files[File.ATR_INFO]
            return b"\x90\x00" if command[1] == 0xA4 else whole[command[3] :] + b"\x90\x00"

    log = LoggedConnection(Answering(card))
    for command in commands:
        log.transmit(SELECT_ATR_INFO if command == "SELECT" else bytes.fromhex(command))
    assert NUMBER.hex()[-8:] not in log.to_text()


def test_what_is_read_bare_and_is_no_public_file_is_left_out(card: SimulatedCard) -> None:
    class Open(WrappedConnection):
        def transmit(self, command: bytes) -> bytes:
            return b"\x6a\x82" if command[1] == 0xA4 else NUMBER + b"\x90\x00"

    log = LoggedConnection(Open(card))
    for command in ("00b0820000", "00b09c0000", "00a4020c020101", "00b0000000"):
        log.transmit(bytes.fromhex(command))
    assert [each.answer for each in log.exchanges] == [None, NUMBER + b"\x90\x00", b"\x6a\x82", None]


HEAD = '{"format": 1, "atr": "", "reader": "", "answer_limit": %s}\n'
EXCHANGE = (
    '{"header": "00b09e00", "command_length": 5, "answer_length": 2, "sw": "%s", "milliseconds": %s, '
    '"command": null, "answer": null, "error": null}'
)


def test_a_whole_log_by_hand() -> None:
    played = ReplayConnection.from_text(HEAD % "256" + EXCHANGE % ("9000", "1"))
    assert played.transmit(bytes.fromhex("00b09e0000")) == b"\x90\x00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "atr": "zz", "reader": ""}',
        '{"format": 1, "atr": "", "reader": "", "answer_limit": null}\n{"header": "00"}',
        '{"format": 1, "atr": "", "reader": "", "answer_limit": null}\n'
        '{"header": "00", "command_length": -1, "answer_length": 2}',
        HEAD % "Infinity",
        HEAD % "-5",
        HEAD % "null" + EXCHANGE % ("FFFFF", "1"),
        HEAD % "null" + EXCHANGE % ("-1", "1"),
        HEAD % "null" + EXCHANGE % ("9000", "1" + 400 * "0"),
    ],
)
def test_what_is_no_log(text: str) -> None:
    with pytest.raises(MalformedData):
        ReplayConnection.from_text(text)


def test_a_wrapper_can_what_the_inner_one_can(card: SimulatedCard) -> None:
    class Limited(WrappedConnection):
        answer_limit = 512

    class Plain:
        atr = b"\x3b\x00"

        def transmit(self, command: bytes) -> bytes:
            return b"\x90\x00"

        def close(self) -> None:
            """Nothing is held."""

    outer = LoggedConnection(Limited(card))
    assert isinstance(outer, Resettable)
    assert isinstance(outer, HasLimits)
    assert outer.answer_limit == 512
    plain = LoggedConnection(Plain())
    assert not isinstance(plain, Resettable)
    assert plain.answer_limit is None
    outer.close()
    with pytest.raises(CardSilent):
        card.transmit(b"\x00\x84\x00\x00\x08")
