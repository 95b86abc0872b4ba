"""Directs a stand-in from another process of this machine: how it behaves, and what it answers."""

import http.client
import json
from typing import Any

from kiosk.insurance.stand_in.moods import Behaviour

_HOST = "127.0.0.1"
_PATIENCE_S = 30.0


class NoStandIn(Exception):
    """No stand-in answers there."""


def behave(port: int, behaviour: Behaviour) -> dict[str, Any]:
    """Its state, once it behaves like this."""
    asked = {"mood": behaviour.mood, "seconds": behaviour.seconds, "lie": behaviour.lie, "only": behaviour.only}
    return _post(port, "/stand-in/mood", asked | ({} if behaviour.times is None else {"times": behaviour.times}))


def forget_tokens(port: int) -> dict[str, Any]:
    """Its state, once it refuses every token that it gave out."""
    return _post(port, "/stand-in/forget-tokens", {})


def change(port: int, number: str, code: str) -> dict[str, Any]:
    """Its state, once it answers with another result code for this number."""
    return _post(port, "/stand-in/change", {"number": number, "code": code})


def state(port: int) -> dict[str, Any]:
    """Its mood, and how often it was asked for what."""
    return _ask(port, "GET", "/stand-in/state", None)


def check_ins(port: int) -> dict[str, Any]:
    """For each visit that was reported the number of the message that did."""
    return _ask(port, "GET", "/stand-in/check-ins", None)


def _post(port: int, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    return _ask(port, "POST", path, json.dumps(asked).encode())


def _ask(port: int, method: str, path: str, body: bytes | None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(_HOST, port, timeout=_PATIENCE_S)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", "X-Stand-In": "1"})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoStandIn from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise NoStandIn
    found: dict[str, Any] = json.loads(content)
    return found
