"""Logging in at the staff's screen, locking it, going on, logging out, and the second person."""

import json
import logging
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code
from kiosk.services.assistance import AssistanceWatch, AssistedMode
from kiosk.services.desk import NotConfirmable
from kiosk.services.staff_sessions import LONGEST_S, StaffSessions
from kiosk.store.tables import Audit

OWN = "http://127.0.0.1:8001"
CLAIM = ClaimedIdentity(source=ClaimSource.CARD_QR, name="Trần Thị Mẫu", birth=BirthDate(year=1958))
PAPERS = {"name": "Đỗ Thị Khác", "birth": "1958", "number": "", "sex": "F", "room": "noi"}


class Moments:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def get(client: FlaskClient, address: str = "/") -> Any:
    return client.get(address, base_url=OWN)


def post(client: FlaskClient, address: str, *, form_on: str = "/login", fetch: bool = False, **form: str) -> Any:
    token = get(client, form_on).text.split('name="csrf_token" value="')[1].split('"')[0]
    headers = {"Origin": OWN} | ({"X-Requested-With": "fetch"} if fetch else {})
    return client.post(address, base_url=OWN, headers=headers, data={"csrf_token": token, **form})


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def app(desk: Any, moments: Moments) -> Flask:
    return desk.app(sessions=StaffSessions(desk.accounts, idle_s=900, now=moments), records=True)


@pytest.fixture
def client(desk: Any, app: Flask) -> FlaskClient:
    return desk.log_in(app)


def test_the_door_says_the_same_whatever_is_wrong(app: Flask, desk: Any) -> None:
    desk.accounts.lock("lan", by="mai")
    answers = set()
    for sign, password in (
        ("truc", "sai mật khẩu"),
        ("nobody", "sai mật khẩu"),
        ("lan", desk.passwords["lan"]),
        ("", ""),
    ):
        answer = post(app.test_client(), "/login?lang=en", sign=sign, password=password)
        assert answer.status_code == 403
        answers.add(answer.text.replace(answer.text.split('name="csrf_token" value="')[1].split('"')[0], ""))
    assert len(answers) == 1
    assert "an administrator can unlock" in answers.pop().casefold()


def test_a_login_has_a_cookie_of_its_own_that_no_script_reads(app: Flask, desk: Any) -> None:
    client = app.test_client()
    get(client, "/login")
    before = client.get_cookie("kiosk_staff", domain="127.0.0.1")
    answer = post(client, "/login", sign=" TRUC ", password=desk.passwords["truc"])
    after = client.get_cookie("kiosk_staff", domain="127.0.0.1")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "truc" in get(client).text


def test_no_password_is_logged_or_shown(
    app: Flask, desk: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    client = app.test_client()
    for password in ("một mật khẩu sai", desk.passwords["truc"]):
        answer = post(client, "/login", sign="truc", password=password)
        assert password not in answer.text
        assert password not in caplog.text + "".join(capsys.readouterr())


def test_without_an_account_the_page_says_how_the_first_one_is_made(app: Flask, desk: Any) -> None:
    assert "kiosk staff-account add" not in get(app.test_client(), "/login").text
    for sign in ("truc", "lan"):
        desk.accounts.remove(sign, by="mai")
    with desk.staff._database.write() as session:
        from kiosk.store.desk_tables import StaffAccount

        session.delete(session.get(StaffAccount, ("79999", "mai")))
    assert "kiosk staff-account add" in get(app.test_client(), "/login").text


def test_after_a_while_the_screen_asks_for_the_password_and_shows_nobody(
    desk: Any, client: FlaskClient, moments: Moments
) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    moments.now += 600
    assert "Trần Thị Mẫu" in get(client).text
    moments.now += 600
    assert get(client, "/live").status_code == 200, "what the page asks by itself shows what was there before"
    moments.now += 300
    assert get(client, "/live").status_code == 401, "and is no sign that somebody is there"
    answer = get(client, "/?lang=en")
    assert answer.headers["Location"].startswith("/locked")
    page = get(client, answer.headers["Location"]).text
    assert "Trần Thị Mẫu" not in page
    assert "The screen is locked" in page
    assert post(client, "/locked", form_on="/locked", password="sai mật khẩu").status_code == 403
    answer = post(client, "/locked", form_on="/locked", password=desk.passwords["truc"])
    assert answer.headers["Location"] == "/?lang=en"
    assert "Trần Thị Mẫu" in get(client).text


def test_what_was_typed_into_a_locked_screen_is_kept_until_the_password_is_given(
    desk: Any, client: FlaskClient, moments: Moments
) -> None:
    desk.checkin.desk_ticket(None, code=Code.NOT_GENUINE)
    [row] = desk.staff.desk_tickets()
    address = f"/tickets/{row.visit_id}/type"
    secret = {"second_sign": "mai", "second_password": desk.passwords["mai"], "override": "other_papers"}
    token = get(client).text.split('name="csrf_token" value="')[1].split('"')[0]
    moments.now += 901
    form = {"csrf_token": token, **PAPERS, **secret}
    answer = client.post(address, base_url=OWN, headers={"Origin": OWN}, data=form)
    assert answer.headers["Location"].startswith("/locked")
    assert "Đỗ Thị Khác" not in get(client, "/locked").text
    assert desk.staff.admissions() == ()
    page = post(client, "/locked", form_on="/locked", password=desk.passwords["truc"]).text
    assert "Đỗ Thị Khác" in page
    assert f'action="{address}' in page
    assert desk.passwords["mai"] not in page, "no password is kept"
    assert desk.staff.admissions() == (), "nothing is sent by itself"
    assert get(client, "/locked").headers["Location"].startswith("/?"), "and it is shown once"


def test_the_script_is_told_what_holds(desk: Any, app: Flask, client: FlaskClient, moments: Moments) -> None:
    assert get(client, "/state").json == {"state": "open"}
    moments.now += 899
    assert post(client, "/awake").json == {"state": "open"}
    moments.now += 899
    assert get(client, "/state").json == {"state": "open"}
    moments.now += 1
    assert get(client, "/state").json == {"state": "locked"}
    assert post(client, "/awake").json == {"state": "locked"}, "being there is not enough"
    assert post(client, "/locked", fetch=True, password="sai mật khẩu").json == {"state": "locked"}
    assert post(client, "/locked", fetch=True, password=desk.passwords["truc"]).json == {"state": "open"}
    desk.accounts.lock("truc", by="mai")
    assert get(client, "/state").json == {"state": "gone"}
    assert get(app.test_client(), "/state").json == {"state": "gone"}


def test_a_tap_locks_and_a_tap_logs_out(desk: Any, client: FlaskClient) -> None:
    assert post(client, "/lock").headers["Location"].startswith("/locked")
    assert get(client).headers["Location"].startswith("/locked")
    assert post(client, "/locked", form_on="/locked", password=desk.passwords["truc"]).status_code == 303
    assert get(client).status_code == 200
    assert post(client, "/logout").headers["Location"].startswith("/login")
    assert get(client).headers["Location"].startswith("/login")
    kinds = [kind for kind, _ in links(desk)]
    assert kinds[-3:] == ["login", "unlocked", "logout"]


def test_wrong_passwords_at_the_lock_count_too(desk: Any, client: FlaskClient) -> None:
    post(client, "/lock")
    for _ in range(5):
        post(client, "/locked", form_on="/locked", password="sai mật khẩu")
    assert post(client, "/locked", form_on="/locked", password=desk.passwords["truc"]).status_code == 403


def test_every_deed_bears_the_account(desk: Any, client: FlaskClient) -> None:
    desk.client = client
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    [row] = desk.staff.desk_tickets()
    desk.post(f"/tickets/{row.visit_id}/confirm", room="noi")
    desk.post(f"/tickets/{row.visit_id}/called")
    desk.post(f"/visits/{row.visit_id}/room", room="mat")
    done = {kind: facts.get("by") for kind, facts in links(desk) if kind in ("confirmed", "called", "corrected")}
    assert done == dict.fromkeys(("confirmed", "called", "corrected"), "truc")


def test_an_administrator_sees_the_accounts_and_unlocks_them(desk: Any, app: Flask) -> None:
    desk.client = desk.log_in(app, "mai")
    for _ in range(5):
        desk.accounts.check("lan", "sai mật khẩu", act="login")
    assert "Ngô Thị Lan Mẫu" in desk.get("/accounts")
    desk.post("/accounts/lan/lock")
    assert "đang tạm khóa" in desk.get("/accounts")
    assert desk.accounts.find("lan") is None
    desk.post("/accounts/lan/unlock")
    assert desk.accounts.check("lan", desk.passwords["lan"], act="login") is not None
    assert "quản trị viên cuối cùng" in desk.post("/accounts/mai/lock")
    assert "Không còn tài khoản" in desk.post("/accounts/nobody/lock")


def test_a_ticket_under_suspicion_takes_a_reason_and_a_second_person(desk: Any, client: FlaskClient) -> None:
    desk.client = client
    desk.checkin.desk_ticket(CLAIM, code=Code.NOT_GENUINE)
    [row] = desk.staff.desk_tickets()
    address = f"/tickets/{row.visit_id}/type"
    assert "Cần người thứ hai" in desk.get(f"/tickets/{row.visit_id}")
    for given, words in (
        ({}, "Hãy chọn lý do"),
        ({"override": "because"}, "Hãy chọn lý do"),
        ({"override": "care_first"}, "Người thứ hai chưa được chấp nhận"),
        ({"override": "care_first", **second(desk, "truc")}, "Người thứ hai chưa được chấp nhận"),
        ({"override": "care_first", **second(desk, "lan")}, "Người thứ hai chưa được chấp nhận"),
        ({"override": "care_first", **second(desk, "mai") | {"second_password": "x"}}, "Người thứ hai chưa"),
    ):
        page = desk.post(address, **PAPERS, **given)
        assert words in page
        assert "Đỗ Thị Khác" in page, "what was typed is kept"
        assert not [password for password in desk.passwords.values() if password in page]
    assert desk.staff.admissions() == ()
    assert "Số 1 đã được tiếp nhận" in desk.post(address, **PAPERS, override="care_first", **second(desk, "mai"))
    [facts] = [facts for kind, facts in links(desk) if kind == "confirmed"]
    assert (facts["by"], facts["second"], facts["override"]) == ("truc", "mai", "care_first")


def test_nothing_but_the_pages_admits_such_a_ticket_either(desk: Any) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.NOT_GENUINE)
    [row] = desk.staff.desk_tickets()
    with pytest.raises(NotConfirmable, match="needs_second"):
        desk.staff.confirm(row.visit_id, "noi", by="truc", claim=CLAIM)


def test_other_tickets_take_one_person(desk: Any, client: FlaskClient) -> None:
    desk.client = client
    desk.checkin.desk_ticket(None, code=Code.UNKNOWN_CARD)
    [row] = desk.staff.desk_tickets()
    assert "Cần người thứ hai" not in desk.get(f"/tickets/{row.visit_id}")
    assert "Số 1 đã được tiếp nhận" in desk.post(f"/tickets/{row.visit_id}/type", **PAPERS)


def second(desk: Any, sign: str) -> dict[str, str]:
    return {"second_sign": sign, "second_password": desk.passwords[sign]}


def links(desk: Any) -> list[tuple[str, dict[str, Any]]]:
    with desk.staff._database.read() as session:
        bodies = session.scalars(select(Audit.body).where(Audit.device == "desk-1").order_by(Audit.seq))
        return [(said["kind"], said["facts"]) for said in map(json.loads, bodies)]


@pytest.fixture
def mode(desk: Any) -> AssistedMode:
    shared = {"database": desk.staff._database, "clinic": desk.staff._clinic, "clock": desk.clock}
    return AssistedMode(**shared, device="assist-1", own="desk-1")


@pytest.mark.parametrize("act", ["/lock", "/logout"])
def test_whoever_locks_or_logs_out_helps_no_more(client: FlaskClient, mode: AssistedMode, act: str) -> None:
    post(client, "/assist", form_on="/")
    helping = mode.now()
    assert helping is not None
    assert helping.by == "truc"
    post(client, act, form_on="/")
    assert mode.now() is None


def test_a_login_that_ends_by_itself_lends_its_name_no_more(desk: Any, mode: AssistedMode, moments: Moments) -> None:
    sessions = StaffSessions(desk.accounts, idle_s=900, now=moments)
    for end in ("hours", "idle", "account", "nobody"):
        token = sessions.begin("truc", desk.passwords["truc"])
        assert token is not None
        mode.begin(by="truc")
        assert not mode.end_absent(sessions.present)
        if end == "hours":
            moments.now += LONGEST_S
            sessions.touch(sessions._logins[token])
            moments.now += 1
        elif end == "idle":
            moments.now += 900
        elif end == "account":
            desk.clock.advance(1)
            desk.accounts.set_password("truc", desk.passwords["truc"], by="mai")
        else:
            sessions.end(token)
        assert mode.end_absent(sessions.present), end
        assert mode.now() is None


def test_the_watch_looks_by_itself(desk: Any, mode: AssistedMode) -> None:
    mode.begin(by="lan")
    watch = AssistanceWatch(mode, StaffSessions(desk.accounts, idle_s=900).present, every_s=0.02)
    watch.start()
    deadline = time.monotonic() + 10
    while mode.now() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    watch.stop()


def test_somebody_changes_their_own_password_with_the_one_they_have(desk: Any, app: Flask, client: FlaskClient) -> None:
    elsewhere = desk.log_in(app)
    desk.clock.advance(1)
    new = "gió lên cánh diều bay"
    typed = {"password": desk.passwords["truc"], "new_password": new, "again_password": new}
    for change, said in (
        ({"password": "sai mật khẩu"}, "Mật khẩu"),
        ({"again_password": f"{new}."}, "không giống nhau"),
        ({"new_password": "matkhau2026", "again_password": "matkhau2026"}, "dễ đoán"),
    ):
        page = post(client, "/password", form_on="/password", **typed | change)
        assert (page.status_code, said in page.text) == (422, True)
        assert new not in page.text
    assert desk.accounts.check("truc", desk.passwords["truc"], act="login") is not None
    assert post(client, "/password", form_on="/password", **typed).status_code == 303
    assert "Đã đổi mật khẩu" in get(client, "/login").text
    assert [get(each).status_code for each in (client, elsewhere)] == [303, 303], "whoever was in is out"
    assert desk.accounts.check("truc", desk.passwords["truc"], act="login") is None
    assert desk.accounts.check("truc", new, act="login") is not None
    assert {"changed_refused", "changed", "account_password"} <= {kind for kind, _ in acts(desk)}


def test_a_wrong_present_password_counts_as_any_wrong_try(desk: Any, client: FlaskClient) -> None:
    new = "gió lên cánh diều bay"
    for _ in range(5):
        post(client, "/password", form_on="/password", password="sai", new_password=new, again_password=new)
    assert desk.accounts.check("truc", desk.passwords["truc"], act="unlocked") is None, "it waits"


def test_whoever_asks_for_a_page_that_is_not_theirs_is_written_down(desk: Any, app: Flask) -> None:
    clerk = desk.log_in(app, "lan")
    assert get(clerk, "/accounts").status_code == 403
    assert [facts for kind, facts in acts(desk) if kind == "not_allowed"] == [{"account": "lan", "page": "accounts"}]


def test_fields_for_passwords_hide_what_is_typed_and_take_what_is_pasted(client: FlaskClient) -> None:
    for page in (get(client, "/password").text, get(client, "/login").text):
        fields = [each.partition(">")[0] for each in page.split("<input ") if "password" in each.partition(">")[0]]
        assert fields
        assert all('type="password"' in each and "onpaste" not in each for each in fields)
        assert not [each for each in fields if int(each.split('maxlength="')[1].split('"')[0]) < 128]


def test_a_cookie_from_before_the_logout_opens_nothing(client: FlaskClient) -> None:
    kept = client.get_cookie("kiosk_staff", domain="127.0.0.1")
    assert kept is not None
    assert get(client).status_code == 200
    post(client, "/logout", form_on="/")
    client.set_cookie("kiosk_staff", kept.value, domain="127.0.0.1")
    assert get(client).headers["Location"].startswith("/login")


def acts(desk: Any) -> list[tuple[str, dict[str, Any]]]:
    with desk.staff._database.read() as session:
        rows = session.execute(select(Audit.kind, Audit.body).where(Audit.device == "desk-1").order_by(Audit.seq)).all()
    return [(kind, json.loads(body)["facts"]) for kind, body in rows]
