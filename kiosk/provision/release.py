"""A release put in place of another, and the other put back.

Theory of operation. Each release is an environment of its own in ``releases/VERSION``, and ``current`` a link to the
one that is in use. To upgrade: the folder is looked at whole; the new environment is made, without a network and by
hash; the processes stop; the store is copied; the link is changed in one step; the processes start, which brings the
tables up to date; each must answer at its own door, and no worse than before. If anything of that fails, link and
store are put back and the old release is started again. The way back from a release is gone in the same steps.

While a release is tried, ``state.json`` says so: what a power cut leaves is put back when the machine starts, or by the
next command (:mod:`kiosk.provision.progress`).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from idcard import ConfigurationError
from kiosk.provision.bundle import Bundle, run_pip
from kiosk.provision.progress import RELEASES, Before, Progress, Trying, point, read_progress, write_progress
from kiosk.provision.services import Served, Services
from kiosk.provision.store_copy import copy_store, restore_store, revision_of

CURRENT, WHOLE = "current", ".whole"
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


def upgrade(place: Place, bundle: Bundle) -> None:
    """Put the release in use; where it fails, everything is as before.

    :raises ConfigurationError: ``in_use``, ``pip``, ``store_copy``; ``upgrade_failed`` after all was put back, or
        with what could not be.
    """
    recover(place)
    if place.current == bundle.version:
        raise _wrong("in_use", f"Release {bundle.version} is in use already.", "Nothing needs to be done.")
    _install(place, bundle)
    before = _change(place, bundle.version, _UPGRADE)
    _tidy(place, {bundle.version, before.version or ""})
    place.say(f"Release {bundle.version} is in use")


def rollback(place: Place, *, restore: bool = False) -> None:
    """Put the release of before the last upgrade back in use; where it fails, everything is as before.

    After an upgrade that was cut off this finishes the way back from it, and no more.

    :param restore: whether the store is put back, too, where the newer release changed its tables: visits since then
        are lost from it then, and lie in a copy.
    :raises ConfigurationError: ``nothing_before``, ``tables_changed``, ``no_copy``, ``store_copy``, or
        ``rollback_failed``.
    """
    if recover(place):
        return
    before, now = read_progress(place.root).before, place.current
    if before is None or before.version is None or not (place.release(before.version) / WHOLE).exists():
        raise _wrong("nothing_before", "There is no release before this one.", "Upgrade from its folder instead.")
    changed = revision_of(place.store) != before.revision
    if changed and not restore:
        raise _wrong(
            "tables_changed",
            f"Release {now} changed the tables of the store, and release {before.version} cannot read them.",
            "Mend it with a newer release; or --restore-store puts back the store of before, without the visits since.",
        )
    if changed and before.copy is None:
        raise _wrong(
            "no_copy", f"There is no copy of the store of before release {now}.", "Mend it with a newer release."
        )
    _change(place, before.version, replace(_ROLLBACK, copy=before.copy if changed else None))
    place.say(f"Release {before.version} is in use")


def recover(place: Place) -> bool:
    """Put everything back where an upgrade or a way back was cut off; True where that was so.

    :raises ConfigurationError: ``put_back`` where something of it could not be; a release runs all the same.
    """
    trying = read_progress(place.root).trying
    if trying is None:
        return False
    place.say(f"The change to release {trying.version} was cut off: putting everything back")
    if not_put_back := _put_back(place, trying):
        raise _wrong("put_back", f"Not everything could be put back. {not_put_back}", _AGAIN)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One of the two ways: what its failure is called, whether one may go back from it, and a store to be put in."""

    failed: str
    keeps_before: bool
    copy: str | None = None


_UPGRADE = _Change(failed="upgrade_failed", keeps_before=True)
_ROLLBACK = _Change(failed="rollback_failed", keeps_before=False)
_AGAIN = "Make room on the disk, and run `kiosk rollback`: it goes on where this stopped."


def _change(place: Place, version: str, change: _Change) -> Before:
    """Try the version; afterwards it is in use, or everything is as before, whatever ended the trial."""
    health = {each.command: each.health() for each in place.served}
    place.say("Stopping the processes")
    place.services.stop()
    trying = Trying(version=version, before=_remembered(place))
    try:
        write_progress(place.root, replace(read_progress(place.root), trying=trying))
        place.say(f"Trying release {version}")
        if change.copy is not None:
            kept = restore_store(Path(change.copy), place.store, _copy_name(place, f"{place.current}-rolled-back"))
            place.say(f"The store as release {place.current} left it lies in {kept}")
        point(place.root, CURRENT, version)
        _start(place, version, health)
        write_progress(place.root, Progress(before=trying.before if change.keeps_before else None))
    except BaseException as error:
        place.say("It failed: putting everything back")
        not_put_back = _put_back(place, trying)
        if not isinstance(error, ConfigurationError | OSError):
            raise
        now = f"Release {trying.before.version or 'none'} is in use again, with the store as it was."
        raise _wrong(
            change.failed,
            f"Release {version} does not work here: {error} {not_put_back or now}",
            _AGAIN if not_put_back else "Send the journal of the processes to whoever made the release.",
        ) from error
    place.services.done()
    return trying.before


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
    if not os.path.lexists(place.store):
        return Before(version=place.current, copy=None, revision=None)
    copy = _copy_name(place, place.current or "first")
    try:
        copy_store(place.store, copy)
    except BaseException:
        _serve(place)
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


def _put_back(place: Place, trying: Trying) -> str | None:
    """Everything as before; what could not be put back, in words. Whatever happens, a release is started.

    The link first: it needs no room. The store next, and only then is the trial over: cut off before, it is put back
    again, and nobody has come meanwhile. A first release has nothing before it; its store was nobody's yet.
    """
    before, wrong = trying.before, None
    place.services.stop()
    try:
        if before.version is None:
            (place.root / CURRENT).unlink(missing_ok=True)
        else:
            point(place.root, CURRENT, before.version)
        if before.copy is not None and Path(before.copy).exists():
            _restore(place, Path(before.copy), trying)
        elif before.copy is not None:
            # It will not come back: to try again for ever would keep every later release away.
            wrong = f"The release of before is started again, with the newer one's store: {before.copy} is gone."
        write_progress(place.root, replace(read_progress(place.root), trying=None))
    except OSError as error:
        wrong = f"The release of before is started again; the store may be the newer one's: {error.strerror}."
    finally:
        _serve(place)
    return wrong


def _restore(place: Place, copy: Path, trying: Trying) -> None:
    aside = _copy_name(place, f"{trying.version}-failed")
    try:
        kept = restore_store(copy, place.store, aside)
    except OSError:
        # A full disk is what upgrades fail of. The release that failed has room to give, and can be installed again.
        if trying.version == trying.before.version:
            raise
        shutil.rmtree(place.release(trying.version), ignore_errors=True)
        kept = restore_store(copy, place.store, aside)
    place.say(f"The store as release {trying.version} left it lies in {kept}")


def _serve(place: Place) -> None:
    """Start the release in use, if there is one, and light the screen, even if something is wrong with it."""
    if place.current is not None:
        place.services.start(place.release(place.current))
        place.services.done()


def _tidy(place: Place, needed: set[str]) -> None:
    """Keep the newest releases, and those that are needed."""
    folders = sorted(place.release("x").parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in [folder for folder in folders if folder.name not in needed][KEPT - len(needed - {""}) :]:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_name(place: Place, version: str) -> Path:
    return place.backups / f"store-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{version}.db"


def _wrong(reason: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, reason=reason, remedy=remedy)
