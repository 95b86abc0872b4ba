"""Identifiers that sort by time."""

import os
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

_VERSION_7 = 0x7
_VARIANT = 0b10


def uuid7(at: datetime, *, entropy: Callable[[int], bytes] = os.urandom) -> str:
    """A UUID of version 7 for an instant: 36 characters, and later ones sort behind earlier ones.

    Source: RFC 9562, "UUID Version 7".
    """
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    random = int.from_bytes(entropy(10), "big")
    high, low = random >> 62 & 0xFFF, random & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | _VERSION_7 << 76 | high << 64 | _VARIANT << 62 | low))
