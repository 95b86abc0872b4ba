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
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page, expect

from kiosk.demo.people import citizens

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


def a_frame(*, px: float = 4, blur: float = 0.5, light: float = 1, covered: float = 0, faint: float = 1) -> Image.Image:
    """The citizen's code as a camera sees it.

    :param px: pixels to a module, blurred by ``blur`` pixels.
    :param light: the part of the usual light; ``faint``: of the usual contrast.
    :param covered: the part of its width that a thumb hides: then no preparation reads it, however much time there is.
    """
    out = BytesIO()
    segno.make_qr(citizens()[CITIZEN].qr_text, error="m", boost_error=False).save(out, kind="png", scale=10)
    code = Image.open(out).convert("L")
    side = round(code.width * px / 10)
    printed = code.resize((side, side), Image.Resampling.BOX).point(lambda shade: 30 + shade * 195 // 255)
    thumb = round(side * covered)
    printed.paste(150, ((side - thumb) // 2, (side - thumb) // 2, (side + thumb) // 2, (side + thumb) // 2))
    scene = Image.new("L", SIZE, 225)
    scene.paste(printed, (500, 150))
    blurred = scene.filter(ImageFilter.GaussianBlur(blur))
    return blurred.point(lambda shade: round((110 + (shade - 110) * faint) * light))


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
            # A frame that was under way when its visit ended is refused with 409: that is how it should be.
            stack.callback(lambda: complaints.extend(one for one in lane.complaints if "409 (CONFLICT)" not in one))
            return lane

        complaints: list[str] = []
        yield go
    assert complaints == [], "\n".join(complaints)


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


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        ({"px": 1.5, "blur": 0.8}, "Đưa mã lại gần camera hơn."),
        ({"covered": 0.45}, "Giữ yên mã một chút."),
        ({"covered": 0.45, "light": 0.15}, "Mã đang tối. Đưa ra chỗ sáng hơn."),
    ],
    ids=["closer", "steadier", "more light"],
)
def test_what_would_help_is_said_while_the_code_is_held(
    lane_before: Callable[..., Any], frame: dict[str, float], hint: str
) -> None:
    lane = lane_before(a_frame(**frame))
    expect(lane.page.locator("[data-hint]")).to_have_text(hint, timeout=30_000)
    lane.is_at("attract")


def test_a_bad_frame_is_read_all_the_same(lane_before: Callable[..., Any]) -> None:
    """Turned, soft, small and a fifth of the usual contrast."""
    bad = a_frame(px=3, blur=1.2, faint=0.2).rotate(25, Image.Resampling.BICUBIC, fillcolor=133)
    lane = lane_before(None, None, None, bad, bad, bad)
    lane.is_at("place_card", timeout_s=30)
