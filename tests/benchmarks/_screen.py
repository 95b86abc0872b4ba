"""Somebody before the kiosk's screen in a real Chromium: when each screen stood there, by the browser's own clock.

A screen counts as standing there two frames after it was put into the page, its pictures decoded: what was drawn is
then on the glass.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from _standing import Cards, Standing
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--mute-audio"]
_REST_S = 0.3
_WATCH = """
window.stood = [];
window.taps = [];
const now = () => performance.timeOrigin + performance.now();
addEventListener("click", () => window.taps.push(now()), true);
addEventListener("DOMContentLoaded", () => {
  const stage = document.getElementById("stage");
  if (stage === null) return;
  let last = stage.firstElementChild?.dataset.screen;
  new MutationObserver(async () => {
    const screen = stage.firstElementChild?.dataset.screen;
    if (screen === undefined || screen === last) return;
    last = screen;
    await Promise.all([...stage.querySelectorAll("img")].map((picture) => picture.decode().catch(() => null)));
    requestAnimationFrame(() => requestAnimationFrame(() => window.stood.push([screen, now()])));
  }).observe(stage, { childList: true });
});
"""

Cookies = list[Any]


def upright(browser: Browser, *, calm: bool = False) -> Any:
    """A fresh profile before the kiosk's own screen; ``calm``: nothing moves."""
    motion: Any = "reduce" if calm else "no-preference"
    return browser.new_context(viewport={"width": 1080, "height": 1920}, reduced_motion=motion)


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of one visit, in seconds; what a person does lies between them and in none of them.

    ``felt``: card down to the screen that asks for digits. ``pause``: the sixth digit to the first command.
    ``card``: first command to last answer. ``judged``: last answer to the name. ``ticket``: the room to the ticket.
    ``waited``: of ``card``, waiting for answers; ``commands`` of them.
    """

    felt: float
    pause: float
    card: float
    judged: float
    ticket: float
    waited: float
    commands: int

    @property
    def whole(self) -> float:
        """The machine's time."""
        return self.felt + self.pause + self.card + self.judged + self.ticket


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; every context is a fresh profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Person:
    """Whoever stands there now: puts a card down, types, chooses, goes."""

    def __init__(self, browser: Browser, kiosk: Standing) -> None:
        self._page: Page = upright(browser).new_page()
        self._page.add_init_script(_WATCH)
        self._page.goto(kiosk.patient)
        self._cards: Cards = kiosk.cards

    def visit(self, number: int) -> Seen:
        """Come with the card of this citizen, and go with a ticket."""
        page, who = self._page, self._cards.ready(number)
        page.evaluate("window.stood.length = window.taps.length = 0")
        down = self._cards.place()
        asked = self._stands("digits")
        self._type(who.holder.can)
        typed = self._tapped()
        named = self._stands("confirm")
        told = list(self._cards.told)
        page.locator(".tile").first.click()
        chosen = self._tapped()
        ticket = self._stands("ticket")
        self._leave()
        first, last = told[0].at, told[-1].at + told[-1].took
        return Seen(
            felt=asked - down,
            pause=first - typed,
            card=last - first,
            judged=named - last,
            ticket=ticket - chosen,
            waited=sum(command.took for command in told),
            commands=len(told),
        )

    def _type(self, digits: str) -> None:
        """Type as a person does who sees that a digit is missing, and taps again: news replace keys under a finger."""
        stand = 0
        while stand < len(digits):
            self._page.locator(f'[data-digit="{digits[stand]}"]').click()
            if stand + 1 == len(digits) and not self._stays(stand):
                return
            self._stays(stand)
            stand = self._page.locator(".digit-on").count()

    def _stays(self, stand: int) -> bool:
        """Whether so many digits still stand there and no more, a second after the next one was tapped."""
        came = "(before) => document.querySelectorAll('.digit-on').length !== before"
        try:
            self._page.wait_for_function(came, arg=stand, timeout=1000)
        except TimeoutError:
            return True
        return False

    def _leave(self) -> None:
        self._cards.take()
        self._page.locator('form[action^="/tap/acknowledge"] button').click()
        self._stands("attract")
        time.sleep(_REST_S)

    def _stands(self, screen: str) -> float:
        self._page.wait_for_function("(screen) => window.stood.some((each) => each[0] === screen)", arg=screen)
        stood: list[tuple[str, float]] = self._page.evaluate("window.stood")
        return next(at for name, at in stood if name == screen) / 1000

    def _tapped(self) -> float:
        return float(self._page.evaluate("window.taps.at(-1)")) / 1000


@dataclass(frozen=True, slots=True)
class Weight:
    """A page: its first paint in milliseconds, and what it brings over the wire in kB, pictures not counted."""

    page: str
    paint_ms: float
    kilobytes: float


_WEIGH = """async () => {
  await document.fonts.ready;
  const paint = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  while (paint() === undefined) await new Promise((done) => setTimeout(done, 10));
  const pictures = /\\.(png|jpe?g|webp|svg|ico)([?#]|$)/;
  const asked = performance.getEntriesByType("resource").filter((each) => each.initiatorType !== "fetch");
  const all = [...performance.getEntriesByType("navigation"), ...asked.filter((each) => !pictures.test(each.name))];
  return [paint(), all.reduce((sum, each) => sum + each.encodedBodySize, 0)];
}"""


def weigh(context: Any, name: str, address: str) -> Weight:
    """A page as a browser gets it that never saw it before: ``context`` is a fresh profile, and is closed."""
    try:
        page = context.new_page()
        page.goto(address, wait_until="load")
        paint, size = page.evaluate(_WEIGH)
    finally:
        context.close()
    return Weight(name, paint, size / 1000)


def desk(browser: Browser, cookies: Cookies) -> Any:
    """A fresh profile before the desk's screen, with the cookies of whoever is logged in."""
    stored: Any = {"cookies": cookies, "origins": []}
    return browser.new_context(viewport={"width": 1366, "height": 768}, storage_state=stored)


def staff_cookies(browser: Browser, kiosk: Standing, sign: str, password: str) -> Cookies:
    """The cookies of somebody who has logged in at the desk."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{kiosk.staff}/login")
    page.locator("#sign").fill(sign)
    page.locator("#password").fill(password)
    page.locator("#log-in").click()
    page.wait_for_selector("#who")
    cookies: Cookies = context.cookies()
    context.close()
    return cookies


def staff_pages(browser: Browser, kiosk: Standing, cookies: Cookies, most: int = 60) -> dict[str, str]:
    """One address of each kind of page that links lead to at the desk, by its kind."""
    context = desk(browser, cookies)
    page = context.new_page()
    kinds, waiting = {"/login": "/login"}, ["/"]
    while waiting and len(kinds) < most:
        path = waiting.pop(0)
        kind = re.sub(r"/[0-9a-f-]{36}|/[A-Z]?\d+", "/…", path.partition("?")[0])
        if kind in kinds or re.search(r"\.\w+$", kind):
            continue
        answer = page.goto(kiosk.staff + path)
        if answer is None or not answer.ok or "html" not in answer.headers.get("content-type", ""):
            continue
        kinds[kind] = path
        waiting += page.eval_on_selector_all(
            "a[href^='/']:not([download])", "all => all.map((a) => a.getAttribute('href'))"
        )
    context.close()
    return kinds
