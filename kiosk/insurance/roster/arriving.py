"""A roster that comes as a pack: put together beside the present one, and put in its place like an imported one.

Names are not in a pack. Those of the present roster stay for whoever is in the new one, too, sealed as they were; for
others they come with the next import.
"""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from kiosk.durable import put_in_place
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.file import RosterFile, RosterInfo
from kiosk.insurance.roster.importing import Progress, Target
from kiosk.insurance.roster.layout import CHECK_BYTES
from kiosk.insurance.roster.pack import Pack, apply_pack
from kiosk.insurance.roster.sides import damage_told, finish
from kiosk.insurance.roster.state import read_state, write_state

_MODE = 0o640


def put_pack(pack: Pack, target: Target, *, progress: Progress = lambda *_: None) -> RosterInfo:
    """The roster that a pack makes of the present one, in its place.

    Killed at any moment, the old or the new lies there, whole.

    :param progress: told what is being done.
    :raises RosterRefused: as :func:`~kiosk.insurance.roster.pack.apply_pack` does; ``older`` where a newer one was
        here, ``no_space`` where it cannot be written.
    :raises ConfigurationError: ``damaged`` or ``wrong_key`` where it is no roster of this key.
    """
    unfinished = target.beside(".pack")
    try:
        present = target.roster if target.roster.exists() else None
        _refuse_older(pack, target)
        progress("pack", 0, 0)
        apply_pack(present, pack, unfinished)
        if present is not None:
            keep_names(present, unfinished, pack.facts)
        return _install(unfinished, target, progress)
    except (sqlite3.OperationalError, OSError) as error:
        raise RosterRefused(Refusal.NO_SPACE) from error
    finally:
        unfinished.unlink(missing_ok=True)


def keep_names(former: Path, new: Path, facts: dict[str, str]) -> None:
    """Copy the names of whoever is in both rosters; a former roster that cannot be read has none."""
    with damage_told(), closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as connection:
        connection.execute("ATTACH ? AS new", (str(new),))
        connection.execute("ATTACH ? AS former", (f"{former.absolute().as_uri()}?mode=ro&immutable=1",))
        same = f"substr(old.row, 1, {CHECK_BYTES}) = substr(person.row, 1, {CHECK_BYTES})"
        connection.execute("BEGIN")
        connection.execute(
            f"""INSERT OR REPLACE INTO new.name SELECT name.* FROM former.name AS name
            JOIN former.person AS old USING (tag) JOIN new.person AS person USING (tag) WHERE {same}"""
        )
        connection.execute(
            "INSERT OR REPLACE INTO new.name_key SELECT * FROM former.name_key "
            "WHERE id IN (SELECT name_key FROM new.name)"
        )
        connection.execute("COMMIT")
    finish(new, facts)


def _refuse_older(pack: Pack, target: Target) -> None:
    newest = read_state(target.state_file)
    try:
        sequence = int(pack.facts["sequence"])
    except ValueError as error:
        raise RosterRefused(Refusal.PACK_MALFORMED) from error
    if (sequence, pack.facts["digest"]) in newest.refused:
        raise RosterRefused(Refusal.DISOWNED, sequence=sequence)
    same = (sequence, pack.facts["digest"]) == (newest.sequence, newest.digest)
    if not newest.disowned and sequence <= newest.sequence and not same:
        raise RosterRefused(Refusal.OLDER, sequence=sequence, newest=newest.sequence)


def _install(unfinished: Path, target: Target, progress: Progress) -> RosterInfo:
    opened = RosterFile(unfinished, tags=target.tags)
    info = opened.info
    opened.close()
    newest = read_state(target.state_file)
    if newest.disowned:
        write_state(target.state_file, replace(newest, coming=(info.sequence, info.digest)))
    unfinished.chmod(_MODE)
    progress("install", 0, 0)
    put_in_place(unfinished, target.roster)
    progress("state", 0, 0)
    write_state(target.state_file, newest.then(info))
    progress("done", 0, 0)
    return info
