"""The bench's pages: both languages, the door, and every button."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.config import load
from kiosk.demo.config import BenchConfig
from kiosk.demo.people import NEWCOMER, citizens
from kiosk.demo.provision import Place
from kiosk.demo.web import create_bench_app
from kiosk.demo.web.words import words
from kiosk.demo.workbench import Bench, Laid

OWN = "http://127.0.0.1:8002"
WHO = "insured"
LETTERS_OF_VIETNAMESE = re.compile("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")


@pytest.fixture(scope="session")
def config(place: Place) -> BenchConfig:
    return load(BenchConfig, place.config("bench"))


@pytest.fixture
def client(bench: Bench, config: BenchConfig) -> FlaskClient:
    return client_of(create_bench_app(bench, config))


class OwnClient(FlaskClient):
    """Calls the app by its own name, unless told otherwise."""

    def open(self, *args: Any, **options: Any) -> Any:
        return super().open(*args, **({"base_url": OWN} | options))


def client_of(app: Flask) -> FlaskClient:
    app.test_client_class = OwnClient
    return app.test_client()


def real_devices(bench: Bench, config: BenchConfig) -> FlaskClient:
    return client_of(
        create_bench_app(bench, config.model_copy(update={"reader": "pcsc", "camera": "browser", "scanner": "wedge"}))
    )


def post(client: FlaskClient, path: str, *, token: str | None = None, origin: str = OWN) -> tuple[int, str]:
    token = token if token is not None else token_in(client.get("/").text)
    answer = client.post(path, data={"csrf_token": token}, headers={"Origin": origin})
    return answer.status_code, answer.headers.get("Location", "")


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def button(page: str, test: str) -> str:
    found = re.search(rf'<button[^>]*data-test="{test}"[^>]*>', page)
    assert found is not None, test
    return found[0]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("citizen", citizens())
def test_everybody_s_card_in_both_languages(client: FlaskClient, language: str, citizen: str) -> None:
    page = client.get(f"/?lang={language}&citizen={citizen}").text
    said = words(language)
    assert f'<html lang="{language}">' in page
    assert said["page.title"] in page
    assert said[f"citizen.{citizen}.expect"].replace("'", "&#39;") in page
    for name in citizens():
        for deed in ("place", "show-qr", "scan"):
            assert "disabled" not in button(page, f"{deed}-{name}")
    holder = citizens()[citizen].holder
    assert f"<tspan>{holder.personal_number[:-6]}</tspan>" in page
    assert 'd="M' in page


def test_vietnamese_is_the_default(client: FlaskClient) -> None:
    assert '<html lang="vi">' in client.get("/").text


def test_both_languages_are_complete_and_apart() -> None:
    vi, en = words("vi"), words("en")
    assert vi.keys() == en.keys()
    assert all(text.strip() for text in (*vi.values(), *en.values()))
    assert {f"citizen.{name}.{what}" for name in (*citizens(), NEWCOMER) for what in ("what", "expect")} == {
        key for key in vi if key.startswith("citizen.")
    }
    own = {key: text for key, text in en.items() if key != "page.other_language"}
    assert not [key for key, text in own.items() if LETTERS_OF_VIETNAMESE.search(text)]
    assert {key for key in own if own[key] == vi[key]} == {"devices.camera"}


def test_no_code_and_no_style_in_the_page(client: FlaskClient) -> None:
    page = client.get("/").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*src=)", page)


@pytest.mark.parametrize("path", ["/", "/bench-static/bench.css", "/citizens/insured/portrait.jpg", "/nowhere"])
def test_every_answer_bears_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_portrait_is_a_picture(client: FlaskClient) -> None:
    answer = client.get(f"/citizens/{WHO}/portrait.jpg")
    assert answer.mimetype == "image/jpeg"
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert client.get("/citizens/nobody/portrait.jpg").status_code == HTTPStatus.NOT_FOUND


def test_card_and_code_come_and_go(client: FlaskClient, bench: Bench) -> None:
    assert post(client, f"/citizens/{WHO}/place?lang=en") == (303, f"/?lang=en&citizen={WHO}")
    assert post(client, "/citizens/forged/show-qr?lang=vi") == (303, "/?lang=vi&citizen=forged")
    assert bench.laid == Laid(WHO, "forged")
    page = client.get("/").text
    assert f'data-test="reader" data-citizen="{WHO}"' in page
    assert 'data-test="camera" data-citizen="forged"' in page
    assert post(client, "/take-away?lang=vi&citizen=forged") == (303, "/?lang=vi&citizen=forged")
    assert post(client, "/hide-qr")[0] == 303
    assert bench.laid == Laid()


def test_the_scanner_scans_and_can_be_pulled_out(client: FlaskClient, bench: Bench) -> None:
    assert post(client, f"/citizens/{WHO}/scan?lang=en") == (303, f"/?lang=en&citizen={WHO}")
    page = client.get("/?lang=en").text
    assert f'data-test="scanner" data-citizen="{WHO}"' in page
    assert f"Last scanned: {citizens()[WHO].holder.name}" in page
    assert post(client, "/scanner/unplug")[0] == 303
    assert "disabled" in button(client.get("/").text, f"scan-{WHO}")
    assert post(client, "/scanner/plug")[0] == 303
    assert bench.laid == Laid()
    assert post(client, "/scanner/throw")[0] == HTTPStatus.NOT_FOUND


DEEDS = (
    *("/citizens/insured/place", "/take-away", "/citizens/insured/show-qr", "/hide-qr"),
    *("/citizens/insured/scan", "/scanner/unplug"),
)


@pytest.mark.parametrize("path", DEEDS)
class TestTheDoor:
    def test_without_the_token(self, client: FlaskClient, bench: Bench, path: str) -> None:
        client.get("/")
        assert post(client, path, token="")[0] == HTTPStatus.BAD_REQUEST
        assert bench.laid == Laid()

    def test_from_another_origin(self, client: FlaskClient, bench: Bench, path: str) -> None:
        assert post(client, path, origin="http://127.0.0.1:8000")[0] == HTTPStatus.FORBIDDEN
        assert bench.laid == Laid()

    def test_by_another_name(self, client: FlaskClient, path: str) -> None:
        token = token_in(client.get("/").text)
        answer = client.post(path, data={"csrf_token": token}, headers={"Origin": OWN, "Host": "bench.example:8002"})
        assert answer.status_code == HTTPStatus.BAD_REQUEST

    def test_by_asking_only(self, client: FlaskClient, bench: Bench, path: str) -> None:
        assert client.get(path).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert bench.laid == Laid()


@pytest.mark.parametrize("path", ["/citizens/nobody/place", "/citizens/nobody/show-qr", "/citizens/nobody/scan"])
def test_nobody_unknown(client: FlaskClient, path: str) -> None:
    assert post(client, path)[0] == HTTPStatus.NOT_FOUND


def test_an_unknown_choice_shows_somebody(client: FlaskClient) -> None:
    assert client.get("/?citizen=nobody&lang=fr").status_code == HTTPStatus.OK


@pytest.mark.parametrize("language", ["vi", "en"])
def test_with_real_devices_the_page_says_why_nothing_can_be_placed(
    bench: Bench, config: BenchConfig, language: str
) -> None:
    page = real_devices(bench, config).get(f"/?lang={language}").text
    for why in ("devices.real_reader", "devices.real_camera", "devices.real_scanner"):
        assert words(language)[why].replace("'", "&#39;") in page
    for test in (f"place-{WHO}", "take-away", f"show-qr-{WHO}", "hide-qr", f"scan-{WHO}", "unplug-scanner"):
        assert "disabled" in button(page, test)


def test_with_real_devices_nothing_can_be_placed(bench: Bench, config: BenchConfig) -> None:
    client = real_devices(bench, config)
    deeds = (f"/citizens/{WHO}/place", "/take-away", f"/citizens/{WHO}/show-qr", "/hide-qr", f"/citizens/{WHO}/scan")
    for path in (*deeds, "/scanner/unplug"):
        assert post(client, path)[0] == HTTPStatus.CONFLICT
    assert bench.laid == Laid()


def test_with_a_real_reader_the_camera_still_works(bench: Bench, config: BenchConfig) -> None:
    client = client_of(create_bench_app(bench, config.model_copy(update={"reader": "pcsc"})))
    assert post(client, f"/citizens/{WHO}/show-qr")[0] == 303
    assert bench.laid == Laid(None, WHO)


def test_whoever_the_payer_does_not_know_has_no_cover_to_end(client: FlaskClient) -> None:
    strangers = [name for name, citizen in citizens().items() if citizen.cover is None]
    assert strangers
    for name in strangers:
        assert post(client, f"/citizens/{name}/cover/end")[0] == HTTPStatus.CONFLICT
    assert post(client, f"/citizens/{WHO}/cover/perhaps")[0] == HTTPStatus.NOT_FOUND
    # Nothing listens where this configuration has its gateway.
    assert post(client, f"/citizens/{WHO}/cover/end")[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_the_button_says_what_the_payer_was_told(client: FlaskClient, bench: Bench) -> None:
    for ended, button in ((True, "cover-restore"), (False, "cover-end")):
        bench.set_ended(WHO, ended)
        page = client.get(f"/?citizen={WHO}").text
        assert f'data-test="{button}"' in page
        assert f'data-ended="{str(ended).lower()}"' in page
