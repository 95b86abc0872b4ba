"""JSON as other people's codes hold it: read strictly.

Theory of operation. ``json`` does the work. What it lets pass is refused here: keys that come twice in one object, NaN
and infinities, numbers longer than any real one, lone surrogates, deep nesting and far too many values. A verifier that
takes the last of two keys and a program that takes the first would read different documents under one signature.

Source: RFC 8259, "The JavaScript Object Notation (JSON) Data Interchange Format"; RFC 7493, "I-JSON".
"""

import json
import math
from collections.abc import Container
from typing import Any, Final, NoReturn

from idcard.errors import MalformedData

MAX_DEPTH: Final = 32
"""How deep objects and lists may lie in each other."""
MAX_VALUES: Final = 1 << 14
"""How many values one value may hold."""
_MAX_DIGITS = 20


def decode(data: bytes, *, where: str, limit: int = MAX_VALUES) -> Any:
    """The one value in ``data``, which is UTF-8: dicts, lists, texts, numbers, true, false, null.

    :param where: what the bytes are, for errors.
    :param limit: about how many values it may hold.
    :raises MalformedData: if it is anything else.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant
        )
        _check(value, limit)
    except (ValueError, RecursionError) as error:
        # The parser's own errors carry the text along.
        raise MalformedData("is no JSON of the kinds that are used here", where=where) from _anonymous(error)
    return value


def decode_object(data: bytes, *, where: str, limit: int = MAX_VALUES) -> dict[str, Any]:
    """The one object in ``data``.

    :raises MalformedData: if it is anything else.
    """
    value = decode(data, where=where, limit=limit)
    if not isinstance(value, dict):
        raise MalformedData("is no JSON object", where=where)
    return value


def is_one_of(value: object, names: Container[str]) -> bool:
    """Whether ``value`` is a text and one of ``names``: lists and objects cannot even be asked for in a set."""
    return isinstance(value, str) and value in names


def canonical(value: Any) -> bytes:
    """The one form of ``value`` that signatures over JSON are made over, in UTF-8.

    :raises ValueError: if it holds a number with a fraction: its one form is the one thing not written here.

    Source: RFC 8785, "JSON Canonicalization Scheme (JCS)".
    """
    return json.dumps(_ordered(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        # By UTF-16 code units, which is not the order of code points.
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if isinstance(value, float):
        raise ValueError("a number with a fraction")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that comes twice")
    return found


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > _MAX_DIGITS:
        raise ValueError("a number that is too long")
    return int(digits)


def _constant(_: str) -> NoReturn:
    raise ValueError("a number that is none")


def _check(value: Any, limit: int) -> None:
    todo, seen = [(value, 0)], 0
    while todo:
        each, depth = todo.pop()
        inner = [*each, *each.values()] if isinstance(each, dict) else each if isinstance(each, list) else []
        seen += 1 + len(inner)
        if depth > MAX_DEPTH or seen > limit:
            raise ValueError("too deep, or too many values")
        if isinstance(each, str):
            each.encode()  # lone surrogates
        if isinstance(each, float) and not math.isfinite(each):
            raise ValueError("a number that is none")
        todo += [(one, depth + 1) for one in inner]


def _anonymous(error: Exception) -> Exception:
    return ValueError(type(error).__name__)
