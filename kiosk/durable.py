"""Files that a power cut leaves whole: the old one or the new one lies there, with its bytes and its name."""

import os
from pathlib import Path


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
