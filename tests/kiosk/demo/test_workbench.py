"""The bench and its socket, asked by the kiosk's own simulated devices."""

import socket
import time
from collections.abc import Iterator

import pytest

from idcard import Can, CardRemoved, CardSilent, ConfigurationError, ReaderMissing, read, scan
from idcard.testing import Issuer
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.people import citizens
from kiosk.demo.workbench import Bench
from kiosk.devices.simulated import (
    ASK_ATR,
    CAMERA_FRAME,
    CLOCK,
    POWER_OFF,
    PRESENCE,
    SCANNER,
    SimulatedCamera,
    SimulatedDesk,
    SimulatedScanner,
)

WHO = "insured"


@pytest.fixture
def cards(bench: Bench) -> Iterator[CardSocket]:
    cards = CardSocket("127.0.0.1", 0, bench.answer)
    yield cards
    cards.close()


@pytest.fixture
def desk(cards: CardSocket) -> Iterator[SimulatedDesk]:
    desk = SimulatedDesk("127.0.0.1", cards.port, poll_s=0.005)
    yield desk
    desk.close()


def test_a_card_that_is_placed_is_felt_and_read(bench: Bench, desk: SimulatedDesk) -> None:
    assert desk.wait(0) is False
    bench.place(WHO)
    assert desk.wait(5) is True
    with_card = desk.connect()
    evidence = read(Can(citizens()[WHO].holder.can), with_card)
    with_card.close()
    assert evidence.files


def test_a_card_that_is_taken_away_is_gone_at_the_next_command(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place(WHO)
    connection = desk.connect()
    bench.take_away()
    with pytest.raises(CardRemoved):
        connection.transmit(bytes.fromhex("00a4040c07a0000002471001"))
    assert desk.wait(0) is False
    with pytest.raises(CardRemoved):
        desk.connect()


def test_between_two_cards_the_reader_is_empty(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place(WHO)
    assert desk.wait(5) is True
    bench.place("forged")
    assert bench.laid.on_reader == "forged"
    assert desk.wait(5) is False
    assert desk.wait(5) is True


def test_placing_the_card_that_lies_there_lifts_it_first(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place(WHO)
    assert desk.wait(5) is True
    bench.place(WHO)
    assert desk.wait(5) is False


def test_a_card_that_takes_anothers_place_unseen_is_told_as_gone_first(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place(WHO)
    assert desk.wait(5) is True
    bench.take_away()
    bench.place("forged")
    assert desk.wait(5) is False
    assert desk.wait(5) is True
    assert desk.wait(0.01) is True


def test_two_cards_are_felt_and_none_answers(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place("insured")
    bench.trouble_reader("crowded")
    assert desk.wait(1)
    with pytest.raises(CardSilent):
        desk.connect()
    bench.trouble_reader("ok")
    desk.connect().close()


def test_an_unplugged_reader_is_missing_until_it_is_plugged_in(bench: Bench, desk: SimulatedDesk) -> None:
    bench.trouble_reader("unplugged")
    with pytest.raises(ReaderMissing):
        desk.wait(0)
    bench.trouble_reader("ok")
    assert not desk.wait(0)


def test_a_session_does_not_outlive_the_power(bench: Bench, desk: SimulatedDesk) -> None:
    bench.place(WHO)
    connection = desk.connect()
    connection.close()
    with pytest.raises((CardRemoved, CardSilent)):
        connection.transmit(bytes.fromhex("00b08100"))


def test_the_camera_sees_the_code_until_it_is_put_away(bench: Bench, cards: CardSocket) -> None:
    camera = SimulatedCamera("127.0.0.1", cards.port)
    assert camera.frame() == b""
    bench.show_qr(WHO)
    assert [symbol.data for symbol in scan(camera.frame())] == [citizens()[WHO].qr_text.encode()]
    bench.hide_qr()
    assert camera.frame() == b""
    camera.close()


def test_a_scan_comes_once_and_whole(bench: Bench, cards: CardSocket) -> None:
    scanner = SimulatedScanner("127.0.0.1", cards.port, poll_s=0)
    assert (scanner.read(0), scanner.connected) == (b"", True)
    bench.scan(WHO)
    assert bench.laid.scanned == WHO
    assert scanner.read(0) == citizens()[WHO].qr_text.encode() + b"\r"
    assert scanner.read(0) == b""
    scanner.close()


def test_an_unplugged_scanner_is_missing_and_sends_nothing(bench: Bench, cards: CardSocket) -> None:
    scanner = SimulatedScanner("127.0.0.1", cards.port, poll_s=0)
    bench.scan(WHO)
    bench.plug_scanner(False)
    bench.scan(WHO)
    assert (scanner.read(0), scanner.connected) == (b"", False)
    bench.plug_scanner(True)
    assert (scanner.read(0), scanner.connected) == (b"", True)
    assert bench.laid.scanned is None
    scanner.close()


def test_a_scan_that_nobody_fetches_is_lost(issuer: Issuer) -> None:
    unheard = Bench(issuer, {WHO: citizens()[WHO]}, heard_s=0)
    unheard.scan(WHO)
    assert unheard.answer(SCANNER) == b"\x01"


def test_without_a_bench_the_scanner_is_missing(bench: Bench) -> None:
    gone = CardSocket("127.0.0.1", 0, bench.answer)
    gone.close()
    scanner = SimulatedScanner("127.0.0.1", gone.port, poll_s=0)
    assert (scanner.read(0), scanner.connected) == (b"", False)
    scanner.close()


def test_nobody_unknown_can_be_placed(bench: Bench) -> None:
    for deed in (bench.place, bench.show_qr, bench.scan):
        with pytest.raises(KeyError):
            deed("nobody")
    assert (bench.laid.on_reader, bench.laid.before_camera) == (None, None)


@pytest.mark.parametrize("body", [b"\x03", b"\x08", b"\xff", b"\x00\x01", b"\x00\x00\x00", bytes(300)])
def test_nonsense_is_answered_and_changes_nothing(bench: Bench, body: bytes) -> None:
    assert bench.answer(body) == b""
    bench.place(WHO)
    felt = bench.answer(PRESENCE)
    assert felt.startswith(b"\x01")
    assert len(bench.answer(body)) in (0, 2)
    assert bench.answer(PRESENCE) == felt


def test_the_bench_tells_what_devices_tell_and_no_more(bench: Bench) -> None:
    """No key, number or name comes over the socket but from the chip and out of the picture."""
    bench.place(WHO)
    holder = citizens()[WHO].holder
    answers = [bench.answer(bytes([code])) for code in range(256) if bytes([code]) not in (CAMERA_FRAME, POWER_OFF)]
    told = b"".join(answers)
    assert told.count(bench.answer(ASK_ATR)) == 1
    devices = (ASK_ATR, PRESENCE, SCANNER, CLOCK)
    assert len(told) == sum(len(bench.answer(device)) for device in devices)
    assert holder.can.encode() not in told


def test_a_card_takes_its_time(issuer: Issuer) -> None:
    slow = Bench(issuer, {WHO: citizens()[WHO]}, answer_s=0.05)
    slow.place(WHO)
    start = time.monotonic()
    slow.answer(bytes.fromhex("00a4040c07a0000002471001"))
    assert time.monotonic() - start >= 0.05


@pytest.mark.parametrize("sent", [b"\x00", b"\x00\x05\x01\x02", b"\x00\x00"])
def test_a_cut_or_empty_frame_ends_the_connection(cards: CardSocket, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", cards.port), timeout=5) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(10) == b""


def test_closing_hangs_up(bench: Bench) -> None:
    cards = CardSocket("127.0.0.1", 0, bench.answer)
    desk = SimulatedDesk("127.0.0.1", cards.port)
    assert desk.wait(0) is False
    cards.close()
    with pytest.raises(ReaderMissing):
        desk.wait(0.01)
    desk.close()


def test_a_busy_card_port_is_one_line(bench: Bench, cards: CardSocket) -> None:
    with pytest.raises(ConfigurationError, match=str(cards.port)) as caught:
        CardSocket("127.0.0.1", cards.port, bench.answer)
    assert caught.value.reason == "port_busy"


def test_a_card_lies_on_one_of_two_readers_only(issuer: Issuer) -> None:
    hall = Bench(issuer, swap_s=0)
    at_desk = Bench(issuer, swap_s=0, beside=hall)
    hall.place(WHO)
    assert (hall.answer(PRESENCE)[:1], at_desk.answer(PRESENCE)[:1]) == (b"\x01", b"\x00")
    at_desk.place(WHO)
    assert (hall.answer(PRESENCE)[:1], at_desk.answer(PRESENCE)[:1]) == (b"\x00", b"\x01")
    assert (hall.laid.on_reader, at_desk.laid.on_reader) == (None, WHO)
    hall.place("over-75")
    assert (hall.laid.on_reader, at_desk.laid.on_reader) == ("over-75", WHO)
    hall.place(WHO)
    assert (hall.laid.on_reader, at_desk.laid.on_reader) == (WHO, None)
