"""Who may ask, and how every answer leaves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kiosk.services.view import ScreenView
from kiosk.web.common.door import FORM_LIMIT
from kiosk.web.patient.taps import FRAME_LIMIT, SCAN_LIMIT, TAPS

OWN = "http://127.0.0.1:8000"
JPEG = b"\xff\xd8\xff\xe0" + bytes(2000)
FOREIGN_HOSTS = ("evil.example", "127.0.0.1", "127.0.0.1:8001", "localhost:80", "127.0.0.1.evil.example:8000")
FOREIGN_SENDERS: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:8002"},
    {"Origin": "https://127.0.0.1:8000"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8002"},
)


@pytest.fixture
def opened(samples: Mapping[str, ScreenView], open_page: Any) -> Any:
    return open_page(samples["confirm_six"])


def token_of(client: Any) -> str:
    html = client.get("/").text
    return str(html.split('data-csrf="')[1].split('"')[0])


def routes(app: Any) -> list[tuple[str, str]]:
    """Every (method, address) that the app answers."""
    found = []
    for rule in app.url_map.iter_rules():
        address = rule.rule.replace("<path:filename>", "css/tokens.css").replace("<name>", "help")
        found += [(method, address) for method in rule.methods - {"OPTIONS", "HEAD"}]
    return sorted(found)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_another_host_name_is_refused(opened: Any, host: str) -> None:
    _, client, _ = opened
    response = client.get("/", base_url=f"http://{host}")
    assert response.status_code == 400
    assert "TRẦN" not in response.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_our_own_names_are_accepted(opened: Any, host: str) -> None:
    _, client, _ = opened
    assert client.get("/", base_url=f"http://{host}").status_code == 200


@pytest.mark.parametrize("sender", FOREIGN_SENDERS, ids=str)
def test_a_change_from_elsewhere_is_refused(opened: Any, sender: dict[str, str]) -> None:
    app, client, desk = opened
    token = token_of(client)
    for name in ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"):
        del client.environ_base[name]
    for method, address in routes(app):
        if method == "POST":
            response = client.post(address, headers={"X-CSRFToken": token, **sender}, data={"room": "mat"})
            assert response.status_code == 403, address
    assert desk.calls == []


def test_a_change_without_the_token_is_refused(opened: Any) -> None:
    app, client, desk = opened
    token_of(client)
    for method, address in routes(app):
        if method == "POST":
            for headers in ({}, {"X-CSRFToken": "wrong"}):
                assert client.post(address, headers=headers, data={"room": "mat"}).status_code == 400, address
    assert desk.calls == []


@pytest.mark.parametrize("visit", ["", "0ld0ld0l"])
def test_what_was_done_on_the_screen_of_another_visit_is_not_done_in_this_one(opened: Any, visit: str) -> None:
    app, client, desk = opened
    token = token_of(client)
    client.environ_base["HTTP_X_VISIT"] = visit
    for method, address in routes(app):
        if method == "POST":
            data = JPEG if address == "/camera" else {"room": "mat", "digits": "123456"}
            sent = {"json": {"text": "1|"}} if address == "/scan" else {"data": data}
            assert client.post(address, headers={"X-CSRFToken": token}, **sent).status_code == 409, address
    assert desk.calls == []


def test_a_form_says_of_which_visit_it_is(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    """Also where the page behind it has been swapped before the form is sent, and without the script."""
    for name, view in samples.items():
        html = open_page(view)[1].get("/").text
        assert html.count(f'name="visit" value="{view.visit}"') == html.count('method="post"'), name
    _, client, desk = open_page(samples["confirm_six"])
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/room", headers=headers, data={"room": "mat", "visit": "0ld0ld0l"}).status_code == 409
    del client.environ_base["HTTP_X_VISIT"]
    data = {"room": "mat", "visit": samples["confirm_six"].visit}
    assert client.post("/room", headers=headers, data=data).status_code == 303
    assert desk.calls == ["choose_room mat"]


def test_a_token_of_another_session_is_refused(opened: Any) -> None:
    app, client, desk = opened
    token = token_of(client)
    stranger = app.test_client()
    stranger.environ_base |= {"HTTP_ORIGIN": OWN}
    token_of(stranger)
    assert stranger.post("/tap/stop", headers={"X-CSRFToken": token}).status_code == 400
    assert desk.calls == []


def test_loading_our_answers_into_another_page_is_refused(opened: Any) -> None:
    _, client, _ = opened
    headers = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/ticket.png", headers=headers).status_code == 403
    assert client.get("/screen", headers=headers).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200


def test_the_cookie_is_for_this_server_alone(opened: Any) -> None:
    _, client, _ = opened
    cookie = client.get("/").headers["Set-Cookie"]
    assert cookie.startswith("kiosk_patient=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Expires" not in cookie


def test_a_body_has_a_limit(opened: Any) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/room", headers=headers, data={"room": "x" * (FORM_LIMIT + 1)}).status_code == 413
    big = JPEG + bytes(FRAME_LIMIT)
    assert client.post("/camera", headers=headers, data=big, content_type="image/jpeg").status_code == 413
    assert desk.calls == []
    assert client.post("/camera", headers=headers, data=JPEG + bytes(100_000)).status_code == 204
    assert desk.calls == ["show_image 102004"]


def test_only_pictures_are_taken_for_frames(opened: Any) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/camera", headers=headers, data=b"<svg/>" + bytes(2000)).status_code == 415
    assert desk.calls == []


def test_a_scan_reaches_the_desk(opened: Any) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/scan", headers=headers, json={"text": "036090999991||Mẫu"}).status_code == 204
    assert client.post("/scan", headers=headers, json={"text": "1|" * 4000}).status_code == 204
    assert desk.calls == ["show_code 17", "show_code 8000"]


def test_a_scan_that_an_input_method_touched_is_not_used(opened: Any) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/scan", headers=headers, json={"composed": True, "text": "036"}).status_code == 204
    assert desk.calls == []


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"text": 1}', '{"text": ""}', '{"text": ', "\xff"])
def test_what_is_no_scan_is_refused(opened: Any, body: str) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client)}
    response = client.post("/scan", headers=headers, data=body, content_type="application/json")
    assert response.status_code == 400
    huge = client.post("/scan", headers=headers, json={"text": "x" * (SCAN_LIMIT + 1)})
    assert huge.status_code == 413
    assert desk.calls == []


def test_every_tap_reaches_the_desk(opened: Any) -> None:
    _, client, desk = opened
    headers = {"X-CSRFToken": token_of(client), "X-Requested-With": "fetch"}
    for name in TAPS:
        response = client.post(f"/tap/{name}", headers=headers)
        assert response.status_code == 200
        assert 'data-screen="confirm"' in response.text
    assert desk.calls == [
        "for_child", "agree", "disagree", "no_qr", "no_card", "not_me", "stop",
        "print_ticket", "acknowledge", "more_time", "touch",
        "call_staff help", "call_staff child", "call_staff emergency",
    ]  # fmt: skip
    assert client.post("/tap/format", headers=headers).status_code == 404


def test_without_the_script_a_tap_leads_back_to_the_page(opened: Any) -> None:
    _, client, desk = opened
    data = {"csrf_token": token_of(client), "room": "mat"}
    response = client.post("/room?lang=en", data=data)
    assert response.status_code == 303
    assert response.headers["Location"] == "/?lang=en&size=100&contrast=normal"
    assert desk.calls == ["choose_room mat"]


@pytest.mark.parametrize(
    ("address", "data"), [("/digits", {"digits": "12345a"}), ("/digits", {}), ("/room", {"room": "no such"})]
)
def test_what_makes_no_sense_is_refused(opened: Any, address: str, data: dict[str, str]) -> None:
    _, client, desk = opened
    assert client.post(address, headers={"X-CSRFToken": token_of(client)}, data=data).status_code == 400
    assert desk.calls == []


def test_a_crash_shows_a_kind_page_and_logs_no_words(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    _, client, desk = opened

    def fail() -> ScreenView:
        raise RuntimeError("036058999992")

    desk.view = fail
    response = client.get("/")
    assert response.status_code == 500
    assert "Mời bắt đầu lại" in response.text
    assert "036058999992" not in response.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert response.headers["Cache-Control"] == "no-store"


def test_a_new_person_gets_a_new_session(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, desk = open_page(samples["ticket"])
    token = token_of(client)
    desk.shown = replace(samples["attract"], visit="ab1e5ca1")
    client.environ_base["HTTP_X_VISIT"] = desk.shown.visit
    part = client.get("/screen?shown=ticket&lang=en").text
    assert 'data-lang="vi"' in part
    assert client.post("/tap/help", headers={"X-CSRFToken": token}).status_code == 400
    fresh = part.split('data-csrf="')[1].split('"')[0]
    assert client.post("/tap/help", headers={"X-CSRFToken": fresh}).status_code == 303


def test_two_answers_that_show_a_new_visit_begin_one_session(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    """A tap and the news that it makes are under way together: whichever comes last, the page's token is good."""
    app, client, desk = open_page(samples["ticket"])
    client.get("/")
    cookie = client.get_cookie("kiosk_patient", domain="127.0.0.1").value
    desk.shown = replace(samples["attract"], visit="ab1e5ca1")
    answers = [screen_of(app, cookie) for _ in range(2)]
    for (_, kept), (part, _) in (answers, answers[::-1]):
        client.set_cookie("kiosk_patient", kept, domain="127.0.0.1")
        headers = {"X-CSRFToken": part.split('data-csrf="')[1].split('"')[0], "X-Visit": "ab1e5ca1"}
        assert client.post("/tap/help", headers=headers).status_code == 303
    assert cookie not in {kept for _, kept in answers}


def screen_of(app: Any, cookie: str) -> tuple[str, str]:
    """The present screen as a browser with this cookie gets it, and the cookie that it keeps then."""
    client = app.test_client()
    client.set_cookie("kiosk_patient", cookie, domain="127.0.0.1")
    text = client.get("/screen?shown=ticket", base_url=OWN).text
    return text, client.get_cookie("kiosk_patient", domain="127.0.0.1").value
