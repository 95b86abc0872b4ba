"""The server that the apps run in."""

from collections.abc import Callable, Iterable
from threading import Event
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from kiosk.web.common.door import HEADERS

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

LONG_POLLS = 8
"""How many pages may wait for news at the same time; each holds a thread."""

THREADS = LONG_POLLS + 8
"""How many pages are made at the same time, or wait for news."""

IDLE_CONNECTIONS = 48
"""How many connections may lie open that ask nothing; a further one takes the place of the oldest.

Any program of the machine can open connections and say nothing, or half of something. Without a bound of our own
they would fill waitress's, which then takes no new ones until the silent ones have timed out.
"""

RESERVED = {"/health": 1, "/internal/": 2}
"""Addresses, by how they begin, that have threads of their own, and how many: whoever watches over the process, and the
other processes of this machine, are answered also while every page waits.
"""
_NOTICE_S = 0.25


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The server's own answer to what never reached the app: no word of what it is, and the headers of every page."""

    def execute(self) -> None:
        """Write the answer and hang up."""
        problem = self.request.error
        body = f"{problem.reason}\n".encode()
        self.status = f"{problem.code} {problem.reason}"
        self.response_headers.extend([("Content-Type", "text/plain; charset=utf-8"), *HEADERS.items()])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Lanes:
    """Waitress's threads, in groups: one for each kind of address that is reserved, and one for all others."""

    def __init__(self) -> None:
        self._all, self._reserved = ThreadedTaskDispatcher(), {start: ThreadedTaskDispatcher() for start in RESERVED}

    def start(self, threads: int) -> None:
        """Begin to serve, with so many threads for what is not reserved."""
        self._all.set_thread_count(threads)
        for start, lane in self._reserved.items():
            lane.set_thread_count(RESERVED[start])

    def add_task(self, channel: Any) -> None:
        """Let the channel's next request be served by a thread of its group."""
        path = getattr(channel.requests[0], "path", "")  # what could not be read has none
        lanes = (lane for start, lane in self._reserved.items() if path.startswith(start))
        next(lanes, self._all).add_task(channel)

    def shutdown(self) -> None:
        """End the threads; each is given a few seconds to finish."""
        for lane in (self._all, *self._reserved.values()):
            lane.shutdown()


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    error_task_class = _Refusal


def make_server(app: WsgiApp, *, host: str, port: int) -> "Server":
    """A server that listens and serves once :meth:`Server.run` is called.

    :param port: 0 picks a free one.
    """
    return Server(app, host=host, port=port)


class Server:
    """A waitress server that does not say what it is, with threads enough for the pages that wait."""

    def __init__(self, app: WsgiApp, *, host: str, port: int) -> None:
        self.host = host
        self._map: dict[int, Any] = {}
        self._stopped = Event()
        lanes = _Lanes()
        self._server = create_server(
            app,
            map=self._map,
            host=host,
            port=port,
            _dispatcher=lanes,
            ident="",
            channel_timeout=60,
            channel_request_lookahead=1,  # lets a waiting view notice that its page went away
            max_request_body_size=4 * 1024 * 1024,
            max_request_header_size=32 * 1024,
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = _Channel
        lanes.start(THREADS)
        self.port: int = int(self._server.effective_port)

    def run(self) -> None:
        """Serve until :meth:`close`, or until the process is told to stop."""
        try:
            while not self._stopped.is_set():
                wasyncore.loop(timeout=_NOTICE_S, use_poll=True, map=self._map, count=1)
                self._let_go_of_idle()
        except KeyboardInterrupt:
            pass
        finally:
            wasyncore.close_all(self._map)
            self._server.task_dispatcher.shutdown()

    def _let_go_of_idle(self) -> None:
        """Close the oldest idle connections, where there are too many; one that waits for an answer is not idle."""
        channels = self._server.active_channels.values()
        if len(channels) <= IDLE_CONNECTIONS:
            return
        idle = [channel for channel in channels if not (channel.requests or channel.total_outbufs_len)]
        # By their age, not their silence: a byte now and then must not keep a place that a newcomer needs.
        idle.sort(key=lambda channel: channel.creation_time, reverse=True)
        for channel in idle[IDLE_CONNECTIONS:]:
            channel.will_close = True

    def close(self) -> None:
        """Stop serving; :meth:`run` returns soon after. May be called from any thread."""
        self._stopped.set()
