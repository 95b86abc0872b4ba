"""What would be changed: the files as they shall be, against what lies there and what the kit wrote before."""

import difflib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from idcard import ConfigurationError
from kiosk.provision.files import KitFile
from kiosk.provision.machine import KIT

MANIFEST = PurePosixPath(KIT / "manifest.json")
BACKUPS = PurePosixPath(KIT / "backups")
_FORMAT = 1


class State(StrEnum):
    """What becomes of a path."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    GONE = "gone"
    FOREIGN = "foreign"
    ALTERED = "altered"

    @property
    def stops(self) -> bool:
        """Whether nothing is written without leave to replace it: somebody else wrote it, or changed it since."""
        return self in (State.FOREIGN, State.ALTERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that the kit wrote: what is in it, and whether something else was there before.

    ``was`` is what lies there until a run that is under way comes to this file.
    """

    path: str
    digest: str
    backup: bool = False
    was: str | None = None

    def is_ours(self, digest: str) -> bool:
        """Whether nobody else changed a file with this digest."""
        return digest in (self.digest, self.was)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the kit wrote on a machine, and the folders it made for that."""

    files: Mapping[str, Written]
    folders: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """The manifest as it is kept."""
        files = [asdict(self.files[path]) for path in sorted(self.files)]
        whole = {"format": _FORMAT, "files": files, "folders": sorted(self.folders)}
        return json.dumps(whole, indent=2).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> "Manifest":
        """The manifest in these bytes; ValueError, KeyError or TypeError where it is none."""
        whole: dict[str, Any] = json.loads(content)
        if whole["format"] != _FORMAT:
            raise ValueError("another format")
        files = {entry["path"]: Written(**entry) for entry in whole["files"]}
        return cls(files=files, folders=tuple(whole["folders"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one path; ``file`` is None for what is no longer wanted."""

    path: PurePosixPath
    state: State
    file: KitFile | None
    there: bytes | None = None
    digest: str | None = None

    @property
    def difference(self) -> str:
        """The change as a unified diff."""
        after = b"" if self.file is None else _shown(self.file)
        lines = (_lines(self.there or b""), _lines(after))
        return "\n".join(difflib.unified_diff(*lines, f"a{self.path}", f"b{self.path}", lineterm=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every step, in the order of the paths, and the manifest of before."""

    target: Path
    steps: tuple[Step, ...]
    manifest: Manifest

    def of(self, *states: State) -> tuple[Step, ...]:
        """The steps in one of these states."""
        return tuple(step for step in self.steps if step.state in states)

    @property
    def in_the_way(self) -> tuple[Step, ...]:
        """The steps that stop everything."""
        return tuple(step for step in self.steps if step.state.stops)

    @property
    def is_done(self) -> bool:
        """Whether everything is as it shall be."""
        return all(step.state is State.SAME for step in self.steps)


def plan_for(files: Iterable[KitFile], target: Path) -> Plan:
    """What would be done so that these files, and no other of the kit's, lie below ``target``.

    :raises ConfigurationError: ``leaves_target``, ``not_a_file``, ``cannot_read`` or ``damaged_manifest``.
    """
    manifest = read_manifest(target)
    wanted = {file.path: file for file in files}
    old = {PurePosixPath(path) for path in manifest.files} - set(wanted)
    steps = [_step(path, wanted.get(path), target, manifest) for path in sorted({*wanted, *old})]
    return Plan(target=target, steps=tuple(step for step in steps if step is not None), manifest=manifest)


def below(target: Path, path: PurePosixPath) -> Path:
    """Where the path lies below the target; ConfigurationError where a link would lead out of it."""
    place = target / path.relative_to("/")
    if not place.parent.resolve().is_relative_to(target.resolve()):
        raise ConfigurationError(
            f"{path} would be written outside of the target, for a folder above it is a link.",
            reason="leaves_target",
            remedy="Replace the link by a folder.",
        )
    return place


def content_of(place: Path, path: PurePosixPath) -> tuple[bytes, str] | None:
    """What lies there, and its digest; None for nothing."""
    if place.is_symlink():
        to = os.readlink(place)
        return f"-> {to}\n".encode(), f"link:{to}"
    if not place.exists():
        return None
    if not place.is_file():
        raise ConfigurationError(
            f"{path} is no file.", reason="not_a_file", remedy="Look what it is, and move it out of the way."
        )
    try:
        content = place.read_bytes()
    except PermissionError as error:
        raise ConfigurationError(
            f"{path} cannot be read by this user.", reason="cannot_read", remedy="Run this as root."
        ) from error
    return content, sha256(content).hexdigest()


def read_manifest(target: Path) -> Manifest:
    """The manifest below the target; an empty one where the kit never wrote."""
    try:
        return Manifest.from_bytes(below(target, MANIFEST).read_bytes())
    except FileNotFoundError:
        return Manifest(files={})
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The list of what the kit wrote, {MANIFEST}, is damaged.",
            reason="damaged_manifest",
            remedy="Put back a copy of it; without one, look at each file of the plan and delete the list.",
        ) from error


def _step(path: PurePosixPath, file: KitFile | None, target: Path, manifest: Manifest) -> Step | None:
    place = below(target, path)
    there = content_of(place, path)
    if there is None:
        return None if file is None else Step(path=path, state=State.NEW, file=file)
    content, digest = there
    mode_is_right = file is None or file.link is not None or place.lstat().st_mode & 0o7777 == file.mode
    state = _state(digest, file, manifest.files.get(str(path)))
    if state is State.SAME and not mode_is_right:
        state = State.CHANGED
    return Step(path=path, state=state, file=file, there=content, digest=digest)


def _state(digest: str, file: KitFile | None, written: Written | None) -> State:
    if written is not None and written.is_ours(digest):
        return State.GONE if file is None else State.SAME if digest == file.digest else State.CHANGED
    if file is not None and digest == file.digest:
        return State.SAME if written is not None else State.CHANGED
    return State.FOREIGN if written is None else State.ALTERED


def _shown(file: KitFile) -> bytes:
    return file.content if file.link is None else f"-> {file.link}\n".encode()


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    return [f"({len(content)} bytes)"] if "\0" in text else text.splitlines()
