"""The clips that ship: one for every word that is said, saying the words of today, small and playable."""

from pathlib import Path

import pytest

from kiosk.audio.clips import SHIPPED, Clips, manifest_of
from kiosk.audio.making import SOUNDS
from kiosk.audio.pieces import own_clip, pieces
from kiosk.audio.words import LANGUAGES, wanted

LARGEST = 25_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_clip_says_the_words_of_the_catalogue(language: str) -> None:
    """Remedy: ``kiosk speech make kiosk/audio`` makes those anew whose words were changed."""
    said = {clip: words for clip, words in manifest_of(SHIPPED)[language].items() if clip not in SOUNDS}
    assert said == wanted(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_clip_is_there_and_no_other(language: str) -> None:
    listed = {f"{clip}.opus" for clip in manifest_of(SHIPPED)[language]}
    assert listed == {path.name for path in (SHIPPED / language).iterdir()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clip_is_a_small_ogg_file_with_opus_in_it(language: str) -> None:
    for path in (SHIPPED / language).iterdir():
        data = path.read_bytes()
        assert data.startswith(b"OggS"), path.name
        assert b"OpusHead" in data[:64], path.name
        assert 300 < len(data) < LARGEST, path.name


def test_the_clinics_own_recording_counts_first(tmp_path: Path) -> None:
    (tmp_path / "vi").mkdir()
    (tmp_path / "manifest.json").write_text('{"vi": {"bar.help": "x", "bar.gone": "y", "../secret": "z"}}')
    (tmp_path / "vi" / "bar.help.opus").write_bytes(b"OggS")
    clips = Clips(tmp_path)
    assert clips.file("vi", "bar.help") == tmp_path / "vi" / "bar.help.opus"
    assert clips.file("en", "bar.help") == SHIPPED / "en" / "bar.help.opus"
    assert not clips.has("vi", "bar.gone")
    assert clips.file("vi", "../secret") is None


def test_words_are_cut_where_a_value_stands() -> None:
    assert pieces("a", "Mời đến quầy số %(desk)s.") == (("a", "Mời đến quầy số", "desk"), ("", "", ""))
    assert pieces("a", "còn %(num)s người chờ") == (("a.1", "còn", "num"), ("a.2", "người chờ", ""))
    assert pieces("a", "Xong rồi.") == (("a", "Xong rồi", ""),)


def test_own_words_are_one_clip_however_they_are_written() -> None:
    assert own_clip("Nội  tổng quát") == own_clip("nội tổng quát")
    assert own_clip("Phòng 1") != own_clip("Phòng 2")
