"""Logs of traffic: nothing personal in them unless asked for, and they play again."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardRemoved, CardSilent, MalformedData
from idcard.lds.layout import File
from idcard.reading import ReadPlan, read
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
