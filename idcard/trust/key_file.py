"""Files that name whose Ed25519 signatures count: the people behind pins, or the authorities that answer.

In TOML, and nothing else in it::

    format = 1

    [keys]
    "an.nguyen" = "BASE64 of the 32 bytes of an Ed25519 public key"
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.errors import ConfigurationError
from idcard.trust.signed_text import is_name, public_key

_MAX_BYTES: Final = 1 << 20


def keys_from_file(path: Path | str) -> Mapping[str, Ed25519PublicKey]:
    """The public keys in the file at ``path`` by their names; at least one.

    :raises ConfigurationError: with reason ``never_set_up`` where there is no file, ``damaged`` where it does not
        follow its format.
    """
    file = Path(path)
    try:
        return _keys(_read(file))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigurationError(
            f"{file.name} is no list of keys.",
            reason="damaged",
            remedy='It holds format = 1 and, under [keys], "name" = "public key in Base64", and nothing else.',
        ) from error


def _keys(data: bytes) -> Mapping[str, Ed25519PublicKey]:
    settings = tomllib.loads(data.decode("utf-8"))
    if settings.keys() != {"format", "keys"} or settings["format"] != 1:
        raise ValueError("format = 1 and keys, and nothing else")
    keys = {name: public_key(text) for name, text in settings["keys"].items()}
    if not keys or not all(map(is_name, keys)):
        raise ValueError("one name or more, of small letters, digits, dots and dashes")
    return keys


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{file.name} is missing or cannot be read.", reason="never_set_up", remedy="Put the file in its place."
        ) from error
