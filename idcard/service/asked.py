"""What a request asks for, read strictly; errors never repeat what was sent."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from flask import request

import idcard
from idcard.encoding.mrz import Mrz

_CHALLENGE_BYTES: Final = 8
_CAN_DIGITS: Final = 6
_DEVICE_KEY_BYTES: Final = 32
_MAX_EPHEMERAL_KEY_BYTES: Final = 66
_MAX_DEVICES: Final = 1000


class BadRequest(idcard.IdCardError):
    """The request is not one that this service understands."""

    code = "bad_request"


def nothing_else(known: set[str]) -> None:
    """Nothing, where the address asks for what is known, and once: a key that was put there by mistake is told.

    :raises BadRequest: where it says more.
    """
    if not request.args.keys() <= known or any(len(said) > 1 for _, said in request.args.lists()):
        raise BadRequest(f"an address says at most {', '.join(sorted(known)) or 'where to'}, and each once")


def number(name: str, default: int, most: int) -> int:
    """The whole number in the address that is called ``name``."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= most):
        raise BadRequest(f"{name} is a whole number of at most {most}")
    return int(text)


def body(known: set[str]) -> dict[str, Any]:
    """The request's JSON object, which has no other fields than those that are known."""
    try:
        given = request.get_json(silent=True)
    except RecursionError:
        given = None
    if not isinstance(given, dict) or not given.keys() <= known:
        raise BadRequest(f"the body is a JSON object with no other fields than {', '.join(sorted(known))}")
    return given


def access_key(given: dict[str, Any]) -> idcard.AccessKey | idcard.CardQr:
    """The access key from exactly one of ``can``, ``mrz`` and ``card_qr``."""
    keys = [(name, given[name]) for name in ("can", "mrz", "card_qr") if name in given]
    if len(keys) != 1 or not isinstance(keys[0][1], str):
        raise BadRequest("give exactly one of can, mrz and card_qr, as a text")
    name, text = keys[0]
    try:
        return _MAKERS[name](text)
    except (idcard.ProtocolViolation, ValueError):
        raise BadRequest(f"{name} is not well formed", field=name) from None


def _can(text: str) -> idcard.Can:
    if not (text.isascii() and text.isdigit() and len(text) == _CAN_DIGITS):
        raise ValueError("six digits")
    return idcard.Can(text)


_MAKERS: Final[dict[str, Callable[[str], idcard.AccessKey | idcard.CardQr]]] = {
    "can": _can,
    "mrz": lambda text: idcard.MrzKey(Mrz.parse(text).information),
    "card_qr": idcard.CardQr.parse,
}


def challenge(given: dict[str, Any]) -> bytes | None:
    """The caller's own challenge, or None."""
    value = data(given, "challenge")
    if value is not None and len(value) != _CHALLENGE_BYTES:
        raise BadRequest("a challenge has eight bytes", field="challenge")
    return value


def ephemeral_key(given: dict[str, Any]) -> bytes | None:
    """The private key that the caller made for chip authentication, or None."""
    value = data(given, "ephemeral_key")
    if value is not None and not 0 < len(value) <= _MAX_EPHEMERAL_KEY_BYTES:
        raise BadRequest("an ephemeral key has 1 to 66 bytes", field="ephemeral_key")
    return value


def devices(given: dict[str, Any]) -> frozenset[str] | None:
    """The fingerprints of the devices that the caller knows; None where it names none."""
    listed = given.get("devices")
    if listed is None:
        return None
    if not isinstance(listed, list) or len(listed) > _MAX_DEVICES:
        raise BadRequest(f"devices is a list of at most {_MAX_DEVICES} public keys", field="devices")
    keys = [_base64(text, "devices") for text in listed]
    if any(len(key) != _DEVICE_KEY_BYTES for key in keys):
        raise BadRequest("a device's public key (Ed25519) has 32 bytes", field="devices")
    return frozenset(map(idcard.device_fingerprint, keys))


def data(given: dict[str, Any], name: str) -> bytes | None:
    """The bytes called ``name``, or None."""
    return None if given.get(name) is None else _base64(given[name], name)


def _base64(text: object, name: str) -> bytes:
    try:
        if not isinstance(text, str):
            raise TypeError("a text")
        return b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise BadRequest(f"{name} is bytes in Base64", field=name) from None
