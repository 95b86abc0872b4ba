"""What an upgrade leaves behind: in the end the way back, and while a release is tried, that it is.

Theory of operation. ``state.json`` is written durably before anything is changed, with the release that is tried and
what it replaces. A power cut, or a command that is killed, leaves it so; whoever comes next puts everything back. For
the start of the machine, ``way-back`` leads to the release that was in use, which knows how to do that: the one that is
only tried may be broken.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kiosk.durable import sync

STATE, WAY_BACK, RELEASES = "state.json", "way-back", "releases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The version that was in use, and the store as it was."""

    version: str | None
    copy: str | None
    revision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """A version that is in use only to see whether it works, and what it replaced."""

    version: str
    before: Before


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where one could go back to, and what is tried now."""

    before: Before | None = None
    trying: Trying | None = None


def read_progress(root: Path) -> Progress:
    """What was written last; nothing where nothing was, or it cannot be read."""
    try:
        whole: dict[str, Any] = json.loads((root / STATE).read_text("utf-8"))
        if "trying" not in whole:
            # As releases wrote it that knew no trying.
            return Progress(before=Before(**whole))
        before, trying = whole["before"], whole["trying"]
        return Progress(
            before=None if before is None else Before(**before),
            trying=None if trying is None else Trying(version=trying["version"], before=Before(**trying["before"])),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return Progress()


def write_progress(root: Path, progress: Progress) -> None:
    """Write it so that it survives a power cut from now on.

    :raises OSError: where that cannot be done.
    """
    before = progress.trying.before.version if progress.trying is not None else None
    if before is not None:
        point(root, WAY_BACK, before)
    unfinished = root / f"{STATE}.new"
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(progress), indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, root / STATE)
    if before is None:
        (root / WAY_BACK).unlink(missing_ok=True)
    sync(root)


def point(root: Path, name: str, version: str) -> None:
    """Change a link to a release in one step, durably: there is never a moment without one."""
    fresh = root / f".{name}-new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(RELEASES) / version)
    os.replace(fresh, root / name)
    sync(root)
