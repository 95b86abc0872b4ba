"""Writing a plan, and taking back what was written: whole files, one after the other, with the list of them kept first.

A run that is interrupted is gone on with by the next one: a file is either the old one or the new one, and the list
names a file before it is there.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from idcard import ConfigurationError
from kiosk.provision.files import KitFile
from kiosk.provision.plan import (
    BACKUPS,
    MANIFEST,
    Manifest,
    Plan,
    State,
    Step,
    Written,
    below,
    content_of,
    read_manifest,
)

_UNFINISHED = ".idcard-new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What became of the kit's files: taken away, put back as they were before, and left because they were changed."""

    taken: tuple[PurePosixPath, ...]
    restored: tuple[PurePosixPath, ...]
    left: tuple[PurePosixPath, ...]


def write(plan: Plan, *, replace_foreign: bool = False) -> None:
    """Do what the plan says; nothing, where it says that nothing is to be done.

    :param replace_foreign: whether files of others may be replaced; each is kept, and comes back with :func:`remove`.
    :raises ConfigurationError: ``in_the_way`` where that would be needed; ``cannot_write``.
    """
    if plan.in_the_way and not replace_foreign:
        first, more = plan.in_the_way[0], len(plan.in_the_way) - 1
        whose = "was changed by hand" if first.state is State.ALTERED else "is not the kit's"
        raise ConfigurationError(
            f"{first.path} {whose}{f', and {more} more' if more else ''}; nothing was written.",
            reason="in_the_way",
            remedy="Look with --dry-run; --replace keeps a copy of each and writes the kit's own.",
        )
    if plan.is_done:
        return
    with _os_errors_told():
        _write(plan)


def remove(target: Path) -> Removed:
    """Take back what the kit wrote, and only that; a file that was changed since is left, and stays on the list.

    :raises ConfigurationError: ``damaged_manifest``, ``leaves_target`` or ``cannot_write``.
    """
    manifest = read_manifest(target)
    taken, restored, left = [], [], []
    with _os_errors_told():
        for written in manifest.files.values():
            path = PurePosixPath(written.path)
            there = content_of(below(target, path), path)
            if there is not None and not written.is_ours(there[1]):
                left.append(path)
            elif _take_back(target, written):
                restored.append(path)
            else:
                taken.append(path)
        kept = {str(path): manifest.files[str(path)] for path in left}
        _close(target, replace(manifest, files=kept))
    return Removed(taken=tuple(taken), restored=tuple(restored), left=tuple(left))


def _write(plan: Plan) -> None:
    target, files = plan.target, dict(plan.manifest.files)
    folders = set(plan.manifest.folders)
    for step in plan.steps:
        folders |= set(_missing_folders(target, step.path))
        known = plan.manifest.files.get(str(step.path))
        if step.state.stops or (step.there is not None and known is None):
            _keep(target, step)
        if step.file is not None:
            files[str(step.path)] = _entry(step, step.file, known)
    folders |= set(_missing_folders(target, MANIFEST))
    _put(target, MANIFEST, Manifest(files=files, folders=tuple(folders)).to_bytes())
    for step in plan.steps:
        if step.file is None:
            _take_back(target, plan.manifest.files[str(step.path)])
            files.pop(str(step.path), None)
        elif step.state is not State.SAME:
            _put_file(target, step.file)
    done = {path: replace(entry, was=None) for path, entry in files.items()}
    _put(target, MANIFEST, Manifest(files=done, folders=tuple(folders)).to_bytes())


def _entry(step: Step, file: KitFile, known: Written | None) -> Written:
    kept = step.there is not None if known is None else known.backup
    return Written(path=str(step.path), digest=file.digest, backup=kept, was=step.digest)


def _keep(target: Path, step: Step) -> None:
    """Keep what lies in the way: what was there before the kit, to come back in the end, or a change by hand."""
    source = below(target, step.path)
    suffix = ".changed" if step.state is State.ALTERED else ""
    copy = below(target, BACKUPS / step.path.relative_to("/").with_name(step.path.name + suffix))
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    shutil.copy2(source, copy, follow_symlinks=False)


def _take_back(target: Path, written: Written) -> bool:
    """Take the file away; True where what was there before the kit is back in its place."""
    path = PurePosixPath(written.path)
    place, copy = below(target, path), below(target, BACKUPS / path.relative_to("/"))
    if written.backup and (copy.exists() or copy.is_symlink()):
        os.replace(copy, place)
        return True
    place.unlink(missing_ok=True)
    return False


def _close(target: Path, manifest: Manifest) -> None:
    """Take away the folders that the kit made and that are empty now, and the list, where nothing is on it."""
    if manifest.files:
        _put(target, MANIFEST, manifest.to_bytes())
        return
    below(target, MANIFEST).unlink(missing_ok=True)
    backups = below(target, BACKUPS)
    if backups.is_dir():
        for folder, _, _ in sorted(os.walk(backups), reverse=True):
            _remove_if_empty(Path(folder))
    for name in sorted(manifest.folders, key=len, reverse=True):
        _remove_if_empty(below(target, PurePosixPath(name)))


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _missing_folders(target: Path, path: PurePosixPath) -> Iterator[str]:
    return (str(folder) for folder in path.parents if not below(target, folder / "x").parent.exists())


def _put_file(target: Path, file: KitFile) -> None:
    if file.link is None:
        _put(target, file.path, file.content, file.mode)
        return
    place, unfinished = _places(target, file.path)
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(file.link)
    os.replace(unfinished, place)


def _put(target: Path, path: PurePosixPath, content: bytes, mode: int = 0o644) -> None:
    """Write a file under another name and put it in its place, so that nobody ever sees half of it."""
    place, unfinished = _places(target, path)
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.chmod(unfinished, mode)
        os.fsync(file.fileno())
    os.replace(unfinished, place)


def _places(target: Path, path: PurePosixPath) -> tuple[Path, Path]:
    place = below(target, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place, place.with_name(place.name + _UNFINISHED)


@contextmanager
def _os_errors_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"A file of the kit cannot be written: {error.strerror}.",
            reason="cannot_write",
            remedy="Run this as root, with room on the disk; run again, it goes on where it stopped.",
        ) from error
