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


def check_not_rolled_back(state: Path, *, sequence: int, digest: str) -> None:
    """Nothing, where the store is as new as the newest that ``state`` knows; a newer one is noted there.

    :raises ConfigurationError: with reason ``rolled_back`` if it is older or another, ``damaged`` if the state file
        cannot be read.
    """
    seen, seen_digest = _read(state)
    if sequence < seen:
        raise _rolled_back(f"it is number {sequence}, and number {seen} was in use before")
    if sequence == seen and seen_digest not in ("", digest):
        raise _rolled_back(f"it is another number {sequence} than the one that was in use before")
    if (seen, seen_digest) != (sequence, digest):
        replace_file(state, json.dumps({"sequence": sequence, "digest": digest}).encode())


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


def _rolled_back(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The trust store was rolled back: {what}.",
        reason="rolled_back",
        remedy="Put the newest store back; where an older one is meant, remove the state file.",
    )
