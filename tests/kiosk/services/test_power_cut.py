"""A power cut, a killed process, a full disk at each write of admissions: nothing lost, doubled or half done."""

import os
import signal
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from power_cut import SQLITE_FULL, SQLITE_IOERR_WRITE, State, states, watched, watching
from sqlalchemy import select

import idcard
from idcard import VIETNAM_STRICT, Can
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import CoverReason, Eligibility
from kiosk.keys import VisitSealer
from kiosk.ports import StoreUnavailable
from kiosk.services.checkin import CheckIn
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.tables import Audit, Counter, Outbox, Visit

Kiosk = Any
COVERED = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)
THOROUGH = int(os.environ.get("FUZZ", "1")) > 1
DRAWS, EVERY = (6, 1) if THOROUGH else (1, 47)
"""How many ways to lose sectors are drawn at each point, and which share of all states is tried."""


@pytest.fixture(autouse=True)
def disk() -> Iterator[None]:
    with watched():
        yield


@dataclass(frozen=True, slots=True)
class Told:
    """A number that somebody was given."""

    who: str
    visit_id: str
    number: int


@dataclass(slots=True)
class Doors:
    """Who comes to a kiosk, and its store as it is opened in some folder."""

    kiosk: Kiosk
    verdicts: dict[str, idcard.Verdict]

    def checkin(self, database: Database) -> CheckIn:
        return CheckIn(
            database=database,
            clinic=self.kiosk.checkin._clinic,
            device="kiosk-1",
            sealer=VisitSealer(self.kiosk.private_key.public_key()),
            tags=DayTags(self.kiosk.path.with_name("person_day.key")),
            clock=self.kiosk.clock,
        )

    def admit(self, checkin: CheckIn, who: str) -> Told:
        room = checkin._clinic.rooms[0]
        verdict = self.verdicts[who]
        ticket = checkin.admit(verdict.require(), room=room, eligibility=COVERED, verdict=verdict)
        return Told(who, ticket.visit_id, ticket.number)

    @staticmethod
    def desk(checkin: CheckIn) -> Told:
        ticket = checkin.desk_ticket(None, code=Code.UNKNOWN_CARD, assurance=Assurance.NONE)
        return Told("", ticket.visit_id, ticket.number)

    def morning(self, checkin: CheckIn, database: Database, told: Callable[[Told], None]) -> None:
        """Two people with a card and somebody without; between them the log is brought home, as rounds do."""
        told(self.admit(checkin, "insured"))
        told(self.desk(checkin))
        database.fold()
        checkin.notify(Code.HELP, ("help",))
        told(self.admit(checkin, "old"))


@pytest.fixture
def doors(kiosk: Kiosk, trust: Any) -> Doors:
    def verdict(who: str) -> idcard.Verdict:
        evidence = idcard.read(Can(kiosk.holders[who].can), kiosk.card(who))
        return idcard.verify(evidence, trust, VIETNAM_STRICT, at=kiosk.clock.now())

    return Doors(kiosk, {who: verdict(who) for who in ("insured", "old")})


def check_whole(database: Database) -> list[Visit]:
    """The visits; nothing of any is missing, and nothing is there that is no visit's."""
    with database.read() as session:
        visits = list(session.scalars(select(Visit).order_by(Visit.number)))
        audited = list(session.scalars(select(Audit.kind)))
        sent = "".join(session.scalars(select(Outbox.body)))
        counted = sum(session.scalars(select(Counter.value)))
        assert repositories.first_chain_fault(session, "kiosk-1") is None
        session.expunge_all()
    assert [visit.number for visit in visits] == list(range(1, len(visits) + 1))
    assert counted == len(visits) == len(audited) - audited.count("notice")
    assert all(sent.count(visit.id) == 1 for visit in visits)
    return visits


def check_after(state: State, doors: Doors, folder: Path) -> None:
    """The kiosk starts with what the cut left, and goes on."""
    state.put(folder)
    database = Database.open(folder / "store.db", busy_timeout_s=0.1)
    try:
        visits = check_whole(database)
        found = {(visit.id, visit.number) for visit in visits}
        told = {(each.visit_id, each.number) for each in state.told}
        assert told <= found, "somebody's number is lost"
        assert len(found - told) <= 1, "only who was being admitted can be there without having been told"
        checkin = doors.checkin(database)
        again = doors.admit(checkin, "insured")
        assert [each for each in state.told if each.who == "insured"] in ([], [again])
        assert doors.desk(checkin).number not in {number for _, number in told}
        check_whole(database)
    finally:
        database.close()


def recorded(doors: Doors, database: Database) -> Any:
    with watching(doors.kiosk.path.parent) as watch:
        doors.morning(doors.checkin(database), database, watch.note)
    return watch


def test_whatever_a_power_cut_leaves_the_kiosk_goes_on_with_everybody_who_was_told(
    doors: Doors, tmp_path: Path
) -> None:
    watch = recorded(doors, doors.kiosk.database)
    assert sum(op.kind == "sync" for op in watch.ops) >= 5, "the disk is seen"
    tried = 0
    for tried, state in enumerate(states(watch, draws=DRAWS, seed=5, every=EVERY), start=1):
        check_after(state, doors, tmp_path / f"cut-{tried}")
    assert tried > (500 if THOROUGH else 10)


def test_a_store_that_does_not_wait_for_the_disk_is_found_out(doors: Doors, tmp_path: Path) -> None:
    """The same, as it would be with half the care: so the test above can fail."""
    doors.kiosk.database.close()
    hurried = Database.open(doors.kiosk.path)
    connection = hurried._engine.raw_connection()
    connection.cursor().execute("PRAGMA synchronous=OFF")
    connection.close()
    watch = recorded(doors, hurried)
    hurried.close()
    assert not [op for op in watch.ops if op.kind == "sync"]
    first = next(state for state in states(watch, draws=0, seed=5) if state.told)
    with pytest.raises(AssertionError, match="lost"):
        check_after(first, doors, tmp_path / "cut")


def changes(doors: Doors, folder: Path) -> int:
    """How many changes of the disk a morning takes."""
    copy(doors.kiosk.path, folder)
    database = Database.open(folder / "store.db")
    with watching(folder) as watch:
        doors.morning(doors.checkin(database), database, watch.note)
    database.close()
    return watch.changes


def copy(path: Path, folder: Path) -> None:
    folder.mkdir()
    with sqlite3.connect(path) as here, sqlite3.connect(folder / "store.db") as there:
        here.backup(there)
    here.close()
    there.close()


def picked(many: int) -> Iterator[int]:
    return iter(range(1, many + 1, 1 if THOROUGH else 13))


def test_a_process_killed_at_any_write_leaves_nothing_half_done(doors: Doors, tmp_path: Path) -> None:
    for place in picked(changes(doors, tmp_path / "whole")):
        folder = tmp_path / f"killed-{place}"
        copy(doors.kiosk.path, folder)
        told = told_before_death(doors, folder, place)
        check_after(State((), told), doors, folder)


def told_before_death(doors: Doors, folder: Path, place: int) -> tuple[Told, ...]:
    """Who was told a number by a process of its own, which died at this change of the disk."""
    there, here = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(there)
        die_in_the_morning(doors, folder, place, here)
    os.close(here)
    with os.fdopen(there) as pipe:
        lines = [line.split(" ") for line in pipe.read().splitlines()]
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it died of it"
    return tuple(Told(who, visit_id, int(number)) for who, visit_id, number in lines)


def die_in_the_morning(doors: Doors, folder: Path, place: int, pipe: int) -> NoReturn:
    """Never comes back, whatever happens: this process is a copy of the test's own."""
    try:
        database = Database.open(folder / "store.db")
        with watching(folder, fails=(place, None)):
            doors.morning(doors.checkin(database), database, lambda told: tell(pipe, told))
    finally:
        traceback.print_exc()
        os._exit(1)


def tell(pipe: int, told: Told) -> None:
    os.write(pipe, f"{told.who} {told.visit_id} {told.number}\n".encode())


@pytest.mark.parametrize("fault", [SQLITE_FULL, SQLITE_IOERR_WRITE], ids=["full", "broken"])
def test_a_disk_that_takes_nothing_from_any_write_on_leaves_nothing_half_done(
    doors: Doors, tmp_path: Path, fault: int
) -> None:
    for place in picked(changes(doors, tmp_path / "whole")):
        folder, told = tmp_path / f"full-{place}", list[Told]()
        copy(doors.kiosk.path, folder)
        database = Database.open(folder / "store.db", busy_timeout_s=0.1)
        # The last changes may be those of the log alone, which the store can do without.
        with watching(folder, fails=(place, fault)), suppress(StoreUnavailable):
            doors.morning(doors.checkin(database), database, told.append)
        # The disk has room again: the same process goes on.
        check_whole(database)
        again = doors.admit(doors.checkin(database), "insured")
        assert [each for each in told if each.who == "insured"] in ([], [again])
        check_whole(database)
        database.close()
        check_after(State((), tuple(told)), doors, folder)


def test_the_watch_sees_what_is_written_and_passes_it_on(tmp_path: Path) -> None:
    with watching(tmp_path) as watch:
        connection = sqlite3.connect(tmp_path / "a.db")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES ('seen')")
        connection.commit()
        connection.close()
    assert b"seen" in (tmp_path / "a.db").read_bytes()
    assert any(b"seen" in op.data for op in watch.ops)
    *_, last = states(watch, draws=0, seed=1)
    assert dict(last.files)["a.db"] == (tmp_path / "a.db").read_bytes()
