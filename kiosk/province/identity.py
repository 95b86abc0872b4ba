"""Who this device is to the hub: a folder that enrolment fills, and nobody but the staff's process reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.keys import load_clinic_public_key, load_signing_key
from kiosk.process_lock import locked

DEVICE_KEY: Final = "device.key"
CERTIFICATE: Final = "certificate.pem"
AUTHORITY: Final = "authority.pem"
HUB_KEY: Final = "hub.pub"
ROOT: Final = "root.json"
LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class Identity:
    """The folder.

    ``device.key`` is the device's Ed25519 key, which signs events and never leaves this machine. ``certificate.pem`` is
    its certificate of the hub's authority for TLS and, behind it, that certificate's key, so that both change at once;
    ``authority.pem`` whom it trusts to be the hub; without them the connection has no client's certificate, as in a
    trial on one machine. ``hub.pub`` is the X25519 key that bodies are sealed to, ``root.json`` the root of releases.
    Enrolment and renewal keep what they asked for here until it is answered (:mod:`kiosk.province.asking`), and hold
    ``lock`` meanwhile: of two processes that ask at once, each with a key of its own, the hub would believe neither.
    """

    folder: Path

    def device_key(self) -> Ed25519PrivateKey:
        """The key that signs events.

        :raises ConfigurationError: where it cannot be used.
        """
        return load_signing_key(self.folder / DEVICE_KEY)

    def hub_key(self) -> X25519PublicKey:
        """The key that bodies are sealed to.

        :raises ConfigurationError: where it cannot be used.
        """
        return load_clinic_public_key(self.folder / HUB_KEY)

    def root(self) -> bytes:
        """The root of releases that this clinic was given; OSError where there is none."""
        return (self.folder / ROOT).read_bytes()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other process asks for a certificate of this identity while the block runs; they wait.

        :raises OSError: if the folder cannot be written.
        """
        with locked(self.folder / LOCK):
            yield

    def marks(self) -> tuple[object, ...]:
        """What changes when anything of it does that a connection or an event is made with."""
        return tuple(_mark(self.folder / name) for name in (DEVICE_KEY, CERTIFICATE, AUTHORITY, HUB_KEY))

    @property
    def certificate(self) -> Path | None:
        """The file of the client's certificate and its key, or None where there is none."""
        return _there(self.folder / CERTIFICATE)

    @property
    def authority(self) -> Path | None:
        """The file of those who may be the hub, or None: then the usual authorities."""
        return _there(self.folder / AUTHORITY)


def _mark(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _there(path: Path) -> Path | None:
    return path if path.is_file() else None
