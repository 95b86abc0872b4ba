"""CBOR in one form only, bounded: what is signed has exactly one encoding, and everything else is refused.

Text keys, no tags, no floats, nothing of indefinite length, nothing behind the end. Reading encodes again and compares,
which refuses longer integers than needed and keys out of order in one stroke.

Source: RFC 8949, "Core Deterministic Encoding Requirements".
"""

from collections.abc import Callable
from typing import Any, NoReturn

import cbor2

from kiosk.wire.errors import MalformedMessage

MAX_DEPTH = 6
_PLAIN = (str, bytes, int, bool, type(None))


class _NoTags(dict[int, Callable[..., NoReturn]]):
    """A decoder for each tag there is: one that refuses it."""

    def __missing__(self, tag: int) -> Callable[..., NoReturn]:
        return _refuse_tag


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("no tag has a meaning here")


def encode(value: Any) -> bytes:
    """The one encoding of a value of maps, lists, text, bytes, integers, true, false and null."""
    encoded: bytes = cbor2.dumps(value, canonical=True)
    return encoded


def decode(data: bytes, *, where: str, limit: int) -> Any:
    """The value that ``data`` is the one encoding of.

    :param where: what the bytes are, for errors.
    :param limit: how many bytes it may have at most.
    :raises MalformedMessage: for anything else.
    """
    if len(data) > limit:
        raise MalformedMessage(f"{where}: more than {limit} bytes")
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=_NoTags(),
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        _check_kinds(value)
        same = encode(value) == data
    except (
        cbor2.CBORError,
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        raise MalformedMessage(f"{where}: not this kind of CBOR") from error
    if not same:
        raise MalformedMessage(f"{where}: not deterministically encoded")
    return value


def decode_map(data: bytes, *, where: str, limit: int) -> dict[str, Any]:
    """As :func:`decode`, where a map is wanted."""
    value = decode(data, where=where, limit=limit)
    if type(value) is not dict:
        raise MalformedMessage(f"{where}: no map")
    return value


def _check_kinds(value: Any) -> None:
    todo = [value]
    while todo:
        each = todo.pop()
        if type(each) is list:
            todo += each
        elif type(each) is dict:
            if any(type(key) is not str for key in each):
                raise TypeError("keys are text")
            todo += each.values()
        elif type(each) not in _PLAIN:
            raise TypeError("not written here")
