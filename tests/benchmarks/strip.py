"""One visit as a strip of pictures: the real kiosk, a real Chromium, an invented person. See script/visit-strip."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from _screen import chromium, upright
from _standing import Standing, standing
from PIL import Image
from playwright.sync_api import Page

WIDTH, GAP, MOST_BYTES = 260, 14, 300_000
PAPER = "#e9e4da"
WORDS = ("attract", "digits", "reading", "confirm", "ticket", "take_card")
"""The screens of the strip, in their order: the last one thanks, and says not to forget the card."""


def shots(kiosk: Standing, page: Page) -> Iterator[bytes]:
    """The screens of one visit, each once its motion has ended."""
    page.goto(kiosk.patient)
    yield shot(page, "attract")
    who = kiosk.cards.ready(0)
    kiosk.cards.place()
    yield shot(page, "digits", digits=who.holder.can[:4])
    for digit in who.holder.can[4:]:
        page.locator(f'[data-digit="{digit}"]').click()
    yield shot(page, "reading", steps=2)
    yield shot(page, "confirm")
    page.locator(".tile").first.click()
    yield shot(page, "ticket")
    page.locator('form[action^="/tap/acknowledge"] button').click()
    yield shot(page, "take_card")


def shot(page: Page, screen: str, *, digits: str = "", steps: int = 0) -> bytes:
    """A picture of this screen, after so many digits were typed, or so many steps of reading done."""
    page.wait_for_selector(f'[data-screen="{screen}"]')
    for digit in digits:
        page.locator(f'[data-digit="{digit}"]').click()
    if steps:
        page.wait_for_function("(n) => document.querySelectorAll('.step-done').length >= n", arg=steps)
    page.wait_for_function("document.fonts.ready.then(() => [...document.images].every((each) => each.complete))")
    return page.screenshot(animations="disabled")


def strip(pictures: list[bytes]) -> Image.Image:
    """The pictures in a row, on paper."""
    small = []
    for each in pictures:
        with Image.open(io.BytesIO(each)) as picture:
            height = round(picture.height * WIDTH / picture.width)
            small.append(picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS))
    row = Image.new("RGB", (len(small) * (WIDTH + GAP) + GAP, small[0].height + 2 * GAP), PAPER)
    for place, picture in enumerate(small):
        row.paste(picture, (GAP + place * (WIDTH + GAP), GAP))
    return row


def main(target: Path) -> None:
    """Write the strip."""
    # A slow card: its steps can be seen.
    with TemporaryDirectory() as folder, standing(Path(folder) / "kiosk", people=1, kilobits=20) as kiosk:
        with chromium() as browser:
            pictures = list(shots(kiosk, upright(browser, calm=True).new_page()))
        kiosk.cards.take()
    strip(pictures).save(target, "WEBP", quality=86, method=6)
    if target.stat().st_size > MOST_BYTES:
        sys.exit(f"error: {target} has {target.stat().st_size} bytes; at most {MOST_BYTES} are wanted")
    print(f"{target}: {len(pictures)} screens, {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
