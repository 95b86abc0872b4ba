"""CBOR in one form only: every value has exactly one encoding, and everything else is refused.

Theory of operation. What this project writes is deterministically encoded (RFC 8949, "Core Deterministic Encoding
Requirements"), and signatures rest on that. So reading encodes again what it decoded and compares: that refuses, in
one stroke, longer integers than needed, keys out of order, and bytes behind the end. Tags, indefinite lengths and keys
that occur twice are refused by the decoder itself, before anything is built from them.

Values are text, byte strings, integers, true, false, null, lists and maps; keys are text.

Source: RFC 8949, "Concise Binary Object Representation (CBOR)".
"""

from collections.abc import Callable, Collection
from typing import Any, Final, NoReturn

import cbor2

from idcard.errors import BoundExceeded, MalformedData

MAX_DEPTH: Final = 8
"""How deep lists and maps may lie in each other."""

MAX_VALUES: Final = 1 << 16
"""About how many values one value may hold: a few bytes can name millions, and each costs its reader more."""


class _NoTags(dict[int, Callable[..., NoReturn]]):
    """A decoder for each tag there is: one that refuses it. Some tags cost their reader far more than their bytes."""

    def __missing__(self, tag: int) -> Callable[..., NoReturn]:
        return _refuse_tag


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("no tag has a meaning here")


def encode(value: Any) -> bytes:
    """The one encoding of ``value``.

    :raises TypeError: if something in it is none of the kinds that are written.
    :raises BoundExceeded: if there are far too many values.
    :raises ValueError: if a number needs more than 64 bits, or a text is no Unicode.
    """
    _check_kinds(value)
    encoded: bytes = cbor2.dumps(value, canonical=True)
    return encoded


def decode(data: bytes, *, where: str, limit: int) -> Any:
    """The value that ``data`` is the one encoding of.

    :param where: what the bytes are, for errors.
    :param limit: how many bytes it may have at most.
    :raises BoundExceeded: if there are more, or far too many values in it.
    :raises MalformedData: if it is anything else than the deterministic encoding of one value.
    """
    if len(data) > limit:
        raise BoundExceeded(f"{where} has more than {limit} bytes", limit=limit)
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=_NoTags(),
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        again = encode(value)
    except (cbor2.CBORError, TypeError, ValueError, OverflowError) as error:
        raise MalformedData("is no CBOR of the kinds that are used here", where=where) from error
    if again != data:
        raise MalformedData("is not deterministically encoded, or goes on behind its end", where=where)
    return value


def _check_kinds(value: Any) -> None:
    todo, seen = [value], 0
    while todo:
        each = todo.pop()
        inner = _inside(each)
        seen += 1 + len(inner)
        if seen > MAX_VALUES:
            raise BoundExceeded(f"more than {MAX_VALUES} values", limit=MAX_VALUES)
        todo += inner


def _inside(value: Any) -> Collection[Any]:
    """What a list or a map holds; nothing for the other kinds that are written."""
    if type(value) is dict:
        if any(type(key) is not str for key in value):
            raise TypeError("keys are text")
        return value.values()
    if type(value) is list:
        return value
    if type(value) is int and not -(1 << 64) <= value < 1 << 64:
        raise ValueError("an integer of more than 64 bits would need a tag")
    if type(value) not in (str, bytes, int, bool, type(None)):
        raise TypeError(f"{type(value).__name__} is not written as CBOR here")
    return ()
