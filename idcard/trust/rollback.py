"""Was an older trust store put in the place of this one?

Theory of operation. Nothing in a directory can tell that the whole of it was brought back from a backup. So whoever
uses a store may keep a *state file* elsewhere, which holds the highest number of the store it ever saw, and that
store's digest. A lower number is an older store; the same number with another digest is a store that went its own way
from there. Both are refused.

Programs may open stores at the same moment. What is noted is read again under a lock before it is replaced, so that
what stays is the newest, and whoever came with an older one is told.

Only what was imported has a number; certificates that are put into the folder ``csca`` by hand have none.

What that cannot find: a state file that was brought back together with the store, or removed; a store that is older
than what this state file ever saw. Keep it on another disk than the store's, or where only the service may write.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from idcard.errors import ConfigurationError
from idcard.trust.archive import damaged, replace_file, unreadable
from idcard.trust.lock import locked


def check_not_rolled_back(state: Path, *, sequence: int, digest: str, what: str = "The trust store") -> None:
    """Nothing, where the store is as new as the newest that ``state`` knows; a newer one is noted there.

    :param digest: of what is there; empty where two of one number may differ.
    :param what: what an error calls it.
    :raises ConfigurationError: with reason ``rolled_back`` if it is older or another, ``damaged`` if the state file
        cannot be read, ``not_writable`` if it cannot be written.
    """
    seen = _Seen(sequence=sequence, digest=digest)
    if _is_news(seen, state, what):
        _note(seen, state, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A store, or a list, that was in use: its number and its digest."""

    sequence: int
    digest: str


def _is_news(seen: _Seen, state: Path, what: str) -> bool:
    """Whether the state file does not say so already.

    :raises ConfigurationError: if what is there is older than the newest, or another one.
    """
    newest = _read(state)
    if seen.sequence < newest.sequence:
        raise _rolled_back(
            f"{what} was rolled back: it is number {seen.sequence}, and number {newest.sequence} was in use before."
        )
    if seen.sequence == newest.sequence and newest.digest not in ("", seen.digest):
        raise _rolled_back(f"{what} was rolled back: it is another number {seen.sequence} than the one in use before.")
    return newest != seen


def _note(seen: _Seen, state: Path, what: str) -> None:
    try:
        with locked(state.with_name(f".{state.name}.lock")):
            # Somebody else may have noted a newer one since it was read.
            if _is_news(seen, state, what):
                replace_file(state, json.dumps(asdict(seen)).encode())
    except OSError as error:
        raise ConfigurationError(
            f"The state file {state.name} cannot be written.",
            reason="not_writable",
            remedy="Make its folder, and let this user write there; or name another file.",
        ) from error


def _read(state: Path) -> _Seen:
    try:
        text = state.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _Seen(sequence=-1, digest="")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(state.name) from error
    try:
        value = json.loads(text)
        sequence, digest = value["sequence"], value["digest"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(state.name, "is no state file") from error
    if type(sequence) is not int or not isinstance(digest, str):
        raise damaged(state.name, "is no state file")
    return _Seen(sequence=sequence, digest=digest)


def _rolled_back(message: str) -> ConfigurationError:
    return ConfigurationError(
        message,
        reason="rolled_back",
        remedy="Put the newest one back; where an older one is meant, remove the state file.",
    )
