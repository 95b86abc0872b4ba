"""Every desk code, from its one button at the bench to the patient's words, the desk's code and the clerk's sheet.

The demonstration runs whole, in threads of this process: the bench's devices over its sockets, the patient's and the
staff's pages over HTTP, the stand-in of the payer's gateway. Nothing is reached but by what a person could press.
"""

import gettext
import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Literal

import httpx
import pytest
from flask import Flask
from served import serve

from idcard.testing import CodeIssuer, Issuer
from kiosk import patient_process
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.clerks import CLERKS
from kiosk.demo.config import BenchConfig
from kiosk.demo.failures import FAILURES
from kiosk.demo.faults import Faults
from kiosk.demo.provision import BENCH, GATEWAY, PATIENT, STAFF, Options, provision
from kiosk.demo.web import create_bench_app
from kiosk.demo.web.words import words
from kiosk.demo.workbench import Bench
from kiosk.devices.clock import SystemClock
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.insurance.stand_in.process import StandIn
from kiosk.patient_process import open_parts as open_patient
from kiosk.services.limits import Timing
from kiosk.staff_process import open_parts as open_staff
from kiosk.web.common.factory import WEB
from kiosk.web.patient import create_patient_app
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.failures import FAILURES as SHEETS

pytestmark = pytest.mark.serial
LEAD = CLERKS[1]
LANGUAGES = ("vi", "en")
PATIENCE_S = 30.0
ACCUSING = re.compile(
    r"E05|\b(forge[dr]|fake|fraud|clon|suspect|genuine)|\b(giả mạo|thẻ giả|gian lận|nghi ngờ|sao chép)", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What comes of a code's button: what the person does then, and what everybody sees.

    :param act: what the person does before the screen; the citizen whose card lies there is given.
    :param not_yet: the words that say that nobody is checked in yet; None where somebody is, or nobody came.
    :param shown: the code on the patient's screen.
    :param desk: where staff find the code: on the board, or nowhere.
    """

    act: "Callable[[Hall, str], None]"
    screen: str
    not_yet: str | None = "desk.not_yet"
    shown: str | None
    desk: Literal["board", "nowhere"] = "board"


@dataclass
class Hall:
    """The demonstration's three doors."""

    at: dict[str, str]
    client: httpx.Client
    heard: str = ""

    def get(self, process: str, path: str = "/") -> str:
        answer = self.client.get(self.at[process] + path)
        return answer.text

    def post(self, process: str, path: str, page: str = "/", **form: str) -> str:
        hidden = dict(re.findall(r'name="(csrf_token|visit)" value="([^"]*)"', self.get(process, page)))
        answer = self.client.post(self.at[process] + path, headers={"Origin": self.at[process]}, data=hidden | form)
        assert answer.status_code < 400, (process, path, answer.status_code)
        return answer.text

    def press(self, control: str) -> str:
        """Press a button of the bench; whose card is there now."""
        page = self.post(BENCH, f"/failures/{control}")
        assert f'data-failure="{control}"' in page
        return str(re.findall(r'data-test="reader" data-citizen="([^"]*)"', page)[0])

    def screen(self) -> str:
        found = re.search(r'data-screen="([^"]+)"', self.get(PATIENT))
        assert found is not None
        return str(found[1])

    def until(self, *wanted: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while (now := self.screen()) not in wanted:
            assert time.monotonic() < deadline, f"still {now}"
            time.sleep(0.05)
        return now

    def tap(self, name: str) -> None:
        self.post(PATIENT, f"/tap/{name}")

    def digits(self, digits: str) -> None:
        self.until("digits")
        self.post(PATIENT, "/digits", digits=digits)

    def on_board(self, code: str, there: bool = True) -> bool:
        """Whether the board shows, or shows no longer, the code, once it does or patience is over."""
        deadline = time.monotonic() + PATIENCE_S
        while bool(re.search(rf'<span class="code">(<a [^>]*>)?{code}<', self.get(STAFF))) is not there:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def reads(hall: Hall, who: str) -> None:
    """Type what is underlined on the card that the bench draws: nobody else knows a newcomer's digits."""
    found = re.search(r'class="number-end">(\d{6})<', hall.get(BENCH, f"/?citizen={who}"))
    assert found is not None
    hall.digits(found[1])


def reads_once_the_clock_was_looked_at(hall: Hall, who: str) -> None:
    """It is every second; nobody at the bench is faster at the patient's screen."""
    hall.until("digits")
    time.sleep(2.5)
    reads(hall, who)


def is_admitted(hall: Hall, who: str) -> None:
    reads(hall, who)
    if hall.until("confirm", "ticket") == "confirm":
        hall.post(PATIENT, "/room", room="noi")


def is_admitted_without_paper(hall: Hall, who: str) -> None:
    """The printer is asked once the ticket stands there, and says a moment later that it has no paper."""
    is_admitted(hall, who)
    hall.until("ticket")
    deadline = time.monotonic() + PATIENCE_S
    while "E13" not in hall.get(PATIENT) and time.monotonic() < deadline:
        time.sleep(0.05)


def types_wrong_digits(hall: Hall, who: str) -> None:
    for wrong in ("111111", "222222", "333333"):
        hall.until("digits")
        hall.digits(wrong)
        while 'data-screen="reading"' in hall.get(PATIENT):
            time.sleep(0.02)


def shows_only_the_code(hall: Hall, who: str) -> None:
    hall.until("place_card")
    hall.tap("no-card")


def has_no_card(hall: Hall, who: str) -> None:
    hall.until("digits")
    deadline = time.monotonic() + PATIENCE_S
    while re.search(r'data-test="reader" data-citizen="[^"]', hall.get(BENCH)) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    hall.post(PATIENT, "/digits", digits="123456")
    hall.until("place_card")
    hall.tap("no-card")


def comes_for_a_child(hall: Hall, who: str) -> None:
    hall.until("attract")
    hall.tap("for-child")
    hall.until("child")
    hall.tap("child")


def is_reported_missing(hall: Hall, who: str) -> None:
    assert hall.on_board("E14")


WALKS = {
    "E01": Walk(act=reads, screen="desk", shown="E01"),
    "E02": Walk(act=reads, screen="desk", shown="E02"),
    "E03": Walk(act=types_wrong_digits, screen="desk", shown="E03"),
    "E04": Walk(act=reads, screen="desk", shown="E04"),
    "E05": Walk(act=reads, screen="desk", shown="E04"),
    "E06": Walk(act=reads, screen="desk", shown="E06"),
    "E07": Walk(act=reads, screen="desk", shown="E07"),
    "E08": Walk(act=reads, screen="desk", shown="E08"),
    "E09": Walk(act=reads, screen="desk", shown="E09"),
    "E10": Walk(act=reads, screen="desk", shown="E10"),
    "E11": Walk(act=shows_only_the_code, screen="desk", shown="E11"),
    "E12": Walk(act=is_admitted, screen="ticket", not_yet=None, shown=None, desk="nowhere"),
    "E13": Walk(act=is_admitted_without_paper, screen="ticket", not_yet=None, shown="E13"),
    "E14": Walk(act=is_reported_missing, screen="attract", not_yet=None, shown=None),
    "E15": Walk(act=reads_once_the_clock_was_looked_at, screen="desk", shown="E15"),
    # What cannot be stored cannot be a notice either: the store is what patient's and staff's processes share.
    "E16": Walk(act=reads, screen="closed", not_yet="closed.not_yet", shown="E16", desk="nowhere"),
    "E17": Walk(act=comes_for_a_child, screen="called", shown="E17"),
    "E18": Walk(act=has_no_card, screen="desk", shown="E18"),
}


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory, module_ports: Options) -> Iterator[Hall]:
    options = replace(module_ports, answer_ms=0)
    place = provision(tmp_path_factory.mktemp("failures") / "demo", options)
    bench_config, staff_config = load(BenchConfig, place.config(BENCH)), load(StaffConfig, place.config(STAFF))
    patient_config = load(PatientConfig, place.config(PATIENT))
    make_accounts(staff_config)
    bench = Bench(Issuer.load(place.issuer), swap_s=0, slip_s=0.3, codes=CodeIssuer.load(place.code_issuer))
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        # Eight looks at a crowded reader are 24 seconds elsewhere.
        patch.setattr(patient_process, "Timing", partial(Timing, crowded_s=0.05, reopen_s=0.3))
        stack.callback(CardSocket("127.0.0.1", options.ports["card"], bench.answer).close)
        faults = Faults.of(bench_config)
        stack.callback(faults.close)
        gateway = StandIn(port=options.ports[GATEWAY], script=place.gateway_script)
        serving = Thread(target=gateway.run, name="gateway")
        serving.start()
        stack.callback(serving.join)
        stack.callback(gateway.close)
        staff = stack.enter_context(open_staff(staff_config))
        patient = stack.enter_context(open_patient(patient_config))
        staff_app = create_staff_app(
            staff.desk, staff_config, SystemClock(), payer=staff.payer, others=staff.others, sessions=staff.sessions
        )
        patient_app = create_patient_app(patient.desk, patient_config, None, patient.scanner)
        apps: dict[str, Flask] = {
            PATIENT: patient_app,
            STAFF: staff_app,
            BENCH: create_bench_app(bench, bench_config, faults),
        }
        serve(stack, {options.ports[name]: app for name, app in apps.items()}, patient.threads)
        client = stack.enter_context(httpx.Client(follow_redirects=True, timeout=60))
        hall = Hall(at={name: f"http://127.0.0.1:{options.ports[name]}" for name in apps}, client=client)
        hall.post(STAFF, "/login", page="/login", sign=LEAD.sign, password=LEAD.password)
        fields = {"starts": "00:00", "ends": "15:59"}
        if datetime.now(VIETNAM_TIME).hour >= 12:
            fields = {"starts": "12:00", "ends": "03:59"}
        assert "flash-done" in hall.post(STAFF, "/shift", page="/shift", **fields)
        yield hall


def said(language: str, key: str) -> str:
    """The words of the catalogue, as the page writes them, without what is filled in."""
    catalogue = gettext.translation("messages", WEB.parent / "locales", [language])
    return re.split(r"%\(", html.escape(catalogue.gettext(key), quote=False))[0].strip()


def in_both_languages(hall: Hall) -> dict[str, str]:
    """The patient's page as it stands, in each language."""
    return {language: hall.get(PATIENT, f"/?lang={language}") for language in LANGUAGES}


def words_of(code: str) -> str:
    """The key of what the patient is told. E01 and E02 are told on the way; at the desk, why somebody is sent there."""
    at_the_desk = {"E01": "desk.why.crowded", "E02": "desk.why.card_moved", "E03": "desk.why.wrong_digits"}
    return at_the_desk.get(code, "called.child.title" if code == "E17" else SHEETS[code].seen)


@pytest.mark.parametrize("code", FAILURES)
def test_every_failure_from_its_button_to_the_clerks_sheet(hall: Hall, code: str) -> None:
    walk = WALKS[code]
    if FAILURES[code].again:
        is_admitted(hall, hall.press("E13"))
        hall.until("ticket")
        hall.press("none")
        hall.tap("acknowledge")
        hall.until("attract")
    who = hall.press(code)
    walk.act(hall, who)
    hall.until(walk.screen)
    for language, page in in_both_languages(hall).items():
        assert f'lang="{language}"' in page
        assert said(language, words_of(code)) in page
        assert walk.not_yet is None or said(language, walk.not_yet) in page
        assert walk.shown is None or walk.shown in page
        assert "<svg" in page
        assert ACCUSING.search(re.sub(r"<[^>]*>", " ", page)) is None
    if walk.desk == "board":
        assert hall.on_board(code)
    else:
        assert hall.on_board(code, there=False)
    for language in LANGUAGES:
        sheet = hall.get(STAFF, f"/failures/{code}?lang={language}")
        for line in ("title", "why", "say", "do"):
            assert said(language, f"notice.{code}.{line}") in sheet
        assert said(language, f"failure.press.{SHEETS[code].press}") in sheet
    hall.press("none")
    if walk.screen != "closed":
        hall.tap("acknowledge")
    hall.until("attract")


def test_the_printer_s_failure_comes_again_and_again_whoever_was_admitted(hall: Hall) -> None:
    for _ in range(2):
        is_admitted_without_paper(hall, hall.press("E13"))
        page = hall.get(PATIENT)
        assert "E13" in page
        assert said("vi", "ticket.again_title") not in page
        hall.press("none")
        hall.tap("acknowledge")
        hall.until("attract")


def test_the_manual_says_how_each_is_reached(root: Path) -> None:
    page = (root / "docs" / "failures.md").read_text("utf-8")
    said_there = words("en")
    for code in FAILURES:
        row = f"| {code} | {said_there[f'failure.{code}.what']} | {said_there[f'failure.{code}.then']} |"
        assert row in page, row
    assert set(WALKS) == set(FAILURES) == {code for code in SHEETS if code.startswith("E")}
