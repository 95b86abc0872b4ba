"""Files that a power cut leaves whole: the old one or the new one lies there, with its bytes and its name."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO


def sync(path: Path) -> None:
    """Bring a file's bytes, or the names in a folder, to the disk. Windows has no such call for folders."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(unfinished: Path, path: Path) -> None:
    """Rename a finished file over an older one; both the bytes and the name are on the disk when this returns."""
    sync(unfinished)
    os.replace(unfinished, path)
    sync(path.parent)


def write_in_place(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole beside an older one and put it in its place; nobody sees half of it.

    :param mode: who may read it. Windows knows no such bits: there the folder's rights must do it.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(unfinished, flags, mode), "wb") as file:
        file.write(content)
    if os.name == "posix":
        # Whatever the process may not give away by default, this file's mode is its own.
        unfinished.chmod(mode)
    put_in_place(unfinished, path)


def replace_secret(path: Path, content: bytes) -> None:
    """Another content for a private file, whole or not at all; the old content is overwritten before its file goes.

    Who may read the file stays as it was. Windows cannot replace a file that is open, so nothing is overwritten there.
    """
    unfinished = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    with open(os.open(unfinished, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        _let_the_same_read(path, file.fileno())
    if os.name != "posix":
        os.replace(unfinished, path)
        return
    with _writable(path) as old:
        length = os.fstat(old.fileno()).st_size
        os.replace(unfinished, path)
        old.write(bytes(length))
        old.flush()
        os.fsync(old.fileno())
    sync(path.parent)


def _writable(path: Path) -> BinaryIO:
    """The file, open to be overwritten; one that its owner may only read is made writable for that."""
    try:
        return path.open("r+b")
    except PermissionError:
        path.chmod(path.stat().st_mode | 0o200)
        return path.open("r+b")


def _let_the_same_read(path: Path, unfinished: int) -> None:
    if os.name == "posix":
        old = path.stat()
        os.fchmod(unfinished, old.st_mode & 0o777)
        for owner, group in ((-1, old.st_gid), (old.st_uid, -1)):
            with contextlib.suppress(PermissionError):
                os.fchown(unfinished, owner, group)
