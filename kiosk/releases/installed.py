"""What came down and counts here: a folder that the staff's process writes and the patient's process reads.

Theory of operation. What belongs together is a *group*: the list of the distrusted; whom to believe; the tables; the
settings; the roster. A group's files lie in a folder of their own, named after what is in them, which is written whole
and never changed. ``installed.json`` says which folder counts; it is replaced by one rename. So a power cut leaves the
old or the new, and whoever reads never sees half of one and half of the other. The former folder is kept; it counts
again only where the province releases its contents anew.

``contact.json`` says when the province was heard last. The patient's process has nobody to ask: without that file it
takes the province for silent.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from idcard import ConfigurationError
from kiosk.domain.contact import Contact, Patience, Word
from kiosk.durable import put_in_place, sync
from kiosk.releases.names import EMERGENCY, Distrusted, Fingerprint

INSTALLED: Final = "installed.json"
CONTACT: Final = "contact.json"
STORE: Final = "store"
_UNFINISHED: Final = ".new-"
_FOLDER_MODE: Final = 0o750
_FILE_MODE: Final = 0o640
"""The group of the processes reads, and the owner alone writes."""
Model = TypeVar("Model", bound=BaseModel)
Step = Callable[[str], None]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[0-9a-f]{32}$")]


class Group(StrEnum):
    """What is put in place together, in the order in which it is done."""

    EMERGENCY = "emergency"
    TRUST = "trust"
    TABLES = "tables"
    SETTINGS = "settings"
    ROSTER = "roster"


class Generation(BaseModel):
    """What counts of a group: the SHA-256 of each released file by path, its folder, and the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, Fingerprint] = {}
    current: Name | None = None
    former: Name | None = None


class Installed(BaseModel):
    """``installed.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Annotated[int, Field(ge=1, le=1)] = 1
    groups: dict[Group, Generation] = {}

    def of(self, group: Group) -> Generation:
        """What counts of a group; nothing where nothing ever came."""
        return self.groups.get(group, Generation())


class Standing(BaseModel):
    """``contact.json``: since when there is a province, when it was heard last, and after how long what follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: AwareDatetime
    heard_at: AwareDatetime | None = None
    quiet_h: Annotated[float, Field(gt=0)] = 6.0
    silent_h: Annotated[float, Field(gt=0)] = 72.0

    def contact(self, now: datetime, *, lane_closed: bool) -> Contact:
        """What follows now; ``lane_closed`` is what the list of the distrusted says."""
        word = None if self.heard_at is None else Word(heard_at=self.heard_at)
        if lane_closed:
            word = Word(heard_at=self.heard_at or self.since, lane_closed=True)
        return Patience(quiet_h=self.quiet_h, silent_h=self.silent_h).contact(word, now, since=self.since)


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder, as both processes see it."""

    path: Path

    def installed(self) -> Installed:
        """What counts now.

        :raises ConfigurationError: ``damaged`` where the file is there and cannot be read.
        """
        return self._read(INSTALLED, Installed) or Installed()

    def of(self, group: Group) -> Path | None:
        """The folder of what counts of a group, or None where nothing came; ConfigurationError as above."""
        name = self.installed().of(group).current
        return None if name is None else self.path / name

    def distrusted(self) -> Distrusted | None:
        """The list of the distrusted that counts, or None where none came.

        :raises ConfigurationError: ``damaged`` where it cannot be read.
        """
        folder = self.of(Group.EMERGENCY)
        try:
            return None if folder is None else Distrusted.from_bytes((folder / file_name(EMERGENCY)).read_bytes())
        except (OSError, ValueError) as error:
            raise _damaged("the list of the distrusted") from error

    def standing(self) -> Standing | None:
        """When the province was heard last, or None where nobody wrote that down.

        :raises ConfigurationError: ``damaged`` where the file is there and cannot be read.
        """
        return self._read(CONTACT, Standing)

    def marks(self) -> tuple[object, ...]:
        """What changes when anything else counts."""
        try:
            found = (self.path / INSTALLED).stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self, name: str, kind: type[Model]) -> Model | None:
        try:
            return kind.model_validate_json((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise _damaged(name) from error


@dataclass(slots=True)
class Keeper:
    """The folder, as the staff's process writes it: nobody else does.

    :param step: told before each step that a power cut may interrupt.
    """

    folder: Folder
    step: Step = field(default=lambda _: None)

    def begin(self, group: Group, files: Mapping[str, bytes]) -> "Unfinished":
        """A folder with these files, which counts for nothing yet. OSError where it cannot be written."""
        self.clean()
        name = f"{group}-{_digest(files)}"
        unfinished = self.folder.path / f"{_UNFINISHED}{name}"
        unfinished.mkdir(parents=True)
        for path, data in files.items():
            self.step(f"write {path}")
            place = unfinished / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return Unfinished(group=group, name=name, path=unfinished)

    def put(self, made: "Unfinished", files: Mapping[str, str]) -> None:
        """Let it count: the folder is brought to the disk, named, and named in ``installed.json``, in this order."""
        for path in (*sorted(made.path.rglob("*"), reverse=True), made.path):
            path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)
            sync(path)
        place = self.folder.path / made.name
        self.step("name")
        if place.exists() and made.name not in self._named():
            # It was named, and a power cut came before it counted.
            shutil.rmtree(place)
        if place.exists():
            shutil.rmtree(made.path)
        else:
            os.replace(made.path, place)
            sync(self.folder.path)
        self.note(made.group, files, made.name)

    def note(self, group: Group, files: Mapping[str, str], name: str | None = None) -> None:
        """Write down which files of a group count, and in which folder they are; None where they lie elsewhere."""
        installed = self.known()
        before = installed.of(group)
        former = before.former if name == before.current else before.current
        made = Generation(files=dict(files), current=name, former=former)
        self.step("note")
        self._write(INSTALLED, Installed(groups={**installed.groups, group: made}))
        self.step("noted")
        self.clean()

    def known(self) -> Installed:
        """What counts now; where that cannot be read, nothing does, and all of it is put in place anew."""
        try:
            return self.folder.installed()
        except ConfigurationError:
            return Installed()

    def heard(self, standing: Standing) -> None:
        """Write down when the province was heard last."""
        self._write(CONTACT, standing)

    def clean(self) -> None:
        """Remove what was begun, and what counted before the former."""
        kept = self._named()
        for path in self.folder.path.glob("*-*"):
            old = path.name.partition("-")[0] in set(Group) and path.name not in kept
            if path.is_dir() and (old or path.name.startswith(_UNFINISHED)):
                shutil.rmtree(path, ignore_errors=True)

    def _named(self) -> set[str]:
        every = self.known().groups.values()
        return {name for one in every for name in (one.current, one.former) if name is not None}

    def _write(self, name: str, value: BaseModel) -> None:
        self.folder.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder.path / f".{name}.new"
        unfinished.write_text(value.model_dump_json() + "\n", encoding="utf-8")
        unfinished.chmod(_FILE_MODE)
        self.step(f"replace {name}")
        put_in_place(unfinished, self.folder.path / name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A folder that counts for nothing yet."""

    group: Group
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Newest:
    """Which list of the distrusted was the newest that a process saw, kept beside its other states."""

    file: Path

    def check(self, found: Distrusted | None, *, remember: bool) -> None:
        """Nothing, where the list is as new as the newest; a newer one is noted.

        :raises ConfigurationError: ``rolled_back`` where it is older, another of the same number, or gone;
            ``damaged`` where the state cannot be read, ``not_writable`` where it cannot be written.
        """
        number, digest = (0, "") if found is None else (found.number, hashlib.sha256(found.to_bytes()).hexdigest())
        seen = self._seen()
        if (number, digest) == seen:
            return
        if number <= seen[0]:
            raise ConfigurationError(
                "The list of the distrusted was rolled back.",
                reason="rolled_back",
                remedy="Let the staff's process fetch the newest one.",
            )
        if remember:
            self._note(number, digest)

    def _seen(self) -> tuple[int, str]:
        try:
            match json.loads(self.file.read_text("utf-8")):
                case [int(number), str(digest)]:
                    return number, digest
        except FileNotFoundError:
            return 0, ""
        except (OSError, ValueError) as error:
            raise _damaged(self.file.name) from error
        raise _damaged(self.file.name)

    def _note(self, number: int, digest: str) -> None:
        unfinished = self.file.with_name(f"{self.file.name}.new")
        try:
            unfinished.write_text(json.dumps([number, digest]), encoding="utf-8")
            put_in_place(unfinished, self.file)
        except OSError as error:
            raise ConfigurationError(
                f"The state file {self.file.name} cannot be written.",
                reason="not_writable",
                remedy="Make its folder, and let this user write there.",
            ) from error


def file_name(path: str) -> str:
    """What a released file is called in its group's folder."""
    return path.rpartition("/")[2]


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{len(path)} {path} {hashlib.sha256(files[path]).hexdigest()}\n".encode())
    return whole.hexdigest()[:32]


def _damaged(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"What came down from the province is damaged: {what}.",
        reason="damaged",
        remedy="Let the staff's process fetch it again.",
    )
