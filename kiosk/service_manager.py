"""What a process tells the service manager that started it: that it serves, that it is still alive, that it stops.

Source: sd_notify(3) and sd_watchdog_enabled(3) of systemd. Without such a manager, and on other systems, nothing is
said. Alive means that the process answers a request at its own door: one whose threads all wait for each other still
turns its main loop, and must not be called alive.
"""

import http.client
import os
import socket
from threading import Event, Thread

import structlog

_log = structlog.get_logger(__name__)


class ServiceManager:
    """Whoever started this process, as its environment names it.

    :param watchdog_s: how many seconds of silence it takes for death; None where it does not watch.
    """

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        self._address = address
        self._watchdog_s = watchdog_s
        self._stopped = Event()

    @classmethod
    def from_environment(cls) -> "ServiceManager":
        """The manager that the environment names, which no child of this process hears of."""
        address = os.environ.pop("NOTIFY_SOCKET", None)
        period, process = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        watched = period.isdigit() and int(period) > 0 and process == str(os.getpid())
        return cls(address, int(period) / 1e6 if watched else None)

    def ready(self, host: str, port: int) -> None:
        """Say that the process serves there, and from now on, as often as is wanted, that it answers."""
        self._tell("READY=1")
        if self._address is not None and self._watchdog_s is not None:
            Thread(target=self._watch, args=(host, port, self._watchdog_s), name="watchdog", daemon=True).start()

    def stopping(self) -> None:
        """Say that the process ends because it was told to."""
        self._stopped.set()
        self._tell("STOPPING=1")

    def _watch(self, host: str, port: int, watchdog_s: float) -> None:
        # Twice in each period, as systemd asks; a request may take what is left of it.
        while not self._stopped.wait(watchdog_s / 3):
            if answers(host, port, timeout_s=watchdog_s / 3):
                self._tell("WATCHDOG=1")
            else:
                _log.error("no_answer_at_own_door", port=port)

    def _tell(self, state: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.sendto(state.encode("ascii"), address)
        except (OSError, AttributeError):
            _log.error("service_manager_silent")


def answers(host: str, port: int, *, timeout_s: float) -> bool:
    """Whether a server answers there in time, with whatever: a kiosk that is closed says so, and lives.

    One that wants TLS hangs up on this question, and that is an answer as well.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except (http.client.HTTPException, ConnectionResetError, BrokenPipeError):
        return True
    except OSError:
        return False
    finally:
        connection.close()
    return True
