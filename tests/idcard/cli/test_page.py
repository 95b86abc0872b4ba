"""The page for the desk, written by the command: whose portrait is shown, and who can read the file."""

import base64
import re
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

import idcard
from idcard.cli.page import for_browsers
from idcard.testing import Holder, Issuer
from idcard.testing import portrait as drawing

AT = ("--at", "2026-11-23")
CHALLENGE = b"8 bytes!"
Run = Callable[..., tuple[int, str, str]]
jpeg = drawing.jpeg


def jpeg_2000(look: drawing.Look) -> bytes:
    written = BytesIO()
    Image.open(BytesIO(jpeg(look))).save(written, "JPEG2000", quality_mode="rates", quality_layers=[30])
    return written.getvalue()


@pytest.fixture
def visit(issuer: Issuer, holder: Holder, tmp_path: Path) -> Callable[[], Path]:
    def saved() -> Path:
        card = issuer.issue(holder)
        card.power_on()
        idcard.save_evidence(tmp_path / "visit", idcard.read(idcard.Can(holder.can), card, challenge=CHALLENGE))
        return tmp_path / "visit"

    return saved


def page_of(run: Run, visit: Path, *options: object) -> tuple[int, str, str]:
    page = visit.with_name("page.html")
    code, _, err = run("verify", visit, *AT, "--challenge", CHALLENGE.hex(), "--report", page, *options)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    return code, page.read_text(encoding="utf-8"), err


def picture_in(html: str) -> bytes:
    (data,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    return base64.b64decode(data)


def test_the_page_shows_who_was_proved(run: Run, visit: Callable[[], Path], trust: Path) -> None:
    code, html, err = page_of(run, visit(), "--trust", trust)
    assert (code, err, "Nguyễn Văn Thử" in html, '<html lang="en">' in html) == (0, "", True, True)
    assert Image.open(BytesIO(picture_in(html))).format == "JPEG"


def test_in_vietnamese_and_not_proved(run: Run, visit: Callable[[], Path]) -> None:
    code, html, _ = page_of(run, visit(), "--lang", "vi")
    assert (code, "Chip ghi như sau, chưa xác minh" in html, '<html lang="vi">' in html) == (1, True, True)


def test_a_portrait_in_jpeg_2000_is_shown_where_it_is_proved(
    run: Run, visit: Callable[[], Path], trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "jpeg", jpeg_2000)
    file = visit()
    code, html, err = page_of(run, file, "--trust", trust)
    shown = Image.open(BytesIO(picture_in(html)))
    assert (code, err, shown.size) == (0, "", (drawing.WIDTH, drawing.HEIGHT))
    # What a forger made meets no decoder.
    assert "data:image" not in page_of(run, file)[1]


def test_where_it_cannot_be_shown_that_is_said(
    run: Run, visit: Callable[[], Path], trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "jpeg", lambda look: jpeg_2000(look)[:300])
    code, html, err = page_of(run, visit(), "--trust", trust)
    assert (code, "data:image" in html, "The page has no portrait" in err) == (0, False, True)


def test_a_bomb_is_left_as_it_is() -> None:
    written = BytesIO()
    Image.new("L", (4000, 4000)).save(written, "JPEG2000")
    bomb = idcard.Portrait(image=written.getvalue(), media_type="image/jp2")
    assert for_browsers(bomb) is bomb


def test_without_pillow_it_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    portrait = idcard.Portrait(image=b"\xff\x4f\xff\x51", media_type="image/j2k")
    assert for_browsers(portrait) is portrait


def test_no_page_is_written_of_a_file_that_does_not_count(
    run: Run, visit: Callable[[], Path], trust: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    code, _, err = run("verify", visit(), *AT, "--trust", trust, "--device", "00" * 32, "--report", page)
    assert (code, err, page.exists()) == (1, "No page was written of it.\n", False)


def test_a_place_where_nothing_can_be_written_is_wrong_usage(run: Run, visit: Callable[[], Path]) -> None:
    file = visit()
    assert run("verify", file, "--report", file.with_name("no") / "where")[0] == 2
