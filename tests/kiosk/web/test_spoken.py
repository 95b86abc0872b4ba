"""Everything that a screen says is said aloud, too: in both languages, without the person's own facts."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from kiosk.audio.clips import SHIPPED, manifest_of
from kiosk.audio.words import COUNTED, SPOKEN
from kiosk.services.view import ScreenView
from kiosk.web.patient.spoken import Phrase, hint_of, room_words, spoken

LANGUAGES = ("vi", "en")


def heard(html: str, name: str, language: str) -> str:
    """The words of the clips that an attribute names."""
    listed = re.search(rf'\b{name}="([^"]*)"', html)
    assert listed is not None
    said = manifest_of(SHIPPED)
    clips = [(clip.split(":") if ":" in clip else (language, clip)) for clip in listed[1].split()]
    return " ".join(said[spoken_in][clip] for spoken_in, clip in clips)


def open_in(open_page: Any, view: ScreenView, language: str) -> str:
    _, client, _ = open_page(view)
    return str(client.get("/", query_string={"lang": language}).text)


def bare(text: str) -> list[str]:
    """The words, without marks and numbers: those are said in words of their own."""
    return re.findall(r"[^\W\d]+", text.casefold())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_screen_has_its_clip(samples: Mapping[str, ScreenView], open_page: Any, language: str) -> None:
    for name, view in samples.items():
        html = open_in(open_page, view, language)
        written = re.search(r'data-say="([^"]*)"', html)
        assert written is not None
        words = iter(bare(heard(html, "data-clips", language)))
        assert all(word in words for word in bare(written[1].replace("&#39;", "'"))), (name, written[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_says_what_it_is(samples: Mapping[str, ScreenView], open_page: Any, language: str) -> None:
    for name, view in samples.items():
        html = open_in(open_page, view, language)
        buttons = re.findall(r"<button[^>]*>", html)
        silent = [button for button in buttons if not re.search(r'data-clips="[^"]+"', button)]
        assert not silent, name


def test_a_number_is_said_as_a_number(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    said = heard(open_in(open_page, samples["ticket"], "vi"), "data-clips", "vi")
    assert "Số thứ tự hai bảy" not in said
    assert "Số thứ tự hai mươi bảy Nội tổng quát Phòng mười hai Còn ba người phía trước" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_persons_own_facts_are_for_headphones_only(
    samples: Mapping[str, ScreenView], open_page: Any, language: str
) -> None:
    html = open_in(open_page, samples["confirm_six"], language)
    nine = {"vi": "chín chín hai", "en": "nine nine two"}[language]
    assert nine in heard(html, "data-clips-private", language)
    assert nine not in heard(html, "data-clips", language)
    assert "1958" not in re.findall(r'data-say="([^"]*)"', html)[0]


def test_nothing_is_said_that_is_not_to_be_recorded(samples: Mapping[str, ScreenView]) -> None:
    said = {
        phrase.message
        for view in samples.values()
        for phrase in (
            *spoken(view, desk=1, hotline=True, qr_lane=True),
            *hint_of(view),
            *(word for room in view.rooms for word in room_words(room)),
        )
        if isinstance(phrase, Phrase)
    }
    assert said <= {*SPOKEN, *COUNTED}


def test_a_clip_is_served_and_nothing_else_of_the_disk(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(samples["attract"])
    answer = client.get("/speech/vi/attract.title.opus")
    assert answer.mimetype == "audio/ogg"
    assert answer.data.startswith(b"OggS")
    for address in ("/speech/vi/nobody.opus", "/speech/xx/bar.help.opus", "/speech/vi/..%2Fmanifest.json"):
        assert client.get(address).status_code == 404, address


def test_the_page_may_play_sounds_without_a_touch(samples: Mapping[str, ScreenView], open_page: Any) -> None:
    _, client, _ = open_page(samples["attract"])
    headers = client.get("/").headers
    assert "media-src 'self'" in headers["Content-Security-Policy"]
    assert "autoplay=(self)" in headers["Permissions-Policy"]
