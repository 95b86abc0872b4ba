"""A day of visits, everybody of the demonstration and all that may come of it, at the most talkative log level.

Patient's and staff's processes serve real pages, with every library's loggers at DEBUG; no name and no number of
anybody is in any log line, any exception that was logged, or any address that was asked for or offered.
"""

import logging
import re
import time
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
from served import serve

from idcard.testing import Issuer
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.clerks import CLERKS
from kiosk.demo.people import citizens
from kiosk.demo.provision import Options, provision
from kiosk.demo.workbench import Bench
from kiosk.devices.clock import SystemClock
from kiosk.domain.flow import Screen
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.patient_process import PatientParts
from kiosk.patient_process import open_parts as open_patient
from kiosk.services.view import ScreenView
from kiosk.staff_process import open_parts as open_staff
from kiosk.web.patient import create_patient_app
from kiosk.web.staff import create_staff_app

pytestmark = pytest.mark.serial
LEAD, OTHER = CLERKS[1:]
AGREED = {"override": "other_papers", "second_sign": OTHER.sign, "second_password": OTHER.password}
TYPED = {"name": "Đỗ Thị Khác Thường", "birth": "17/08/1940", "number": "036140000017", "sex": "F", "room": "noi"}
_SETTLED = (Screen.CONFIRM, Screen.TICKET, Screen.DESK, Screen.SHOW_QR, Screen.DIGITS, Screen.CALLED)
_PATIENCE_S = 120


@dataclass
class Day:
    """The demonstration, served from this process; ``addresses`` are all that were asked for or offered."""

    bench: Bench
    patient: PatientParts
    at: dict[str, str]
    client: httpx.Client
    addresses: list[str] = field(default_factory=list)

    @property
    def view(self) -> ScreenView:
        return self.patient.desk.view()

    def until(self, wanted: Callable[[ScreenView], bool]) -> ScreenView:
        deadline = time.monotonic() + _PATIENCE_S
        while not wanted(view := self.view):
            assert time.monotonic() < deadline, view
            self.patient.desk.wait(view.version, 1)
        return view

    def get(self, process: str, path: str = "/") -> str:
        response = self.client.get(self.at[process] + path)
        self._note(response)
        return response.text

    def post(self, process: str, path: str, page: str = "/", **form: str) -> str:
        hidden = dict(re.findall(r'name="(csrf_token|visit)" value="([^"]*)"', self.get(process, page)))
        origin = {"Origin": self.at[process]}
        response = self.client.post(self.at[process] + path, headers=origin, data=hidden | form)
        self._note(response)
        assert response.status_code < 500
        return response.text

    def _note(self, response: httpx.Response) -> None:
        for each in (*response.history, response):
            self.addresses += [str(each.url), each.headers.get("Location", "")]
        self.addresses += re.findall(r'(?:href|action|src|data-address)="([^"]*)"', response.text)

    def come(self, who: str) -> Screen:
        """Somebody puts the card down, types its digits, shows its code where that is asked for, takes a room."""
        self.bench.place(who)
        self.until(lambda view: view.screen is Screen.DIGITS)
        self.post("patient", "/digits", digits=self.bench.people[who].holder.can)
        view = self.until(lambda view: view.screen in _SETTLED and view.screen is not Screen.DIGITS)
        if view.screen is Screen.SHOW_QR:
            self.bench.show_qr(who)
            view = self.until(lambda view: view.screen in _SETTLED and view.screen is not Screen.SHOW_QR)
            self.bench.hide_qr()
        if view.screen is Screen.CONFIRM:
            self.post("patient", "/room", room="noi")
            view = self.until(lambda view: view.screen is not Screen.CONFIRM)
        self.get("patient", "/ticket.png" if view.screen is Screen.TICKET else "/")
        self.leave()
        return view.screen

    def leave(self) -> None:
        self.bench.take_away()
        self.until(lambda view: not view.card_present)
        self.post("patient", "/tap/acknowledge")
        self.post("patient", "/tap/stop")
        self.until(lambda view: view.screen is Screen.ATTRACT)

    def show_only_the_code(self, who: str) -> None:
        self.bench.show_qr(who)
        self.until(lambda view: view.screen is Screen.PLACE_CARD)
        self.bench.hide_qr()
        self.post("patient", "/tap/no-card")
        self.until(lambda view: view.screen is Screen.DESK)
        self.leave()


@pytest.fixture
def talkative() -> Iterator[None]:
    """Every logger that exists, and the root, at DEBUG; libraries that have loggers are loaded by now."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    yield
    structlog.reset_defaults()
    for logger, level in before:
        logger.setLevel(level)


@pytest.fixture
def day(talkative: None, free_ports: Options, tmp_path: Any) -> Iterator[Day]:
    options = replace(free_ports, answer_ms=0)
    place = provision(tmp_path / "demo", options)
    bench = Bench(Issuer.load(place.issuer), swap_s=0)
    patient_config = load(PatientConfig, place.config("patient")).model_copy(update={"online_cut_off_s": 1.0})
    staff_config = load(StaffConfig, place.config("staff"))
    make_accounts(staff_config)
    with ExitStack() as stack:
        stack.callback(CardSocket("127.0.0.1", options.ports["card"], bench.answer).close)
        staff = stack.enter_context(open_staff(staff_config))
        patient = stack.enter_context(open_patient(patient_config))
        apps = {
            "patient": create_patient_app(patient.desk, patient_config, None, patient.scanner),
            "staff": create_staff_app(
                staff.desk,
                staff_config,
                SystemClock(),
                payer=staff.payer,
                others=staff.others,
                corrections=staff.corrections,
                sessions=staff.sessions,
            ),
        }
        serve(stack, {options.ports[name]: app for name, app in apps.items()}, patient.threads)
        client = stack.enter_context(httpx.Client(follow_redirects=True, timeout=60))
        at = {name: f"http://127.0.0.1:{options.ports[name]}" for name in apps}
        day = Day(bench=bench, patient=patient, at=at, client=client)
        day.post("staff", "/login", page="/login", sign=LEAD.sign, password=LEAD.password)
        yield day


def spellings(text: str) -> Iterator[str]:
    """How a text may come to stand in a log: composed or not, in capitals, without accents, escaped, encoded."""
    plain = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    for form in (text, unicodedata.normalize("NFD", text), plain.replace("Đ", "D").replace("đ", "d")):
        for case in (form, form.upper(), form.title()):
            yield from (case, case.replace(" ", "<"), urllib.parse.quote(case), urllib.parse.quote_plus(case))
            yield from (case.encode("unicode_escape").decode(), case.encode().hex(), str(case.encode())[2:-1])


def secrets() -> set[str]:
    """Everything that would name somebody who came, or who works here."""
    names, words = [TYPED["name"]], {TYPED["number"], TYPED["birth"], "1940-08-17"}
    for clerk in CLERKS:
        names += [clerk.name]
        words |= {clerk.number, clerk.password, urllib.parse.quote_plus(clerk.password)}
    for citizen in citizens().values():
        holder = citizen.holder
        names += [name for name in (holder.name, holder.father, holder.mother, holder.spouse) if name]
        words |= {holder.personal_number, holder.birth.isoformat(), holder.birth.strftime("%d/%m/%Y"), citizen.qr_text}
        words |= {word for word in (holder.old_number,) if word}
    return words | {spelling for name in names for spelling in spellings(name)}


def act_as_staff(day: Day) -> None:
    """Whatever staff do to visits: confirm, type, correct, take back, replace, look at the record."""
    tickets = re.findall(r'action="/tickets/([\w-]+)/confirm', day.get("staff"))
    day.post("staff", f"/tickets/{tickets[0]}/confirm", room="noi")
    typing = re.findall(r'href="/tickets/([\w-]+)', day.get("staff"))
    day.post("staff", f"/tickets/{typing[0]}/type", page=f"/tickets/{typing[0]}", **TYPED | {"number": "12"})
    day.post("staff", f"/tickets/{typing[0]}/type", page=f"/tickets/{typing[0]}", **TYPED, **AGREED)
    records = re.findall(r'href="/visits/([\w-]+)', day.get("staff"))
    first, second, third = (f"/visits/{visit}" for visit in records[:3])
    day.post("staff", f"{first}/route", page=first, route="1.3")
    day.post("staff", f"{first}/room", page=first, room="mat")
    day.post("staff", f"{second}/cancel", page=second, reason="went_away")
    other = TYPED | {"number": "036140000025", "name": "Đỗ Thị Khác Thường"}
    day.post("staff", f"{third}/person", page=f"{third}/person", **other)
    assert "Khác Thường" in day.get("staff")


def test_nobody_is_named_in_any_log_address_or_exception(
    day: Day, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    now = datetime.now(VIETNAM_TIME)
    times = {"starts": now.strftime("%H:%M"), "ends": (now + timedelta(hours=8)).strftime("%H:%M")}
    ended = [day.come("insured")]
    assert "flash-done" in day.post("staff", "/shift", page="/shift", **times)
    ended += [day.come(who) for who in citizens() if who != "insured"]
    assert day.come("insured") is Screen.TICKET
    day.show_only_the_code("other-clinic")
    for call in ("help", "child", "emergency"):
        day.post("patient", f"/tap/{call}")
        day.until(lambda view: view.screen is Screen.CALLED)
        day.leave()
    day.post("patient", "/scan", page="/")
    act_as_staff(day)
    assert {Screen.TICKET, Screen.DESK} <= set(ended)
    logged = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records)
    said = logged + caplog.text + "".join(capfd.readouterr())
    for library in ("sqlalchemy", "httpcore", "PIL"):
        assert f"{library}." in logged, library
    assert "person_replaced" in said
    addresses = "\n".join(urllib.parse.unquote_plus(address) for address in day.addresses) + "\n".join(day.addresses)
    assert sum(secret in said for secret in secrets()) == 0
    assert sum(secret in addresses for secret in secrets()) == 0
