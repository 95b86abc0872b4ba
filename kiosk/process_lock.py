"""A lock between processes, wherever this runs: one changes what lies behind it, and the others wait.

The system holds it for an open file and lets go of it when that is closed, so nobody who was killed keeps the others
out. The file stays: whoever removed it would take it from under those who wait.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import errno
    import msvcrt

    def _take(handle: int) -> None:
        """Wait for the first byte of the file; the system gives up after ten seconds, and is asked again."""
        while True:
            try:
                return msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLOCK:
                    raise

    def _release(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    from fcntl import LOCK_EX, LOCK_UN, flock

    def _take(handle: int) -> None:
        flock(handle, LOCK_EX)

    def _release(handle: int) -> None:
        flock(handle, LOCK_UN)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """No other process holds ``file`` while the block runs; it is made where it is missing, for its owner alone.

    :raises OSError: if it cannot be made or locked.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle)
        try:
            yield
        finally:
            _release(handle)
    finally:
        os.close(handle)
