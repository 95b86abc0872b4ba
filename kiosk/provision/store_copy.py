"""A copy of the store before a release may change its tables, and the store put back from it.

This runs as root, in a folder that the processes' users may write: whatever lies there may have been put there by
somebody who got into one of them. No link is followed, and no file is written that was not made here.
"""

import os
import shutil
import sqlite3
import stat
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from idcard import ConfigurationError
from kiosk.durable import sync

_BESIDE = ("-wal", "-shm", "-journal")
_SHARED = 0o660
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def copy_store(store: Path, copy: Path) -> None:
    """Copy the store whole, its write-ahead log included, durably.

    :raises ConfigurationError: ``store_copy`` where it cannot be read, is a link, or the copy is not whole.
    """
    try:
        if not is_store(store):
            raise sqlite3.DatabaseError("the store is no file")
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | _NO_LINK, 0o600))
        with closing(sqlite3.connect(copy)) as target:
            with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as source:
                source.backup(target)
            if target.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("the copy is not whole")
        sync(copy)
        sync(copy.parent)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            copy.unlink(missing_ok=True)
        raise ConfigurationError(
            f"The store cannot be copied: {type(error).__name__}.",
            reason="store_copy",
            remedy="Nothing was changed. Make room on the disk, see that the store is a whole file and no link, "
            "and run this again.",
        ) from error


def restore_store(copy: Path, store: Path, aside: Path) -> Path | None:
    """Put the copy in the store's place, with the store's owner and mode; no process may have the store open.

    :param aside: where what the copy replaces goes. Where there is no room for it, it stays beside the store.
    :returns: where it is now; None where there was nothing.
    :raises OSError: where the copy cannot be put there; the store is as it was then.
    """
    fresh = _written_beside(copy, store)
    try:
        kept = _kept(store, aside)
        # The log first: left beside another store's file, it would be read into it.
        for suffix in _BESIDE:
            store.with_name(store.name + suffix).unlink(missing_ok=True)
        os.replace(fresh, store)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync(store.parent)
    return kept


def is_store(store: Path) -> bool:
    """Whether a file lies there, and neither a link nor anything else."""
    try:
        return stat.S_ISREG(store.lstat().st_mode)
    except OSError:
        return False


def revision_of(store: Path) -> str | None:
    """The version of the store's tables; None where there is no store, or it says none."""
    if not is_store(store):
        return None
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _written_beside(copy: Path, store: Path) -> Path:
    """A file with the copy's content, made here under a name that nobody could know before."""
    prefix = f"{store.name}.restored-"
    for left in store.parent.glob(f"{prefix}*"):
        with suppress(OSError):
            left.unlink()
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=store.parent)
    try:
        with open(descriptor, "wb") as fresh, copy.open("rb") as source:
            shutil.copyfileobj(source, fresh)
            _share(fresh.fileno(), store)
            fresh.flush()
            os.fsync(fresh.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _share(fresh: int, store: Path) -> None:
    """Let those read and write the new file who could with the old one; without one, the group of its folder."""
    if os.name != "posix":
        return
    old, folder = store.lstat() if is_store(store) else None, store.parent.stat()
    os.fchown(fresh, *((old.st_uid, old.st_gid) if old is not None else (folder.st_uid, folder.st_gid)))
    os.fchmod(fresh, old.st_mode & 0o777 if old is not None else _SHARED)


def _kept(store: Path, aside: Path) -> Path | None:
    """Keep the store that is about to be replaced: as a copy, and, where none can be made, under another name."""
    if not os.path.lexists(store):
        return None
    try:
        copy_store(store, aside)
        return aside
    except ConfigurationError:
        beside = Path(tempfile.mkdtemp(prefix=f"{aside.stem}-", dir=store.parent))
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                os.replace(store.with_name(store.name + suffix), beside / (store.name + suffix))
        os.replace(store, beside / store.name)
        return beside / store.name
