"""``idcard scan``: pictures, a camera behind ffmpeg's pipe, and what comes out."""

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from idcard.cli import app, with_dashes

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")
LINE = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"


def drawn(data: str | bytes, scale: int = 4) -> Image.Image:
    file = io.BytesIO()
    segno.make(data, error="m", mode="byte", micro=False).save(file, kind="png", scale=scale)
    return Image.open(file).convert("L")


def saved(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def scan(*arguments: str, given: bytes = b"", path: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """What came of the command, within this process."""
    environment = {"COLUMNS": "200"} | ({} if path is None else {"PATH": path})
    arguments = ("scan", *arguments)
    done = CliRunner().invoke(app, with_dashes(arguments), input=given, env=environment, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout_bytes, done.stderr_bytes)


def program(*arguments: str, given: bytes = b"", path: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """The same as a program of its own."""
    environment = os.environ | {"PYTHONUTF8": "1", "COLUMNS": "200"} | ({} if path is None else {"PATH": path})
    return subprocess.run([*COMMAND, "scan", *arguments], env=environment, input=given, capture_output=True, timeout=60)


def test_a_picture_for_people(tmp_path: Path) -> None:
    (tmp_path / "card.png").write_bytes(saved(drawn(LINE)))
    result = program(str(tmp_path / "card.png"), "--lang", "vi")
    first, second = result.stdout.decode().splitlines()
    assert first.startswith("QR, 88 byte, vn_card_qr; ")
    assert "xác minh" in first
    assert second.strip() == LINE
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_picture_for_programs() -> None:
    result = scan("-", "--json", given=saved(drawn(LINE)))
    told = json.loads(result.stdout)
    assert result.returncode == 0
    [symbol] = told["symbols"]
    assert bytes.fromhex(symbol["bytes"]).decode() == symbol["text"] == LINE
    assert symbol["module_px"] == pytest.approx(4, rel=0.05)
    assert len(symbol["corners"]) == 4
    assert (told["decoder"], told["rung"], told["attempts"], told["advice"]) == ("zxing-cpp", "as it is", 1, None)
    assert told["ms"] > 0


def test_bytes_that_are_no_text_come_in_hexadecimal() -> None:
    data = bytes(range(200, 256))
    result = scan("-", given=saved(drawn(data)))
    assert result.stdout.decode().splitlines()[1].strip() == data.hex()
    [symbol] = json.loads(scan("-", "--json", given=saved(drawn(data))).stdout)["symbols"]
    assert (symbol["text"], symbol["bytes"]) == (None, data.hex())


@pytest.mark.parametrize(("words", "language"), [("No code", "en"), ("Không tìm thấy mã", "vi")])
def test_nothing_found(words: str, language: str) -> None:
    result = scan("-", "--lang", language, given=saved(Image.new("L", (640, 480), 200)))
    assert (result.returncode, result.stdout) == (1, b"")
    assert words in result.stderr.decode()


def test_what_would_help_is_said() -> None:
    result = scan("-", given=saved(Image.new("L", (640, 480), 9)))
    assert result.stderr.decode().splitlines() == ["More light is needed.", "No code was found."]


@pytest.mark.parametrize("arguments", [(), ("a.png", "--camera"), ("no-such-file.png",)])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    result = scan(*arguments)
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr


def test_what_is_no_picture_is_one_line() -> None:
    result = scan("-", given=b"no picture")
    assert result.returncode == 3
    assert len(result.stderr.decode().splitlines()) == 1


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Path:
    """A folder with an ``ffmpeg`` that plays the file ``pictures`` beside it, whatever the camera."""
    script = tmp_path / "ffmpeg"
    play = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{play}" "{tmp_path}/pictures"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def test_a_camera_is_looked_through_until_a_code_comes(ffmpeg: Path) -> None:
    code = drawn(LINE)
    dark, blurred = Image.new("L", code.size, 5), code.filter(ImageFilter.GaussianBlur(2.6))
    (ffmpeg / "pictures").write_bytes(b"".join(saved(each, "PPM") for each in (dark, blurred, code)))
    result = program("--camera", path=f"{ffmpeg}:{os.environ['PATH']}")
    assert result.returncode == 0
    assert LINE in result.stdout.decode()
    assert result.stderr.decode().splitlines() == ["More light is needed.", "Hold the code still."]


def test_a_camera_that_ends_without_a_code(ffmpeg: Path) -> None:
    (ffmpeg / "pictures").write_bytes(saved(Image.new("L", (64, 48), 200), "PPM") * 3)
    assert scan("--camera", "/dev/video7", path=f"{ffmpeg}:{os.environ['PATH']}").returncode == 1


@pytest.mark.parametrize(
    "played", [b"", b"P6\n2 2\n255\n" + bytes(12), b"P5\n2 2\n255\n\0", b"P5\n9999999 9999\n255\n"]
)
def test_a_camera_without_a_picture(ffmpeg: Path, played: bytes) -> None:
    (ffmpeg / "pictures").write_bytes(played)
    result = scan("--camera", path=f"{ffmpeg}:{os.environ['PATH']}")
    assert result.returncode == 2
    assert "/dev/video0" in result.stderr.decode()


def test_a_machine_without_ffmpeg(tmp_path: Path) -> None:
    result = scan("--camera", "--json", path=str(tmp_path))
    assert result.returncode == 2
    assert "ffmpeg" in json.loads(result.stdout)["error"]["message"]


def test_a_code_s_text_is_no_picture_and_the_right_command_is_named(tmp_path: Path) -> None:
    (tmp_path / "card.txt").write_text(LINE, encoding="utf-8")
    result = scan(str(tmp_path / "card.txt"))
    assert result.returncode == 2
    assert b"idcard qr verify FILE" in result.stderr
    assert b"0360" not in result.stderr
