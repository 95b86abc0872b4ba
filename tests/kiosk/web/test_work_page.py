"""The worklist: what differs between chip, code, roster and payer, on its page, in the insurer's file, and closed."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import CoverAnswer
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import CoverReason, Eligibility, NextStep, Step
from kiosk.domain.worklist import ClosedHow, Field, Mismatch, Source
from kiosk.services.worklist import Subject
from kiosk.services.worklist_export import COLUMNS

NUMBER = "036158900001"
CHIP = ClaimedIdentity(
    source=ClaimSource.CHIP_NOT_PROVED,
    personal_number=NUMBER,
    name="Trần Thị Hoà",
    birth=BirthDate(year=1958, month=9, day=5),
    sex=Sex.FEMALE,
)
ROW = {"personal_number": NUMBER, "insurance_number": "3699900001", "sex": "F"}


@pytest.fixture
def staff(reception: Any) -> Any:
    other = {"personal_number": "036158900002", "name": "Lê Thị Mẫu"}
    reception.deliver(ROW | {"name": "Trần Thị Hòa", "birth": "1958"}, other)
    reception.open()
    return reception


def come(staff: Any, code: Code = Code.COVER_ENDED, rung: Assurance = Assurance.CHIP_ANCHORED) -> None:
    staff.desk.checkin.desk_ticket(CHIP, code=code, assurance=rung)


def test_a_visit_is_compared_with_the_roster_once(staff: Any) -> None:
    come(staff)
    assert staff.parts.cleaning.round() == 2
    assert sorted(staff.work) == [("birth", "partly", "open"), ("name", "same_spelling", "open")]
    assert staff.parts.cleaning.round() == 0


def test_who_comes_again_makes_no_second_entry(staff: Any) -> None:
    come(staff, Code.COVER_ENDED)
    come(staff, Code.NOT_COVERED)
    staff.parts.cleaning.round()
    assert len(staff.work) == 2


@pytest.mark.parametrize("rung", [Assurance.NONE, Assurance.CHIP_UNANCHORED, Assurance.QR_UNSIGNED])
def test_what_nobody_vouches_for_is_compared_only_when_a_clerk_admits(staff: Any, rung: Assurance) -> None:
    come(staff, Code.UNKNOWN_CARD, rung)
    assert staff.parts.cleaning.round() == 0
    [row] = staff.desk.staff.desk_tickets()
    staff.desk.staff.confirm(row.visit_id, "noi", by="desk-1")
    assert staff.parts.cleaning.round() == 2


def test_the_page_shows_both_sides_in_both_languages(staff: Any) -> None:
    come(staff)
    staff.parts.cleaning.round()
    page = staff.desk.get("/worklist?lang=en")
    assert '<span class="word-spelling">hoà</span>' in page
    assert '<span class="word-spelling">hòa</span>' in page
    assert "05/09/1958" in page
    assert NUMBER in page
    assert "Data to put right" in page
    assert "Dữ liệu cần chỉnh sửa" in staff.desk.get("/worklist")
    assert '<dd class="number">2</dd>' in staff.desk.get("/")


def test_a_delta_closes_what_it_corrects_and_nothing_else(staff: Any) -> None:
    come(staff)
    staff.parts.cleaning.round()
    staff.deliver(ROW | {"name": "TRẦN THỊ HOÀ", "birth": "1958"})
    assert staff.parts.cleaning.round() == 1
    assert staff.work == [("birth", "partly", "open")]
    staff.deliver(ROW | {"name": "TRẦN THỊ HOÀ", "birth": "1958-09-05"})
    assert staff.parts.cleaning.round() == 1
    assert staff.work == []


def test_what_is_closed_can_be_read_by_nobody_any_more(staff: Any) -> None:
    come(staff)
    staff.parts.cleaning.round()
    for row in staff.parts.worklist.rows():
        assert staff.parts.worklist.close(row.work_id, by="desk-1", how=ClosedHow.STAFF)
        assert not staff.parts.worklist.close(row.work_id, by="desk-1", how=ClosedHow.STAFF)
        assert staff.parts.worklist.row(row.work_id) is None
    assert staff.parts.worklist.counts().waiting == 0


def exported(staff: Any) -> tuple[bytes, list[list[str]]]:
    token = staff.desk.get("/worklist").split('name="csrf_token" value="')[1].split('"')[0]
    own = "http://127.0.0.1:8001"
    response = staff.desk.client.post(
        "/worklist/export", base_url=own, headers={"Origin": own}, data={"csrf_token": token}
    )
    assert response.headers["Content-Disposition"] == 'attachment; filename="worklist-79999-20261123.csv"'
    return response.data, list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))


def test_the_file_for_the_insurer_has_a_mark_and_every_entry_that_is_theirs(staff: Any) -> None:
    come(staff)
    staff.parts.cleaning.round()
    with staff.desk.staff._database.write() as session:
        staff.parts.worklist.expect_papers(session, None, ["passport"], datetime(2026, 11, 24, tzinfo=UTC))
    content, [head, *rows] = exported(staff)
    assert content.startswith(b"\xef\xbb\xbf")
    assert tuple(head) == COLUMNS
    assert sorted(row[3] for row in rows) == ["birth", "name"]
    [name] = [row for row in rows if row[3] == "name"]
    assert name[4:11] == ["same_spelling", "chip", "Trần Thị Hoà", "roster", "Trần Thị Hòa", "Trần Thị Hoà", NUMBER]
    assert {state for _, _, state in staff.work} == {"sent", "open"}


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '=HYPERLINK("x")\r\n'])
def test_no_cell_is_a_formula(staff: Any, evil: str) -> None:
    mismatch = Mismatch(
        field=Field.NAME,
        left_source=Source.CHIP,
        left=evil,
        right_source=Source.ROSTER,
        right="A",
        grade="different",
        proposed=evil,
    )
    staff.parts.worklist.add([mismatch], Subject(personal_number=NUMBER))
    _, [_, row] = exported(staff)
    assert row[6].startswith("'")
    assert row[6].replace("'", "") == evil
    assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@"))]


def test_the_linked_share_is_computed_and_shown_against_the_target(staff: Any) -> None:
    page = staff.desk.get("/?lang=en")
    assert "1 of 2" in page
    assert "50.0%" in page
    assert "target 98.6%" in page
    assert "98,6" in staff.desk.get("/")


ASKED = Asked(name="Trần Thị Hoà", birth=BirthDate(year=1958, month=9, day=5), personal_number=NUMBER)


def answer(**says: str) -> CoverAnswer:
    return CoverAnswer(result_code="000", asked_number=NUMBER, as_of=datetime(2026, 11, 23, tzinfo=UTC), **says)  # type: ignore[arg-type]


def test_what_the_payer_writes_otherwise_is_noted(staff: Any) -> None:
    covered = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)
    for _ in range(2):
        staff.parts.cleaning.noted(ASKED, answer(name="Trần Thị Hòa", birth="05/09/1958"), covered)
    assert staff.work == [("name", "same_spelling", "open")]


def test_another_sex_at_the_payer_is_noted(staff: Any) -> None:
    refused = Eligibility(
        code=Code.IDENTITY_DIFFERS,
        reasons=(CoverReason.SEX_DIFFERS,),
        coverage=None,
        step=Step.DESK,
        next=NextStep.COMPARE,
    )
    asked = replace(ASKED, sex=Sex.FEMALE)
    said = answer(name="Trần Thị Hoà", birth="05/09/1958", sex="Nam")
    for _ in range(2):
        staff.parts.cleaning.noted(asked, said, refused)
    assert staff.work == [("sex", "different", "open")]


def test_what_the_payer_calls_wrong_without_saying_more_is_noted(staff: Any) -> None:
    for reason in (CoverReason.NAME_DIFFERS, CoverReason.BIRTH_DIFFERS):
        refused = Eligibility(
            code=Code.IDENTITY_DIFFERS, reasons=(reason,), coverage=None, step=Step.DESK, next=NextStep.COMPARE
        )
        staff.parts.cleaning.noted(ASKED, answer(), refused)
    assert sorted(staff.work) == [("birth", "different", "open"), ("name", "different", "open")]
    assert "not told" in staff.desk.get("/worklist?lang=en")


def test_the_roster_gives_another_spelling_to_ask_with(staff: Any) -> None:
    assert staff.parts.cleaning.spellings(ASKED) == ("Trần Thị Hòa",)


def test_an_entry_whose_visit_was_erased_is_shown_empty(staff: Any) -> None:
    come(staff)
    staff.parts.cleaning.round()
    with staff.desk.staff._database.write() as session:
        session.connection().exec_driver_sql("UPDATE work SET sealed_key = NULL, blob = NULL")
    assert "Trần Thị Hoà" not in staff.desk.get("/worklist").split("</table>")[0]
    assert [row.unreadable for row in staff.parts.worklist.rows()] == [True, True]
    _, rows = exported(staff)
    assert len(rows) == 1
