"""The three processes, really started: from the card on the bench to the number on the staff's screen."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.demo.clerks import CLERKS
from kiosk.demo.launcher import ChildDied, check_ports, log_of, running, watch
from kiosk.demo.people import citizens
from kiosk.demo.provision import ASSISTED, BENCH, CALLS, GATEWAY, PATIENT, STAFF, Options, provision
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.insurance.stand_in import direct

pytestmark = pytest.mark.serial
PATIENCE_S = 60.0


@dataclass
class Visitor:
    """A browser that follows redirects, keeps cookies and sends the token that the page holds."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str = "/") -> tuple[int, str]:
        return self._ask("GET", path, None)

    def post(self, path: str, *, form_on: str = "/", **fields: str) -> tuple[int, str]:
        _, page = self.get(form_on)
        token = re.search(r'(?:data-csrf|name="csrf_token" value)="([^"]+)"', page)
        assert token is not None
        visit = re.search(r'data-visit="(\w+)"', page)
        fields |= {"csrf_token": token[1]} | ({"visit": visit[1]} if visit else {})
        status, answer = self._ask("POST", path, urllib.parse.urlencode(fields))
        return (status, answer) if status != 303 else self.get()

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            own = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
            headers |= own
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for _, cookie in filter(lambda header: header[0].lower() == "set-cookie", answer.getheaders()):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
            assert answer.getheader("Server") is None
            return answer.status, answer.read().decode("utf-8", "replace")


def log_in(staff: Visitor) -> None:
    clerk = CLERKS[0]
    staff.post("/login", form_on="/login", sign=clerk.sign, password=clerk.password)
    assert clerk.sign in staff.get()[1]


@dataclass
class Demo:
    """A demonstration that was started as a newcomer starts it."""

    process: subprocess.Popen[str]
    options: Options
    root: Path
    welcome: str

    def visitor(self, process: str) -> Visitor:
        """Somebody before a screen; at the staff's they have logged in."""
        visitor = Visitor(self.options.ports[process])
        if process == STAFF:
            log_in(visitor)
        return visitor

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]

    def last_words(self) -> str:
        """What it said since its welcome, once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def until_gone(self) -> None:
        """Wait until every port is free again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return check_ports(self.options)
            except ConfigurationError:
                assert time.monotonic() < deadline, "a process was left over"
                time.sleep(0.1)


@pytest.fixture
def demo(tmp_path: Path, free_ports: Options) -> Iterator[Demo]:
    arguments = ["--port-base", str(free_ports.port_base), "--dir", str(tmp_path / "demo")]
    command = [sys.executable, "-m", "kiosk", "demo", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        welcome = ""
        for line in process.stdout:
            welcome += line
            if line.startswith("Ctrl-C ends it"):
                break
        demo = Demo(process, free_ports, tmp_path / "demo", welcome)
        try:
            assert process.poll() is None, welcome
            yield demo
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
    demo.until_gone()


def screen(page: str) -> str:
    found = re.search(r'data-screen="([^"]+)"', page)
    assert found is not None
    return found[1]


def until(visitor: Visitor, wanted: str) -> str:
    """The patient's page once it shows this screen."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        _, page = visitor.get()
        if screen(page) == wanted:
            return page
        assert time.monotonic() < deadline, f"still {screen(page)}"
        time.sleep(0.1)


def test_from_the_card_to_the_ticket(demo: Demo) -> None:
    for name in (PATIENT, STAFF, BENCH, CALLS, ASSISTED):
        assert f"http://127.0.0.1:{demo.options.ports[name]}/" in demo.welcome
    assert all(clerk.password in demo.welcome for clerk in CLERKS)
    bench, patient, staff = (demo.visitor(name) for name in (BENCH, PATIENT, STAFF))
    until(patient, "attract")

    # A card, its digits, a room, a number.
    assert bench.post("/citizens/insured/place")[0] == 200
    until(patient, "digits")
    assert patient.post("/digits", digits=citizens()["insured"].holder.can)[0] == 200
    page = until(patient, "confirm")
    assert citizens()["insured"].holder.name not in page
    assert patient.post("/room", room="noi")[0] == 200
    until(patient, "ticket")
    assert patient.get("/ticket.png")[0] == 200
    bench.post("/take-away")

    # Staff, and only they, see who it was.
    _, board = staff.get()
    assert citizens()["insured"].holder.name.upper() in board.upper()

    # A forged card, opened with its code: kind words here, the reason at the desk.
    assert patient.post("/tap/acknowledge")[0] == 200
    until(patient, "attract")
    bench.post("/citizens/forged/show-qr")
    until(patient, "place_card")
    bench.post("/citizens/forged/place")
    page = until(patient, "desk")
    assert "E04" in page
    assert "E05" not in page
    assert "E05" in staff.get()[1]

    for process in (BENCH, PATIENT, STAFF, CALLS, ASSISTED):
        log = (demo.root / "log" / f"{process}.log").read_text("utf-8")
        assert "Traceback" not in log
        assert not [clerk.sign for clerk in CLERKS if clerk.password in log or clerk.name in log]
        for name in ("insured", "forged"):
            holder = citizens()[name].holder
            assert holder.name not in log
            assert holder.can not in log

    # Told to stop, it stops, and says so.
    assert len(demo.children()) == 6
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(PATIENCE_S) == 0
    demo.until_gone()


def test_a_clerk_helps_at_the_desk_and_the_number_is_called(demo: Demo) -> None:
    bench, staff, calls, helped = (demo.visitor(name) for name in (BENCH, STAFF, CALLS, ASSISTED))
    for port in (CALLS, ASSISTED):
        assert f'href="http://127.0.0.1:{demo.options.ports[port]}/?lang=en"' in bench.get("/?lang=en")[1]
    assert helped.get()[0] == 503, "nobody helps yet"
    staff.post("/assist")
    assert helped.get()[0] == 200

    # The card lies at the desk and nowhere else: the kiosk in the hall sees none.
    bench.post("/citizens/insured/place-at-desk")
    until(helped, "digits")
    helped.post("/digits", digits=citizens()["insured"].holder.can)
    until(helped, "confirm")
    helped.post("/room", room="noi")
    assert "Số thứ tự" in until(helped, "ticket")
    assert screen(demo.visitor(PATIENT).get()[1]) == "attract"

    assert 'class="latest empty"' in calls.get("/calls")[1]
    staff.post("/queue/next", form_on="/queue?room=noi", room="noi")
    deadline = time.monotonic() + PATIENCE_S
    while 'data-seq="' not in (page := calls.get("/calls")[1]):
        assert time.monotonic() < deadline, "the call was not heard"
        time.sleep(0.1)
    assert "Nội tổng quát" in page


def test_in_a_shift_the_payer_is_asked_and_asked_again_once_it_is_back(demo: Demo) -> None:
    bench, patient, staff = (demo.visitor(name) for name in (BENCH, PATIENT, STAFF))
    behaves(bench, "ok")
    open_shift(staff)
    check_in(bench, patient, "insured")
    assert "theo cổng BHXH" in staff.get()[1]
    until_reported(demo)

    behaves(bench, "cut")
    check_in(bench, patient, "insured-2024")
    board = staff.get()[1]
    assert "Chờ tra cứu lại" in board
    assert "theo danh sách" in board

    behaves(bench, "ok")
    open_shift(staff)
    deadline = time.monotonic() + PATIENCE_S
    while "Đã tra cứu lại: còn hiệu lực" not in staff.get()[1]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_reversal_is_shown_to_staff_the_same_day(demo: Demo) -> None:
    bench, patient, staff = (demo.visitor(name) for name in (BENCH, PATIENT, STAFF))
    behaves(bench, "ok")
    open_shift(staff)
    behaves(bench, "cut")
    check_in(bench, patient, "insured")
    assert "Chờ tra cứu lại" in staff.get()[1]

    assert bench.post("/citizens/insured/cover/end")[0] == 200
    behaves(bench, "ok")
    open_shift(staff)
    deadline = time.monotonic() + PATIENCE_S
    while "Đã tiếp nhận theo danh sách; nay tra cứu thấy không được" not in staff.get()[1]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "E08" in staff.get()[1]
    assert bench.post("/citizens/insured/cover/restore")[0] == 200


def behaves(bench: Visitor, mood: str) -> None:
    """Make the gateway behave like this, once it is there: nobody waits for it at the start."""
    deadline = time.monotonic() + PATIENCE_S
    while bench.post(f"/gateway/{mood}")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def until_reported(demo: Demo) -> None:
    """Wait until the payer took the row of the one visit, and no log says whose it is."""
    deadline = time.monotonic() + PATIENCE_S
    while len(direct.check_ins(demo.options.ports[GATEWAY])) != 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    log = (demo.root / "log" / f"{STAFF}.log").read_text("utf-8")
    holder = citizens()["insured"].holder
    assert not [secret for secret in (holder.name, holder.personal_number) if secret in log]


def open_shift(staff: Visitor) -> None:
    fields = {"starts": "00:00", "ends": "15:59"}
    if datetime.now(VIETNAM_TIME).hour >= 12:
        fields |= {"starts": "12:00", "ends": "03:59"}
    assert "PHẠM THỊ T**" in staff.post("/shift", form_on="/shift", **fields)[1]


def check_in(bench: Visitor, patient: Visitor, who: str) -> None:
    until(patient, "attract")
    bench.post(f"/citizens/{who}/place")
    until(patient, "digits")
    patient.post("/digits", digits=citizens()[who].holder.can)
    until(patient, "confirm")
    patient.post("/room", room="noi")
    until(patient, "ticket")
    bench.post("/take-away")
    patient.post("/tap/acknowledge")


def test_nobody_outlives_a_killed_launcher(demo: Demo) -> None:
    children = demo.children()
    assert len(children) == 6
    demo.process.kill()
    demo.process.wait(PATIENCE_S)
    demo.until_gone()
    deadline = time.monotonic() + PATIENCE_S
    while any(is_running(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_child_that_dies_ends_the_demonstration(demo: Demo) -> None:
    os.kill(demo.children()[1], signal.SIGKILL)
    assert demo.process.wait(PATIENCE_S) == 1
    assert "process ended with signal 9 (SIGKILL)" in demo.last_words()
    demo.until_gone()


def test_without_a_trust_store_the_kiosk_shows_the_way_to_the_desk(tmp_path: Path, free_ports: Options) -> None:
    place = provision(tmp_path / "demo", free_ports)
    (place.trust / "trust.toml").write_text("format = 2\n")
    with running(place, free_ports):
        patient, staff = Visitor(free_ports.ports[PATIENT]), Visitor(free_ports.ports[STAFF])
        for path in ("/", "/screen", "/health"):
            assert patient.get(path)[0] == 503
        assert "E04" in patient.get()[1]
        log_in(staff)
        assert staff.get()[0] == 200
    check_ports(free_ports)
    assert "damaged" in log_of(place, PATIENT).read_text("utf-8")


def test_a_process_that_cannot_start_is_named_with_its_last_words(tmp_path: Path, free_ports: Options) -> None:
    place = provision(tmp_path / "demo", free_ports)
    place.key("clinic.pub").write_text("no key")
    with (
        pytest.raises(ChildDied, match=r"patient process ended with exit code 2: .*clinic\.pub"),
        running(place, free_ports),
    ):
        pytest.fail("it must not start")
    check_ports(free_ports)


def test_watching_ends_when_told(tmp_path: Path, free_ports: Options) -> None:
    place = provision(tmp_path / "demo", free_ports)
    watch(place, {}, lambda: True)
