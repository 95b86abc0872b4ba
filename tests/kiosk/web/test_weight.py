"""What the desk's pages weigh on a day with a thousand people, in bytes; and what leaves compressed."""

import gzip
import html
import re
from typing import Any

import pytest
from sqlalchemy import insert, select

from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.route import Clinic
from kiosk.store.tables import Notice, Visit
from kiosk.web.common.factory import WEB

OWN = "http://127.0.0.1:8001"
LISTS = "exceptions", "tickets", "admissions", "earlier"
MOST = 65_000
"""Of a page itself: styles, scripts and fonts take some 80 kB of the 150 that it may weigh with them."""


ROW_IDS = {
    "exceptions": r'id="settle-([^"]+)"',
    "tickets": r'<tr id="ticket-([^"]+)"',
    "admissions": r'id="call-([^"]+)"',
}


def crowd(desk: Any, clinic: Clinic, each: int) -> None:
    """So many more people before every room, at the desk, and among the exceptions."""
    desk.checkin.desk_ticket(None, code=Code.UNKNOWN_CARD, assurance=Assurance.NONE)
    with desk.staff._database.write() as session:
        visit, notice = session.scalars(select(Visit)).one(), session.scalars(select(Notice)).one()
        usual = {column.name: getattr(visit, column.name) for column in Visit.__table__.columns}
        told = {column.name: getattr(notice, column.name) for column in Notice.__table__.columns}
        places = [None, *(room.id for room in clinic.rooms)]
        rows = [
            usual
            | {"id": f"visit-{number:030}", "number": number, "room_id": place}
            | ({} if place is None else {"state": "admitted", "admitted_at": visit.created_at})
            for number, place in enumerate(places * each, start=2)
        ]
        session.execute(insert(Visit), rows)
        at_desk = [row["id"] for row in rows if row["room_id"] is None]
        waiting = enumerate(at_desk)
        session.execute(insert(Notice), [told | {"id": f"notice-{n:029}", "visit_id": each} for n, each in waiting])


@pytest.mark.parametrize(
    "address", ["/", "/live", "/queue", "/queue?room=desk", "/report", *(f"/lists/{what}" for what in LISTS)]
)
def test_a_page_stays_light_with_a_thousand_people(desk: Any, clinic: Clinic, address: str) -> None:
    crowd(desk, clinic, 1000 // (len(clinic.rooms) + 1))
    assert len(desk.get(address).encode()) < MOST


def test_the_board_says_how_many_more_there_are(desk: Any, clinic: Clinic) -> None:
    crowd(desk, clinic, 50)
    assert desk.get("/?lang=en").count("And 39 more.") == 2  # exceptions and tickets, 12 shown of 51
    assert "And 30 more." in desk.get("/queue?lang=en")


def pages_from(desk: Any, address: str) -> list[str]:
    """A list's pages, from one "next page" to the next, as a clerk goes who has no script."""
    pages = [desk.get(address)]
    while found := re.search(r'id="page-next" href="([^"]+)"', pages[-1]):
        pages.append(desk.get(html.unescape(found[1])))
    return pages


@pytest.mark.parametrize("what", ["exceptions", "tickets", "admissions"])
def test_the_rest_of_a_list_of_the_board_is_one_link_away(desk: Any, clinic: Clinic, what: str) -> None:
    crowd(desk, clinic, 50)
    found = re.search(rf'id="all-{what}" href="([^"]+)"', desk.get("/"))
    assert found is not None
    pages = pages_from(desk, html.unescape(found[1]))
    rows = [row for page in pages for row in re.findall(ROW_IDS[what], page)]
    assert len(rows) == len(set(rows)) == {"admissions": 50 * len(clinic.rooms)}.get(what, 51)
    assert "page-before" in pages[-1]


def test_who_waits_longest_at_the_desk_stands_first(desk: Any, clinic: Clinic) -> None:
    crowd(desk, clinic, 50)
    tickets = desk.get("/").split('id="tickets"')[1]
    assert [row.number for row in desk.staff.desk_tickets()][-1] == 1
    assert re.findall(r'<span class="big">(\d+)</span>', tickets)[0] == "1"


def test_an_exception_leads_to_its_ticket_on_whatever_page_it_stands(desk: Any, clinic: Clinic) -> None:
    crowd(desk, clinic, 50)
    rows = "".join(pages_from(desk, "/lists/exceptions"))
    links = re.findall(r'href="(/lists/tickets[^"]+)"', rows)
    assert len(links) == 51
    for link in (links[0], links[-1]):
        address, _, anchor = html.unescape(link).partition("#")
        assert f'id="{anchor}"' in desk.get(address)


def test_everybody_in_a_line_is_reached_page_by_page(desk: Any, clinic: Clinic) -> None:
    crowd(desk, clinic, 50)
    pages = pages_from(desk, f"/queue?room={clinic.rooms[0].id}")
    waiting = [each for page in pages for each in re.findall(r'id="call-(visit-\d+)"', page)]
    assert len(pages) == 3
    assert len(waiting) == len(set(waiting)) == 50
    nexts = {re.search(r'name="expects" value="([^"]+)"', page)[1] for page in pages}  # type: ignore[index]
    assert nexts == {waiting[0]}, "whoever presses on a later page calls who is next, too"


@pytest.mark.parametrize(
    "address", ["/lists/nothing", "/lists/tickets?page=0", "/lists/tickets?page=1001", "/queue?page=0"]
)
def test_a_list_or_a_page_that_cannot_be_is_not_found(desk: Any, address: str) -> None:
    desk.get("/")
    assert desk.client.get(address, base_url=OWN).status_code == 404


@pytest.mark.parametrize("name", ["css/staff.css", "js/live.js"])
def test_styles_and_scripts_leave_compressed_for_who_takes_that(desk: Any, name: str) -> None:
    plain = (WEB / "static" / name).read_bytes()
    packed = desk.client.get(f"/static/{name}", base_url=OWN, headers={"Accept-Encoding": "gzip, br"})
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", plain)
    assert packed.headers["X-Content-Type-Options"] == "nosniff"
    with desk.client.get(f"/static/{name}", base_url=OWN) as whole:
        assert ("Content-Encoding" in whole.headers, whole.data) == (False, plain)
        assert whole.mimetype == packed.mimetype


def test_no_page_leaves_compressed_for_it_holds_a_token(desk: Any) -> None:
    page = desk.client.get("/", base_url=OWN, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in page.headers
