"""The HN-212 network reader: it opens and reads cards by itself, and tells of it as events over Socket.IO.

What is known of it comes from hospitals' programs and from no document of the maker: events carry a number (1 a new
card, 2 its text, 3 an error, 4 the raw files). Everything about the shape of an event that may differ is a setting,
:class:`~kiosk.device_config.EventShape`. The text is thrown away unread: it proves nothing, and the files say the same.
So are the portrait and DG2: the automatic lane needs no face.
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from queue import Empty, Queue
from typing import Any

import socketio
import structlog

from kiosk.device_config import EventShape
from kiosk.ports import CardFiles, ReaderTrouble, ReaderWord, SeenCard

_WANTED = ("com", "sod", "dg1", "dg13", "dg14", "dg15")
_ENOUGH = ("sod", "dg13")
_LARGEST = 64 * 1024
_LARGEST_MESSAGE = 2 * 1024 * 1024
_AT_MOST = 16
_log = structlog.get_logger(__name__)


class Hn212:
    """A :class:`~kiosk.ports.ClosedReader` on the network; it may be switched on later.

    :param again_s: how long to wait before a missing reader is called again.
    """

    name = "HN-212"

    def __init__(self, host: str, port: int, shape: EventShape | None = None, *, again_s: float = 2.0) -> None:
        self._address = f"http://{host}:{port}"
        self._shape = shape or EventShape()
        self._again_s = again_s
        self._not_before = 0.0
        self._words: Queue[ReaderWord] = Queue(_AT_MOST)
        self._line = socketio.Client(reconnection=False, logger=False, engineio_logger=False)
        self._line.on(self._shape.event, self._heard_any if self._shape.event == "*" else self._heard, self._namespace)

    @property
    def _namespace(self) -> str:
        return self._shape.namespace

    @property
    def connected(self) -> bool:
        """Whether the line to it is open."""
        return bool(self._line.connected)

    def wait(self, timeout_s: float) -> ReaderWord | None:
        """What it told within the time-out; nothing where it told nothing, or is missing."""
        if not self.connected:
            self._call(timeout_s)
        try:
            return self._words.get(timeout=timeout_s)
        except Empty:
            return None

    def close(self) -> None:
        """Hang up."""
        self._line.disconnect()

    def _call(self, timeout_s: float) -> None:
        if time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + self._again_s
        try:
            self._line.connect(
                self._address,
                socketio_path=self._shape.path,
                namespaces=[self._namespace],
                wait_timeout=max(1.0, timeout_s),
            )
            _log.info("closed_reader_connected")
        except (socketio.exceptions.ConnectionError, ValueError, OSError):
            _log.debug("closed_reader_missing")

    def _heard_any(self, event: str, *told: Any) -> None:
        self._heard(*told)

    def _heard(self, *told: Any) -> None:
        word = word_of(told[0] if told else None, self._shape)
        if word is not None:
            if self._words.full():
                # Nobody has listened for long: what is old is nobody's any more.
                self._words.get_nowait()
            self._words.put_nowait(word)


def word_of(told: object, shape: EventShape) -> ReaderWord | None:
    """What an event says, or None where it is none of those that matter; garbage is trouble, never an error."""
    said = _object(told)
    if said is None:
        return ReaderTrouble()
    match said.get(shape.kind):
        case shape.new_card:
            return SeenCard()
        case shape.error:
            return ReaderTrouble()
        case shape.files:
            body = _object(said.get(shape.body)) if shape.body else said
            files = None if body is None else _files(body, shape)
            return ReaderTrouble() if files is None else CardFiles(files=files)
        case _:
            return None


def _object(told: object) -> Mapping[str, Any] | None:
    if isinstance(told, str) and len(told) <= _LARGEST_MESSAGE:
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return None
    return told if isinstance(told, dict) else None


def _files(body: Mapping[str, Any], shape: EventShape) -> dict[str, bytes] | None:
    """The files that matter, or None where one that is needed is missing or cannot be read."""
    spelt = {str(name).lower().removeprefix("ef.").removeprefix("ef_"): text for name, text in body.items()}
    files = {name: _bytes(spelt[name], shape) for name in _WANTED if spelt.get(name)}
    if not all(files.values()) or not all(name in files for name in _ENOUGH):
        return None
    return files


def _bytes(text: object, shape: EventShape) -> bytes:
    """The bytes that are spelt there; none where they cannot be read."""
    if not isinstance(text, str) or len(text) > 2 * _LARGEST:
        return b""
    try:
        return bytes.fromhex(text) if shape.spelling == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
