"""The hub's side: releases are put together, signed and laid out as plain files for a web server.

Theory of operation. The Update Framework has four roles. *root* says whose keys count for what; its keys are kept apart
by several people, and nothing changes without as many of them as the threshold says. *targets* says which files are
released; its keys are with the officers who release. *snapshot* says which lists belong together, so that nobody can
mix an old one with a new one. *timestamp* says, for a short time only, which snapshot is the newest, so that nobody can
hold releases back unseen. The last two are signed by a key that the hub itself has: whoever steals it can hold releases
back for as long as a timestamp counts, and release nothing.

A fifth role, *emergency*, may release one file and no other: the list of the distrusted. Its key may lie with one
officer on duty. Whoever steals it can close lanes, and open none: a list that takes something back counts at clinics
only where the officers released the same bytes besides.

Every list is a file under its version, and every file under its hash, written before anything names it; only
``timestamp.json`` is ever replaced. So a publication that ends half-way changes nothing. Whoever changes the folder
holds its lock, so that the hub's hourly word and an officer's release never go by what the other is about to replace.

Source: The Update Framework Specification 1.0.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.exceptions import StorageError
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from kiosk.durable import put_in_place
from kiosk.process_lock import locked
from kiosk.releases.errors import CannotPublish
from kiosk.releases.names import EMERGENCY, EMERGENCY_ROLE, is_released

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)
_TIMESTAMP: Final = "timestamp.json"
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """For how long each role's word counts."""

    root: timedelta = timedelta(days=730)
    targets: timedelta = timedelta(days=180)
    emergency: timedelta = timedelta(days=180)
    snapshot: timedelta = timedelta(days=14)
    timestamp: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """The keys at hand now; none needs all of them."""

    root: tuple[Ed25519PrivateKey, ...] = ()
    targets: tuple[Ed25519PrivateKey, ...] = ()
    emergency: tuple[Ed25519PrivateKey, ...] = ()
    online: tuple[Ed25519PrivateKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How many keys must sign."""

    root: int = 2
    targets: int = 1
    emergency: int = 1


class Repository:
    """A folder of releases: ``metadata/`` and ``targets/``, as a web server may show it to everybody.

    :param now: the moment of what is done, aware.
    """

    def __init__(self, folder: Path, *, now: datetime, lifetimes: Lifetimes | None = None) -> None:
        self._metadata, self._targets = folder / "metadata", folder / "targets"
        self._now = now
        self._lifetimes = lifetimes or Lifetimes()
        self._lock, self._is_alone = folder / _LOCK, False

    @classmethod
    def create(
        cls,
        folder: Path,
        signers: Signers,
        *,
        now: datetime,
        thresholds: Thresholds,
        lifetimes: Lifetimes | None = None,
    ) -> "Repository":
        """A repository with nothing in it yet; its first root is what clinics are given when they are set up.

        :raises CannotPublish: where there is one already, or keys do not reach their thresholds.
        """
        made = cls(folder, now=now, lifetimes=lifetimes)
        if made._metadata.exists():
            raise CannotPublish("There are releases in this folder already.")
        for each in (made._metadata, made._targets):
            each.mkdir(parents=True)
        root = Root(expires=made._until(made._lifetimes.root), consistent_snapshot=True)
        for role, keys, threshold in (
            (Root.type, signers.root, thresholds.root),
            (Targets.type, signers.targets, thresholds.targets),
            (Snapshot.type, signers.online, 1),
            (Timestamp.type, signers.online, 1),
        ):
            _enough(keys, threshold)
            for key in keys:
                root.add_key(_public(key), role)
            root.roles[role].threshold = threshold
        made._write(Metadata(root), signers.root, Root.type)
        made._first_lists(signers, thresholds)
        return made

    def _first_lists(self, signers: Signers, thresholds: Thresholds) -> None:
        targets = Targets(expires=self._until(self._lifetimes.targets))
        _enough(signers.emergency, thresholds.emergency)
        public = [_public(key) for key in signers.emergency]
        role = DelegatedRole(
            EMERGENCY_ROLE, [key.keyid for key in public], thresholds.emergency, terminating=True, paths=[EMERGENCY]
        )
        targets.delegations = Delegations({key.keyid: key for key in public}, {EMERGENCY_ROLE: role})
        self._write(Metadata(targets), signers.targets, Targets.type)
        emergency = Targets(expires=self._until(self._lifetimes.emergency))
        self._write(Metadata(emergency), signers.emergency, EMERGENCY_ROLE)
        names = {f"{role}.json": MetaFile(version=1) for role in (Targets.type, EMERGENCY_ROLE)}
        snapshot = Snapshot(expires=self._until(self._lifetimes.snapshot), meta=names)
        self._write(Metadata(snapshot), signers.online, Snapshot.type)
        timestamp = Timestamp(expires=self._until(self._lifetimes.timestamp), snapshot_meta=MetaFile(version=1))
        self._write(Metadata(timestamp), signers.online, Timestamp.type)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else changes the folder while the block runs: whoever does waits. Blocks lie in each other freely.

        :raises CannotPublish: where the folder cannot be locked.
        """
        if self._is_alone:
            yield
            return
        with ExitStack() as held:
            try:
                held.enter_context(locked(self._lock))
            except OSError as error:
                raise CannotPublish("The folder of releases cannot be locked: not there, or another user's.") from error
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def root(self) -> bytes:
        """The newest root."""
        return self._path(Root.type, self._newest_root()).read_bytes()

    def released(self) -> dict[str, tuple[int, str]]:
        """What is released now: length and SHA-256 by path."""
        both = self._read(Targets, Targets.type).signed.targets | self._read(Targets, EMERGENCY_ROLE).signed.targets
        return {path: (target.length, target.hashes["sha256"]) for path, target in both.items()}

    def data_of(self, path: str) -> bytes | None:
        """What is released under this path, or None; CannotPublish where it cannot be read."""
        found = self.released().get(path)
        folder, _, name = path.rpartition("/")
        try:
            return None if found is None else (self._targets / folder / f"{found[1]}.{name}").read_bytes()
        except OSError as error:
            raise CannotPublish(f"{path} is released and cannot be read.") from error

    def expiries(self) -> dict[str, datetime]:
        """Until when each role's word counts."""
        return {
            Root.type: self._read(Root, Root.type).signed.expires,
            Targets.type: self._read(Targets, Targets.type).signed.expires,
            EMERGENCY_ROLE: self._read(Targets, EMERGENCY_ROLE).signed.expires,
            Snapshot.type: self._read(Snapshot, Snapshot.type).signed.expires,
            Timestamp.type: self._read(Timestamp, Timestamp.type).signed.expires,
        }

    def publish(self, files: Mapping[str, bytes], signers: Signers, *, gone: Iterable[str] = ()) -> None:
        """Release these files, and what was released before, but for what is ``gone``.

        :raises CannotPublish: where a path is none that releases have, or too few keys are at hand.
        """
        if wrong := [path for path in files if not is_released(path)]:
            raise CannotPublish(f"Not a path of releases: {wrong[0]}")
        gone = frozenset(gone)
        with self.alone():
            self._release_all(files, signers, gone)
            self.renew(signers, snapshot=True)

    def _release_all(self, files: Mapping[str, bytes], signers: Signers, gone: frozenset[str]) -> None:
        ordinary = {path: data for path, data in files.items() if path != EMERGENCY}
        if ordinary or gone:
            self._release(Targets.type, ordinary, gone, signers.targets, self._lifetimes.targets)
        if EMERGENCY in files:
            alone = {EMERGENCY: files[EMERGENCY]}
            self._release(EMERGENCY_ROLE, alone, frozenset(), signers.emergency, self._lifetimes.emergency)

    def renew(self, signers: Signers, *, snapshot: bool = False) -> None:
        """Say anew that nothing is newer: to be done well within a timestamp's lifetime.

        :raises CannotPublish: where the hub's key is not at hand.
        """
        with self.alone():
            held = self._read(Snapshot, Snapshot.type)
            if snapshot or held.signed.expires - self._now < self._lifetimes.snapshot / 2:
                for role in (Targets.type, EMERGENCY_ROLE):
                    held.signed.meta[f"{role}.json"] = MetaFile(version=self._newest(role))
                self._next(held, signers.online, Snapshot.type, self._lifetimes.snapshot)
            timestamp = self._read(Timestamp, Timestamp.type)
            timestamp.signed.snapshot_meta = MetaFile(version=self._newest(Snapshot.type))
            timestamp.signed.version += 1
            timestamp.signed.expires = self._until(self._lifetimes.timestamp)
            self._write(timestamp, signers.online, Timestamp.type)

    def change_keys(self, old: Signers, new: Signers) -> None:
        """A new root, signed by the keys of the old one: with other keys for each role of which ``new`` has any.

        What these roles said is signed anew. For another key of the emergency the officers' key must be at hand, an old
        or a new one; for other keys of the root, enough of the old and enough of the new.

        :param old: the keys that count until now. :param new: those that take their place.
        :raises CannotPublish: where too few keys are at hand.
        """
        officers, online = new.targets or old.targets, new.online or old.online
        with self.alone():
            root = self._read(Root, Root.type)
            for role, keys in (
                (Root.type, new.root),
                (Targets.type, new.targets),
                (Snapshot.type, new.online),
                (Timestamp.type, new.online),
            ):
                _replace_keys(root.signed, role, keys)
            self._next(root, (*old.root, *new.root), Root.type, self._lifetimes.root)
            if new.targets or new.emergency:
                self._relist(officers, new.emergency)
            self.renew(Signers(online=online), snapshot=True)

    def _relist(self, officers: tuple[Ed25519PrivateKey, ...], emergency: tuple[Ed25519PrivateKey, ...]) -> None:
        """What is released, signed anew; where there are keys for the emergency, they take the place of the old."""
        held = self._read(Targets, Targets.type)
        _replace_keys(held.signed, EMERGENCY_ROLE, emergency)
        self._next(held, officers, Targets.type, self._lifetimes.targets)
        if emergency:
            self._release(EMERGENCY_ROLE, {}, frozenset(), emergency, self._lifetimes.emergency)

    def _release(
        self,
        role: str,
        files: Mapping[str, bytes],
        gone: frozenset[str],
        keys: tuple[Ed25519PrivateKey, ...],
        lifetime: timedelta,
    ) -> None:
        held = self._read(Targets, role)
        for path in gone:
            held.signed.targets.pop(path, None)
        for path, data in files.items():
            target = TargetFile.from_data(path, data, ["sha256"])
            self._lay(path, data)
            held.signed.targets[path] = target
        self._next(held, keys, role, lifetime)

    def _lay(self, path: str, data: bytes) -> None:
        """The file under its hash, as consistent snapshots have it."""
        folder, _, name = path.rpartition("/")
        _write_file(self._targets / folder / f"{sha256(data).hexdigest()}.{name}", data)

    def _next(self, metadata: Metadata[T], keys: tuple[Ed25519PrivateKey, ...], role: str, lifetime: timedelta) -> None:
        metadata.signed.version += 1
        metadata.signed.expires = self._until(lifetime)
        self._write(metadata, keys, role)

    def _write(self, metadata: Metadata[T], keys: tuple[Ed25519PrivateKey, ...], role: str) -> None:
        metadata.signatures.clear()
        for key in keys:
            metadata.sign(CryptoSigner(key, _public(key)), append=True)
        try:
            self._check_signed(metadata, role)
        except UnsignedMetadataError as error:
            raise CannotPublish(f"Too few keys of the role {role} are at hand.") from error
        name = _TIMESTAMP if role == Timestamp.type else f"{metadata.signed.version}.{role}.json"
        _write_file(self._metadata / name, metadata.to_bytes())

    def _check_signed(self, metadata: Metadata[T], role: str) -> None:
        """Enough keys of the role signed: nobody is to learn from a clinic that they did not."""
        signed, signatures = metadata.signed_bytes, metadata.signatures
        if role == EMERGENCY_ROLE:
            self._read(Targets, Targets.type).signed.verify_delegate(role, signed, signatures)
            return
        if isinstance(metadata.signed, Root):
            metadata.signed.verify_delegate(role, signed, signatures)
        if self._newest_root():
            self._read(Root, Root.type).signed.verify_delegate(role, signed, signatures)

    def _read(self, _: type[T], role: str) -> Metadata[T]:
        path = self._metadata / _TIMESTAMP if role == Timestamp.type else self._path(role, self._newest(role))
        try:
            metadata: Metadata[T] = Metadata.from_bytes(path.read_bytes())
        except (OSError, RepositoryError, StorageError) as error:
            raise CannotPublish(f"The list of {role} cannot be read.") from error
        return metadata

    def _newest(self, role: str) -> int:
        if role == Root.type:
            return self._newest_root()
        found = [int(path.name.split(".")[0]) for path in self._metadata.glob(f"*.{role}.json")]
        if not found:
            raise CannotPublish("There are no releases in this folder.")
        return max(found)

    def _newest_root(self) -> int:
        return max((int(path.name.split(".")[0]) for path in self._metadata.glob(f"*.{Root.type}.json")), default=0)

    def _path(self, role: str, version: int) -> Path:
        return self._metadata / f"{version}.{role}.json"

    def _until(self, lifetime: timedelta) -> datetime:
        return (self._now + lifetime).replace(microsecond=0)


def _public(key: Ed25519PrivateKey) -> SSlibKey:
    return SSlibKey.from_crypto(key.public_key())


def _enough(keys: tuple[Ed25519PrivateKey, ...], threshold: int) -> None:
    if not 1 <= threshold <= len(keys):
        raise CannotPublish(f"{threshold} keys are to sign, and there are {len(keys)}.")


def _replace_keys(signed: Root | Targets, role: str, keys: tuple[Ed25519PrivateKey, ...]) -> None:
    """Other keys for a role; where there are none, its own stay."""
    roles = signed.roles if isinstance(signed, Root) else signed.delegations and signed.delegations.roles
    if not keys or not roles:
        return
    for keyid in tuple(roles[role].keyids):
        signed.revoke_key(keyid, role)
    for key in keys:
        signed.add_key(_public(key), role)


def _write_file(path: Path, data: bytes) -> None:
    """The file, whole, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_bytes(data)
    put_in_place(unfinished, path)
