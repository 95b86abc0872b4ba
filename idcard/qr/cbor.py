"""CBOR as other people's codes hold it: read strictly, and written in one form.

Theory of operation. ``cbor2`` does the work and is told to refuse indefinite lengths, keys that come twice and deep
nesting. What it lets pass is refused here: bytes behind the end, tags that the format does not use, keys that are
neither numbers nor texts, "undefined" and other simple values, numbers that are none. Tags never make objects: what
a tag means is for the format to say.

Unlike in our own files, encoders of other states need not write the shortest form: signatures are over the bytes as
they came, which are never encoded again.

Source: RFC 8949, "Concise Binary Object Representation (CBOR)".
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import cbor2

from idcard.errors import MalformedData

MAX_DEPTH: Final = 32
"""How deep lists and maps may lie in each other."""
MAX_VALUES: Final = 1 << 14
"""How many values one value may hold: a few bytes, once inflated, can name hundreds of thousands."""
_MAX_NUMBER = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A value with a tag in front."""

    tag: int
    value: Any


class _KeepTags(Mapping[int, Callable[..., Tagged]]):
    """A decoder for every tag there is: it keeps the tag and builds nothing from it."""

    def __getitem__(self, tag: int) -> Callable[..., Tagged]:
        return lambda value, *_: Tagged(tag=tag, value=value)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


def decode(data: bytes, *, where: str, tags: frozenset[int] = frozenset()) -> Any:
    """The one value in ``data``: maps, lists, texts, byte strings, numbers, true, false, null, and :class:`Tagged`.

    :param where: what the bytes are, for errors.
    :param tags: the tags that may occur.
    :raises MalformedData: if it is anything else, or something stands behind it.
    """
    stream = BytesIO(data)
    decoder = cbor2.CBORDecoder(
        stream,
        semantic_decoders=_KeepTags(),
        max_depth=MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        value = _Plain(tags)(decoder.decode())
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        # Some of these carry parts of the data along.
        raise MalformedData("is no CBOR of the kinds that are used here", where=where) from _anonymous(error)
    if stream.tell() != len(data):
        raise MalformedData("goes on behind its end", where=where, offset=stream.tell())
    return value


def _anonymous(error: Exception) -> Exception:
    return ValueError(type(error).__name__)


def encode(value: Any) -> bytes:
    """The one deterministic encoding of ``value``; tags are :class:`Tagged`."""
    encoded: bytes = cbor2.dumps(_with_tags(value), canonical=True)
    return encoded


def _with_tags(value: Any) -> Any:
    if isinstance(value, Tagged):
        return cbor2.CBORTag(value.tag, _with_tags(value.value))
    if isinstance(value, list):
        return [_with_tags(each) for each in value]
    return value


class _Plain:
    """Makes plain maps and lists of what was decoded, and counts.

    :raises ValueError: if there is anything in it that no format uses, or too much.
    """

    def __init__(self, tags: frozenset[int]) -> None:
        self._tags = tags
        self._left = MAX_VALUES

    def __call__(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many values")
        if isinstance(value, Mapping):
            return {_key(key): self(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self(each) for each in value]
        if isinstance(value, Tagged):
            if value.tag not in self._tags:
                raise ValueError("an unexpected tag")
            return Tagged(tag=value.tag, value=self(value.value))
        return _atom(value)


def _key(key: Any) -> int | str:
    if type(key) not in (int, str):
        raise ValueError("a key that is neither a number nor a text")
    return key  # type: ignore[no-any-return]


def _atom(value: Any) -> Any:
    if value is None or type(value) in (bool, str, bytes):
        return value
    if type(value) is int and -_MAX_NUMBER <= value < _MAX_NUMBER:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise ValueError("a value of a kind that no format uses")
