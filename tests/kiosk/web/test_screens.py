"""Every screen in both languages: no word is missing, and nothing stands there that should not."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from babel.messages.pofile import read_po

from kiosk.config import PatientConfig
from kiosk.domain.flow import Screen
from kiosk.services.view import ScreenView
from kiosk.web.common.words import LOCALES
from kiosk.web.patient import create_patient_app

LANGUAGES = ("vi", "en")


def page(open_page: Any, view: ScreenView, language: str = "vi") -> str:
    _, client, _ = open_page(view)
    response = client.get("/", query_string={"lang": language})
    assert response.status_code == (503 if view.screen is Screen.CLOSED else 200), view.screen
    return str(response.text)


def ids() -> set[str]:
    with (LOCALES / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file) if message.id}


def text_of(html: str) -> str:
    """The words of a page: what stands between tags, and what is spoken."""
    spoken = re.findall(r'(?:aria-label|data-say|data-words)="([^"]*)"', html)
    return " ".join([re.sub(r"<[^>]+>", " ", html), *spoken])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_screen_shows_the_id_of_a_word(samples: Mapping[str, ScreenView], open_page: Any, language: str) -> None:
    known = ids()
    for name, view in samples.items():
        html = page(open_page, view, language)
        assert not {word for word in re.findall(r"[a-z_]+(?:\.[a-z_0-9]+)+", text_of(html)) if word in known}, name
        assert f'<html lang="{language}"' in html
        assert unicodedata.is_normalized("NFC", html)


def test_the_languages_differ_on_every_screen(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    for name, view in samples.items():
        headings = {
            language: re.search(r"<h1[^>]*>(.*?)</h1>", page(open_page, view, language), re.S) for language in LANGUAGES
        }
        found = {match.group(1) for match in headings.values() if match}
        assert len(found) == len(LANGUAGES), name


def test_a_page_has_no_inline_code_or_style(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    for name, view in samples.items():
        html = page(open_page, view)
        assert not re.findall(r"\sstyle=|\son[a-z]+=|<style|javascript:", html), name
        assert not re.findall(r"<script(?![^>]*\bsrc=)", html), name
        assert not re.findall(r'(?:src|href)="(?!/)', html), name


def test_personal_fields_stand_on_the_confirmation_only(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    for name, view in samples.items():
        assert ("TRẦN THỊ M**" in page(open_page, view)) == name.startswith("confirm"), name


def test_one_room_is_one_button(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    assert page(open_page, samples["confirm_one"]).count('name="room"') == 1
    assert page(open_page, samples["confirm_six"]).count('name="room"') == len(samples["confirm_six"].rooms)


def test_a_forged_card_looks_like_an_unknown_one(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    html = page(open_page, samples["desk_unknown_card"])
    assert "E04" in html
    assert "E05" not in html
    assert "Máy chưa nhận được thẻ này." in html


def test_reading_says_which_step_is_under_way(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    html = page(open_page, samples["reading_3"])
    assert html.count("step-done") == 2
    assert re.search(r'aria-current="step">.*?Kiểm tra thẻ thật', html, re.S)


def test_the_camera_looks_only_where_a_code_is_of_use(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    looking = set()
    for view in samples.values():
        if 'data-camera="on"' in page(open_page, view):
            looking.add(view.screen.value)
    assert looking == {"attract", "child", "digits", "place_card", "show_qr", "still_there"}


def test_without_a_camera_nothing_is_said_of_codes(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    html = page(open_page, samples["attract_no_camera"])
    assert 'data-camera="off"' in html
    assert "QR" not in text_of(html)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({}, False),
        ({"desk_portrait": True}, True),
        ({"desk_portrait": False}, False),
        ({"desk_portrait": False, "holder_check": "sample"}, True),
    ],
)
def test_the_notice_says_that_a_clerk_may_see_the_chips_photo_only_where_one_may(
    open_page: Any, page_config: PatientConfig, samples: Mapping[str, ScreenView], policy: dict[str, Any], told: bool
) -> None:
    _, _, desk = open_page(samples["attract"])
    key = {"internal_key": page_config.session_key} if policy else {}
    app = create_patient_app(desk, page_config.model_copy(update=key | policy))
    for language, words in (("vi", "ảnh đó không được giữ lại"), ("en", "photo for a moment; it is not kept")):
        html = app.test_client().get(f"/?lang={language}", base_url="http://127.0.0.1:8000").text
        assert (words in html) is told
