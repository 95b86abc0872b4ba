"""What readings of earlier cards taught, kept in the user's cache folder, so that the next card takes fewer commands.

A file there holds what :class:`idcard.Profiles` does: lengths and ways to a file by type of card, and nothing about a
person. It is a comfort: where it cannot be read or written, a reading takes a few commands more and nothing is said.
"""

import os
import sys
from pathlib import Path

import idcard
from idcard.evidence_file.private import write_private

_MAX_BYTES = 1 << 20
_NAME = "profiles.json"


class Remembered:
    """The profiles of types of cards in a file.

    :param file: None keeps nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.profiles = idcard.Profiles() if file is None else _profiles_in(file)

    def keep(self) -> None:
        """Write them, if that can be done; another process that reads meanwhile sees the old ones or the new."""
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._file, self.profiles.to_json().encode())
        except OSError:
            return


def default_file() -> Path:
    """``idcard/profiles.json`` in the user's cache folder, as each system has it.

    Source: XDG Base Directory Specification; elsewhere the folders that Windows and macOS give programs for this.
    """
    return _cache_home() / "idcard" / _NAME


def _cache_home() -> Path:
    if sys.platform == "win32":
        named, usual = os.environ.get("LOCALAPPDATA", ""), Path("~") / "AppData" / "Local"
    else:
        named = os.environ.get("XDG_CACHE_HOME", "")
        usual = Path("~") / "Library" / "Caches" if sys.platform == "darwin" else Path("~") / ".cache"
    return Path(named) if Path(named).is_absolute() else Path(os.path.expanduser(usual))


def _profiles_in(file: Path) -> idcard.Profiles:
    try:
        with file.open("rb") as stream:
            return idcard.Profiles.from_json(stream.read(_MAX_BYTES).decode("utf-8", errors="replace"))
    except (OSError, idcard.MalformedData):
        return idcard.Profiles()
