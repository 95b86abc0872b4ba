"""What every process of the kiosk does the same way: it logs, takes its port, serves, and stops when told to."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from threading import Thread
from types import FrameType

import structlog

from idcard import ConfigurationError
from kiosk.service_manager import ServiceManager
from kiosk.web.common.serving import Server, WsgiApp, make_server

_ARENA_MAX, _POOLS = -8, 2
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
_LARGE = 128 * 1024


def log_to_stderr() -> None:
    """Let every log of this process go to standard error, a line an event."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def share_memory() -> None:
    """Let the threads of this process share two pools of memory, which give back what is large; to be called before
    there are any threads.

    glibc gives each thread a pool of its own, up to eight for each core, and what one thread has freed no other uses:
    a kiosk with some thirty threads grew by 100 MB in a day. It also raises, with each large block that is freed, the
    size from which a block is mapped on its own and given back: then pages and pictures leave holes behind in the
    pools. Where the C library is another, nothing is done.

    Source: mallopt(3), M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
    """
    set_option = _of_glibc("mallopt")
    if set_option is not None:
        for option, value in ((_ARENA_MAX, _POOLS), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE)):
            set_option(option, value)


def give_back_memory() -> bool:
    """Whether memory that was freed between pieces still in use went back to the system; it takes some milliseconds.

    glibc gives back by itself only what lies at the end of a pool. Where the C library is another, nothing is done.

    Source: malloc_trim(3).
    """
    trim = _of_glibc("malloc_trim")
    return trim is not None and bool(trim(ctypes.c_size_t(0)))


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function that only glibc has, or None."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def listen(app: WsgiApp, *, host: str, port: int) -> Server:
    """A server that holds its port, and answers once it runs.

    :raises ConfigurationError: where the port cannot be had.
    """
    try:
        return make_server(app, host=host, port=port)
    except OSError as error:
        raise port_busy(host, port) from error


def port_busy(host: str, port: int) -> ConfigurationError:
    """The error of a port that another program holds."""
    return ConfigurationError(
        f"Port {port} on {host} cannot be used: another program listens there.",
        reason="port_busy",
        remedy="Stop that program, or choose another port.",
    )


def run_until_told(server: Server, *, end_with_stdin: bool = False) -> None:
    """Serve until the process is told to stop (SIGTERM, Ctrl-C); for the main thread. A service manager hears of it.

    :param end_with_stdin: also stop when standard input ends, as it does when the program that started this one dies.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        server.close()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if end_with_stdin:
        Thread(target=_close_at_end_of_stdin, args=(server,), name="stdin", daemon=True).start()
    manager = ServiceManager.from_environment()
    manager.ready(server.host, server.port)
    server.run()
    manager.stopping()


def _close_at_end_of_stdin(server: Server) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    server.close()
