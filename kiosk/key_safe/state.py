"""How key files are kept, in the words that staff are shown."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.key_safe.safe import Kind

OWN, SHARED = "key_safe", "shared_safe"
"""The groups of keys, by the settings that name their safes."""
PROBLEMS: Final = (
    "wrong_passphrase",
    "wrong_pin",
    "wait",
    "busy",
    "more",
    "desk",
    "damaged",
    "safe_missing",
    "place_silent",
    "place_refused",
    "never_set_up",
)
"""Why keys are not open, as the page says it."""


class Resists(StrEnum):
    """What a place withstands: nothing, whoever takes the disk, or whoever takes the machine while it is off."""

    NOTHING = "nothing"
    DISK = "disk"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """How one group of key files is kept.

    ``place`` is ``file``, ``passphrase``, ``tpm`` or ``pkcs11``; ``by`` what opened it in this run, with the
    ``officer`` whose passphrase it was. ``plain`` counts the files that are not wrapped.
    """

    group: str
    place: str
    resists: Resists
    by: Kind | None = None
    officer: str = ""
    plain: int = 0
