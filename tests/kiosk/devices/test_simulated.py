"""The simulated reader and camera against a scripted peer: every frame, and every way to fail."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from idcard import CardRemoved, ReaderMissing
from kiosk.devices.simulated import BenchSocket, SimulatedCamera, SimulatedDesk

Answer = Callable[[bytes], bytes | None]


class Peer:
    """Answers frames as it is told; None hangs up. Writes down what was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer: Answer = lambda body: b""
        self.raw: Callable[[bytes], bytes] | None = None
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(2):
                body = stream.read(int.from_bytes(head, "big"))
                self.asked.append(body)
                answer = self.answer(body)
                if answer is None:
                    return
                frame = len(answer).to_bytes(2, "big") + answer
                connection.sendall(frame if self.raw is None else self.raw(frame))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def desk(peer: Peer) -> Iterator[SimulatedDesk]:
    desk = SimulatedDesk("127.0.0.1", peer.port, poll_s=0.002)
    yield desk
    desk.close()


def with_card(body: bytes) -> bytes:
    return {b"\x05": b"\x01", b"\x04": b"\x3b\x00"}.get(body, b"\x90\x00" if len(body) > 1 else b"")


def test_a_card_that_comes_or_goes_ends_the_wait(peer: Peer, desk: SimulatedDesk) -> None:
    assert desk.wait(0) is False
    timer = threading.Timer(0.03, lambda: setattr(peer, "answer", with_card))
    timer.start()
    assert desk.wait(10) is True
    timer.join()
    assert desk.wait(0.01) is True
    peer.answer = lambda body: b"\x00"
    assert desk.wait(10) is False


def test_a_card_in_anothers_place_is_told_as_gone_first(peer: Peer, desk: SimulatedDesk) -> None:
    peer.answer = lambda body: b"\x01\x01"
    assert desk.wait(1) is True
    peer.answer = lambda body: b"\x01\x02"
    assert [desk.wait(1), desk.wait(1), desk.wait(0.01)] == [False, True, True]


def test_a_connection_is_powered_reset_and_powered_down(peer: Peer, desk: SimulatedDesk) -> None:
    peer.answer = with_card
    connection = desk.connect()
    assert connection.atr == b"\x3b\x00"
    assert connection.transmit(b"\x00\xa4\x04\x0c") == b"\x90\x00"
    connection.close()
    assert peer.asked == [b"\x01", b"\x02", b"\x04", b"\x00\xa4\x04\x0c", b"\x00"]


def test_no_card_no_connection(desk: SimulatedDesk) -> None:
    with pytest.raises(CardRemoved):
        desk.connect()


def test_a_card_that_goes_is_said_at_the_next_command(peer: Peer, desk: SimulatedDesk) -> None:
    peer.answer = with_card
    connection = desk.connect()
    peer.answer = lambda body: b""
    with pytest.raises(CardRemoved):
        connection.transmit(b"\x00\xb0\x00\x00")
    connection.close()


def test_a_bench_that_hangs_up_is_missing_and_found_again(peer: Peer, desk: SimulatedDesk) -> None:
    peer.answer = with_card
    connection = desk.connect()
    peer.answer = lambda body: None
    with pytest.raises(ReaderMissing):
        connection.transmit(b"\x00\xb0\x00\x00")
    connection.close()
    with pytest.raises(ReaderMissing):
        desk.wait(0.01)
    peer.answer = with_card
    assert desk.wait(1) is True
    assert peer.connections > 1


def test_nobody_listening_is_a_missing_reader_after_a_rest() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ReaderMissing):
        SimulatedDesk("127.0.0.1", port).wait(0.01)


def test_an_answer_in_pieces_is_one_answer(peer: Peer) -> None:
    bench = BenchSocket("127.0.0.1", peer.port)
    whole = bytes(range(256)) * 200
    peer.answer = lambda body: whole
    assert bench.ask(b"\x06") == whole
    bench.close()


@pytest.mark.parametrize("keep", [0, 1, 2, 3])
def test_a_cut_answer_is_a_missing_reader(peer: Peer, keep: int) -> None:
    bench = BenchSocket("127.0.0.1", peer.port, answer_timeout_s=0.1)
    peer.answer, peer.raw = lambda body: b"\x90\x00", lambda frame: frame[:keep]
    with pytest.raises(ReaderMissing):
        bench.ask(b"\x05")
    bench.close()


@pytest.mark.parametrize("body", [b"", bytes(65536)])
def test_a_frame_has_bounds(peer: Peer, body: bytes) -> None:
    with pytest.raises(ValueError, match="65535"):
        BenchSocket("127.0.0.1", peer.port).ask(body)


def test_a_camera_gives_the_picture_or_nothing(peer: Peer) -> None:
    camera = SimulatedCamera("127.0.0.1", peer.port)
    assert camera.frame() == b""
    peer.answer = lambda body: b"picture" if body == b"\x06" else b""
    assert camera.frame() == b"picture"
    peer.answer = lambda body: None
    assert camera.frame() == b""
    camera.close()
