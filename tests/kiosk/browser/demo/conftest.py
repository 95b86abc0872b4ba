"""The whole kiosk as ``kiosk demo`` starts it, the bench beside it, and somebody who stands before it.

The parent folder's fixtures are here too: a real Chromium, and axe in it.
"""

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from kiosk.config import StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.clerks import CLERKS

LEAD = CLERKS[1]
UPRIGHT = (1080, 1920)
expect.set_options(timeout=15_000)  # a machine shared by others is slow at times
PICTURES = Path(__file__).parents[4] / "build" / "screenshots"


@dataclass(kw_only=True)
class Kiosk:
    """One kiosk of the demonstration: the addresses of its pages, the bench's card socket, the store."""

    patient: str
    staff: str
    bench: str
    cards: int
    store: Path


class Demo:
    """Everything that ``kiosk demo`` starts; beside it more kiosks, each with a bench and settings of its own."""

    def __init__(self, folder: Path, spare_ports: Callable[..., int]) -> None:
        self.folder = folder
        self._spare_ports = spare_ports
        self._processes: list[subprocess.Popen[bytes]] = []
        base = spare_ports(11)
        self._run("kiosk", "demo", "--dir", str(folder), "--port-base", str(base))
        self.kiosk = self._kiosk("store.db", *range(base, base + 4))

    def another(self, name: str, **settings: object) -> Kiosk:
        """One more kiosk of the same clinic with a store of its own; ``settings`` go to the patient's process."""
        patient, staff, bench, cards, paper, desk_cards = (self._spare_ports() for _ in range(6))
        shared = {"store": f"{name}.db"} | {key: value for key, value in settings.items() if key in ("store", "trust")}
        at_bench = ("reader", "camera", "scanner", "light", "clock")
        devices = dict.fromkeys(at_bench, f"simulated:127.0.0.1:{cards}") | settings
        printer = {"printer": f"simulated:127.0.0.1:{paper}"}
        helped = {"assist_device": settings["device"], "assist_port": patient} if settings.get("assisted") else {}
        own = {
            "bench": {
                "port": bench,
                "card_port": cards,
                "printer_port": paper,
                "assist_card_port": desk_cards,
                "answer_ms": 0,
                "store": shared["store"],
            },
            "patient": {**shared, **printer, **devices, "port": patient},
            "staff": {**shared, **helped, "port": staff},
        }
        files = {process: self._write(process, name, changes) for process, changes in own.items()}
        self._run("kiosk.demo.bench_process", "--end-with-stdin", "--config", files["bench"])
        self._answering(here(bench))
        self._run("kiosk", "run", "--end-with-stdin", "--config", files["patient"])
        make_accounts(load(StaffConfig, Path(files["staff"])))
        self._run("kiosk", "staff", "--end-with-stdin", "--config", files["staff"])
        return self._kiosk(str(shared["store"]), patient, staff, bench, cards)

    def _run(self, *arguments: str) -> None:
        """Start one more process; what it says is kept beside the folder."""
        command = [sys.executable, "-m", *arguments]
        with self.log.open("ab") as log:
            self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log))

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def stop(self, all_but: int = 0) -> None:
        """End the processes that were started last, ``all_but`` so many."""
        ending, self._processes = self._processes[all_but:], self._processes[:all_but]
        for process in ending:
            process.terminate()
        for process in ending:
            process.communicate(timeout=30)
        codes = [process.returncode for process in ending]
        assert set(codes) <= {0}, f"{codes}\n{self.log.read_text()[-3000:]}"

    def _write(self, process: str, name: str, settings: Mapping[str, object]) -> str:
        text = (self.folder / f"{process}.toml").read_text()
        for key, value in settings.items():
            line = f"{key} = {json.dumps(value)}"
            text, found = re.subn(rf"(?m)^{key} = .*$", line, text, count=1)
            text = text if found else f"{line}\n{text}"
        path = self.folder / f"{name}-{process}.toml"
        path.write_text(text)
        return str(path)

    def _kiosk(self, store: str, patient: int, staff: int, bench: int, cards: int) -> Kiosk:
        kiosk = Kiosk(
            patient=here(patient), staff=here(staff), bench=here(bench), cards=cards, store=self.folder / store
        )
        for address in (kiosk.patient, kiosk.staff, kiosk.bench):
            self._answering(address)
        return kiosk

    def _answering(self, address: str) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and all(process.poll() is None for process in self._processes):
            try:
                with urlopen(address, timeout=10):
                    return
            except HTTPError as answer:
                if answer.code == HTTPStatus.SERVICE_UNAVAILABLE:
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"nothing answers at {address}:\n{self.log.read_text()[-3000:]}")


PASSED = """
addEventListener("DOMContentLoaded", () => {
  const stage = document.getElementById("stage");
  if (stage === null) return;
  window.passed = [];
  const note = () => {
    const part = stage.firstElementChild;
    const heading = stage.querySelector("h1")?.textContent.replace(/\\s+/g, " ").trim();
    const entry = `${part?.dataset.screen}: ${heading}`;
    if (part && window.passed.at(-1) !== entry) window.passed.push(entry);
  };
  new MutationObserver(note).observe(stage, { childList: true });
  note();
});
"""


DEEDS = {
    **{"place-": "reader", "take-away": "reader", "show-qr-": "camera", "hide-qr": "camera"},
    **{"scan-": "scanner", "unplug-scanner": "scanner", "plug-scanner": "scanner"},
}
"""The bench's buttons, and the device that each is for."""


class Lane:
    """Somebody before a kiosk: its page, and the bench where cards are put down; what their consoles complain of."""

    def __init__(self, browser: Browser, kiosk: Kiosk, log_in: Callable[..., None]) -> None:
        self.kiosk, self.language, self._log_in = kiosk, "vi", log_in
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._browser = browser
        self.page = self.open(kiosk.patient, UPRIGHT)
        self.bench, self._staff = self.open(), self.open()

    def open(self, address: str = "about:blank", size: tuple[int, int] = (1600, 1100)) -> Page:
        """One more page, in a profile of its own."""
        viewport = {"width": size[0], "height": size[1]}
        context = self._browser.new_context(viewport=viewport, reduced_motion="reduce", permissions=["camera"])
        self._contexts.append(context)
        page = context.new_page()
        page.add_init_script(PASSED)
        page.on("console", lambda said: said.type == "error" and self.complaints.append(f"{said.text} {page.url}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        return page

    def begin(self, language: str) -> None:
        """The next person comes to a kiosk that is free."""
        self.language = language
        self.bench.goto(f"{self.kiosk.bench}/?lang={language}")
        self.page.goto(self.kiosk.patient)
        self._make_free()
        self.page.goto(self.kiosk.patient)
        if language == "en":
            self.page.get_by_role("button", name="English").click()
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def do(self, what: str) -> None:
        """Press a button of the bench: one of ``DEEDS``, with the citizen's id where it ends with a dash."""
        self.bench.locator(f'[data-test="{what}"]').click()
        deed = next(deed for deed in DEEDS if what.startswith(deed))
        device = self.bench.locator(f'[data-test="{DEEDS[deed]}"]')
        expect(device).to_have_attribute("data-citizen", what.removeprefix(deed))

    def number_of(self, citizen: str) -> str:
        """The twelve digits as they are printed on the card that the bench draws."""
        drawn = self.bench.locator(f'[data-test="chosen"][data-citizen="{citizen}"] text.number').first
        return re.sub(r"\D", "", drawn.text_content() or "")

    def is_at(self, screen: str, timeout_s: float = 20) -> None:
        part = self.page.locator("#stage > [data-screen]")
        expect(part).to_have_attribute("data-screen", screen, timeout=timeout_s * 1000)

    def tap(self, name: str) -> None:
        self.page.locator(f'form[action^="/tap/{name}"] button').click()

    def type(self, digits: str) -> None:
        for digit in digits:
            self.page.locator(f'[data-digit="{digit}"]').click()

    def read(self, citizen: str) -> None:
        """Put a card down and type its six digits."""
        self.do(f"place-{citizen}")
        self.is_at("digits")
        self.type(self.number_of(citizen)[-6:])

    def passed(self) -> list[str]:
        """The screens that were shown since the page was opened, each with its heading."""
        return list(self.page.evaluate("window.passed"))

    def picture(self, name: str, page: Page | None = None) -> None:
        """Keep a picture of the page for people to look at."""
        folder = PICTURES / self.language
        folder.mkdir(parents=True, exist_ok=True)
        (page or self.page).screenshot(path=folder / f"{name}.png", full_page=page is not None)

    def staff(self) -> Page:
        """The staff's page, fresh."""
        self._staff.goto(f"{self.kiosk.staff}/?lang={self.language}")
        if self._staff.locator("#log-in").count():
            self._log_in(self._staff, self.kiosk.staff, LEAD.sign, LEAD.password)
            self._staff.goto(f"{self.kiosk.staff}/?lang={self.language}")
        return self._staff

    @staticmethod
    def row(page: Page, section: str, number: str) -> Locator:
        """The row of a number in ``exceptions``, ``tickets`` or ``admissions`` of the staff's page."""
        exactly = page.locator("td.number").filter(has_text=re.compile(rf"^\s*{number}\s*$"))
        return page.locator(f'section[aria-labelledby="{section}"] tbody tr').filter(has=exactly)

    def shows_nobody(self, person: Mapping[str, Any]) -> None:
        """Neither the name nor the number nor the birthday stands anywhere in the page in full."""
        html, number = self.page.content().casefold(), person["personal_number"]
        for secret in (person["name"], number, number[-6:], f"{person['birth']:%d/%m/%Y}"):
            assert secret.casefold() not in html, "somebody stands on the screen in full"

    def _make_free(self) -> None:
        for device, ending in (("reader", "take-away"), ("camera", "hide-qr")):
            if self.bench.locator(f'[data-test="{device}"]').get_attribute("data-citizen"):
                self.do(ending)
        ending = self.page.locator('form[action^="/tap/acknowledge"] button, form[action^="/tap/stop"] button')
        deadline = time.monotonic() + 20
        while self.page.locator('[data-screen="attract"]').count() == 0 and time.monotonic() < deadline:
            if ending.count():
                ending.first.click()
            self.page.wait_for_timeout(150)
        self.is_at("attract")

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="session")
def people(root: Path) -> Mapping[str, Mapping[str, Any]]:
    """The citizens as the bench has them, by their ids."""
    rows = tomllib.loads((root / "kiosk" / "demo" / "people.toml").read_text("utf-8"))["citizen"]
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, spare_ports: Callable[..., int]) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demonstration") / "demo", spare_ports)
    yield running
    running.stop()
    own = (running.folder / "log" / "patient.log").read_text()
    assert "E14" not in own, "the demonstration began or ended in an order in which the kiosk missed its reader"


@pytest.fixture(scope="module")
def another(demo: Demo) -> Iterator[Callable[..., Kiosk]]:
    """Starts one more kiosk, for one file of tests."""
    yield demo.another
    demo.stop(all_but=1)


@pytest.fixture(scope="module")
def lanes(
    browser: Browser, another: Callable[..., Kiosk], log_in: Callable[..., None]
) -> Iterator[Callable[..., Lane]]:
    """The pages of each kiosk, opened once, and closed before it ends; in another browser they are the caller's."""
    opened: dict[str, Lane] = {}

    def lane(kiosk: Kiosk, other: Browser | None = None) -> Lane:
        if other is not None:
            return Lane(other, kiosk, log_in)
        if kiosk.patient not in opened:
            opened[kiosk.patient] = Lane(browser, kiosk, log_in)
        return opened[kiosk.patient]

    yield lane
    for each in opened.values():
        each.close()


@pytest.fixture
def lane_of(demo: Demo, lanes: Callable[..., Lane]) -> Iterator[Callable[..., Lane]]:
    """Goes to a kiosk that is free; whatever a console complains of fails in the end."""
    gone_to: list[Lane] = []

    def go(kiosk: Kiosk | None = None, language: str = "vi") -> Lane:
        gone_to.append(lanes(kiosk or demo.kiosk))
        gone_to[-1].complaints.clear()
        gone_to[-1].begin(language)
        return gone_to[-1]

    yield go
    assert not [complaint for lane in gone_to for complaint in lane.complaints]


def here(port: int) -> str:
    return f"http://127.0.0.1:{port}"
