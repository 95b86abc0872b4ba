"""The trust store: the CSCA certificates that an operator decided to trust, in a directory.

Theory of operation. The directory holds ``trust.toml`` (``format = 1``) and the folder ``csca`` with one certificate a
file, in DER or PEM. A store without any certificate is usable only if its operator says so on purpose::

    format = 1
    no_anchor_yet = 2026 - 11 - 23

Everything is read once and checked; a store that cannot be wholly understood is refused, with what to do about it.

Source: ICAO Doc 9303-12, "Trust anchors".
"""

import base64
import binascii
import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import ConfigurationError, IdCardError
from idcard.trust.certificates import Certificate

FORMAT = 1
MAX_FILE_BYTES = 1 << 18
_SUFFIXES = frozenset({".cer", ".der", ".pem", ".crt"})
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_KEYS = frozenset({"format", "no_anchor_yet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStore:
    """The trust anchors; immutable.

    ``version`` is a digest of the contents in hexadecimal: two stores with the same anchors and the same declaration
    have the same version, whatever their files are called. ``no_anchor_declared`` is the day on which the operator
    declared that there is no anchor yet, or None.
    """

    anchors: tuple[Certificate, ...]
    version: str
    no_anchor_declared: date | None = None

    @classmethod
    def of(
        cls,
        certificates: Iterable[bytes],
        *,
        no_anchor_declared: date | None = None,
        accept_demonstration: bool = False,
    ) -> "TrustStore":
        """A store of certificates in DER, for a program that keeps them itself.

        :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
        :raises ConfigurationError: as :meth:`from_directory` does.
        """
        anchors = [_anchor(der, f"certificate {n}", accept_demonstration) for n, der in enumerate(certificates, 1)]
        return cls._made(anchors, no_anchor_declared)

    @classmethod
    def from_directory(cls, path: Path | str, *, accept_demonstration: bool = False) -> "TrustStore":
        """The store in the directory ``path``.

        :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
        :raises ConfigurationError: with reason ``never_set_up`` where there is no store or nothing in it, ``damaged``
            where something in it cannot be read or must not be used, ``demonstration_anchor`` where it holds a
            demonstration certificate.
        """
        directory = Path(path)
        declared = _declaration(directory)
        anchors = [
            _anchor(der, file.name, accept_demonstration)
            for file in _certificate_files(directory / "csca")
            for der in _certificates(file)
        ]
        return cls._made(anchors, declared)

    @classmethod
    def _made(cls, anchors: list[Certificate], declared: date | None) -> "TrustStore":
        if not anchors and declared is None:
            raise _never_set_up("The trust store holds no certificate.")
        unique = {anchor.fingerprint: anchor for anchor in anchors}
        ordered = tuple(unique[fingerprint] for fingerprint in sorted(unique))
        return cls(anchors=ordered, version=_version(ordered, declared), no_anchor_declared=declared)


def _version(anchors: tuple[Certificate, ...], declared: date | None) -> str:
    lines = [f"format {FORMAT}", f"no anchor yet {declared}", *(anchor.fingerprint for anchor in anchors)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _declaration(directory: Path) -> date | None:
    settings = _settings(directory)
    if settings.get("format") != FORMAT or isinstance(settings["format"], bool):
        raise _damaged("trust.toml", "does not say format = 1")
    if unknown := settings.keys() - _KEYS:
        raise _damaged("trust.toml", f"holds the unknown setting {sorted(unknown)[0]!r}")
    declared = settings.get("no_anchor_yet")
    if declared is None:
        return None
    if not isinstance(declared, date) or isinstance(declared, datetime):
        raise _damaged("trust.toml", "no_anchor_yet is not a day, for example 2026-11-23")
    return declared


def _settings(directory: Path) -> dict[str, Any]:
    file = directory / "trust.toml"
    if not file.is_file():
        raise _never_set_up("There is no trust store here: trust.toml is missing.")
    try:
        return tomllib.loads(_read(file).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _damaged("trust.toml", "is not TOML") from error


def _certificate_files(folder: Path) -> list[Path]:
    """All files of the folder, in order; one that cannot be a certificate makes the store damaged, not smaller."""
    if not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    for file in files:
        if file.suffix.lower() not in _SUFFIXES or not file.is_file():
            raise _damaged(file.name, "is no certificate file (.cer, .der, .pem, .crt)")
    return files


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _damaged(file.name, "cannot be read") from error
    if not data:
        raise _damaged(file.name, "is empty")
    if len(data) > MAX_FILE_BYTES:
        raise _damaged(file.name, "is too long for a certificate")
    return data


def _certificates(file: Path) -> list[bytes]:
    data = _read(file)
    if b"-----BEGIN" not in data:
        return [data]
    found = _PEM.findall(data)
    if not found or len(found) != data.count(b"-----BEGIN"):
        raise _damaged(file.name, "holds something else than certificates")
    try:
        return [base64.b64decode(b"".join(body.split()), validate=True) for body in found]
    except binascii.Error as error:
        raise _damaged(file.name, "is not PEM") from error


def _anchor(der: bytes, name: str, accept_demonstration: bool) -> Certificate:
    try:
        certificate = Certificate.from_bytes(der)
        _ = certificate.public_key
    except IdCardError as error:
        raise _damaged(name, "is no certificate with a usable key") from error
    if DEMONSTRATION in certificate.extensions and not accept_demonstration:
        raise ConfigurationError(
            f"{name} is a demonstration certificate, which proves nothing.",
            reason="demonstration_anchor",
            remedy="Remove it from the trust store.",
        )
    if set(certificate.unknown_critical_extensions) - {DEMONSTRATION}:
        raise _damaged(name, "has a critical extension that is not known here")
    return certificate


def _never_set_up(message: str) -> ConfigurationError:
    remedy = "Put the CSCA certificates into its folder csca, or declare in trust.toml that there is no anchor yet."
    return ConfigurationError(message, reason="never_set_up", remedy=remedy)


def _damaged(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The trust store is damaged: {name} {what}.",
        reason="damaged",
        remedy=f"Replace {name} by the file as it was issued, or remove it.",
    )
