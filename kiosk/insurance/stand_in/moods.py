"""How the stand-in behaves: as it should, or like a gateway that is slow, lies, or is cut off."""

import socket
from dataclasses import dataclass
from enum import StrEnum
from threading import Event


class Mood(StrEnum):
    """What is wrong with the gateway now."""

    OK = "ok"
    SLOW = "slow"
    """Answers after so many seconds."""
    DRIPPING = "dripping"
    """Sends a byte now and then, and never ends."""
    LYING = "lying"
    """Answers with wrong bytes of some kind."""
    CUT = "cut"
    """Hangs up at once."""
    CUT_AFTER = "cut_after"
    """Takes the question, and hangs up instead of answering."""
    FAILING = "failing"
    """Answers with a server error."""


class Lie(StrEnum):
    """The kinds of wrong bytes."""

    HTML = "html"
    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    A_LIST = "a_list"
    NO_CODE = "no_code"
    WRONG_TYPES = "wrong_types"
    WRONG_DATE = "wrong_date"
    DEEP = "deep"
    HUGE = "huge"
    CUT_SHORT = "cut_short"
    COMPRESSED = "compressed"
    ELSEWHERE = "elsewhere"
    """Sends the caller to another address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A mood with its particulars. ``only`` names the step that is concerned (``token``, ``look_up``), or all."""

    mood: Mood = Mood.OK
    seconds: float = 30.0
    lie: Lie = Lie.HTML
    only: str = ""
    times: int | None = None
    """How many more requests are treated so, or None for all."""


JSON = "application/json; charset=utf-8"

LIES: dict[Lie, tuple[str, bytes]] = {
    Lie.HTML: ("text/html; charset=utf-8", b"<html><body>Vui long dang nhap</body></html>"),
    Lie.NOT_JSON: (JSON, b'{"maKetQua": "000", '),
    Lie.NOT_UTF8: (JSON, b'{"maKetQua": "000", "ghiChu": "\xff\xfe"}'),
    Lie.A_LIST: (JSON, b'["000"]'),
    Lie.NO_CODE: (JSON, b'{"ghiChu": "ok"}'),
    Lie.WRONG_TYPES: (JSON, b'{"maKetQua": 0, "maThe": 12, "gtTheTu": {}}'),
    Lie.WRONG_DATE: (JSON, b'{"maKetQua": "000", "maThe": "GD4363699999999", "gtTheTu": "31/02/2026"}'),
    Lie.DEEP: (JSON, b'{"maKetQua": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    Lie.HUGE: (JSON, b'{"maKetQua": "000", "ghiChu": "' + b"x" * 3_000_000 + b'"}'),
}
"""The lies that are an answer of their own; the others are told by the server."""


def drip(connection: socket.socket, stopped: Event, every_s: float = 0.05) -> None:
    """Send headers one byte at a time, until the caller hangs up or the stand-in stops."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    try:
        while not stopped.wait(every_s):
            connection.sendall(b"x")
    except OSError:
        return


def cut_short(connection: socket.socket, content: bytes) -> None:
    """Send less than is announced, and hang up."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content[: len(content) // 2])
    hang_up(connection)


def hang_up(connection: socket.socket) -> None:
    """End a connection in the middle of whatever it does."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
