"""The loop of every device's thread: it survives, it rests, it ends and lets go."""

from threading import Event

from structlog.testing import capture_logs

from kiosk.services.worker import Worker

PATIENCE_S = 60.0


class Thing:
    """A device that counts how often it was let go of."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


class Turning(Worker):
    """Fails in its first turn, and says when it has turned once more."""

    def __init__(self, device: Thing, *, fault: type[Exception] = KeyError) -> None:
        super().__init__("turning", device, rest_s=0.001)
        self.turned = Event()
        self._fault: type[Exception] | None = fault

    def turn(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault("somebody's name")
        self.turned.set()


def test_a_turn_that_fails_is_not_the_last_and_its_words_are_not_logged() -> None:
    thing = Thing()
    worker = Turning(thing)
    with capture_logs() as logs:
        worker.start()
        try:
            assert worker.turned.wait(PATIENCE_S)
        finally:
            worker.stop()
    assert thing.closed == 1
    assert logs == [{"event": "thread_fault", "log_level": "error", "thread": "turning", "kind": "KeyError"}]


def test_who_never_began_still_lets_go() -> None:
    thing = Thing()
    Turning(thing).stop()
    assert thing.closed == 1
