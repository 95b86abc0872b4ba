"""The main job as a clinic runs it: two processes in production mode, a PC/SC reader, no demonstration anywhere."""

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from kiosk.insurance.roster import RosterEntry, build_roster
from kiosk.keys import PersonTags, create_clinic_keys, create_secret, load_secret

CLINIC = """
[clinic]
code = "79999"
name_vi = "Trạm y tế Phường Mẫu"
name_en = "Mau Ward Health Station"
rooms = [
  { id = "noi", name_vi = "Nội tổng quát", name_en = "General medicine", place_vi = "Phòng 12", place_en = "Room 12" },
]
"""
COMMON = """
mode = "production"
port = {port}
store = "store.db"
trust = "{trust}"
session_key = "session.key"
person_day_key = "person_day.key"
"""
PATIENT = 'roster = "roster.db"\nroster_key = "roster.key"\n'
PATIENT += 'clinic_public_key = "clinic.pub"\nreader = "pcsc"\ncamera = "none"\n'
PASSWORD = "con đò sang sông"
ACCOUNT = [sys.executable, "-m", "kiosk", "staff-account"]
STAFF = 'clinic_private_key = "clinic.key"\n'


@dataclass
class Browser:
    """As much of a browser as the pages need without their scripts: a cookie, forms, their token."""

    port: int
    cookie: str = ""
    page: str = ""
    status: int = 0
    seen: list[str] = field(default_factory=list)

    def get(self, path: str = "/") -> str:
        return self._ask("GET", path)

    def post(self, path: str, **form: str) -> str:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        assert token, "the page has no form"
        visit = re.search(r'data-visit="(\w+)"', self.page)
        shown = {"visit": visit[1]} if visit else {}
        self._ask("POST", path, urlencode({"csrf_token": token[1], **shown, **form}))
        assert self.status == 303, self.page
        return self.get()

    @property
    def screen(self) -> str:
        """The screen that is shown."""
        found = re.search(r'data-screen="(\w+)"', self.page)
        return found[1] if found else ""

    def until(self, screen: str) -> str:
        """The page, as soon as it shows that screen."""
        deadline = time.monotonic() + 15
        while self.get() and self.screen != screen:
            if time.monotonic() > deadline:
                pytest.fail(f"{self.screen} is shown and not {screen}")
            time.sleep(0.05)
        return self.page

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.status, content = response.status, response.read()
            self.cookie = (response.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        finally:
            connection.close()
        if "html" in (response.getheader("Content-Type") or ""):
            self.page = content.decode("utf-8")
        return self.page


@dataclass
class Clinic:
    """One clinic's folder and the screens of its two processes."""

    folder: Path
    patient: Browser
    staff: Browser


@pytest.fixture
def start(station: Any, tmp_path: Path, spare_ports: Callable[[], int]) -> Iterator[Callable[..., Clinic]]:
    """Starts the two processes in a folder of their own."""
    with ExitStack() as processes:

        def serve(command: str, config: str) -> Browser:
            port = spare_ports()
            path = tmp_path / f"{command}.toml"
            path.write_text(config.replace("{port}", str(port)), encoding="utf-8")
            log = processes.enter_context((tmp_path / f"{command}.log").open("w"))
            process = subprocess.Popen(
                [sys.executable, "-m", "kiosk", command, "--config", str(path)],
                env=station.environment,
                stdout=log,
                stderr=log,
            )
            processes.callback(process.wait, 15)
            processes.callback(process.terminate)
            wait_for(port, process, tmp_path / f"{command}.log")
            return Browser(port)

        def both(trust: Path | None = None) -> Clinic:
            common = COMMON.replace("{trust}", str(trust or station.trust))
            provision(tmp_path, station.printed("card_qr").partition("|")[0])
            patient = serve("run", common + PATIENT + CLINIC)
            add_account(tmp_path, common + STAFF + CLINIC)
            staff = serve("staff", common + STAFF + CLINIC)
            staff.get("/login")
            staff.post("/login", sign="mai", password=PASSWORD)
            return Clinic(folder=tmp_path, patient=patient, staff=staff)

        yield both


def add_account(folder: Path, config: str) -> None:
    """The first administrator, as whoever installs the desk makes one."""
    path = folder / "desk.toml"
    path.write_text(config.replace("{port}", "8001"), encoding="utf-8")
    subprocess.run(
        [*ACCOUNT, "add", "mai", "--role=administrator", "--stdin", "--config", str(path)],
        input=f"Vũ Thị Mai Mẫu\n\n{PASSWORD}\n",
        text=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )


def provision(folder: Path, covered: str) -> None:
    """Keys, and a roster that covers one number."""
    for name in ("session.key", "roster.key", "person_day.key"):
        create_secret(folder / name)
    create_clinic_keys(folder / "clinic.key", folder / "clinic.pub")
    entry = RosterEntry(
        personal_number=covered, valid_from=date(2020, 1, 1), valid_to=None, benefit="4", home_clinic="79999"
    )
    tags = PersonTags(load_secret(folder / "roster.key"))
    build_roster(folder / "roster.db", [entry], tags=tags, version="1", as_of=datetime.now(UTC))


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("the process does not serve:\n" + log.read_text())
            time.sleep(0.05)


def stored_bytes(folder: Path) -> bytes:
    """Everything that the patient's process has written: the store, its journals, its log."""
    return b"".join(path.read_bytes() for path in folder.glob("*") if path.name.startswith(("store.db", "run.log")))


def test_from_card_down_to_the_ticket_in_production(station: Any, start: Callable[..., Clinic]) -> None:
    clinic = start()
    patient, staff = clinic.patient, clinic.staff
    patient.until("attract")
    station.put("honest")
    patient.until("digits")
    patient.post("/digits", digits=station.printed("can"))
    confirm = patient.until("confirm")
    assert "Nguyễn Văn Mẫu" not in confirm, "the name is masked"
    patient.post("/room", room="noi")
    ticket = patient.until("ticket")
    assert "Phòng 12" in ticket
    station.clear()

    board = staff.get()
    assert "Nguyễn Văn Mẫu" in board
    assert "chip thật" in board
    number = station.printed("card_qr").partition("|")[0]
    written = stored_bytes(clinic.folder)
    assert len(written) > 10_000
    for secret in (number, number[-9:], "Nguyễn Văn Mẫu", "NGUYEN"):
        assert secret.encode() not in written


def test_a_second_visit_on_one_day_gets_the_same_ticket(station: Any, start: Callable[..., Clinic]) -> None:
    patient = start().patient
    numbers = []
    for again in (False, True):
        station.put("honest")
        patient.until("digits")
        patient.post("/digits", digits=station.printed("can"))
        if not again:
            patient.until("confirm")
            patient.post("/room", room="noi")
        numbers.append(re.findall(r'class="number">(\d+)<', patient.until("ticket")))
        station.clear()
        patient.post("/tap/acknowledge")
        patient.until("attract")
    assert numbers[0] == numbers[1] != []


@pytest.mark.parametrize("card", ["altered_dg1", "cloned_chip", "foreign_issuer"])
def test_a_forged_card_goes_to_the_desk_in_neutral_words(station: Any, start: Callable[..., Clinic], card: str) -> None:
    clinic = start()
    station.put(card)
    clinic.patient.until("digits")
    clinic.patient.post("/digits", digits=station.printed("can"))
    desk = clinic.patient.until("desk")
    assert "E04" in desk
    assert "E05" not in desk
    assert "E05" in clinic.staff.get()


def test_without_a_trust_store_every_page_sends_people_to_the_desk(
    station: Any, start: Callable[..., Clinic], tmp_path: Path
) -> None:
    clinic = start(trust=tmp_path / "never_set_up")
    for path in ("/", "/screen", "/ticket.png"):
        clinic.patient.get(path)
        assert clinic.patient.status == 503
    assert clinic.patient.screen == "closed"
    station.put("honest")
    clinic.patient.get()
    assert clinic.patient.screen == "closed"
    assert clinic.staff.get()
    assert clinic.staff.status == 200
