"""The pages of oversight: owners, the pace, a face that is handed out once, two people, lost cards, copies."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, VisitReason
from kiosk.services.arrival import Beside
from kiosk.services.holder_checks import SHOWN
from kiosk.services.portraits import LARGEST
from kiosk.store.tables import Audit

OWN = "http://127.0.0.1:8001"
TOKEN = bytes(range(32))
JPEG = b"\xff\xd8\xff" + b"a face" * 20


def claim(number: str = "036158900011") -> ClaimedIdentity:
    return ClaimedIdentity(
        source=ClaimSource.CHIP_NOT_PROVED,
        personal_number=number,
        name="Trần Thị Mẫu",
        birth=BirthDate(year=1958),
        sex=Sex.FEMALE,
    )


def bring(desk: Any, visit: str, image: bytes = JPEG, **headers: str) -> Any:
    """What the patient's process does."""
    usual = {"Authorization": f"Bearer {TOKEN.hex()}", "Origin": OWN, "Content-Type": "image/jpeg"} | headers
    client: FlaskClient = desk.client.application.test_client()
    return client.post(f"/internal/portraits/{visit}", base_url=OWN, data=image, headers=usual)


@pytest.fixture
def ticket(desk: Any) -> str:
    reasons = (VisitReason.REPORTED_LOST,)
    made = desk.checkin.desk_ticket(
        claim(),
        code=Code.UNKNOWN_CARD,
        reasons=reasons,
        assurance=Assurance.CHIP_ANCHORED,
        beside=Beside(took_ms=9400, check_holder=True),
    )
    return str(made.visit_id)


def test_a_face_is_handed_out_once_and_kept_by_nobody(desk: Any, ticket: str) -> None:
    assert bring(desk, ticket).status_code == 204
    assert "Cho xem ảnh" in desk.get(f"/visits/{ticket}/compare")
    first = desk.client.get(f"/visits/{ticket}/portrait.jpg", base_url=OWN)
    assert (first.data, first.mimetype, first.headers["Cache-Control"]) == (JPEG, "image/jpeg", "no-store")
    assert desk.client.get(f"/visits/{ticket}/portrait.jpg", base_url=OWN).status_code == 410
    assert shown(desk) == [{"visit": ticket, "by": "truc"}], "one face was shown, once, and it is known to whom"
    assert "Cho xem ảnh" not in desk.get(f"/visits/{ticket}/compare")


@pytest.mark.parametrize(
    ("image", "headers", "status"),
    [
        (JPEG, {"Authorization": "Bearer " + "00" * 32}, 401),
        (JPEG, {"Authorization": ""}, 401),
        (JPEG, {"Content-Type": "image/png"}, 415),
        (JPEG, {"Origin": "http://evil.example"}, 403),
        (b"<svg/>", {}, 400),
        (JPEG + bytes(LARGEST), {}, 413),
    ],
)
def test_nobody_else_brings_a_face(desk: Any, ticket: str, image: bytes, headers: dict[str, str], status: int) -> None:
    assert bring(desk, ticket, image, **headers).status_code == status
    assert not desk.oversight.box.has(ticket)


def test_what_a_clerk_saw_is_written_down_and_the_face_is_gone(desk: Any, ticket: str) -> None:
    bring(desk, ticket)
    page = desk.post(f"/visits/{ticket}/holder", seen="not_same")
    assert "đừng buộc tội ai" in page
    assert not desk.oversight.box.has(ticket)
    assert VisitReason.HOLDER_DIFFERS in desk.staff.visit(ticket).reasons
    assert "không còn" in desk.post(f"/visits/{ticket}/holder", seen="nonsense")


def test_of_whom_nobody_was_to_look_at_nothing_is_said_before_the_face_was_shown(desk: Any) -> None:
    made = desk.checkin.desk_ticket(claim(), code=Code.CARD_EXPIRED, assurance=Assurance.CHIP_ANCHORED)
    compare = f"/visits/{made.visit_id}/compare"
    assert "seen-same" not in desk.get(compare)
    bring(desk, made.visit_id)
    assert "seen-same" in desk.get(compare)
    assert "Xem ảnh trước" in desk.post(f"/visits/{made.visit_id}/holder", seen="same")
    assert not desk.staff.visit(made.visit_id).holder_check
    desk.client.get(f"/visits/{made.visit_id}/portrait.jpg", base_url=OWN)
    assert "seen-same" in desk.get(compare), "the face is gone, and what was seen can still be said"
    desk.post(f"/visits/{made.visit_id}/holder", seen="same")
    assert desk.staff.visit(made.visit_id).holder_check == "same"


def test_no_face_is_shown_where_nobody_can_write_down_who_looks(desk: Any, ticket: str) -> None:
    bring(desk, ticket)
    with desk.staff._database.write() as session:
        session.execute(text("DROP TABLE audit"))
    answer = desk.client.get(f"/visits/{ticket}/portrait.jpg", base_url=OWN)
    assert (answer.status_code, JPEG in answer.data) == (503, False)


def shown(desk: Any) -> list[dict[str, str]]:
    """What the audit says of faces that were shown."""
    with desk.staff._database.read() as session:
        links = session.scalars(select(Audit.body).where(Audit.kind == SHOWN)).all()
    return [json.loads(body)["facts"] for body in links]


def test_two_people_admit_whom_a_card_is_suspected_of(desk: Any, ticket: str) -> None:
    board = desk.get("/")
    assert f'id="second-{ticket}"' in board
    assert f'id="confirm-{ticket}-noi"' not in board
    agreed = {"room": "noi", "override": "other_papers", "second_sign": "mai", "second_password": "wrong"}
    desk.post(f"/tickets/{ticket}/confirm", **agreed)
    assert desk.staff.visit(ticket).state == "desk"
    said = desk.post(f"/tickets/{ticket}/confirm", **agreed | {"second_password": desk.passwords["mai"]})
    assert "đã được tiếp nhận" in said
    assert "truc: 1/3" in said


def test_an_exception_is_taken_filtered_and_handed_back(desk: Any, ticket: str) -> None:
    desk.checkin.notify(Code.HELP)
    notice = desk.staff.exceptions()[0].notice_id
    assert "Đã nhận trường hợp này." in desk.post(f"/exceptions/{notice}/take")
    mine = desk.get("/live?show=mine")
    assert f'id="own-{notice}"' in mine
    assert mine.count('id="own-') == 1
    assert desk.get("/live").count('id="own-') == 2
    assert "Nhận xử lý" in desk.get(f"/exceptions/{notice}")
    desk.post(f"/exceptions/{notice}/back")
    assert desk.staff.exceptions()[0].owner == ""
    desk.get("/exceptions/nobody", status=404)


def test_logging_out_leaves_what_one_had_to_everybody(desk: Any, ticket: str) -> None:
    notice = desk.staff.exceptions()[0].notice_id
    desk.post(f"/exceptions/{notice}/take")
    other = desk.log_in(desk.client.application, "lan")
    desk.post("/logout")
    assert desk.staff.exceptions()[0].owner == "truc"
    assert other.get("/live", base_url=OWN).status_code == 200
    assert desk.staff.exceptions()[0].owner == ""


def test_ages_are_said_in_words(desk: Any, ticket: str) -> None:
    assert "age-word" not in desk.get("/live")
    desk.clock.advance(6 * 60)
    assert "Lâu</b>" in desk.get("/live")
    desk.clock.advance(10 * 60)
    assert "Quá lâu</b>" in desk.get("/live")
    assert "9,4" in desk.get("/live")


def test_a_ticket_is_found_by_its_number_with_a_masked_name(desk: Any, ticket: str) -> None:
    page = desk.get("/find?number=1")
    assert "TRẦN THỊ M**" in page
    assert "Trần Thị Mẫu" not in page
    assert "036158900011" not in page
    desk.clock.advance(86400)
    assert "23/11/2026" in desk.get("/find?number=1")
    assert 'id="copy-' not in desk.get("/find?number=1"), "a ticket of yesterday leads nowhere"
    assert "Không có phiếu" in desk.get("/find?number=99")
    assert "chỉ chữ số" in desk.get("/find?number=1x")


def test_copies_are_counted_with_their_reason(desk: Any, ticket: str) -> None:
    desk.get(f"/visits/{ticket}/copy", status=404)
    assert "bản in lại lần 1" in desk.post(f"/visits/{ticket}/copy", reason="lost")
    assert "bản in lại lần 2" in desk.post(f"/visits/{ticket}/copy", reason="no_paper")
    image = desk.client.get(f"/visits/{ticket}/copy.png", base_url=OWN)
    assert image.data.startswith(b"\x89PNG")
    desk.post(f"/visits/{ticket}/copy", reason="nonsense")
    assert desk.oversight.search.find(ticket).copies == 2
    with desk.staff._database.read() as session:
        assert len(session.scalars(select(Audit).where(Audit.kind == "reprinted")).all()) == 2


def test_lost_cards_are_a_leads_and_no_number_is_shown(desk: Any) -> None:
    number = "036158900011"
    page = desk.post("/lost/add", number=number)
    assert "Đã ghi số này" in page
    assert number not in page
    assert "Đã bỏ số này" in desk.post("/lost/remove", number=number)
    assert "12 chữ số" in desk.post("/lost/add", number="12")
    lan = desk.log_in(desk.client.application, "lan")
    assert lan.get("/lost", base_url=OWN).status_code == 403


def test_the_board_shows_the_last_three_digits(desk: Any, ticket: str) -> None:
    board = desk.get("/")
    assert "…011" in board
    assert "036158900011" not in board
