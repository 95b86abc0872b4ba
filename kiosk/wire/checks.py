"""The forms that fields may have. No form takes a name, an address or a personal number.

Each check takes a value as CBOR gave it and gives it back, or raises :class:`MalformedMessage`. Words are lower-case
ASCII and hold no nine digits in a row, so that nothing that names a person passes for one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from kiosk.wire.errors import MalformedMessage

Check = Callable[[Any, str], Any]
_T = TypeVar("_T")

_WORD = re.compile(r"(?!.*[0-9]{9})[a-z0-9][a-z0-9_.:-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_VERSION = re.compile(r"(?!.*[0-9]{15})[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_DESK_CODE = re.compile(r"E[0-9]{2}|[a-z_]{1,16}")

MAX_MS = 253_402_214_400_000
"""The latest instant that is written, in milliseconds since 1970: the last day of 9999, behind which dates end."""


def _matching(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: Any, where: str) -> Any:
        if type(value) is not str or not pattern.fullmatch(value):
            raise MalformedMessage(f"{where}: {what}")
        return value

    return check


word = _matching(_WORD, "no word")
"""A stable word of a fixed list; which ones there are is for the reader to know."""
name = _matching(_NAME, "no name of a clinic or device")
version = _matching(_VERSION, "no version")
desk_code = _matching(_DESK_CODE, "no desk code")


def whole(least: int = 0, most: int = (1 << 31) - 1) -> Check:
    """An integer within bounds."""

    def check(value: Any, where: str) -> Any:
        if type(value) is not int or not least <= value <= most:
            raise MalformedMessage(f"{where}: no integer from {least} to {most}")
        return value

    return check


def exactly(size: int) -> Check:
    """So many bytes."""

    def check(value: Any, where: str) -> Any:
        if type(value) is not bytes or len(value) != size:
            raise MalformedMessage(f"{where}: not {size} bytes")
        return value

    return check


def uuid(value: Any, where: str) -> Any:
    """The 16 bytes of a UUID of version 7."""
    if type(value) is not bytes or len(value) != 16 or value[6] >> 4 != 7 or value[8] >> 6 != 0b10:
        raise MalformedMessage(f"{where}: no UUID of version 7")
    return value


def boolean(value: Any, where: str) -> Any:
    """True or false."""
    if type(value) is not bool:
        raise MalformedMessage(f"{where}: neither true nor false")
    return value


def day(value: Any, where: str) -> Any:
    """A day of the clinic, ``2026-11-23``."""
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except (TypeError, ValueError):
        pass
    raise MalformedMessage(f"{where}: no day")


def words(value: Any, where: str) -> Any:
    """Up to 16 words, as a tuple."""
    if type(value) is not list or len(value) > 16:
        raise MalformedMessage(f"{where}: no list of up to 16 words")
    return tuple(word(each, where) for each in value)


def has(check: Check) -> Mapping[str, Check]:
    """The metadata of a dataclass's field that has this form."""
    return MappingProxyType({"check": check})


def optional(check: Check) -> Any:
    """A field that may be missing, and then is None."""
    return field(default=None, metadata=has(check))


def to_map(value: Any) -> dict[str, Any]:
    """A dataclass as it is encoded: what is None is left out.

    :raises MalformedMessage: where a field does not have its form: nothing is sent that would be refused.
    """
    found: dict[str, Any] = {}
    for each in fields(value):
        content = getattr(value, each.name)
        if content is not None:
            content = list(content) if type(content) is tuple else content
            each.metadata["check"](content, each.name)
            found[each.name] = content
    return found


def from_map(kind: type[_T], found: Any, where: str) -> _T:
    """The dataclass in a map; a field that is missing, unknown or of another form is refused.

    :raises MalformedMessage: which names the field.
    """
    if type(found) is not dict:
        raise MalformedMessage(f"{where}: no map")
    known = {each.name: each.metadata["check"] for each in fields(kind)}  # type: ignore[arg-type]
    if strange := found.keys() - known.keys():
        raise MalformedMessage(f"{where}: {len(strange)} unknown fields")
    checked = {name: known[name](content, f"{where}.{name}") for name, content in found.items()}
    try:
        return kind(**checked)
    except TypeError as error:
        raise MalformedMessage(f"{where}: a field is missing") from error


def to_stored(value: Any) -> dict[str, Any]:
    """A dataclass as JSON can hold it: bytes as hexadecimal text."""
    return {name: content.hex() if type(content) is bytes else content for name, content in to_map(value).items()}


def from_stored(kind: type[_T], found: Mapping[str, Any]) -> _T:
    """The dataclass that :func:`to_stored` wrote.

    :raises MalformedMessage: for anything else.
    """
    of_bytes = {each.name for each in fields(kind) if "bytes" in str(each.type)}  # type: ignore[arg-type]
    plain = {name: bytes.fromhex(content) if name in of_bytes else content for name, content in found.items()}
    return from_map(kind, plain, "stored")
