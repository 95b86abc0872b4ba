"""A key file that is wrapped: its content under a safe's secret, bound to the safe and to the file's name.

Theory of operation. A safe has one secret (32 random bytes), under which every file of it is wrapped with AES-256-GCM.
A wrapped file says which safe opens it, so whoever reads a key file needs not know whether it is plain. A process opens
its safes once, when it starts or when somebody gives the passphrase; from then on it reads the files as if they were
plain (:data:`OPENED`). A file that was put in the place of another does not open: it bears the name that it had, and
the name of the setting under which systemd hands it over.
"""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idcard import ConfigurationError

SECRET_BYTES: Final = 32
LARGEST: Final = 64 * 1024
"""The greatest content of a key file, in bytes."""
_NONCE: Final = 12
_FORMAT: Final = 1
_BEGINS: Final = b'{"kiosk_wrapped":'

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A wrapped file: whose safe, which names, and the content as it lies there."""

    safe: str
    file: str
    setting: str
    nonce: bytes
    sealed: bytes

    @classmethod
    def from_bytes(cls, content: bytes) -> "Wrapped":
        """The file in these bytes; ValueError where it is none."""
        try:
            found: dict[str, Any] = json.loads(content)
            if found.pop("kiosk_wrapped") != _FORMAT:
                raise ValueError("another format")
            nonce, sealed = (base64.b64decode(found.pop(name), validate=True) for name in ("nonce", "sealed"))
            made = cls(nonce=nonce, sealed=sealed, **found)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a wrapped file") from error
        if not all(isinstance(each, str) for each in (made.safe, made.file, made.setting)) or len(nonce) != _NONCE:
            raise ValueError("not a wrapped file")
        return made

    def to_bytes(self) -> bytes:
        """The file as it is written: one line."""
        return (
            json.dumps(
                {
                    "kiosk_wrapped": _FORMAT,
                    "safe": self.safe,
                    "file": self.file,
                    "setting": self.setting,
                    "nonce": base64.b64encode(self.nonce).decode(),
                    "sealed": base64.b64encode(self.sealed).decode(),
                },
                separators=(",", ":"),
            ).encode()
            + b"\n"
        )

    @classmethod
    def of(
        cls, plain: bytes, secret: bytes, *, safe: str, file: str, setting: str, entropy: Entropy = os.urandom
    ) -> "Wrapped":
        """A content under a safe's secret (32 bytes)."""
        nonce = entropy(_NONCE)
        sealed = AESGCM(secret).encrypt(nonce, plain, _bound(safe, file, setting))
        return cls(safe=safe, file=file, setting=setting, nonce=nonce, sealed=sealed)

    def open(self, secret: bytes) -> bytes:
        """The content; ValueError under another secret, or where a byte was changed."""
        try:
            return AESGCM(secret).decrypt(self.nonce, self.sealed, _bound(self.safe, self.file, self.setting))
        except InvalidTag as error:
            raise ValueError("it does not open") from error


def _bound(safe: str, file: str, setting: str) -> bytes:
    return json.dumps(["kiosk wrapped key", _FORMAT, safe, file, setting]).encode()


def is_wrapped(content: bytes) -> bool:
    """Whether these are the bytes of a wrapped file: no key, account or token begins so."""
    return content.startswith(_BEGINS)


class OpenedSafes:
    """The secrets of the safes that this process has opened."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"OpenedSafes({len(self._secrets)})"

    def put(self, safe: str, secret: bytes) -> None:
        """From now on the files of this safe are read."""
        self._secrets[safe] = secret

    def forget(self) -> None:
        """From now on no wrapped file is read."""
        self._secrets.clear()

    def has(self, safe: str) -> bool:
        """Whether the safe is open."""
        return safe in self._secrets

    def secret(self, safe: str) -> bytes:
        """The secret of a safe that is open."""
        return self._secrets[safe]

    def plain(self, path: Path, content: bytes) -> bytes:
        """The content of a key file, plain or wrapped.

        :raises ConfigurationError: ``safe_closed`` where its safe is not open, ``damaged`` where it does not open.
        """
        if not is_wrapped(content):
            return content
        try:
            wrapped = Wrapped.from_bytes(content)
            if path.name not in (wrapped.file, wrapped.setting):
                raise ValueError("it was put in the place of another")
            secret = self._secrets.get(wrapped.safe)
            if secret is not None:
                return wrapped.open(secret)
        except ValueError as error:
            raise ConfigurationError(
                f"The wrapped key file {path.name} does not open.",
                reason="damaged",
                remedy="Restore it from its safe copy.",
            ) from error
        raise ConfigurationError(
            f"The key file {path.name} is wrapped, and its key safe is closed.",
            reason="safe_closed",
            remedy="Name its key safe in the configuration, and open it: kiosk keys status says how.",
        )

    def as_before(self, path: Path, before: bytes, plain: bytes) -> bytes:
        """A new content for a file, wrapped where the one before was; raises as :meth:`plain`."""
        if not is_wrapped(before):
            return plain
        self.plain(path, before)
        old = Wrapped.from_bytes(before)
        secret = self._secrets[old.safe]
        return Wrapped.of(plain, secret, safe=old.safe, file=old.file, setting=old.setting).to_bytes()


OPENED: Final = OpenedSafes()
"""Those of this process."""
