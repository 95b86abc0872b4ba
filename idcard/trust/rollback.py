"""Was an older trust store put in the place of this one?

Theory of operation. Nothing in a directory can tell that the whole of it was brought back from a backup. So whoever
uses a store may keep a *state file* elsewhere, which holds the highest number of the store it ever saw, and that
store's digest. A lower number is an older store; the same number with another digest is a store that went its own way
from there. Both are refused.

Only what was imported has a number; certificates that are put into the folder ``csca`` by hand have none.

What that cannot find: a state file that was brought back together with the store, or removed; a store that is older
than what this state file ever saw. Keep it on another disk than the store's, or where only the service may write.
"""

import json
from pathlib import Path

from idcard.errors import ConfigurationError
from idcard.trust.archive import damaged, replace_file, unreadable


def check_not_rolled_back(state: Path, *, sequence: int, digest: str, what: str = "The trust store") -> None:
    """Nothing, where the store is as new as the newest that ``state`` knows; a newer one is noted there.

    :param digest: of what is there; empty where two of one number may differ.
    :param what: what an error calls it.
    :raises ConfigurationError: with reason ``rolled_back`` if it is older or another, ``damaged`` if the state file
        cannot be read, ``not_writable`` if it cannot be written.
    """
    seen, seen_digest = _read(state)
    if sequence < seen:
        raise _rolled_back(f"{what} was rolled back: it is number {sequence}, and number {seen} was in use before.")
    if sequence == seen and seen_digest not in ("", digest):
        raise _rolled_back(f"{what} was rolled back: it is another number {sequence} than the one in use before.")
    if (seen, seen_digest) != (sequence, digest):
        _note(state, json.dumps({"sequence": sequence, "digest": digest}).encode())


def _note(state: Path, data: bytes) -> None:
    try:
        replace_file(state, data)
    except OSError as error:
        raise ConfigurationError(
            f"The state file {state.name} cannot be written.",
            reason="not_writable",
            remedy="Make its folder, and let this user write there; or name another file.",
        ) from error


def _read(state: Path) -> tuple[int, str]:
    try:
        text = state.read_text(encoding="utf-8")
    except FileNotFoundError:
        return -1, ""
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(state.name) from error
    try:
        value = json.loads(text)
        sequence, digest = value["sequence"], value["digest"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(state.name, "is no state file") from error
    if type(sequence) is not int or not isinstance(digest, str):
        raise damaged(state.name, "is no state file")
    return sequence, digest


def _rolled_back(message: str) -> ConfigurationError:
    return ConfigurationError(
        message,
        reason="rolled_back",
        remedy="Put the newest one back; where an older one is meant, remove the state file.",
    )
