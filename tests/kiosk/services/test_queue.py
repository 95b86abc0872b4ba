"""The lines on a real store: who is called, what is written down, what can be taken back, and two clerks at once."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from subprocess import DEVNULL, PIPE
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.queue import Act, NotDone, Refused, State
from kiosk.domain.route import Clinic
from kiosk.domain.ways import Way
from kiosk.services.corrections import Corrections
from kiosk.services.queue import Queue
from kiosk.services.ways import Told
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import QueueEvent
from kiosk.store.tables import Audit, Visit

Kiosk = Any


@pytest.fixture
def queue(kiosk: Kiosk) -> Queue:
    return queue_on(kiosk.database, kiosk.staff._clinic, kiosk.clock)


def queue_on(database: Database, clinic: Clinic, clock: Any, plain_after: int = 3) -> Queue:
    return Queue(database=database, clinic=clinic, device="desk-1", clock=clock, plain_after=plain_after)


@pytest.fixture
def admit(kiosk: Kiosk) -> Callable[..., str]:
    """Puts an admission into the store, a minute after the one before; the visit's id."""

    def one(room: str = "noi", *, priority: bool = False, state: str = "admitted") -> str:
        kiosk.clock.advance(60)
        at, day = kiosk.clock.now(), kiosk.clock.now().date()
        with kiosk.database.write() as session:
            number = repositories.next_number(session, "36001", day, "visit")
            visit = Visit(
                id=f"visit-{number}",
                clinic="36001",
                device="kiosk-1",
                day=day,
                series="visit",
                number=number,
                state=state,
                room_id=room if state == "admitted" else None,
                assurance="staff",
                read_assurance="none",
                proved_by="staff",
                reasons=[],
                check_code="K7P2",
                priority=priority,
                created_at=at,
                admitted_at=at if state == "admitted" else None,
            )
            session.add(visit)
        return f"visit-{number}"

    return one


def test_next_is_the_one_by_the_rule(queue: Queue, admit: Callable[..., str]) -> None:
    for priority in (False, True, False, True, True, True):
        admit(priority=priority)
    admit("mat")
    assert [queue.call_next("noi", by="lan") for _ in range(6)] == [2, 4, 5, 1, 6, 3]
    with pytest.raises(NotDone) as refused:
        queue.call_next("noi", by="lan")
    assert refused.value.why is Refused.NOBODY
    assert queue.call_next("mat", by="lan") == 7


def test_what_the_page_shows_is_what_will_be_called(queue: Queue, admit: Callable[..., str]) -> None:
    for priority in (False, True, True, True, True, False):
        admit(priority=priority)
    shown = [spot.number for spot in queue.line("noi").waiting]
    assert [queue.call_next("noi", by="lan") for _ in range(6)] == shown


def test_another_rule_of_turns_is_shown_and_held(kiosk: Kiosk, admit: Callable[..., str]) -> None:
    queue = queue_on(kiosk.database, kiosk.staff._clinic, kiosk.clock, plain_after=1)
    for priority in (False, True, True, False):
        admit(priority=priority)
    shown = [spot.number for spot in queue.line("noi").waiting]
    assert [queue.call_next("noi", by="lan") for _ in range(4)] == shown == [2, 1, 3, 4]
    assert queue.counts() == {"noi": (0, 0), "mat": (0, 0), None: (0, 0)}


def test_counts_say_how_long_the_first_waits(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    admit()
    admit("mat")
    queue.act(admit(), Act.MOVE, by="lan", room_id="mat")
    kiosk.clock.advance(30)
    assert queue.counts() == {"noi": (1, 150), "mat": (2, 90), None: (0, 0)}
    line = queue.line("mat")
    assert (line.count, line.longest_s) == (2, 90)


def test_the_desk_has_a_line_of_its_own(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    assert queue.call_next(None, by="lan") == 1
    [call] = queue.calls()
    assert (call.number, call.room_id) == (1, None)
    assert kiosk.checkin.waiting() == {}
    visit_id = kiosk.staff.desk_tickets()[0].visit_id
    kiosk.staff.confirm(visit_id, "mat", by="lan")
    assert kiosk.checkin.waiting() == {"mat": 1}, "whoever was called to the desk waits anew, before the room"
    assert [spot.number for spot in queue.line("mat").waiting] == [1]


def test_a_ticket_goes_its_way_and_everything_is_written_down(
    queue: Queue, admit: Callable[..., str], kiosk: Kiosk
) -> None:
    visit = admit()
    queue.call_next("noi", by="lan")
    for act, state in ((Act.RECALL, State.CALLED), (Act.SERVE, State.SERVING)):
        queue.act(visit, act, by="truc")
        assert [(spot.number, spot.state) for spot in queue.line("noi").here] == [(1, state)]
    queue.act(visit, Act.DONE, by="truc")
    line = queue.line("noi")
    assert (line.here, line.absent, line.waiting, line.done) == ((), (), (), 1)
    with kiosk.database.read() as session:
        events = session.scalars(select(QueueEvent).order_by(QueueEvent.seq)).all()
        links = session.scalars(select(Audit).where(Audit.device == "desk-1").order_by(Audit.seq)).all()
        assert repositories.first_chain_fault(session, "desk-1") is None
    assert [(event.act, event.by, event.seq) for event in events] == [
        ("call", "lan", 1),
        ("recall", "truc", 2),
        ("serve", "truc", 3),
        ("done", "truc", 4),
    ]
    assert [link.kind for link in links] == ["called", "queue_recall", "queue_serve", "queue_done"]
    assert [json.loads(link.body)["facts"]["event"] for link in links] == [event.id for event in events]


def test_who_does_not_come_and_comes_back_stands_behind_two(queue: Queue, admit: Callable[..., str]) -> None:
    visit = admit()
    for _ in range(3):
        admit()
    queue.call_next("noi", by="lan")
    queue.act(visit, Act.ABSENT, by="lan")
    assert [spot.number for spot in queue.line("noi").absent] == [1]
    queue.act(visit, Act.PUT_BACK, by="lan")
    assert [spot.number for spot in queue.line("noi").waiting] == [2, 3, 1, 4]
    assert queue.calls() == (), "who waits again is on no call screen"


def test_sent_on_means_waiting_there(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    early, _, late = admit(), admit("mat"), admit("noi")
    queue.act(late, Act.MOVE, by="lan", room_id="mat")
    queue.act(early, Act.CALL, by="lan")
    queue.act(early, Act.SERVE, by="lan")
    kiosk.clock.advance(600)
    queue.act(early, Act.MOVE, by="lan", room_id="mat")
    assert [spot.number for spot in queue.line("mat").waiting] == [2, 3, 1]
    assert kiosk.checkin.waiting() == {"mat": 3}
    with kiosk.database.read() as session:
        visit = session.get(Visit, early)
        assert (visit.room_id, visit.waits_in) == ("noi", "mat"), "the record of the admission stays"
    with pytest.raises(NotDone) as refused:
        queue.act(early, Act.MOVE, by="lan", room_id="mat")
    assert refused.value.why is Refused.SAME_ROOM
    with pytest.raises(ValueError, match="no such room"):
        queue.act(early, Act.MOVE, by="lan", room_id="nowhere")
    queue.act(early, Act.MOVE, by="lan", room_id="noi")
    with kiosk.database.read() as session:
        assert session.get(Visit, early).waits_in is None


def test_a_corrected_room_is_where_they_wait(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    visit = admit()
    queue.act(visit, Act.MOVE, by="lan", room_id="mat")
    queue.act(visit, Act.CALL, by="lan")
    corrections = Corrections(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        clock=kiosk.clock,
        admission=kiosk.staff.admission,
    )
    corrections.correct_room(visit, "mat", by="lan")
    assert [spot.number for spot in queue.line("mat").waiting] == [1]
    corrections.correct_room(visit, "noi", by="lan")
    assert [spot.number for spot in queue.line("noi").waiting] == [1]


def test_priority_is_given_and_taken_back_with_one_tap(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    admit()
    visit = admit()
    queue.act(visit, Act.FIRST, by="lan")
    assert [spot.number for spot in queue.line("noi").waiting] == [2, 1]
    queue.act(visit, Act.IN_TURN, by="truc")
    assert [spot.number for spot in queue.line("noi").waiting] == [1, 2]
    with kiosk.database.read() as session:
        assert session.get(Visit, visit).priority_by == "truc"


@pytest.mark.parametrize(
    ("act", "room"),
    [
        (Act.CALL, None),
        (Act.MOVE, "mat"),
        (Act.FIRST, None),
    ],
)
def test_the_own_last_act_is_taken_back_by_another_event(
    queue: Queue, admit: Callable[..., str], kiosk: Kiosk, act: Act, room: str | None
) -> None:
    visit = admit()
    admit()
    before = queue.line("noi")
    queue.act(visit, act, by="lan", room_id=room)
    assert queue.line("noi") != before
    assert queue.undoable(by="truc") is None
    with pytest.raises(NotDone) as refused:
        queue.undo(by="truc")
    assert refused.value.why is Refused.NO_UNDO
    assert queue.undo(by="lan") == 1
    assert queue.line("noi") == before
    assert queue.calls() == ()
    assert [(row.act, row.undone) for row in queue.acts()] == [(Act.UNDO, False), (act, True)]
    with pytest.raises(NotDone):
        queue.undo(by="lan")
    with kiosk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(QueueEvent)) == 2, "nothing is taken away"


def test_nothing_old_and_nothing_overtaken_is_taken_back(queue: Queue, admit: Callable[..., str], kiosk: Kiosk) -> None:
    visit = admit()
    queue.call_next("noi", by="lan")
    queue.act(visit, Act.SERVE, by="truc")
    assert queue.undoable(by="lan") is None, "somebody acted on it since"
    assert queue.undoable(by="truc") is not None
    kiosk.clock.advance(timedelta(minutes=5, seconds=1).total_seconds())
    assert queue.undoable(by="truc") is None


def test_an_admission_that_was_taken_back_stands_in_no_line(
    queue: Queue, admit: Callable[..., str], kiosk: Kiosk
) -> None:
    visit = admit()
    with kiosk.database.write() as session:
        session.get(Visit, visit).state = "cancelled"
    assert queue.line("noi").waiting == ()
    with pytest.raises(NotDone) as refused:
        queue.act(visit, Act.CALL, by="lan")
    assert refused.value.why is Refused.GONE


def test_a_call_that_was_taken_back_gives_the_others_their_turn_no_sooner(
    queue: Queue, admit: Callable[..., str]
) -> None:
    admit()
    for _ in range(5):
        admit(priority=True)
    for _ in range(3):
        queue.call_next("noi", by="lan")
    queue.undo(by="lan")
    assert [queue.call_next("noi", by="lan") for _ in range(2)] == [4, 1]


def test_a_card_of_somebody_old_gives_priority_and_says_no_class(queue: Queue, kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.admit("old")
    assert [(spot.number, spot.priority) for spot in queue.line("noi").waiting] == [(2, True), (1, False)]
    with kiosk.database.read() as session:
        bodies = " ".join(session.scalars(select(Audit.body)))
    assert not [word for word in ("old", "pregnant", "disabled", "child") if f'"{word}"' in bodies]


def test_two_clerks_at_once_call_two_people(admit: Callable[..., str], kiosk: Kiosk) -> None:
    patient = Database.open(kiosk.path, busy_timeout_s=30)
    queue = queue_on(patient, kiosk.staff._clinic, kiosk.clock)
    for place in range(24):
        admit(priority=place % 3 == 0)
    start, called = Barrier(4), []

    def clerk(by: str) -> None:
        start.wait()
        called.extend(queue.call_next("noi", by=by) for _ in range(6))

    clerks = [Thread(target=clerk, args=(by,)) for by in ("lan", "truc", "mai", "hoa")]
    for thread in clerks:
        thread.start()
    for thread in clerks:
        thread.join()
    patient.close()
    assert sorted(called) == list(range(1, 25))


CLERK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import structlog
from kiosk.devices.clock import ManualClock
from kiosk.domain.queue import NotDone
from kiosk.domain.route import Clinic, Room
from kiosk.services.queue import Queue
from kiosk.store.database import Database
room = Room(id="noi", name_vi="N", name_en="N", place_vi="P", place_en="P")
clinic = Clinic(code="36001", name_vi="T", name_en="T", rooms=(room,))
clock = ManualClock(datetime.fromisoformat(sys.argv[2]))
database = Database.open(Path(sys.argv[1]), busy_timeout_s=20)
queue = Queue(database=database, clinic=clinic, device=sys.argv[3], clock=clock, plain_after=3)
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
print("ready", flush=True)
sys.stdin.readline()
while True:
    try:
        print(queue.call_next("noi", by=sys.argv[3]), flush=True)
    except NotDone:
        break
database.close()
"""


def test_two_processes_at_once_call_two_people(admit: Callable[..., str], kiosk: Kiosk, root: Path) -> None:
    for _ in range(20):
        admit()
    command = [sys.executable, "-c", CLERK, str(kiosk.path), kiosk.clock.now().isoformat()]
    desks = [
        subprocess.Popen([*command, name], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, cwd=root)
        for name in ("desk-1", "desk-2")
    ]
    for desk in desks:
        assert desk.stdout is not None
        assert desk.stdout.readline() == "ready\n"
    for desk in desks:
        assert desk.stdin is not None
        desk.stdin.write("\n")
        desk.stdin.flush()
    called = [int(line) for desk in desks for line in desk.communicate(timeout=60)[0].split()]
    assert sorted(called) == list(range(1, 21))
    with kiosk.database.read() as session:
        assert sorted(session.scalars(select(QueueEvent.seq))) == list(range(1, 21))
        assert {repositories.first_chain_fault(session, desk) for desk in ("desk-1", "desk-2")} == {None}


def test_who_presses_twice_calls_one_person(queue: Queue, admit: Callable[..., str]) -> None:
    first, _ = admit(), admit()
    assert queue.call_next("noi", by="lan", expects=first) == 1
    with pytest.raises(NotDone) as refused:
        queue.call_next("noi", by="lan", expects=first)
    assert refused.value.why is Refused.ALREADY_CALLED
    assert [spot.number for spot in queue.line("noi").waiting] == [2]


def test_somebody_with_priority_who_came_meanwhile_is_called_before_the_number_on_the_button(
    queue: Queue, admit: Callable[..., str]
) -> None:
    plain = admit()
    admit(priority=True)
    assert queue.call_next("noi", by="lan", expects=plain) == 2


def test_a_ticket_of_yesterday_stands_behind_those_of_today(kiosk: Kiosk, queue: Queue) -> None:
    def claim(name: str) -> ClaimedIdentity:
        return ClaimedIdentity(source=ClaimSource.TYPED, name=name, birth=BirthDate(year=1985))

    kiosk.checkin.desk_ticket(claim("Lê Thị Mẫu"), code=Code.HELP, assurance=Assurance.NONE)
    [row] = kiosk.staff.desk_tickets()
    kiosk.clock.advance(24 * 3600)
    kiosk.staff.confirm_told(None, "noi", Told(claim=claim("Lê Văn Thử"), way=Way.PAPERS), by="lan")
    kiosk.clock.advance(60)
    moved = kiosk.staff.confirm(row.visit_id, "noi", by="lan").number
    line = queue.line("noi")
    assert [spot.number for spot in line.waiting] == [1, moved]
    assert line.longest_s == 60
