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
