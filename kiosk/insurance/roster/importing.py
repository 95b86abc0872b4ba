"""An import from its file to the roster in its place: all of it or nothing, and never an older one over a newer.

Killed at any moment, the old roster or the new one lies there, whole. What was taken in by then stays in the stage, and
the same import goes on from there. The state is written after the roster is in place: killed between the two, the
import is run again, finds its own roster there, and only writes the state.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idcard import ConfigurationError
from kiosk.domain.freshness import SKEW
from kiosk.durable import put_in_place
from kiosk.insurance.roster.contested import drop_contested
from kiosk.insurance.roster.delta import write_delta
from kiosk.insurance.roster.encoding import Encoder
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.file import RosterFile, RosterInfo
from kiosk.insurance.roster.full import Identity, write_full
from kiosk.insurance.roster.layout import FORMAT, KEY_CHECK
from kiosk.insurance.roster.lines import LineReader, Subset, check_header
from kiosk.insurance.roster.manifest import Manifest, manifest_of, read_manifest
from kiosk.insurance.roster.names import MAX_NAMES, NameSealer
from kiosk.insurance.roster.stage import Block, Place, Reject, Stage
from kiosk.insurance.roster.state import read_state, state_of, write_state
from kiosk.keys import PersonTags

MAX_REJECTED = 0.01
"""Which part of the lines may be refused before the whole file is: a shifted column must not empty the roster."""
_FEW = 10
"""So many may be refused of any file, if they are not all there are."""
BLOCK_BYTES = 1 << 21

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it is and how far it goes; a step without a length has 0 and 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Whose names are kept: people whose home clinic is one of ``clinics``, sealed to the clinic's public key.

    ``most`` is how many names an import may bring.
    """

    clinics: frozenset[str]
    public_key: X25519PublicKey
    most: int = MAX_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The roster that is replaced, its key, and where it is noted which was the newest."""

    roster: Path
    tags: PersonTags
    state: Path | None = None
    own: Own | None = None
    publisher: Ed25519PublicKey | None = None

    @property
    def state_file(self) -> Path:
        """The state file."""
        return self.state or state_of(self.roster)

    def beside(self, suffix: str) -> Path:
        """A file beside the roster."""
        return self.roster.with_name(self.roster.name + suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did; ``resumed_at`` is the line from which an interrupted one went on, else 1."""

    info: RosterInfo
    lines: int
    rejects: tuple[Reject, ...]
    already_there: bool = False
    resumed_at: int = 1


def import_roster(
    file: Path,
    target: Target,
    *,
    manifest: Path | None = None,
    max_rejected: float = MAX_REJECTED,
    block_bytes: int = BLOCK_BYTES,
    now: datetime | None = None,
    progress: Progress = lambda *_: None,
    on_rejects: Callable[[list[Reject]], None] = lambda _: None,
) -> Report:
    """Put the roster in ``file`` in place of the present one, or change the present one by it.

    :param max_rejected: which part of the lines may be refused.
    :param block_bytes: how much of the file is taken in at once; an interrupted import loses no more than that.
    :param now: the moment of the import, aware; this machine's where none is given.
    :param on_rejects: given the refused lines once they are known, whether the import goes on or not.
    :raises RosterRefused: if it is not installed; what was there stays.
    :raises ConfigurationError: if the present roster is to be changed and cannot be read, or the state cannot.
    """
    said = read_manifest(manifest or manifest_of(file), target.publisher)
    if said.as_of > (now or datetime.now(UTC)) + SKEW:
        # Nobody knows what will be true: it would decide nothing until then, and keep out what is true now.
        raise RosterRefused(Refusal.IN_FUTURE, as_of=said.as_of.isoformat())
    try:
        with Stage(target.beside(".stage")) as stage:
            return _Import(file, target, said, stage, progress, block_bytes).run(max_rejected, on_rejects)
    except (sqlite3.OperationalError, OSError) as error:
        raise RosterRefused(Refusal.NO_SPACE) from error


class _Import:
    def __init__(
        self, file: Path, target: Target, manifest: Manifest, stage: Stage, progress: Progress, block_bytes: int
    ) -> None:
        self._file = file
        self._target = target
        self._manifest = manifest
        self._stage = stage
        self._progress = progress
        self._block_bytes = block_bytes

    def run(self, max_rejected: float, on_rejects: Callable[[list[Reject]], None]) -> Report:
        present = self._present()
        if present is not None and self._is_there(present):
            return self._nothing_to_do(present)
        self._refuse_older(present)
        with self._opened() as file:
            base = present if self._manifest.is_delta else None
            start = self._stage.begin(self._belongs_to(base), () if base is None else base.kinds.items())
            self._take_lines(file, start, base)
        if present is not None:
            present.close()
        drop_contested(self._stage)
        self._refuse_too_many(max_rejected, on_rejects)
        unfinished = self._write()
        self._refuse_too_many(max_rejected, on_rejects)
        rejects = self._stage.rejects()
        on_rejects(rejects)
        self._install(unfinished)
        info = RosterFile(self._target.roster, tags=self._target.tags).info
        self._stage.discard()
        return Report(info=info, lines=self._manifest.rows, rejects=tuple(rejects), resumed_at=start.line)

    def _present(self) -> RosterFile | None:
        """The roster that lies there; None where there is none that counts, and the import brings a whole one."""
        try:
            return RosterFile(self._target.roster, tags=self._target.tags)
        except ConfigurationError as error:
            if self._manifest.is_delta:
                if error.reason == "never_set_up":
                    raise RosterRefused(Refusal.WRONG_BASE, base=self._manifest.base or "") from error
                raise
            return None

    def _is_there(self, present: RosterFile) -> bool:
        """Whether this very delivery is installed, and nothing newer was."""
        if present.info.sequence < read_state(self._target.state_file).beside(present.info).sequence:
            return False
        return (present.info.sequence, present.info.digest) == (self._manifest.sequence, self._manifest.sha256)

    def _nothing_to_do(self, present: RosterFile) -> Report:
        newest = read_state(self._target.state_file)
        if newest.sequence < present.info.sequence or newest.beside(present.info) is not newest:
            write_state(self._target.state_file, newest.then(present.info))
        self._stage.discard()
        return Report(info=present.info, lines=self._manifest.rows, rejects=(), already_there=True)

    def _refuse_older(self, present: RosterFile | None) -> None:
        manifest = self._manifest
        newest = read_state(self._target.state_file).beside(None if present is None else present.info)
        if (manifest.sequence, manifest.sha256) in newest.refused:
            raise RosterRefused(Refusal.DISOWNED, sequence=manifest.sequence)
        here = -1 if present is None else present.info.sequence
        # A disowned one keeps nothing out; but a delta changes it, and would make it right in no row but its own.
        disowned = newest.disowned and here <= newest.sequence and not manifest.is_delta
        seen = -1 if disowned else max(newest.sequence, here)
        # The newest delivery may come again where its roster was lost, or an older one was put in its place.
        again = here < newest.sequence and (manifest.sequence, manifest.sha256) == (newest.sequence, newest.digest)
        if manifest.sequence <= seen and not again:
            raise RosterRefused(Refusal.OLDER, sequence=manifest.sequence, newest=seen)
        if manifest.is_delta and (present is None or present.info.version != manifest.base):
            found = "" if present is None else present.info.version
            raise RosterRefused(Refusal.WRONG_BASE, base=manifest.base or "", present=found)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file, once its hash and its number of lines are those of the manifest; it must stay as it is."""
        try:
            with self._file.open("rb") as file:
                before = os.fstat(file.fileno())
                self._check_hash(file, before.st_size)
                yield file
                after = os.fstat(file.fileno())
        except OSError as error:
            raise RosterRefused(Refusal.FILE_MISSING, file=self._file.name) from error
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise RosterRefused(Refusal.FILE_CHANGED)

    def _check_hash(self, file: BinaryIO, size: int) -> None:
        digest, breaks, ends, done = hashlib.sha256(), 0, True, 0
        while data := file.read(BLOCK_BYTES):
            digest.update(data)
            found = data.count(b"\n")
            if not found and len(data) == BLOCK_BYTES:
                # No block without a line's end, so no line is longer than two blocks.
                raise RosterRefused(Refusal.HEADER)
            breaks, ends, done = breaks + found, data.endswith(b"\n"), done + len(data)
            self._progress("hash", done, size)
        if digest.hexdigest() != self._manifest.sha256:
            raise RosterRefused(Refusal.HASH_DIFFERS)
        lines = breaks + (not ends) - 1
        if lines != self._manifest.rows:
            raise RosterRefused(Refusal.ROWS_DIFFER, rows=lines, promised=self._manifest.rows)

    def _belongs_to(self, base: RosterFile | None) -> dict[str, str]:
        own = self._target.own
        key = b"" if own is None else own.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {
            "format": str(FORMAT),
            "manifest": hashlib.sha256(self._manifest.model_dump_json().encode()).hexdigest(),
            "base": "" if base is None else base.info.digest,
            "key_check": self._target.tags.roster_tag(KEY_CHECK).hex(),
            "names": key.hex() + ",".join(sorted(own.clinics if own else ())),
        }

    def _take_lines(self, file: BinaryIO, start: Place, base: RosterFile | None) -> None:
        file.seek(0)
        header = file.readline(4096)
        check_header(header)
        offset, number = (start.offset, start.line) if start.offset else (len(header), 2)
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        reader = self._reader(base)
        # Not beyond the length that was hashed: a file that grows is refused in the end.
        while offset < size and (lines := file.readlines(min(self._block_bytes, size - offset))):
            _take_block(reader, number, lines)
            offset, number = offset + sum(map(len, lines)), number + len(lines)
            self._stage.take(reader.block, Place(offset=offset, line=number))
            reader.block = Block()
            self._progress("lines", offset, size)

    def _reader(self, base: RosterFile | None) -> LineReader:
        encoder = Encoder(self._target.tags, salt=self._manifest.sequence & 0xFF, base=base)
        subset = None
        if (own := self._target.own) is not None:
            sealer = NameSealer(own.public_key)
            subset = Subset(clinics=own.clinics, sealer=sealer, name_key=self._stage.add_name_key(sealer.sealed_key))
        return LineReader(encoder, kind_id=self._stage.kind_id, delta=self._manifest.is_delta, subset=subset)

    def _refuse_too_many(self, max_rejected: float, on_rejects: Callable[[list[Reject]], None]) -> None:
        refused, rows = self._stage.counted("reject"), self._manifest.rows
        if refused > max(_FEW, max_rejected * rows) or refused == rows > 0:
            on_rejects(self._stage.rejects())
            self._stage.discard()
            raise RosterRefused(Refusal.TOO_MANY_REJECTS, rejects=refused, rows=rows)
        most = self._target.own.most if self._target.own is not None else 0
        if self._stage.counted("staged_name") > most:
            self._stage.discard()
            raise RosterRefused(Refusal.TOO_MANY_NAMES, most=most)

    def _write(self) -> Path:
        manifest, target, unfinished = self._manifest, self._target, self._target.beside(".new")
        identity = Identity(
            version=manifest.version, sequence=manifest.sequence, as_of=manifest.as_of, digest=manifest.sha256
        )
        if manifest.is_delta:
            write_delta(self._stage, target.roster, unfinished, identity, tags=target.tags, step=self._step)
        else:
            write_full(self._stage, unfinished, identity, tags=target.tags, step=self._step)
        return unfinished

    def _install(self, unfinished: Path) -> None:
        info = RosterFile(unfinished, tags=self._target.tags).info
        self._step("install")
        newest = read_state(self._target.state_file)
        if newest.disowned:
            # Its number may be lower: without this, whoever reads between the two renames takes it for an older one.
            write_state(self._target.state_file, replace(newest, coming=(info.sequence, info.digest)))
        put_in_place(unfinished, self._target.roster)
        self._step("state")
        write_state(self._target.state_file, newest.then(info))
        self._step("done")

    def _step(self, name: str) -> None:
        self._progress(name, 0, 0)


def _take_block(reader: LineReader, first: int, lines: list[bytes]) -> None:
    try:
        texts = b"".join(lines).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        for number, line in enumerate(lines, first):
            reader.take_bytes(number, line.rstrip(b"\r\n"))
        return
    for number, text in zip(range(first, first + len(lines)), texts, strict=False):
        reader.take(number, text.removesuffix("\r"))
