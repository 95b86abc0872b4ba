"""From the card to the payer and back: a real reader, the staff's server, and a stand-in gateway in its own process."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idcard import VIETNAM_STRICT
from kiosk.config import StaffConfig
from kiosk.domain.flow import Screen
from kiosk.insurance.account import GatewayAccount
from kiosk.insurance.staff_link import StaffLink
from kiosk.insurance.stand_in import direct
from kiosk.insurance.stand_in.moods import Lie, Mood
from kiosk.keys import VisitOpener
from kiosk.payer import Shared, payer_parts
from kiosk.services.card_reader import CardReader
from kiosk.services.recheck import Recheck, Rechecker, Round
from kiosk.services.shift import ShiftBook
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.services.staff_sessions import StaffSessions
from kiosk.store import repositories
from kiosk.store.tables import Notice, Outbox, Visit
from kiosk.web.common.serving import make_server
from kiosk.web.staff import create_staff_app

Kiosk = Any
StandIn = Any
TOKEN = bytes(range(32))
OFFICER = ("Phạm Thị Trực", "036185999901")
ANOTHER = "036150900002"
"""About whose number the gateway's answer names somebody else."""


def script(holders: dict[str, Any]) -> str:
    lines = ['[account]\nusername = "36001_BV"\npassword = "sesame-of-the-clinic"']
    for holder in holders.values():
        number = f"36{holder.personal_number[-8:]}"
        other = 'hoTen = "Hồ Văn Khác", ' if holder.personal_number == ANOTHER else ""
        lines.append(
            f'[[people]]\nnumbers = ["{holder.personal_number}", "{number}", "GD436{number}"]\nname = "{holder.name}"\n'
            f'birth = "{holder.birth:%d/%m/%Y}"\n'
            f'fields = {{ {other}maDKBD = "36001", gtTheTu = "01/01/2026", gtTheDen = "", maSoBHXH = "{number}" }}'
        )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def payer(
    start_stand_in: Callable[[Path], StandIn], holders: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIn]:
    path = tmp_path_factory.mktemp("payer") / "script.toml"
    path.write_text(script(holders), encoding="utf-8")
    process = start_stand_in(path)
    yield process
    process.stop()


@dataclass
class Counter:
    """The staff process: its server, its shifts, and the rounds of asking again."""

    kiosk: Kiosk
    payer: StandIn
    shifts: ShiftBook
    rechecker: Rechecker
    use: Callable[..., None]

    def open_shift(self, hours: int = 8) -> None:
        now = self.kiosk.clock.now()
        self.shifts.open(*OFFICER, starts_at=now, ends_at=now + timedelta(hours=hours), by="desk-1")

    def admitted(self) -> Visit:
        """The visit of somebody insured, who comes now."""
        assert self.kiosk.admit("insured").screen is Screen.TICKET
        return self.visit()

    def visit(self) -> Visit:
        with self.kiosk.database.read() as session:
            visit: Visit = session.scalars(select(Visit)).one()
            session.expunge(visit)
            return visit

    def round(self) -> Round:
        return self.rechecker.round()


@pytest.fixture
def counter(kiosk: Kiosk, payer: StandIn, tmp_path: Path) -> Iterator[Counter]:
    payer.behave(Mood.OK)
    account = GatewayAccount(url=payer.url, username="36001_BV", password="sesame-of-the-clinic")
    shared = Shared(
        database=kiosk.database,
        clinic=kiosk.checkin._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        clock=kiosk.clock,
    )
    (tmp_path / "session.key").write_bytes(TOKEN)
    parts, thread = payer_parts(shared, account, TOKEN)
    assert thread is not None
    # The app must know its own port: it takes a free one that nobody else uses meanwhile.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    server = make_server(create_staff_app_of(kiosk, parts, free, tmp_path), host="127.0.0.1", port=free)
    serving = threading.Thread(target=server.run)
    serving.start()
    link = StaffLink("127.0.0.1", free, token=TOKEN)

    def use(**settings: Any) -> None:
        old = kiosk.reader._card_reader
        kiosk.reader._card_reader = CardReader(
            trust=old._trust,
            policy=VIETNAM_STRICT,
            source=old._source,
            clinic="36001",
            clock=kiosk.clock,
            **{"online": link, "cut_off_s": 30.0} | settings,
        )

    use()
    yield Counter(kiosk=kiosk, payer=payer, shifts=parts.shifts, rechecker=thread._rechecker, use=use)
    payer.behave(Mood.OK)
    server.close()
    serving.join()


def create_staff_app_of(kiosk: Kiosk, parts: Any, port: int, folder: Path) -> Any:
    config = StaffConfig(
        mode="demo",
        clinic=kiosk.checkin._clinic,
        port=port,
        store=folder / "store.db",
        trust=folder / "trust",
        clinic_private_key=folder / "clinic.key",
        person_day_key=folder / "person_day.key",
        session_key=folder / "session.key",
    )
    accounts = StaffAccounts(
        database=kiosk.database,
        clinic=config.clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        clock=kiosk.clock,
    )
    sessions = StaffSessions(accounts, idle_s=900)
    return create_staff_app(kiosk.staff, config, kiosk.clock, None, parts, sessions=sessions)


def test_before_the_shift_the_roster_admits_and_the_payer_is_asked_later(counter: Counter) -> None:
    visit = counter.admitted()
    assert (visit.recheck, visit.cover_source, visit.cover_online) == ("due", "roster", "no_shift")
    assert "cover_not_confirmed" in visit.reasons
    assert counter.round().stopped == "no_shift"
    assert counter.visit().recheck == "due"
    counter.open_shift()
    assert counter.round().settled == {Recheck.UPHELD: 1}
    assert counter.visit().recheck == "upheld"
    assert counter.round() == Round(settled={}, stopped=None)


def test_in_a_shift_the_payers_answer_counts(counter: Counter) -> None:
    counter.open_shift()
    visit = counter.admitted()
    shift = counter.shifts.current()
    assert shift is not None
    assert (visit.recheck, visit.cover_source, visit.cover_result) == (None, "gateway", "000")
    assert (visit.shift_id, visit.cover_as_of) == (shift.id, counter.kiosk.clock.now())


def test_the_payer_knows_somebody_whom_the_roster_does_not(counter: Counter) -> None:
    counter.open_shift()
    assert counter.kiosk.admit("not_insured").screen is Screen.TICKET
    assert counter.visit().cover_source == "gateway"


def test_the_roster_answers_while_the_gateway_still_sleeps(counter: Counter) -> None:
    counter.open_shift()
    counter.use(cut_off_s=0.3)
    asked = counter.payer.counted()["look_ups"]
    counter.payer.behave(Mood.SLOW, seconds=60.0)
    visit = counter.admitted()
    assert counter.payer.counted()["look_ups"] == asked
    assert (visit.recheck, visit.cover_source, visit.cover_online) == ("due", "roster", "too_late")
    assert visit.cover_as_of is not None
    assert visit.cover_as_of < counter.kiosk.clock.now()


@pytest.mark.parametrize("mood", [Mood.CUT, Mood.CUT_AFTER, Mood.FAILING, Mood.LYING])
def test_a_gateway_in_trouble_leaves_it_to_the_roster(counter: Counter, mood: Mood) -> None:
    counter.open_shift()
    counter.payer.behave(mood, lie=Lie.WRONG_DATE)
    visit = counter.admitted()
    assert (visit.recheck, visit.cover_online) == ("due", "down")
    assert counter.round().stopped == "down"
    counter.payer.behave(Mood.OK)
    counter.kiosk.clock.advance(300)
    assert counter.round().settled == {Recheck.UPHELD: 1}


def test_a_gateway_that_names_somebody_else_admits_nobody(counter: Counter) -> None:
    counter.open_shift()
    counter.kiosk.put("old")
    view = counter.kiosk.digits("old")
    assert (view.screen, view.desk.public_code) == (Screen.DESK, "E09")
    assert counter.visit().reasons == ["cover_name_differs"]


def test_a_reversal_is_a_notice_and_an_event_and_changes_no_admission(counter: Counter) -> None:
    before = counter.admitted()
    number = counter.kiosk.holders["insured"].personal_number
    direct.change(counter.payer.port, number, "010")
    counter.open_shift()
    try:
        assert counter.round().settled == {Recheck.REVERSED: 1}
    finally:
        direct.change(counter.payer.port, number, "000")
    after = counter.visit()
    assert (after.state, after.number, after.reasons) == ("admitted", before.number, before.reasons)
    notice = next(row for row in counter.kiosk.staff.exceptions() if row.visit is not None)
    assert (notice.code, notice.reasons[0]) == ("E08", "recheck_reversed")
    with counter.kiosk.database.read() as session:
        assert "recheck_reversed" in session.scalars(select(Outbox.kind)).all()
        assert len(session.scalars(select(Notice)).all()) == 1
        assert repositories.first_chain_fault(session, "desk-1") is None
        bodies = " ".join(session.scalars(select(Outbox.body)))
    assert number not in bodies


def test_one_persons_bad_data_keeps_nobody_else_waiting(counter: Counter) -> None:
    counter.use(cut_off_s=30.0)
    assert counter.kiosk.admit("insured").screen is Screen.TICKET
    counter.kiosk.clear()
    counter.kiosk.clock.advance(1)
    assert counter.kiosk.admit("old").screen is Screen.TICKET
    number = counter.kiosk.holders["insured"].personal_number
    direct.change(counter.payer.port, number, "100")
    counter.open_shift()
    try:
        first, resting = counter.round(), counter.round()
        counter.kiosk.clock.advance(60)
        second = counter.round()
    finally:
        direct.change(counter.payer.port, number, "000")
    assert (first.settled, first.stopped) == ({Recheck.UNCLEAR: 1}, "down"), "the other one, who has another name there"
    assert resting == Round(settled={}, stopped=None)
    assert (second.settled, second.stopped) == ({}, "down")
    counter.kiosk.clock.advance(60)
    assert counter.round() == Round(settled={Recheck.UPHELD: 1}, stopped=None)


def test_whoever_was_erased_is_not_asked_about(counter: Counter) -> None:
    counter.admitted()
    with counter.kiosk.database.write() as session:
        visit = session.scalars(select(Visit)).one()
        visit.sealed_key = visit.blob = None
    counter.open_shift()
    assert counter.round().settled == {Recheck.IMPOSSIBLE: 1}


def test_a_clinic_may_choose_not_to_ask_again(counter: Counter) -> None:
    counter.use(recheck=False)
    visit = counter.admitted()
    assert (visit.recheck, visit.cover_online) == (None, "no_shift")


def test_a_shift_that_has_ended_asks_nobody(counter: Counter) -> None:
    counter.open_shift(hours=1)
    counter.kiosk.clock.advance(3600)
    assert counter.admitted().cover_online == "no_shift"


def test_an_unusable_roster_leaves_only_the_payer(counter: Counter) -> None:
    counter.open_shift()
    counter.kiosk.reader._card_reader._source._path.write_bytes(b"no roster any more")
    visit = counter.admitted()
    assert (visit.cover_source, visit.recheck) == ("gateway", None)


def test_a_staff_process_that_is_gone_leaves_it_to_the_roster(counter: Counter) -> None:
    counter.open_shift()
    counter.use(online=StaffLink("127.0.0.1", counter.payer.port, token=TOKEN))
    assert counter.admitted().cover_online == "unreachable"


def test_a_wrong_bearer_token_gets_nothing(counter: Counter) -> None:
    counter.open_shift()
    link = counter.kiosk.reader._card_reader._cover._online
    counter.use(online=StaffLink("127.0.0.1", link._port, token=bytes(32)))
    assert counter.admitted().cover_online == "unreachable"


@pytest.mark.parametrize("mood", [Mood.OK, Mood.FAILING, Mood.CUT_AFTER, Mood.LYING])
def test_at_the_most_talkative_level_no_log_names_anybody(
    counter: Counter, mood: Mood, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [logging.getLogger(name) for name in ("", "httpx", "httpcore", "httpcore.http11", "waitress", "kiosk")]
    for logger in every:
        caplog.set_level(logging.DEBUG, logger.name)
    counter.open_shift()
    counter.payer.behave(mood)
    counter.admitted()
    counter.kiosk.clear()
    counter.payer.behave(Mood.OK)
    counter.kiosk.clock.advance(300)
    counter.round()
    said = caplog.text + "".join(capsys.readouterr())
    assert "shift_opened" in said
    holder = counter.kiosk.holders["insured"]
    digest = GatewayAccount(url="http://localhost", username="x", password="sesame-of-the-clinic").password_hash
    secrets = (
        holder.personal_number,
        holder.name,
        holder.name.split()[0],
        f"36{holder.personal_number[-8:]}",
        *OFFICER,
    )
    for secret in (
        *secrets,
        digest,
        digest.lower(),
        "sesame-of-the-clinic",
        "36001_BV",
        "id_token",
        "password=",
        "token=",
    ):
        assert secret not in said
