"""The picture's pages: who gets in, what each role may do, and what is written down of it."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kiosk.hub.picture.acts import newest_acts
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.web.access import NEEDS
from kiosk.hub.store import tables
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.counts import Counts
from kiosk.hub.store.devices import add_clinics
from kiosk.turns import RETRY_AFTER_S, Turns

PAGES = ("/", "/live", "/alarms", "/worklists", "/report")


@pytest.fixture
def clinic(on_sqlite: Any, make: Any, make_hub: Callable[..., Any]) -> Any:
    """A clinic with one admission, and an alarm about its visit."""
    hub = make_hub(on_sqlite.database)
    hub.now = on_sqlite.now
    device = hub.enrolled("36001")
    body = make.admission(1)
    hub.receive(device, device.event(body, at=hub.now), device.event(make.heartbeat(), at=hub.now))
    with on_sqlite.database.write() as connection:
        raise_alarm(
            connection,
            "36001",
            "kiosk-1",
            "fraud.many_visits",
            mark="m",
            at=hub.now,
            facts={"visits": 4, "visit": body.visit.hex()},
        )
    return body


def acts(picture: Any) -> list[str]:
    with picture.database.read() as connection:
        return [row.act for row in newest_acts(connection, 50)]


@pytest.mark.parametrize("path", [*PAGES, "/acts", "/accounts", "/clinic/36001", "/report.pdf", "/report.csv"])
def test_nobody_sees_anything_without_logging_in(on_sqlite: Any, make: Any, path: str) -> None:
    browser = on_sqlite.somebody()
    browser.post("/logout", seen="/")
    answer = browser.get(path)
    assert answer.status_code == (401 if path == "/live" else 303)
    assert "36001" not in answer.text


def test_every_address_is_in_the_table(on_sqlite: Any) -> None:
    assert {rule.endpoint for rule in on_sqlite.app.url_map.iter_rules()} == set(NEEDS)


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        (OfficerRole.AUDITOR, {"/accounts"}),
        (OfficerRole.OFFICER, {"/accounts", "/acts"}),
        (OfficerRole.ADMINISTRATOR, set()),
    ],
)
def test_what_a_role_may_see(on_sqlite: Any, clinic: Any, role: OfficerRole, closed: set[str]) -> None:
    browser = on_sqlite.somebody(role)
    seen = (*PAGES, "/clinic/36001", "/acts", "/accounts")
    assert {path for path in seen if browser.get(path).status_code != 200} == closed
    assert browser.get("/clinic/36777").status_code == 404


def test_an_auditor_changes_nothing_and_opens_nobody(on_sqlite: Any, clinic: Any) -> None:
    browser = on_sqlite.somebody(OfficerRole.AUDITOR)
    page = browser.get("/alarms").text
    assert "/look" not in page
    assert "/alarms/close" not in page
    fields = {"clinic": "36001", "device": "kiosk-1", "kind": "fraud.many_visits", "mark": "m"}
    for path in ("/alarms/close", "/worklists/close", "/look", "/looked"):
        sent = {"visit": clinic.visit.hex(), "reason": "fraud", "words": "xem một chút thôi"}
        assert browser.post(path, seen="/", **fields | sent).status_code == 403
    assert set(acts(on_sqlite)) == {"login", "account_added"}


def test_an_officer_closes_an_alarm_once(on_sqlite: Any, clinic: Any) -> None:
    browser = on_sqlite.somebody()
    fields = {"clinic": "36001", "device": "kiosk-1", "kind": "fraud.many_visits", "mark": "m"}
    assert browser.post("/alarms/close", seen="/alarms", **fields).status_code == 303
    assert browser.post("/alarms/close", seen="/alarms", **fields).status_code == 303
    assert "không có gì thay đổi" in browser.get("/alarms").text.lower()
    assert acts(on_sqlite).count("alarm_closed") == 1
    with on_sqlite.database.read() as connection:
        assert connection.execute(tables.alarm.select()).one().closed_by == "ha.tran"


def test_a_person_is_shown_for_a_reason_and_the_auditor_reads_it(on_sqlite: Any, clinic: Any) -> None:
    browser = on_sqlite.somebody()
    asked = browser.post("/look", seen="/alarms", clinic="36001", visit=clinic.visit.hex())
    assert "chip_anchored" not in asked.text
    assert 'name="words"' in asked.text
    fields = {"clinic": "36001", "visit": clinic.visit.hex(), "reason": "complaint"}
    assert browser.post("/looked", seen="/alarms", **fields, words="ngắn").status_code == 400
    assert browser.post("/looked", seen="/alarms", **fields | {"reason": "curious"}, words="x" * 20).status_code == 400
    assert "looked" not in acts(on_sqlite)
    shown = browser.post("/looked", seen="/alarms", **fields, words="gia đình hỏi lại lượt khám")
    assert shown.status_code == 200
    assert "36001" in shown.text
    for mark in (clinic.visit.hex(), clinic.person.hex()):
        assert mark not in shown.text
    auditor = on_sqlite.somebody(OfficerRole.AUDITOR, "kiem.tra")
    log = auditor.get("/acts?only=looked").text
    assert "gia đình hỏi lại lượt khám" in log
    assert clinic.visit.hex() in log


def test_a_visit_that_is_none_is_refused(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    for visit in ("", "zz" * 16, "00"):
        assert browser.post("/look", seen="/alarms", clinic="36001", visit=visit).status_code == 400


def test_a_login_ends_by_itself_and_the_page_that_asks_does_not_keep_it(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    for _ in range(20):
        on_sqlite.later(seconds=44)
        assert browser.get("/live").status_code == 200
    on_sqlite.later(seconds=44)
    assert browser.get("/live").status_code == 401
    assert browser.get("/").status_code == 303


def test_an_act_keeps_the_login(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    for _ in range(3):
        on_sqlite.later(minutes=14)
        assert browser.get("/alarms").status_code == 200
    on_sqlite.later(hours=12)
    assert browser.get("/").status_code == 303


def test_a_locked_account_is_logged_out(on_sqlite: Any) -> None:
    browser, chief = on_sqlite.somebody(), on_sqlite.somebody(OfficerRole.ADMINISTRATOR, "sep")
    assert chief.post("/accounts/ha.tran/lock", seen="/accounts").status_code == 303
    assert browser.get("/").status_code == 303
    assert browser.log_in("ha.tran").status_code == 403
    chief.post("/accounts/sep/lock", seen="/accounts")
    assert chief.get("/").status_code == 200


def test_a_wrong_password_is_told_kindly_and_nothing_of_why(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    browser.post("/logout", seen="/")
    wrong, nobody = browser.log_in("ha.tran", "sai rồi sai rồi"), browser.log_in("ai.do", "sai rồi sai rồi")
    assert (wrong.status_code, nobody.status_code) == (403, 403)
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", wrong.text) == strip.sub("", nobody.text)


def test_a_form_without_its_token_or_from_elsewhere_is_refused(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    own = {"Host": "127.0.0.1:8908", "Origin": "http://127.0.0.1:8908"}
    assert browser.client.post("/logout", headers=own).status_code == 400
    assert browser.client.post("/logout", headers=own | {"Origin": "http://evil.example"}).status_code == 403
    assert browser.client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert browser.get("/").status_code == 200


def test_every_answer_has_the_strict_headers(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    for path in ("/", "/login", "/nothing", "/report.pdf"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"


def test_a_store_that_does_not_answer_is_told_and_what_to_do(on_sqlite: Any, make_hub: Callable[..., Any]) -> None:
    browser, hub = on_sqlite.somebody(OfficerRole.AUDITOR), make_hub(on_sqlite.database)
    hub.rename("hour_count", "away")
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "thử lại sau ít phút" in answer.text
    assert "hour_count" not in answer.text
    hub.rename("away", "hour_count")
    assert "chưa hết" in browser.get("/report?week=2026-11-23").text
    assert "Vai trò" in browser.get("/accounts").text


def test_the_language_stays(on_sqlite: Any) -> None:
    browser = on_sqlite.somebody()
    assert "Cần người xử lý ngay" in browser.get("/").text
    assert "Needs somebody now" in browser.get("/?lang=en").text
    assert "Needs somebody now" in browser.get("/").text
    assert 'lang="en"' in browser.get("/alarms?lang=xx").text


def test_a_page_of_288_clinics_is_light(on_sqlite: Any) -> None:
    """The heaviest there is: a full day, in which everybody is admitted everywhere and every reason is there."""
    codes = [f"36{number:03}" for number in range(1, 289)]
    counts: Counter[tuple[str, Any, str]] = Counter()
    begin = on_sqlite.now.replace(hour=0, minute=0)
    for code in codes:
        for hour in range(-1, 11):
            counts[code, begin + timedelta(hours=hour), "admissions"] = 123
    with on_sqlite.database.write() as connection:
        add_clinics(connection, [(code, f"Trạm y tế xã Nghĩa Thắng {code}") for code in codes], on_sqlite.now)
        Counts(hours=counts).write(connection)
    page = on_sqlite.somebody().get("/")
    assert page.text.count(">123") >= 288 * 12
    assert len(page.data) <= 150_000


def test_the_reports_files_name_their_week(on_sqlite: Any, clinic: Any) -> None:
    browser = on_sqlite.somebody()
    pdf = browser.get("/report.pdf")
    assert pdf.data.startswith(b"%PDF-")
    assert "week-2026-11-16-vi.pdf" in pdf.headers["Content-Disposition"]
    csv = browser.get("/report.csv?week=2026-11-09")
    assert csv.data.startswith(b"\xef\xbb\xbf")
    # A week that is not over, a day that is no Monday, the ends of the calendar, and no day.
    for week in ("2026-11-23", "2026-11-17", "0001-01-01", "9999-12-27", "hôm-qua"):
        assert browser.get(f"/report?week={week}").status_code == 404


def test_who_finds_no_place_to_wait_is_told_when_to_come_again(picture: Any) -> None:
    browser = picture.somebody()
    picture.officers._at_the_door = Turns(threading.Lock(), waiting=0)
    with picture.officers._at_the_door:
        told = browser.log_in("ha.tran")
    assert (told.status_code, told.headers["Retry-After"]) == (503, str(RETRY_AFTER_S))
    assert "Xin thử lại" in told.text
    assert browser.log_in("ha.tran").status_code == 303, "nothing was counted"
