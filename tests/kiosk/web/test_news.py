"""The news that the page waits for, and the page when nothing may be served."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.config import PatientConfig
from kiosk.services.view import ScreenView
from kiosk.web.patient import create_patient_app, views

OWN = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "POLL_S", 0.05)


def test_news_come_with_their_version(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(replace(samples["digits"], version=7))
    response = client.get("/screen?after=6")
    assert response.status_code == 200
    assert 'data-version="7"' in response.text
    assert "<html" not in response.text


def test_without_news_there_is_nothing_to_say(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(replace(samples["digits"], version=7))
    response = client.get("/screen?after=7")
    assert response.status_code == 204
    assert response.data == b""


def test_a_page_from_before_a_restart_is_told_at_once(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(replace(samples["attract"], version=1))
    assert 'data-version="1"' in client.get("/screen?after=40").text


def test_too_many_waiting_pages_are_told_to_come_again(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    app, client, desk = open_page(replace(samples["attract"], version=1))
    held = []

    def wait(after: int, timeout_s: float) -> ScreenView:
        """While one page waits, eight more come."""
        if len(held) < 8:
            held.append(None)
            answer = app.test_client().get(f"/screen?after={after}", base_url=OWN)
            answers.append(answer.status_code)
        return desk.shown

    answers: list[int] = []
    desk.wait = wait
    client.get("/screen?after=1")
    assert answers[0] == 429
    assert client.get("/screen?after=1").status_code == 204


def test_what_is_no_number_counts_as_no_version(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(samples["attract"])
    assert client.get("/screen?after=x").status_code == 200


def test_unknown_preferences_are_the_default(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(samples["attract"])
    html = client.get('/?lang=xx&size=9999&contrast="><script>').text
    assert '<html lang="vi" data-size="100" data-contrast="normal" ' in html


def test_there_is_no_ticket_to_fetch_without_one(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, desk = open_page(samples["ticket"])
    assert client.get("/ticket.png").status_code == 404
    desk.image = b"\x89PNG\r\n\x1a\n"
    response = client.get("/ticket.png")
    assert response.mimetype == "image/png"
    assert response.data == desk.image


def test_without_trust_every_page_sends_people_to_the_desk(
    samples: Mapping[str, ScreenView], open_page: Any, page_config: PatientConfig
) -> None:
    _, _, desk = open_page(samples["confirm_six"])
    problem = ConfigurationError("There is no trust store.", reason="never_set_up", remedy="Make one.")
    client = create_patient_app(desk, page_config, problem).test_client()
    for address in ("/", "/screen", "/screen?after=3", "/ticket.png", "/health", "/nowhere"):
        response = client.get(address, base_url=OWN)
        assert response.status_code == 503, address
        assert "Mời đến quầy số 1" in response.text
        assert "TRẦN" not in response.text
        assert "never_set_up" not in response.text
        assert "camera=()" in response.headers["Permissions-Policy"]
    assert client.get("/static/css/tokens.css", base_url=OWN, buffered=True).status_code == 200
    assert desk.calls == []


def test_a_session_key_that_cannot_be_used_stops_the_start(
    samples: Mapping[str, ScreenView], open_page: Any, page_config: PatientConfig, tmp_path: Path
) -> None:
    _, _, desk = open_page(samples["attract"])
    for path, reason in ((tmp_path / "missing.key", "never_set_up"), (tmp_path / "short.key", "damaged")):
        if reason == "damaged":
            path.write_bytes(b"short")
        with pytest.raises(ConfigurationError) as caught:
            create_patient_app(desk, page_config.model_copy(update={"session_key": path}))
        assert caught.value.reason == reason
