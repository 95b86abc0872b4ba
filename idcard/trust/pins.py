"""Pinned document signers: two named people sign for a certificate for which there is no anchor yet.

Theory of operation. Vietnam's CSCA for citizen cards is published nowhere, yet every card brings its signer's
certificate along. Two people who compared it with what the authority told them sign a list of such certificates, each
with a key of their own; a clinic names the people whose signatures it takes, and so does a province for its clinics. A
pin counts between its two days. A list has a number that only grows, so that an old one cannot take the place of a
newer one, nor another one of the same number, where a state file remembers the newest (:mod:`idcard.trust.rollback`).

The list is a signed text (see ``signed_text``) of the format ``idcard.pins/1``::

    idcard.pins/1
    {"pins":[{"fingerprint":"…64 hex…","from":"2026-11-23","note":"…","to":"2027-11-22"}],"serial":1}
    an.nguyen BASE64
    binh.tran BASE64

and the people are in a file in TOML::

    format = 1

    [keys]
    "an.nguyen" = "BASE64 of the 32 bytes of an Ed25519 public key"
    "binh.tran" = "…"

Everything is read once and checked; a list that is not wholly in order is refused whole.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.errors import ConfigurationError, MalformedData
from idcard.trust.key_file import keys_from_file
from idcard.trust.rollback import check_not_rolled_back
from idcard.trust.signed_text import MAX_BYTES, SignedText, check_proves, day, draft, exactly, is_name

FORM = "idcard.pins/1"
PEOPLE = 2
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_LIST_FIELDS = {"pins": list, "serial": int}
_PIN_FIELDS = {"fingerprint": str, "from": str, "note": str, "to": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A document signer by its certificate's SHA-256 fingerprint in hexadecimal, and the first and last day on which
    the pin counts. ``note`` is for people: where the certificate was compared.
    """

    fingerprint: str
    first_day: date
    last_day: date
    note: str = ""

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise ValueError("a fingerprint is 64 small hexadecimal digits")
        if self.first_day > self.last_day:
            raise ValueError("a pin ends before it begins")

    def counts_at(self, at: datetime) -> bool:
        """Whether ``at`` lies within the pin's days, in the zone of ``at``."""
        return self.first_day <= at.date() <= self.last_day


@dataclass(frozen=True, slots=True, kw_only=True)
class PinKeys:
    """The people whose signatures count: their names and public keys."""

    keys: Mapping[str, Ed25519PublicKey]

    def __post_init__(self) -> None:
        if len({key.public_bytes_raw() for key in self.keys.values()}) != len(self.keys):
            raise ValueError("two names have one key")
        if len(self.keys) < PEOPLE or not all(map(is_name, self.keys)):
            raise ValueError("two people or more, named by small letters, digits, dots and dashes")
        for key in self.keys.values():
            check_proves(key)
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    @classmethod
    def from_file(cls, path: Path | str) -> "PinKeys":
        """The people in the file at ``path``.

        :raises ConfigurationError: with reason ``never_set_up`` where there is no file, ``damaged`` where it does not
            follow its format.
        """
        keys = keys_from_file(path)
        try:
            return cls(keys=keys)
        except ValueError as error:
            raise _damaged(Path(path).name) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The pins that two people signed for.

    ``version`` is the SHA-256 of the file in hexadecimal, ``signers`` the two names, ``serial`` the list's number, and
    ``content`` the SHA-256 of what was signed, which is the same whoever of the people signed it.
    """

    pins: tuple[Pin, ...]
    serial: int
    signers: tuple[str, ...]
    version: str
    content: str

    @classmethod
    def from_file(
        cls, path: Path | str, keys: PinKeys, *, at_least: int = 0, state: Path | str | None = None
    ) -> "Pins":
        """The list in the file at ``path``.

        :param at_least: the number of the newest list that was seen before.
        :param state: a file elsewhere, of this list alone, that remembers the newest one, so that an older one is
            refused, and another one of the same number; made where it is missing.
        :raises ConfigurationError: with reason ``never_set_up`` where there is no file, ``damaged`` where it does not
            follow its format, ``not_vouched_for`` where not exactly two of the people in ``keys`` signed it,
            ``rolled_back`` where it is older than ``at_least``, or than ``state`` remembers.
        """
        file = Path(path)
        pins = cls.from_bytes(_read(file), keys, at_least=at_least, name=file.name)
        if state is not None:
            check_not_rolled_back(Path(state), sequence=pins.serial, digest=pins.content, what=file.name)
        return pins

    @classmethod
    def from_bytes(cls, data: bytes, keys: PinKeys, *, at_least: int = 0, name: str = "pins") -> "Pins":
        """The list in ``data``; ``name`` is what an error calls it.

        :raises ConfigurationError: as :meth:`from_file` does.
        """
        try:
            text = SignedText.parse(data, form=FORM)
            signers = text.signers(keys.keys)
            pins, serial = _pins(text.statement)
        except (MalformedData, ValueError) as error:
            raise _damaged(name) from error
        if signers is None or len(signers) != PEOPLE:
            raise ConfigurationError(
                f"{name} is not signed by two of the people who are named for it.",
                reason="not_vouched_for",
                remedy="Have two of them sign it, each with a key of their own.",
            )
        if serial < at_least:
            raise ConfigurationError(
                f"{name} is older than a list that was here before.",
                reason="rolled_back",
                remedy="Put the newer list back.",
            )
        version = hashlib.sha256(data).hexdigest()
        content = hashlib.sha256(text.signed).hexdigest()
        return cls(pins=pins, serial=serial, signers=tuple(sorted(signers)), version=version, content=content)

    def pin_of(self, fingerprint: str, at: datetime) -> Pin | None:
        """The pin of the certificate with this fingerprint that counts at ``at``, or None."""
        return next((pin for pin in self.pins if pin.fingerprint == fingerprint and pin.counts_at(at)), None)


def draft_pins(pins: Iterable[Pin], serial: int) -> bytes:
    """The first two lines of a list, which two people then sign with ``signed_text.signature_line``."""
    entries = [
        {
            "fingerprint": pin.fingerprint,
            "from": pin.first_day.isoformat(),
            "note": pin.note,
            "to": pin.last_day.isoformat(),
        }
        for pin in pins
    ]
    return draft(FORM, {"pins": entries, "serial": serial})


def drafted(data: bytes) -> tuple[tuple[Pin, ...], int, tuple[str, ...]]:
    """What a list says that may still lack signatures: its pins, its number, and the names that stand under it.

    No signature is checked: who is about to sign wants to know what.

    :raises MalformedData: if it is no such list.
    """
    lines = data.split(b"\n")
    try:
        pins, serial = _pins(json.loads(lines[1]))
        names = tuple(line.split(b" ")[0].decode("ascii") for line in lines[2:-1])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise MalformedData("is no list of pins", where=FORM) from error
    if data[: len(draft_pins(pins, serial))] != draft_pins(pins, serial) or lines[-1] or not all(map(is_name, names)):
        raise MalformedData("is not in its only form", where=FORM)
    return pins, serial, names


def _pins(statement: Mapping[str, Any]) -> tuple[tuple[Pin, ...], int]:
    fields = exactly(statement, _LIST_FIELDS, FORM)
    if fields["serial"] < 0:
        raise ValueError("a list's number is not negative")
    return tuple(_pin(exactly(entry, _PIN_FIELDS, FORM)) for entry in fields["pins"]), fields["serial"]


def _pin(fields: Mapping[str, Any]) -> Pin:
    return Pin(
        fingerprint=fields["fingerprint"],
        first_day=day(fields["from"], FORM),
        last_day=day(fields["to"], FORM),
        note=fields["note"],
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{file.name} is missing or cannot be read.", reason="never_set_up", remedy="Put the file in its place."
        ) from error


def _damaged(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is damaged.", reason="damaged", remedy="Replace it by the file as it was signed."
    )
