"""What the desk's pages weigh on a day with a thousand people, in bytes; and what leaves compressed."""

import gzip
from typing import Any

import pytest
from sqlalchemy import insert, select

from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.route import Clinic
from kiosk.store.tables import Notice, Visit
from kiosk.web.common.factory import WEB

OWN = "http://127.0.0.1:8001"
MOST = 65_000
"""Of a page itself: styles, scripts and fonts take some 80 kB of the 150 that it may weigh with them."""


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


@pytest.mark.parametrize("address", ["/", "/live", "/queue", "/queue?room=desk", "/report"])
def test_a_page_stays_light_with_a_thousand_people(desk: Any, clinic: Clinic, address: str) -> None:
    crowd(desk, clinic, 1000 // (len(clinic.rooms) + 1))
    assert len(desk.get(address).encode()) < MOST


def test_the_board_says_how_many_more_there_are(desk: Any, clinic: Clinic) -> None:
    crowd(desk, clinic, 50)
    assert desk.get("/?lang=en").count("And 39 more.") == 2  # exceptions and tickets, 12 shown of 51
    assert "And 30 more." in desk.get("/queue?lang=en")


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
