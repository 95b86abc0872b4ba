"""A release put in place of another, and the other put back.

Theory of operation. Each release is an environment of its own in ``releases/VERSION``, and ``current`` a link to the
one that is in use. To upgrade: the folder is looked at whole; the new environment is made, without a network and by
hash; the processes stop; the store is copied; the link is changed in one step; the processes start, which brings the
tables up to date; each must answer at its own door, and no worse than before. If anything of that fails, link and
store are put back and the old release is started again. ``state.json`` remembers the release before and the copy.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from idcard import ConfigurationError
from kiosk.provision.bundle import Bundle, run_pip
from kiosk.provision.services import Served, Services
from kiosk.provision.store_copy import copy_store, restore_store, revision_of

CURRENT, RELEASES, STATE, WHOLE = "current", "releases", "state.json", ".whole"
KEPT = 3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where releases lie, what runs from them, and where copies of the store go."""

    root: Path
    served: tuple[Served, ...]
    services: Services
    backups: Path
    say: Say
    python: str = sys.executable

    @property
    def store(self) -> Path:
        """The store of the processes; they share one."""
        return self.served[0].config.store

    @property
    def current(self) -> str | None:
        """The version in use; None before the first."""
        link = self.root / CURRENT
        return Path(os.readlink(link)).name if link.is_symlink() else None

    def release(self, version: str) -> Path:
        """The folder of a version."""
        return self.root / RELEASES / version


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What an upgrade left behind: the version that was in use, and the store as it was."""

    version: str | None
    copy: str | None
    revision: str | None


def upgrade(place: Place, bundle: Bundle) -> None:
    """Put the release in use; where it fails, everything is as before.

    :raises ConfigurationError: ``in_use``, ``pip``, ``store_copy``; ``upgrade_failed`` after all was put back.
    """
    if place.current == bundle.version:
        raise _wrong("in_use", f"Release {bundle.version} is in use already.", "Nothing needs to be done.")
    _install(place, bundle)
    health = {each.command: each.health() for each in place.served}
    place.say("Stopping the processes")
    place.services.stop()
    before = _remembered(place)
    try:
        place.say(f"Trying release {bundle.version}")
        _point(place, bundle.version)
        _start(place, bundle.version, health)
    except (ConfigurationError, OSError) as error:
        place.say("It failed: putting everything back")
        _put_back(place, bundle.version, before)
        raise _wrong(
            "upgrade_failed",
            f"Release {bundle.version} does not work here: {error} Release {before.version or 'none'} is in use again, "
            "with the store as it was.",
            "Send the journal of the processes to whoever made the release.",
        ) from error
    _write_state(place, before)
    place.services.done()
    _tidy(place, {bundle.version, before.version or ""})
    place.say(f"Release {bundle.version} is in use")


def rollback(place: Place, *, restore: bool = False) -> None:
    """Put the release of before the last upgrade back in use.

    :param restore: whether the store is put back, too, where the newer release changed its tables: visits since then
        are lost from it then, and lie in a copy.
    :raises ConfigurationError: ``nothing_before``, ``tables_changed``, or ``rollback_failed``.
    """
    before, now = _read_state(place), place.current
    if before is None or before.version is None or not (place.release(before.version) / WHOLE).exists():
        raise _wrong("nothing_before", "There is no release before this one.", "Upgrade from its folder instead.")
    changed = revision_of(place.store) != before.revision
    if changed and not restore:
        raise _wrong(
            "tables_changed",
            f"Release {now} changed the tables of the store, and release {before.version} cannot read them.",
            "Mend it with a newer release; or --restore-store puts back the store of before, without the visits since.",
        )
    place.services.stop()
    if changed and before.copy is not None:
        aside = _copy_name(place, f"{now}-rolled-back")
        copy_store(place.store, aside)
        restore_store(Path(before.copy), place.store)
        place.say(f"The store as release {now} left it lies in {aside}")
    _point(place, before.version)
    if not place.services.start(place.release(before.version)):
        raise _wrong(
            "rollback_failed", f"Release {before.version} does not start.", "See the journal of the processes."
        )
    (place.root / STATE).unlink(missing_ok=True)
    place.services.done()
    place.say(f"Release {before.version} is in use")


def _install(place: Place, bundle: Bundle) -> None:
    """The release's environment, made whole: one that was begun and not finished is made anew."""
    folder = place.release(bundle.version)
    if (folder / WHOLE).exists():
        place.say(f"Release {bundle.version} is installed already")
        return
    place.say(f"Installing release {bundle.version}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([place.python, "-m", "venv", str(folder)], check=False, capture_output=True)
    if made.returncode:
        raise _wrong(
            "venv", "The release's environment cannot be made.", "Install python3-venv; see that there is room."
        )
    arguments = ["install", "--no-index", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    arguments += ["--find-links", str(bundle.wheels), "-r", str(bundle.requirements)]
    run_pip(str(folder / "bin" / "python"), arguments, "The release could not be installed")
    (folder / WHOLE).touch()


def _remembered(place: Place) -> Before:
    """What is needed to come back; the processes have stopped."""
    if not place.store.exists():
        return Before(version=place.current, copy=None, revision=None)
    copy = _copy_name(place, place.current or "first")
    try:
        copy_store(place.store, copy)
    except ConfigurationError:
        if place.current is not None:
            place.services.start(place.release(place.current))
        raise
    return Before(version=place.current, copy=str(copy), revision=revision_of(copy))


def _start(place: Place, version: str, health: dict[str, int | None]) -> None:
    if not place.services.start(place.release(version)):
        raise _wrong("no_start", "A process does not start.", "See its journal.")
    for each in place.served:
        was, now = health[each.command], each.health()
        # Closed for want of a trust store, as before, is no fault of the release; closed where it was open is.
        if now is None or (now >= 500 and was is not None and was < 500):
            raise _wrong("unhealthy", f"The process `kiosk {each.command}` answers with {now}.", "See its journal.")


def _put_back(place: Place, failed: str, before: Before) -> None:
    place.services.stop()
    if before.copy is not None:
        # Whatever the release did to the store, and whoever came meanwhile: nothing of it is thrown away.
        with suppress(ConfigurationError):
            copy_store(place.store, _copy_name(place, f"{failed}-failed"))
        restore_store(Path(before.copy), place.store)
    if before.version is None:
        (place.root / CURRENT).unlink(missing_ok=True)
        return
    _point(place, before.version)
    place.services.start(place.release(before.version))
    place.services.done()


def _point(place: Place, version: str) -> None:
    """Change the link in one step: there is never a moment without a release."""
    fresh = place.root / f".{CURRENT}-new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(RELEASES) / version)
    os.replace(fresh, place.root / CURRENT)


def _tidy(place: Place, needed: set[str]) -> None:
    """Keep the newest releases, and those that are needed."""
    folders = sorted(place.release("x").parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in [folder for folder in folders if folder.name not in needed][KEPT - len(needed - {""}) :]:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_name(place: Place, version: str) -> Path:
    return place.backups / f"store-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{version}.db"


def _write_state(place: Place, before: Before) -> None:
    unfinished = place.root / f"{STATE}.new"
    unfinished.write_text(json.dumps(asdict(before), indent=2) + "\n", "utf-8")
    os.replace(unfinished, place.root / STATE)


def _read_state(place: Place) -> Before | None:
    try:
        return Before(**json.loads((place.root / STATE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _wrong(reason: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, reason=reason, remedy=remedy)
