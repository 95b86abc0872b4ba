"""``kiosk speech``: what is to be read, what is missing, and clips for a clinic's own words."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from kiosk.audio.clips import SHIPPED, Clips
from kiosk.audio.making import make_clips
from kiosk.audio.pieces import own_clip
from kiosk.speech_cli import MISSING, USAGE, app

RUN = CliRunner()


def test_the_script_names_every_file_and_its_words() -> None:
    lines = RUN.invoke(app, ["script"]).output.splitlines()
    assert "vi/attract.title.opus\tĐặt thẻ căn cước lên đây" in lines
    assert "en/n.hundred.opus\thundred" in lines


def test_nothing_is_missing_of_what_ships() -> None:
    assert RUN.invoke(app, ["check"]).exit_code == 0


def test_a_recording_of_other_words_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"vi": {"bar.help": "Giúp với"}}), "utf-8")
    (tmp_path / "vi").mkdir()
    shutil.copy(SHIPPED / "vi" / "bar.help.opus", tmp_path / "vi")
    told = RUN.invoke(app, ["check", str(tmp_path)])
    assert told.exit_code == MISSING
    assert told.output == "vi/bar.help.opus\tCần giúp đỡ\n"


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert RUN.invoke(app, ["script", "--config", str(tmp_path / "none.toml")]).exit_code == USAGE


def test_a_clinics_own_words_become_clips(tmp_path: Path) -> None:
    clip = own_clip("Phòng Hoa Sen")
    wanted = {"vi": {clip: "Phòng Hoa Sen"}}
    assert make_clips(tmp_path, wanted) > 1
    assert Clips(tmp_path).file("vi", clip) == tmp_path / "vi" / f"{clip}.opus"
    before = (tmp_path / "vi" / f"{clip}.opus").stat().st_mtime_ns
    make_clips(tmp_path, wanted)
    assert (tmp_path / "vi" / f"{clip}.opus").stat().st_mtime_ns == before
