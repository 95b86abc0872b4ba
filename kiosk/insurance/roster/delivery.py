"""For whoever delivers a roster: the manifest of a file that is ready."""

import hashlib
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import ValidationError

from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.manifest import manifest_of, write_manifest
from kiosk.keys import damaged_key, read_key

_BLOCK = 1 << 20


def describe(
    file: Path, *, version: str, sequence: int, as_of: datetime, base: str | None, key: Path | None
) -> tuple[Path, int]:
    """Write the manifest of an import file beside it: where, and how many lines it counts.

    :param key: the publisher's private key as PEM, where the manifest is to be signed.
    :raises RosterRefused: if the file cannot be read, or the version is not of its form.
    :raises ConfigurationError: if the key cannot be used.
    """
    signer = None if key is None else _private_key(key)
    sha256, rows = _hashed(file)
    path = manifest_of(file)
    try:
        write_manifest(
            path, version=version, sequence=sequence, as_of=as_of, rows=rows, sha256=sha256, base=base, key=signer
        )
    except ValidationError as error:
        raise RosterRefused(Refusal.MANIFEST_MALFORMED) from error
    return path, rows


def _hashed(file: Path) -> tuple[str, int]:
    """The SHA-256 of a file, and its lines without the header."""
    digest, breaks, ends = hashlib.sha256(), 0, True
    try:
        with file.open("rb") as stream:
            while data := stream.read(_BLOCK):
                digest.update(data)
                breaks, ends = breaks + data.count(b"\n"), data.endswith(b"\n")
    except OSError as error:
        raise RosterRefused(Refusal.FILE_MISSING, file=file.name) from error
    return digest.hexdigest(), max(0, breaks + (not ends) - 1)


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(read_key(path), password=None)
    except (ValueError, TypeError) as error:
        raise damaged_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise damaged_key(path)
    return key
