"""The camera of the browser: a video of a card's code goes through getUserMedia to the server, which decodes it.

Chromium plays the video from a file; everything behind that is what a real camera meets.
"""

import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.serial

SIZE = (1280, 720)
CAMERA_FRAME = b"\x00\x01\x06"
CITIZEN = "insured-2024"
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@pytest.fixture(scope="module")
def kiosk(another: Callable[..., Any]) -> Any:
    return another("camera", camera="browser")


@pytest.fixture(scope="module")
def card_before_a_camera(kiosk: Any, lanes: Callable[..., Any]) -> Image.Image:
    """What the bench holds before its own camera."""
    lane = lanes(kiosk)
    lane.begin("vi")
    lane.do(f"show-qr-{CITIZEN}")
    with socket.create_connection(("127.0.0.1", kiosk.cards), timeout=10) as wire, wire.makefile("rb") as answer:
        wire.sendall(CAMERA_FRAME)
        picture = answer.read(int.from_bytes(answer.read(2), "big"))
    lane.do("hide-qr")
    return Image.open(BytesIO(picture)).convert("RGB")


def a_poster() -> Image.Image:
    out = BytesIO()
    segno.make_qr("https://benhvien.example/khuyen-mai").save(out, kind="png", scale=12, border=4)
    return Image.open(out).convert("RGB")


def film(pictures: Sequence[Image.Image | None], folder: Path) -> Path:
    """A video of pictures, a second each, over and over; None is an empty hall."""
    for second, seen in enumerate(pictures):
        picture = Image.new("RGB", SIZE, (96, 96, 92))
        if seen is not None:
            fitted = seen.resize((seen.width * SIZE[1] // seen.height, SIZE[1]))
            picture.paste(fitted, ((SIZE[0] - fitted.width) // 2, 0))
        picture.save(folder / f"{second}.png")
    path = folder / "camera.mjpeg"
    command = ["ffmpeg", "-v", "error", "-framerate", "1", "-i", str(folder / "%d.png"), "-r", "20"]
    made = subprocess.run([*command, "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "3", str(path)], check=False)
    assert made.returncode == 0, "ffmpeg makes no video. Remedy: apt-get install ffmpeg"
    return path


@pytest.fixture
def lane_before(
    browser: Browser, kiosk: Any, lanes: Callable[..., Any], tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Goes to the kiosk with a browser of its own, before whose camera pictures are shown."""
    with ExitStack() as stack:

        def go(*pictures: Image.Image | None) -> Any:
            flags = [*FLAGS, f"--use-file-for-fake-video-capture={film(pictures, tmp_path)}"]
            other = browser.browser_type.launch(executable_path="/usr/bin/chromium", args=flags)
            stack.callback(other.close)
            lane = lanes(kiosk, other)
            lane.begin("vi")
            stack.callback(lambda: complaints.extend(lane.complaints))
            return lane

        complaints: list[str] = []
        yield go
    assert complaints == []


def test_a_code_before_the_browsers_camera_opens_the_card(
    lane_before: Callable[..., Any],
    card_before_a_camera: Image.Image,
    axe: Callable[[Page], list[str]],
) -> None:
    lane = lane_before(None, a_poster(), a_poster(), None, *[card_before_a_camera] * 3)
    page = lane.page
    expect(page.locator("[data-hint]")).to_have_text("Mã này không phải mã in trên thẻ căn cước.", timeout=15_000)
    lane.is_at("attract")
    lane.is_at("place_card", timeout_s=15)
    assert axe(page) == []
    lane.picture(f"{CITIZEN}-place_card")
    lane.do(f"place-{CITIZEN}")
    lane.is_at("confirm")
    expect(page.locator(".who-name")).to_have_text("ĐẶNG HỮU N**")
    page.get_by_role("button", name="Mắt").click()
    lane.is_at("ticket")
    screens = [passed.split(":")[0] for passed in lane.passed()]
    assert screens == ["attract", "place_card", "reading", "confirm", "ticket"], "nobody typed any digits"


def test_the_camera_is_seen_where_the_code_is_asked_for_and_off_elsewhere(lane_before: Callable[..., Any]) -> None:
    lane = lane_before(None, None)
    page = lane.page
    lane.do("place-pace-refused")
    lane.is_at("digits")
    lane.type(lane.number_of("pace-refused")[-6:])
    lane.is_at("show_qr")
    preview = page.locator("[data-preview] video")
    expect(preview).to_be_visible()
    preview.evaluate("async video => { while (!video.videoWidth) await new Promise(requestAnimationFrame); }")
    lane.picture("pace-refused-show_qr-camera")
    lane.tap("no-qr")
    lane.is_at("desk")
    assert page.locator('[data-camera="off"]').count() == 1
    assert page.locator("video").count() == 0
