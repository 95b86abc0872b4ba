"""The desk before its keys are open: a form, and nobody's record; an officer opens it, and it is the whole desk."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client
from werkzeug.wrappers import Response

from kiosk.closed_desk import FREE_TRIES, ClosedDesk
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.clerks import CLERKS
from kiosk.key_safe.again import OpenAgain
from kiosk.key_safe.opening import KeySafes
from kiosk.key_safe.staff_files import safes_of
from kiosk.key_safe.wrapped import OPENED
from kiosk.keys import VisitOpener, load_clinic_private_key
from kiosk.staff_process import accounts_of
from kiosk.staff_run import waiting
from kiosk.store.database import Database
from kiosk.store.tables import Audit
from kiosk.web.patient import create_patient_app
from kiosk.web.staff.closed import create_closed_app

HSM, PIN = Path("/usr/lib/softhsm/libsofthsm2.so"), "4711"
OFFICER, WORDS = "lan.nguyen", "gà gáy trước bình minh"
AsRoot = Callable[..., Any]


class Browser:
    """A browser at the desk's door, whatever answers there."""

    def __init__(self, app: Any, config: StaffConfig) -> None:
        self.client = Client(app, Response)
        self.own = f"http://{config.host}:{config.port}"

    def get(self, address: str) -> Any:
        return self.client.get(address, base_url=self.own)

    def post(self, address: str, **form: str) -> Any:
        token = self.get("/login").text.split('name="csrf_token" value="')[1].split('"')[0]
        headers = {"Origin": self.own}
        return self.client.post(address, base_url=self.own, headers=headers, data={"csrf_token": token, **form})


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as whole:
        yield whole


@pytest.fixture
def protected(machine: Path, staff: StaffConfig, as_root: AsRoot) -> str:
    """The recovery's code of a desk that a passphrase opens."""
    arguments = ("--config", machine / "staff.toml", "--with", "passphrase", "--officer", OFFICER, "--stdin")
    done = as_root("protect", *arguments, said=f"{WORDS}\n")
    assert done.exit_code == 0, done.output
    return str(done.stdout.splitlines()[-1])


def at_the_door(config: StaffConfig, stack: ExitStack) -> Browser:
    OPENED.forget()
    safes = safes_of(config)
    why = safes.open_alone()
    assert why is not None
    return Browser(waiting(config, safes, why, stack), config)


def at_the_form(config: StaffConfig) -> Browser:
    """The form alone: what follows its opening is left out."""
    OPENED.forget()
    safes = safes_of(config)
    why = safes.open_alone()
    assert why is not None
    return Browser(create_closed_app(config, ClosedDesk(safes=safes, opened=lambda officer: None, why=why)), config)


def deeds(config: StaffConfig) -> list[Any]:
    database = Database.open(config.store)
    try:
        with database.read() as session:
            return [row.body for row in session.scalars(select(Audit).where(Audit.kind == "keys_opened"))]
    finally:
        database.close()


def test_nobodys_record_until_an_officer_opens_and_the_whole_desk_then(
    staff: StaffConfig, protected: str, stack: ExitStack, capsys: pytest.CaptureFixture[str]
) -> None:
    make_account(staff, protected)
    browser = at_the_door(staff, stack)
    for address in ("/", "/devices", "/tickets/1", "/accounts"):
        assert browser.get(address).headers["Location"].startswith("/login")
    page = browser.get("/login").text
    assert "Khóa của cơ sở đang đóng" in page
    assert "Cụm mật khẩu" in page
    assert browser.get("/health").status_code == 204, "whoever watches over the process knows that it lives"
    asked = browser.client.post("/internal/cover", base_url=browser.own, headers={"Origin": browser.own}, data=b"{}")
    assert asked.status_code in (400, 503), "the patient's process takes it as an absence"
    wrong = browser.post("/open", name=OFFICER, typed=WORDS + "?")
    assert wrong.status_code == 403
    assert "chưa đúng" in wrong.text
    opened = browser.post("/open", name="Lan.Nguyen ", typed=WORDS)
    assert opened.status_code == 303
    assert 'id="log-in"' in browser.get(opened.headers["Location"]).text
    [deed] = deeds(staff)
    assert OFFICER in str(deed)
    devices = logged_in(browser).get("/devices").text
    assert 'data-group="key_safe" data-place="passphrase" data-resists="machine"' in devices
    assert f"{OFFICER} đã mở" in devices
    assert 'data-group="shared_safe" data-place="file" data-resists="nothing"' in devices
    said = capsys.readouterr()
    assert WORDS not in said.out + said.err


def make_account(config: StaffConfig, code: str) -> None:
    safes_of(config).open_by("", code)
    database = Database.open(config.store)
    try:
        accounts = accounts_of(config, database, VisitOpener(load_clinic_private_key(config.clinic_private_key)))
        clerk = CLERKS[0]
        accounts.add(clerk.sign, clerk.role, name=clerk.name, number=clerk.number, password=clerk.password, by="test")
    finally:
        database.close()


def logged_in(browser: Browser) -> Browser:
    clerk = CLERKS[0]
    assert browser.post("/login", sign=clerk.sign, password=clerk.password).status_code == 303
    return browser


def test_a_desk_whose_tpm_refuses_says_so_and_asks_for_the_code(
    tpm: Any, machine: Path, staff: StaffConfig, as_root: AsRoot
) -> None:
    code = as_root("protect", "--config", machine / "staff.toml", "--with", "tpm").stdout.splitlines()[-1]
    assert tpm.ran("tpm2_pcrextend", f"7:sha256={'cd' * 32}") == 0
    browser = at_the_form(staff)
    page = browser.get("/login?lang=en").text
    assert "started in another way" in page
    assert "<details open>" in page
    assert 'id="typed"' not in page, "there is no passphrase to be asked for"
    assert browser.post("/open", typed=code).status_code == 303


def test_a_pin_is_typed_where_a_token_wants_it(hsm: str, machine: Path, staff: StaffConfig, as_root: AsRoot) -> None:
    where = ("--with", "pkcs11", "--module", HSM, "--token", hsm, "--stdin")
    assert as_root("protect", "--config", machine / "staff.toml", *where, said=f"{PIN}\n").exit_code == 0
    browser = at_the_form(staff)
    assert "PIN của thiết bị khóa" in browser.get("/login").text
    wrong = browser.post("/open", typed="1111")
    assert "PIN chưa đúng" in wrong.text
    assert browser.post("/open", typed=PIN).status_code == 303


def test_after_wrong_tries_even_the_right_words_wait_a_minute_and_not_longer(
    staff: StaffConfig, protected: str
) -> None:
    now = 0.0
    OPENED.forget()
    safes, opened = safes_of(staff), list[str]()
    why = safes.open_alone()
    assert why is not None
    desk = ClosedDesk(safes=safes, opened=opened.append, why=why, now=lambda: now)
    assert [desk.open(OFFICER, "falsch") for _ in range(FREE_TRIES)] == ["wrong_passphrase"] * FREE_TRIES
    assert desk.open(OFFICER, WORDS) == "wait"
    now += 61
    assert desk.open(OFFICER, "falsch") == "wrong_passphrase"
    assert desk.open(OFFICER, WORDS) == "wait"
    now += 61
    assert desk.open(OFFICER, WORDS) is None
    assert opened == [OFFICER]
    assert desk.open("somebody", "late") is None, "who comes second finds it open"
    assert opened == [OFFICER]


def test_a_desk_that_does_not_start_stays_closed_and_is_opened_later(
    staff: StaffConfig, protected: str, stack: ExitStack
) -> None:
    browser = at_the_door(staff, stack)
    away = staff.person_day_key.with_name("away")
    staff.person_day_key.rename(away)
    refused = browser.post("/open", name=OFFICER, typed=WORDS)
    assert "quầy chưa chạy được" in refused.text
    assert "đang đóng" in browser.get("/login").text
    away.rename(staff.person_day_key)
    assert browser.post("/open", typed=protected.lower()).status_code == 303, "the recovery's code opens it as well"
    [deed] = deeds(staff)
    assert "recovery" in str(deed)


def test_a_forged_form_and_another_host_are_refused(staff: StaffConfig, protected: str) -> None:
    browser = at_the_form(staff)
    form = {"name": OFFICER, "typed": WORDS}
    assert browser.client.post("/open", base_url=browser.own, data=form).status_code in (400, 403)
    assert browser.client.get("/login", base_url="http://evil.example").status_code == 400
    headers = browser.get("/login").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_same_configuration_loads_without_a_safe(machine: Path) -> None:
    """A safe that is named and was not made yet: keys lie plain, and the desk says so instead of standing still."""
    safes = safes_of(load(StaffConfig, machine / "staff.toml"))
    assert safes.open_alone() is None
    assert {state.place for state in safes.states()} == {"file"}


def test_a_kiosk_whose_keys_do_not_open_sends_people_to_the_desk_until_they_do(
    tpm: Any, machine: Path, staff: StaffConfig, as_root: AsRoot
) -> None:
    own = ("--config", machine / "staff.toml", "--with", "passphrase", "--officer", OFFICER, "--stdin")
    shared = as_root("protect", "--config", machine / "patient.toml", "--with", "tpm")
    assert (shared.exit_code, as_root("protect", *own, said=f"{WORDS}\n").exit_code) == (0, 0)
    assert tpm.ran("tpm2_pcrextend", f"7:sha256={'ef' * 32}") == 0
    OPENED.forget()
    config, opened = load(PatientConfig, machine / "patient.toml"), list[bool]()
    safes = KeySafes(config)
    why = safes.open_alone()
    assert why is not None
    answer = create_patient_app(None, config, why).test_client().get("/", base_url=f"http://127.0.0.1:{config.port}")
    assert answer.status_code == 503
    assert "E16" in answer.text
    again = OpenAgain(safes, lambda: opened.append(True))
    again.round()
    browser = at_the_form(staff)
    page = browser.get("/login?lang=en").text
    assert "started in another way" in page
    assert "Meanwhile the kiosk" not in page
    assert "còn một két nữa" in browser.post("/open", name=OFFICER, typed=WORDS).text
    assert browser.post("/open", typed=shared.stdout.splitlines()[-1]).status_code == 303
    OPENED.forget()
    tpm.restart()
    assert opened == []
    again.round()
    assert opened == [True], "the registers are as they were"
