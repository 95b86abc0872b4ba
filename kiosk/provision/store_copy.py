"""A copy of the store before a release may change its tables, and the store put back from it."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from idcard import ConfigurationError

_BESIDE = ("-wal", "-shm", "-journal")


def copy_store(store: Path, copy: Path) -> None:
    """Copy the store whole, its write-ahead log included, durably.

    :raises ConfigurationError: ``store_copy`` where it cannot be read, or the copy is not whole.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(copy)) as target:
            os.chmod(copy, 0o600)
            with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as source:
                source.backup(target)
            if target.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("the copy is not whole")
        _sync(copy)
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(
            f"The store cannot be copied: {type(error).__name__}.",
            reason="store_copy",
            remedy="Nothing was changed. Make room on the disk, see that the store is whole, and run this again.",
        ) from error


def restore_store(copy: Path, store: Path) -> None:
    """Put the copy in the store's place, with the store's owner and mode; no process may have the store open.

    :raises OSError: where the copy cannot be put there.
    """
    fresh = store.with_name(store.name + ".restored")
    shutil.copyfile(copy, fresh)
    if store.exists():
        shutil.copymode(store, fresh)
        if hasattr(os, "chown"):
            os.chown(fresh, store.stat().st_uid, store.stat().st_gid)
    _sync(fresh)
    # The log first: left beside another store's file, it would be read into it.
    for suffix in _BESIDE:
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    os.replace(fresh, store)


def revision_of(store: Path) -> str | None:
    """The version of the store's tables; None where there is no store, or it says none."""
    if not store.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _sync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
