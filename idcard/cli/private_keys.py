"""Keys in PEM files that options name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_MAX_KEY_FILE = 1 << 16


def key_in(path: Path | None, load: Callable[[bytes], Any], kind: type[Any], option: str) -> Any:
    """The key in a PEM file, or None where no file is named.

    :raises typer.BadParameter: if there is no key of that kind.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as stream:
            key = load(stream.read(_MAX_KEY_FILE))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise typer.BadParameter(f"{option} takes a key file in PEM, without a password") from error
    if not isinstance(key, kind):
        raise typer.BadParameter(f"{option} takes a key of another kind: {kind.__name__}")
    return key


def private(data: bytes) -> Any:
    """The private key in PEM."""
    return load_pem_private_key(data, None)
