"""Who looks at whose record is written down before the page leaves, and shown to a lead."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code
from kiosk.domain.staff import Role
from kiosk.services.looks import BOUND, BURST, BURST_S, Looks, altered
from kiosk.store.desk_tables import Look
from kiosk.store.tables import Audit, Visit
from kiosk.web.staff.access import NEEDS
from kiosk.web.staff.looks import OF_MANY, OF_ONE

OWN = "http://127.0.0.1:8001"
NAME = "Nguyễn Thị Mẫu"
NAMES_NOBODY = {
    *("locked", "unlock", "ask_unlock", "unlock_with_key", "lock", "log_out", "awake", "password", "change_password"),
    *("keys", "ask_key", "add_key", "revoke_own_key", "accounts", "lock_account", "unlock_account", "revoke_key"),
    *("queue", "queue_live", "report", "report_pdf", "report_csv", "shift", "notice", "failures", "failure"),
    *("devices", "lost", "looks", "visit_looks"),
}
"""Pages that show no patient; of a shift the officer, of a notice its reasons."""
BOARD = {"show", "live"}
"""What stands open all day at every desk: that somebody is logged in says that they see it."""
FORM = {"arrival", "ticket", "person"}
"""What shows only what is typed into it."""
ACTS = {
    *("confirm", "typed", "called", "settle", "take", "hand_back", "holder_seen", "copy", "arrive", "ticket_by_way"),
    *("call_next", "queue_act", "undo_act", "begin_assist", "end_assist", "open_shift", "close_shift"),
    *("confirm_route", "correct_room", "close_work", "payer_told", "cancel", "instead", "replace_person"),
    *("send_again", "province_again", "order_self_test", "add_lost", "remove_lost"),
}
"""What changes something, which the chain says by itself."""


@pytest.fixture
def looks(desk: Any) -> Looks:
    found: Looks = desk.oversight.looks
    return found


@pytest.fixture
def visit(desk: Any) -> str:
    """A ticket of somebody who is known, at a desk that has all pages."""
    _, others = desk.others()
    desk.client = desk.log_in(desk.app(others=others, records=True))
    desk.with_form = "/arrivals/papers"
    return ticket(desk)


def ticket(desk: Any, number: int = 1) -> str:
    who = ClaimedIdentity(
        source=ClaimSource.CARD_QR, personal_number=f"0361990{number:05}", name=NAME, birth=BirthDate(year=1999)
    )
    return str(desk.checkin.desk_ticket(who, code=Code.QR_ONLY).visit_id)


def kept(looks: Looks) -> list[tuple[str, str, str | None]]:
    with looks._database.read() as session:
        return [(row.by, row.page, row.visit_id) for row in session.scalars(select(Look).order_by(Look.id))]


def test_every_page_that_clerks_open_was_thought_of() -> None:
    ours = {name for name, needed in NEEDS.items() if isinstance(needed, Role)}
    assert ours == OF_ONE | OF_MANY | NAMES_NOBODY | BOARD | FORM | ACTS


def test_whoever_opens_a_record_is_written_down_and_nothing_of_the_person(desk: Any, looks: Looks, visit: str) -> None:
    assert NAME in desk.get(f"/visits/{visit}")
    desk.get(f"/visits/{visit}/compare")
    desk.get(f"/tickets/{visit}/ways")
    desk.get("/find?number=1")
    desk.get("/lists/tickets")
    pages = [("record", visit), ("compare", visit), ("ticket_ways", visit), ("find", visit)]
    assert {*kept(looks)} == {("truc", page, which) for page, which in [*pages, ("whole_list", None)]}
    with looks._database.read() as session:
        rows = session.execute(text("SELECT * FROM look")).all()
    assert NAME not in str(rows)


def test_what_is_not_shown_is_no_look(desk: Any, looks: Looks, visit: str) -> None:
    desk.get("/visits/nobody", 404)
    desk.get("/find?number=77")
    desk.get("/")
    assert kept(looks) == []


def test_no_record_is_shown_where_nobody_can_write_down_who_looks(desk: Any, visit: str) -> None:
    with desk.staff._database.write() as session:
        session.execute(text("DROP TABLE look"))
    answer = desk.client.get(f"/visits/{visit}", base_url=OWN)
    assert (answer.status_code, NAME in answer.text) == (503, False)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_lead_sees_who_looked_and_a_clerk_does_not(desk: Any, visit: str) -> None:
    _, others = desk.others()
    clerk = desk.log_in(desk.app(others=others, records=True), "lan")
    assert clerk.get(f"/visits/{visit}", base_url=OWN).status_code == 200
    assert clerk.get("/looks", base_url=OWN).status_code == 403
    assert clerk.get(f"/visits/{visit}/looks", base_url=OWN).status_code == 403
    page = desk.get(f"/visits/{visit}/looks")
    assert "lan" in page
    assert "hồ sơ lượt khám" in page
    assert NAME not in page
    day = desk.get("/looks?by=lan")
    assert '<option value="lan" selected>' in day
    assert f"/visits/{visit}/looks" in day
    assert f"/visits/{visit}/looks" not in desk.get("/looks?day=2026-11-22&lang=en")
    desk.get("/looks?day=gestern", 404)


def test_a_clerk_who_opens_very_many_records_is_pointed_out_to_the_lead(desk: Any, looks: Looks, visit: str) -> None:
    many = [visit, *(ticket(desk, number) for number in range(2, BURST + 1))]
    looks.note("record", many[1:], by="lan")
    looks.note("record", many[1:], by="lan")
    looks.note("find", many, by="lan")
    assert dict(looks.bursts()) == {}, "the same record twice is one, and a search is none"
    looks.note("record", many[:1], by="lan")
    assert dict(looks.bursts()) == {"lan": BURST}
    said = f"lan đã mở {BURST} hồ sơ"
    assert said in desk.get("/")
    assert said not in desk.log_in(desk.app(), "lan").get("/", base_url=OWN).text
    desk.clock.advance(BURST_S + 1)
    assert said not in desk.get("/")


def test_the_chain_vouches_for_what_was_looked_at(desk: Any, looks: Looks, visit: str) -> None:
    since = desk.clock.now()
    looks.note("record", [visit], by="lan")
    looks.note("work", [None], by="truc")
    assert (looks.bind(), looks.bind()) == (2, 0)
    with looks._database.write() as session:
        [link] = session.scalars(select(Audit).where(Audit.kind == BOUND))
        assert json.loads(link.body)["facts"]["many"] == 2
        assert visit not in link.body
        assert altered(session, since) == ()
        session.execute(update(Look).where(Look.by == "lan").values(by="mai"))
        assert altered(session, since) == ((link.device, link.seq),)
        session.execute(update(Look).where(Look.by == "mai").values(by="lan"))
        assert altered(session, since) == ()
        session.execute(text("DELETE FROM look"))
        assert altered(session, since) == ((link.device, link.seq),)


def test_looks_are_forgotten_together_when_their_time_is_over(desk: Any, looks: Looks, visit: str) -> None:
    looks.note("record", [visit], by="lan")
    looks.bind()
    desk.clock.advance(timedelta(days=730).total_seconds())
    looks.note("record", [visit], by="truc")
    assert looks.round() == 1
    assert len(kept(looks)) == 2
    desk.clock.advance(1)
    assert looks.round() == 1
    assert [by for by, _, _ in kept(looks)] == ["truc"]
    with looks._database.read() as session:
        assert altered(session, desk.clock.now() - timedelta(days=729)) == ()


def test_the_record_says_that_somebody_gave_leave(desk: Any, visit: str) -> None:
    assert "đồng ý cho đọc" not in desk.get(f"/visits/{visit}")
    with desk.staff._database.write() as session:
        session.execute(update(Visit).values(agreed_at=desk.clock.now(), agreed_to="0" * 16))
    assert "đã đồng ý cho đọc lúc 07:42 23/11/2026" in desk.get(f"/visits/{visit}")
