"""An import: never an older roster over a newer one, never half of one, and on from where it was interrupted."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.importing import import_roster
from kiosk.insurance.roster.stage import Stage

Person = Callable[..., str]
MANY = [f"03619000{number:04}" for number in range(400)]
NEW = "036199000001"
BLOCK = 4096
# A process of its own that dies by SIGKILL the n-th time that an import says it does this step.
KILLED = f"""
import os, signal, sys
from pathlib import Path
from kiosk.insurance.roster.importing import Target, import_roster
from kiosk.keys import PersonTags
file, roster, step, count = sys.argv[1:]
left = int(count)
def progress(name, done, total):
    global left
    left -= name == step
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
import_roster(Path(file), Target(roster=Path(roster), tags=PersonTags(bytes(range(32)))), block_bytes={BLOCK},
              progress=progress)
"""

# A process that may write no file longer than 100 kB.
FULL = """
import resource, signal, sys
from pathlib import Path
from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.importing import Target, import_roster
from kiosk.keys import PersonTags
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    import_roster(Path(sys.argv[1]), Target(roster=Path(sys.argv[2]), tags=PersonTags(bytes(range(32)))))
except RosterRefused as refused:
    print(refused.reason)
"""


def kill_at(insurer: Any, file: Path, step: str, count: int) -> None:
    command = [sys.executable, "-c", KILLED, str(file), str(insurer.target.roster), step, str(count)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == -signal.SIGKILL, result.stderr


@pytest.mark.serial
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("is_delta", [False, True], ids=["whole", "delta"])
@pytest.mark.parametrize(("step", "count"), [("hash", 1), ("lines", 3), ("people", 1), ("install", 1), ("state", 1)])
def test_a_killed_import_leaves_the_old_roster_or_the_new_one(
    insurer: Any, person: Person, is_delta: bool, step: str, count: int
) -> None:
    if is_delta and step == "people":
        step = "count"
    insurer.install(*(person(personal=number) for number in MANY))
    lines = [person(personal=number, last="2027-12-31") for number in MANY] + [person(personal=NEW)]
    file = insurer.deliver(lines, sequence=2, base="v1" if is_delta else None)
    kill_at(insurer, file, step, count)
    in_place = step == "state"
    roster = insurer.roster()
    assert roster.version == ("v2" if in_place else "v1")
    assert (roster.find(NEW) is not None) is in_place
    assert {roster.find(number).valid_to.year for number in MANY} == {2027 if in_place else 2026}
    again = import_roster(file, insurer.target, block_bytes=BLOCK)
    assert again.already_there is in_place
    assert (again.resumed_at > 1) is (step not in ("hash", "state"))
    assert (insurer.roster().version, len(insurer.roster())) == ("v2", len(MANY) + 1)
    left = {path.name for path in insurer.folder.iterdir() if path.name.startswith("roster.db")}
    assert left == {"roster.db", "roster.db.state"}
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=NEW), sequence=1)


@pytest.mark.serial
@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
@pytest.mark.parametrize("is_delta", [False, True], ids=["whole", "delta"])
def test_a_disk_that_is_full_leaves_the_old_roster(insurer: Any, person: Person, is_delta: bool) -> None:
    insurer.install(*(person(personal=number) for number in MANY))
    lines = [person(personal=f"036190{number:06}") for number in range(4000)]
    file = insurer.deliver(lines, sequence=2, base="v1" if is_delta else None)
    command = [sys.executable, "-c", FULL, str(file), str(insurer.target.roster)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (result.stdout, result.stderr) == ("no_space\n", "")
    assert (insurer.roster().version, len(insurer.roster())) == ("v1", len(MANY))
    assert import_roster(file, insurer.target).info.version == "v2"


@pytest.mark.serial
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_another_file_does_not_go_on_from_a_killed_import(insurer: Any, person: Person) -> None:
    kill_at(insurer, insurer.deliver([person(personal=number) for number in MANY]), "lines", 3)
    report = insurer.install(person(personal=NEW))
    assert (report.resumed_at, len(insurer.roster())) == (1, 1)


def test_an_older_roster_is_refused_even_where_the_file_was_put_back(insurer: Any, person: Person) -> None:
    first = insurer.deliver([person(personal=NEW)])
    import_roster(first, insurer.target)
    old = insurer.target.roster.read_bytes()
    insurer.install(person(personal=MANY[0]), sequence=2)
    with pytest.raises(RosterRefused, match="older"):
        import_roster(first, insurer.target)
    insurer.target.roster.write_bytes(old)
    with pytest.raises(ConfigurationError) as error:
        insurer.roster()
    assert error.value.reason == "rolled_back"
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=NEW), sequence=2)
    insurer.install(person(personal=MANY[0]), sequence=2)
    assert insurer.roster().find(MANY[0]) is not None


def test_a_running_process_refuses_a_roster_that_was_put_back(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW))
    old = insurer.target.roster.read_bytes()
    insurer.install(person(personal=NEW), sequence=2)
    roster = insurer.roster()
    insurer.target.roster.write_bytes(old)
    with pytest.raises(ConfigurationError, match="older"):
        roster.find(NEW)


def test_the_same_import_twice_is_done_once(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(personal=NEW)])
    assert not import_roster(file, insurer.target).already_there
    assert import_roster(file, insurer.target).already_there


def test_a_damaged_roster_is_replaced_by_the_same_delivery(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(personal=NEW)])
    import_roster(file, insurer.target)
    insurer.target.roster.write_bytes(b"damaged" * 5000)
    assert not import_roster(file, insurer.target).already_there
    assert insurer.roster().find(NEW) is not None


@pytest.mark.parametrize("left", [b"", b"no database" * 1000])
def test_a_damaged_stage_starts_over(insurer: Any, person: Person, left: bytes) -> None:
    insurer.target.beside(".stage").write_bytes(left)
    assert insurer.install(person(personal=NEW)).resumed_at == 1
    assert insurer.roster().find(NEW) is not None


def test_two_imports_at_once(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(personal=NEW)])
    with Stage(insurer.target.beside(".stage")), pytest.raises(RosterRefused, match="busy"):
        import_roster(file, insurer.target)
    assert import_roster(file, insurer.target).info.rows == 1


def test_a_file_that_grows_while_it_is_read(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(personal=number) for number in MANY])

    def grow(step: str, done: int, total: int) -> None:
        if step == "lines":
            with file.open("ab") as stream:
                stream.write(b"\n")

    with pytest.raises(RosterRefused, match="file_changed"):
        import_roster(file, insurer.target, progress=grow)
    assert not insurer.target.roster.exists()


def test_a_reader_sees_each_import_at_once(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW))
    roster = insurer.roster()
    insurer.change(person(personal=NEW, last="2027-12-31"))
    assert (roster.find(NEW).valid_to.year, roster.version) == (2027, "v2")


def test_a_roster_of_the_first_format_is_refused_with_a_remedy(insurer: Any) -> None:
    connection = sqlite3.connect(insurer.target.roster)
    with connection:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        connection.execute("CREATE TABLE coverage (tag BLOB PRIMARY KEY, valid_from TEXT)")
        connection.execute("INSERT INTO meta VALUES ('format', '1'), ('version', '1'), ('key_check', '00')")
    connection.close()
    with pytest.raises(ConfigurationError, match="kiosk roster import") as error:
        insurer.roster()
    assert error.value.reason == "old_format"


def test_a_state_of_another_form_is_damaged(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW))
    for text in ("", "[]", '{"sequence": "1", "digest": "", "version": ""}'):
        insurer.target.state_file.write_text(text)
        with pytest.raises(ConfigurationError) as error:
            insurer.roster()
        assert error.value.reason == "damaged"


def test_the_state_may_lie_elsewhere(insurer: Any, person: Person, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = insurer.trusting(state=elsewhere / "roster.state")
    moved.install(person(personal=NEW), sequence=5)
    assert not (tmp_path / "roster.db.state").exists()
    entry = RosterEntry(personal_number=NEW, valid_from=insurer.today, valid_to=None, benefit="4", home_clinic="36001")
    tags = insurer.target.tags
    build_roster(insurer.target.roster, [entry], tags=tags, version="old", as_of=insurer.as_of, sequence=4)
    with pytest.raises(ConfigurationError, match="older"):
        Roster(insurer.target.roster, tags=tags, state=elsewhere / "roster.state")


def test_a_roster_of_tomorrow_is_refused(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW))
    file = insurer.deliver([person(personal=MANY[0])], sequence=2)
    with pytest.raises(RosterRefused) as error:
        import_roster(file, insurer.target, now=insurer.as_of - timedelta(days=1, seconds=1))
    assert error.value.reason is Refusal.IN_FUTURE
    assert insurer.roster().version == "v1"
    assert import_roster(file, insurer.target, now=insurer.as_of - timedelta(days=1)).info.version == "v2"
