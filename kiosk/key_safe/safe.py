"""A key safe: the file that holds the secret of the wrapped keys, sealed once for each way to open it.

Theory of operation. The secret is made once and never changes. Each way to open the safe has a slot: its place (a
passphrase, a TPM, a PKCS #11 token) gives a key of 32 bytes, and the slot holds the secret under it (AES-256-GCM, bound
to the safe and to the slot's kind and name). So ways are added and taken away without touching the wrapped files, and a
change of a passphrase is one file that is put in place whole. One slot is the recovery's: a code on paper, far away.

The file tells nothing without one of its places; a copy of it opens with what opened it when it was copied.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idcard import ConfigurationError
from kiosk.durable import write_in_place
from kiosk.key_safe.wrapped import SECRET_BYTES, Entropy

_FORMAT: Final = 1
_NONCE: Final = 12
_ID_BYTES: Final = 8


class Kind(StrEnum):
    """What opens a slot."""

    PASSPHRASE = "passphrase"
    TPM = "tpm"
    PKCS11 = "pkcs11"
    RECOVERY = "recovery"


class PlaceTrouble(ConfigurationError):
    """A place does not give its key: it is not there, or it refuses. Nothing was changed."""


def trouble(what: str, *, reason: str, remedy: str) -> PlaceTrouble:
    """The error of a place that does not give its key."""
    return PlaceTrouble(what, reason=reason, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One way to open the safe. ``name`` is the officer's whose passphrase it is, and otherwise empty.

    ``values`` is what the place needs to give its key again, and nothing secret.
    """

    kind: Kind
    name: str
    values: Mapping[str, str | int | bool]
    nonce: bytes
    sealed: bytes

    @classmethod
    def of(
        cls,
        kind: Kind,
        values: Mapping[str, str | int | bool],
        key: bytes,
        secret: bytes,
        *,
        safe: str,
        name: str = "",
        entropy: Entropy = os.urandom,
    ) -> "Slot":
        """A slot that the place's key (32 bytes) opens."""
        nonce = entropy(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, secret, _bound(safe, kind, name))
        return cls(kind=kind, name=name, values=dict(values), nonce=nonce, sealed=sealed)

    def open(self, key: bytes, *, safe: str) -> bytes | None:
        """The safe's secret; None under another key."""
        try:
            return AESGCM(key).decrypt(self.nonce, self.sealed, _bound(safe, self.kind, self.name))
        except InvalidTag:
            return None

    def _written(self) -> dict[str, Any]:
        sealed = {"nonce": base64.b64encode(self.nonce).decode(), "sealed": base64.b64encode(self.sealed).decode()}
        return {"kind": self.kind.value, "name": self.name, "values": dict(self.values)} | sealed

    @classmethod
    def _read(cls, said: dict[str, Any]) -> "Slot":
        return cls(
            kind=Kind(said["kind"]),
            name=str(said["name"]),
            values=dict(said["values"]),
            nonce=base64.b64decode(said["nonce"], validate=True),
            sealed=base64.b64decode(said["sealed"], validate=True),
        )


def _bound(safe: str, kind: Kind, name: str) -> bytes:
    return json.dumps(["kiosk key safe", _FORMAT, safe, kind.value, name]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """The safe: its id (16 hexadecimal digits), and the ways to open it."""

    id: str
    slots: tuple[Slot, ...] = ()

    @classmethod
    def new(cls) -> "tuple[Safe, bytes]":
        """A safe that nothing opens yet, and its secret."""
        return cls(id=secrets.token_hex(_ID_BYTES)), secrets.token_bytes(SECRET_BYTES)

    @classmethod
    def load(cls, path: Path) -> "Safe":
        """The safe in a file.

        :raises ConfigurationError: ``safe_missing`` where there is no file, ``damaged`` for anything else in it.
        """
        try:
            said = json.loads(path.read_bytes())
            if said["kiosk_safe"] != _FORMAT or not isinstance(said["id"], str):
                raise ValueError("another format")
            return cls(id=said["id"], slots=tuple(Slot._read(each) for each in said["slots"]))
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"There is no key safe {path.name}.",
                reason="safe_missing",
                remedy="Restore it from its copy, or make one: kiosk keys protect.",
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"The key safe {path.name} cannot be read.", reason="damaged", remedy="Restore it from its copy."
            ) from error

    def save(self, path: Path) -> None:
        """Put the file in place whole; a power cut leaves this one or the one before."""
        written = {"kiosk_safe": _FORMAT, "id": self.id, "slots": [slot._written() for slot in self.slots]}
        write_in_place(path, json.dumps(written, indent=1).encode() + b"\n")

    def of(self, *kinds: Kind) -> tuple[Slot, ...]:
        """The slots of these kinds."""
        return tuple(slot for slot in self.slots if slot.kind in kinds)

    def adding(self, slot: Slot) -> "Safe":
        """The safe with one more way, in place of one of the same kind and name."""
        return replace(self.without(slot.kind, slot.name), slots=(*self.without(slot.kind, slot.name).slots, slot))

    def without(self, kind: Kind, name: str = "") -> "Safe":
        """The safe without a way."""
        return replace(self, slots=tuple(slot for slot in self.slots if (slot.kind, slot.name) != (kind, name)))
