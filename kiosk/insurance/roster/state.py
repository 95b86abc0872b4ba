"""Which roster was the newest here: kept outside the file that is replaced, so that an older one is seen as such.

A backup of the roster that is put back does not bring the state back with it. Whoever can write both files can also
bring back both: keep the state where only the import may write.

A delivery with too high a number would refuse every later one. So an administrator may disown the newest: that is noted
here and in a log beside this file, and the next whole roster is taken whatever its number is. The disowned delivery
itself is never taken again; the same rows under another number may be. Which roster follows a disowned one is noted
before its file is renamed, so that after a crash in between it counts all the same.
"""

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from idcard import ConfigurationError
from kiosk.durable import put_in_place
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.file import RosterInfo, damaged

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

Delivered = tuple[int, str]
"""Number and digest of a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest roster that was imported here; ``sequence`` is -1 where none was.

    ``disowned``: it should not have been, so that the next whole roster may have a lower number. ``coming`` is number
    and digest of the roster that is being put in its place, ``refused`` those of every delivery that was disowned.
    """

    sequence: int = -1
    digest: str = ""
    version: str = ""
    disowned: bool = False
    coming: Delivered | None = None
    refused: tuple[Delivered, ...] = ()

    def then(self, info: RosterInfo) -> "Newest":
        """The state in which this roster is the newest."""
        return Newest(sequence=info.sequence, digest=info.digest, version=info.version, refused=self.refused)

    def beside(self, info: RosterInfo | None) -> "Newest":
        """The state as it is where this roster lies there: an import may have ended before it could note that."""
        return self.then(info) if info is not None and self.coming == (info.sequence, info.digest) else self


def state_of(roster: Path) -> Path:
    """The state file of a roster, where no other is named."""
    return roster.with_name(roster.name + ".state")


def read_state(path: Path) -> Newest:
    """The newest roster that was imported here.

    :raises ConfigurationError: ``damaged`` where the file is no state.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
        newest = Newest(
            sequence=value["sequence"],
            digest=value["digest"],
            version=value["version"],
            disowned=value.get("disowned") is True,
            coming=_delivered(value["coming"]) if "coming" in value else None,
            refused=tuple(_delivered(each) for each in value.get("refused", ())),
        )
    except FileNotFoundError:
        return Newest()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged() from error
    if type(newest.sequence) is not int:
        raise damaged()
    return newest


def _delivered(value: object) -> Delivered:
    match value:
        case [int(sequence), str(digest)]:
            return sequence, digest
        case _:
            raise ValueError("no delivery")


def write_state(path: Path, newest: Newest) -> None:
    """Replace the state, whole, and on the disk when this returns.

    Who imports may be root, in a folder that the processes write: a link that lies there is not written through.
    """
    unfinished = path.with_name(path.name + ".new")
    value: dict[str, object] = {"sequence": newest.sequence, "digest": newest.digest, "version": newest.version}
    if newest.disowned:
        value["disowned"] = True
    if newest.coming is not None:
        value["coming"] = list(newest.coming)
    if newest.refused:
        value["refused"] = [list(each) for each in newest.refused]
    unfinished.unlink(missing_ok=True)
    with unfinished.open("x", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")
    put_in_place(unfinished, path)


def log_of(state: Path) -> Path:
    """The log beside a state file, in which stands who disowned which roster: a line of JSON each."""
    return state.with_name(state.name + ".log")


def disown(state: Path, present: RosterInfo | None, *, sequence: int, by: str, at: datetime) -> Newest:
    """Note that the newest roster should never have been taken; the log is written first.

    :param present: the roster that lies there, or None. :param sequence: the number of the newest, as whoever does this
        believes it to be. :param by: who does this.
    :raises RosterRefused: ``not_the_newest`` where the newest has another number.
    """
    newest = read_state(state).beside(present)
    if present is not None and present.sequence > newest.sequence:
        newest = newest.then(present)
    if newest.sequence != sequence or newest.sequence < 0:
        raise RosterRefused(Refusal.NOT_THE_NEWEST, sequence=sequence, newest=newest.sequence)
    line = {"at": at.isoformat(), "by": by, "disowned": sequence, "version": newest.version, "digest": newest.digest}
    with open(os.open(log_of(state), _APPEND, 0o666), "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
        log.flush()
        os.fsync(log.fileno())
    refused = dict.fromkeys((*newest.refused, (newest.sequence, newest.digest)))
    disowned = replace(newest, disowned=True, refused=tuple(refused))
    write_state(state, disowned)
    return disowned


def check_not_rolled_back(path: Path, info: RosterInfo) -> None:
    """Nothing, where the roster is as new as the newest that was imported here.

    :raises ConfigurationError: ``rolled_back`` where it is older, ``damaged`` where the state cannot be read.
    """
    newest = read_state(path).beside(info)
    other = info.sequence == newest.sequence and info.digest != newest.digest
    if info.sequence < newest.sequence or other:
        raise ConfigurationError(
            f"The roster is older than one that was in use before: it is number {info.sequence}, "
            f"and number {newest.sequence} was.",
            reason="rolled_back",
            remedy="Import the newest roster; where its number was wrong, see: kiosk roster disown",
        )
