"""What an operator writes by hand into a trust store's directory: ``trust.toml`` and the folder ``csca``.

``trust.toml`` says ``format = 1``, or ``format = 2`` once something was imported: from then on a store whose imported
part is missing is damaged, not smaller.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import ConfigurationError, IdCardError, MalformedData
from idcard.trust import pem
from idcard.trust.archive import EMPTY, FILE, Archive, damaged, replace_file, unreadable
from idcard.trust.certificates import Certificate
from idcard.trust.purpose import acts_as_authority

SETTINGS = "trust.toml"
BY_HAND, IMPORTED = 1, 2
MAX_FILE_BYTES = 1 << 18
_SUFFIXES = frozenset({".cer", ".der", ".pem", ".crt"})
_CLOCKS = timedelta(days=366)
"""By how much a declaration may be later than now: the clock of a machine that lost its power is behind."""
_KEYS = frozenset({"format", "no_anchor_yet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``trust.toml`` says: the format, and the day on which it was declared that there is no anchor yet."""

    format: int = BY_HAND
    no_anchor_yet: date | None = None

    @classmethod
    def read(cls, directory: Path) -> "Settings":
        """The settings in ``directory``.

        :raises ConfigurationError: with reason ``never_set_up`` if there are none, ``damaged`` if they are not right.
        """
        settings = _toml(directory)
        if type(settings.get("format")) is not int or settings["format"] not in (BY_HAND, IMPORTED):
            raise damaged(SETTINGS, "does not say format = 1 or format = 2")
        if unknown := settings.keys() - _KEYS:
            raise damaged(SETTINGS, f"holds the unknown setting {sorted(unknown)[0]!r}")
        declared = settings.get("no_anchor_yet")
        if declared is not None and (not isinstance(declared, date) or isinstance(declared, datetime)):
            raise damaged(SETTINGS, "no_anchor_yet is not a day, for example 2026-11-23")
        if declared is not None and declared > datetime.now(UTC).date() + _CLOCKS:
            raise damaged(SETTINGS, "no_anchor_yet is a day in the future", remedy="Write the day of the decision.")
        return cls(format=settings["format"], no_anchor_yet=declared)

    def write(self, directory: Path) -> None:
        """These settings into ``directory``."""
        declared = "" if self.no_anchor_yet is None else f"no_anchor_yet = {self.no_anchor_yet.isoformat()}\n"
        replace_file(directory / SETTINGS, f"format = {self.format}\n{declared}".encode())


def read_imported(directory: Path, settings: Settings | None) -> Archive:
    """The imported part of the store in ``directory``, which must be there where its settings say so.

    :raises ConfigurationError: with reason ``damaged`` if it is missing, or is not as it was written.
    """
    archive = Archive.read(directory)
    if archive is EMPTY and settings is not None and settings.format == IMPORTED:
        raise damaged(FILE, "is missing")
    return archive


def _toml(directory: Path) -> dict[str, Any]:
    file = directory / SETTINGS
    if not _is_there(file):
        raise never_set_up("There is no trust store here: trust.toml is missing.")
    if not file.is_file():
        raise damaged(SETTINGS, "is no file")
    try:
        return tomllib.loads(_read(file).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # Beside its own error, the parser lets through those of endless numbers and of endless nesting.
        raise damaged(SETTINGS, "is not TOML") from error


def _is_there(path: Path) -> bool:
    """Whether there is anything of this name, be it a link that leads nowhere.

    :raises ConfigurationError: if the directory may not be looked into.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise unreadable(path.name) from error
    return True


def anchors_by_hand(directory: Path, *, accept_demonstration: bool) -> list[Certificate]:
    """The anchors in the folder ``csca``.

    :raises ConfigurationError: if anything in it is not an anchor.
    """
    return [
        anchor_of(der, file.name, accept_demonstration)
        for file in _certificate_files(directory / "csca")
        for der in _certificates(file)
    ]


def _certificate_files(folder: Path) -> list[Path]:
    """All files of the folder, in order; one that cannot be a certificate makes the store damaged, not smaller."""
    if not _is_there(folder):
        return []
    if not folder.is_dir():
        raise damaged(folder.name, "is no folder", remedy="Make csca a folder that holds certificates, or remove it.")
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
        wrong = [file for file in files if file.suffix.lower() not in _SUFFIXES or not file.is_file()]
    except OSError as error:
        raise unreadable(folder.name) from error
    for file in wrong:
        raise damaged(file.name, "is no certificate file (.cer, .der, .pem, .crt)")
    return files


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise unreadable(file.name) from error
    if not data:
        raise damaged(file.name, "is empty")
    if len(data) > MAX_FILE_BYTES:
        raise damaged(file.name, "is too long for a certificate")
    return data


def _certificates(file: Path) -> list[bytes]:
    data = _read(file)
    if not pem.is_pem(data):
        return [data]
    try:
        blocks = list(pem.blocks(data))
        if any(block.kind != b"CERTIFICATE" for block in blocks):
            raise damaged(file.name, "holds something else than certificates")
        return [block.der for block in blocks]
    except MalformedData as error:
        raise damaged(file.name, "is not PEM") from error


def anchor_of(der: bytes, name: str, accept_demonstration: bool) -> Certificate:
    """The anchor in ``der``.

    :raises ConfigurationError: if it is none, or must not be used; it names the certificate ``name``.
    """
    try:
        certificate = Certificate.from_bytes(der)
        _ = certificate.public_key
    except IdCardError as error:
        raise damaged(name, "is no certificate with a usable key") from error
    if DEMONSTRATION in certificate.extensions and not accept_demonstration:
        raise demonstration(name)
    if set(certificate.unknown_critical_extensions) - {DEMONSTRATION}:
        raise damaged(name, "has a critical extension that is not known here")
    if not acts_as_authority(certificate):
        raise damaged(name, "may not issue certificates, so that it is no CSCA's")
    return certificate


def demonstration(name: str) -> ConfigurationError:
    """The error that a demonstration certificate is among the anchors."""
    return ConfigurationError(
        f"{name} is a demonstration certificate, which proves nothing.",
        reason="demonstration_anchor",
        remedy="Remove it from the trust store.",
    )


def never_set_up(message: str) -> ConfigurationError:
    """The error that nobody decided yet whom to trust."""
    remedy = (
        "Import certificates with idcard trust add, put the CSCA certificates into its folder csca, or declare in "
        "trust.toml that there is no anchor yet."
    )
    return ConfigurationError(message, reason="never_set_up", remedy=remedy)
