"""Files that only their owner can read, written wholly or not at all."""

import os
import secrets
from pathlib import Path


def write_private(target: Path, data: bytes) -> None:
    """Put ``data`` into ``target``, in the place of what was there; nobody else can read it, not for a moment.

    :raises OSError: if it cannot be written.
    """
    half = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
