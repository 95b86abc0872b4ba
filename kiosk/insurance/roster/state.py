"""Which roster was the newest here: kept outside the file that is replaced, so that an older one is seen as such.

A backup of the roster that is put back does not bring the state back with it. Whoever can write both files can also
bring back both: keep the state where only the import may write.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from idcard import ConfigurationError
from kiosk.insurance.roster.file import RosterInfo, damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest roster that was imported here; ``sequence`` is -1 where none was."""

    sequence: int = -1
    digest: str = ""
    version: str = ""

    @classmethod
    def of(cls, info: RosterInfo) -> "Newest":
        """The state in which this roster is the newest."""
        return cls(sequence=info.sequence, digest=info.digest, version=info.version)


def state_of(roster: Path) -> Path:
    """The state file of a roster, where no other is named."""
    return roster.with_name(roster.name + ".state")


def read_state(path: Path) -> Newest:
    """The newest roster that was imported here.

    :raises ConfigurationError: ``damaged`` where the file is no state.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
        newest = Newest(sequence=value["sequence"], digest=value["digest"], version=value["version"])
    except FileNotFoundError:
        return Newest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged() from error
    if type(newest.sequence) is not int:
        raise damaged()
    return newest


def write_state(path: Path, newest: Newest) -> None:
    """Replace the state, whole, and on the disk when this returns."""
    unfinished = path.with_name(path.name + ".new")
    value = {"sequence": newest.sequence, "digest": newest.digest, "version": newest.version}
    unfinished.write_text(json.dumps(value) + "\n", "utf-8")
    put_in_place(unfinished, path)


def check_not_rolled_back(path: Path, info: RosterInfo) -> None:
    """Nothing, where the roster is as new as the newest that was imported here.

    :raises ConfigurationError: ``rolled_back`` where it is older, ``damaged`` where the state cannot be read.
    """
    newest = read_state(path)
    other = info.sequence == newest.sequence and info.digest != newest.digest
    if info.sequence < newest.sequence or other:
        raise ConfigurationError(
            f"The roster is older than one that was in use before: it is number {info.sequence}, "
            f"and number {newest.sequence} was.",
            reason="rolled_back",
            remedy="Import the newest roster; where an older one is meant, remove the state file.",
        )


def put_in_place(unfinished: Path, path: Path) -> None:
    """Rename a finished file over an older one; both the bytes and the name are on the disk when this returns."""
    _sync(unfinished)
    os.replace(unfinished, path)
    if os.name == "posix":
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
