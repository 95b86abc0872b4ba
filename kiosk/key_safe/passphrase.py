"""A safe's key from what somebody knows: an officer's passphrase, or the recovery's code on paper.

Each officer has a passphrase of their own, so that it is known who opened. Argon2id makes trying costly: whoever took
the machine tries as many as they can pay for, so the passphrase's length is what protects. The recovery's code is 160
random bits, which nobody tries.

Source: RFC 9106, "Argon2 Memory-Hard Function for Password Hashing and Proof-of-Work Applications", section 4.
"""

import base64
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from kiosk.key_safe.safe import Kind, Safe, Slot, trouble
from kiosk.key_safe.wrapped import SECRET_BYTES

SHORTEST: Final = 14
"""The fewest characters of an officer's passphrase: a thief tries at home, and no door makes them wait."""
LONGEST: Final = 128
_FEWEST_LETTERS: Final = 6
_SALT_BYTES: Final = 16
_CODE_BYTES, _GROUP = 20, 4
_MOST_MEMORY_KIB, _MOST_TIME = 4 * 1024 * 1024, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one try costs. The usual one takes a kiosk's processor about a second, and 256 MiB."""

    memory_kib: int = 256 * 1024
    rounds: int = 4
    lanes: int = 4


USUAL: Final = Cost()


def plain_passphrase(text: str) -> str:
    """The passphrase in one spelling: keyboards compose Vietnamese letters in different ways."""
    return unicodedata.normalize("NFC", text)


def is_good(text: str, officer: str) -> bool:
    """Whether a passphrase may be chosen: long enough, not the officer's name, not a few letters over and over."""
    passphrase = plain_passphrase(text)
    fits = SHORTEST <= len(passphrase) <= LONGEST
    return fits and officer not in passphrase.casefold() and len(set(passphrase)) >= _FEWEST_LETTERS


def new_code() -> str:
    """A recovery's code: 160 random bits in eight groups of four letters and digits."""
    letters = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def is_code(text: str) -> bool:
    """Whether this has the form of a recovery's code, however it was typed."""
    return len(_spelt(Kind.RECOVERY, text)) == 8 * _CODE_BYTES // 5


def slot_of(kind: Kind, name: str, passphrase: str, secret: bytes, *, safe: Safe, cost: Cost | None = None) -> Slot:
    """A slot that this passphrase, or code, opens."""
    cost = cost or USUAL
    values: dict[str, str | int | bool] = {
        "salt": os.urandom(_SALT_BYTES).hex(),
        "memory_kib": cost.memory_kib,
        "rounds": cost.rounds,
        "lanes": cost.lanes,
    }
    return Slot.of(kind, values, _key(values, _spelt(kind, passphrase)), secret, safe=safe.id, name=name)


def secret_of(safe: Safe, name: str, passphrase: str) -> bytes:
    """The safe's secret, by an officer's passphrase; with an empty name, by the recovery's code.

    A name that has no slot costs as much as a wrong passphrase.

    :raises PlaceTrouble: ``wrong_passphrase``.
    """
    kind = Kind.PASSPHRASE if name else Kind.RECOVERY
    slot = next((slot for slot in safe.of(kind) if slot.name == name), None)
    decoy = next(iter(safe.of(Kind.PASSPHRASE, Kind.RECOVERY)), None)
    if decoy is not None:
        key = _key((slot or decoy).values, _spelt(kind, passphrase[: LONGEST + 1]))
        found = None if slot is None else slot.open(key, safe=safe.id)
        if found is not None:
            return found
    raise trouble(
        "The name or the passphrase is not right.",
        reason="wrong_passphrase",
        remedy="Try again; another officer's passphrase and the recovery's code open it as well.",
    )


def _spelt(kind: Kind, text: str) -> bytes:
    if kind is Kind.RECOVERY:
        # As it is read off paper: groups, small letters, and digits that base32 does not have.
        read = "".join(char for char in text.upper() if char.isalnum())
        return read.translate(str.maketrans("018", "OIB")).encode()
    return plain_passphrase(text).encode()


def _key(values: Mapping[str, str | int | bool], passphrase: bytes) -> bytes:
    memory, rounds = int(values["memory_kib"]), int(values["rounds"])
    if memory > _MOST_MEMORY_KIB or rounds > _MOST_TIME:
        raise trouble("A slot of the key safe asks for too much.", reason="damaged", remedy="Restore it from its copy.")
    return hash_secret_raw(
        secret=passphrase,
        salt=bytes.fromhex(str(values["salt"])),
        time_cost=rounds,
        memory_cost=memory,
        parallelism=int(values["lanes"]),
        hash_len=SECRET_BYTES,
        type=Type.ID,
    )
