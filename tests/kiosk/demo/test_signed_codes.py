"""A signed code from the bench to the ticket: camera, both processes' parts, and the payer's stand-in on its own.

Nothing admits but a code of a listed signer whom the payer confirms; everything else is a desk ticket, filled in.
"""

import itertools
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from idcard import ConfigurationError
from idcard.testing import CodeIssuer, Holder, Issuer
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.config import BenchConfig
from kiosk.demo.gateway import write_gateway
from kiosk.demo.launcher import check_ports
from kiosk.demo.people import citizens
from kiosk.demo.provision import CODES, Options, provision
from kiosk.demo.web import create_bench_app
from kiosk.demo.workbench import Bench, Laid
from kiosk.devices.clock import SystemClock
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.flow import Screen
from kiosk.insurance.stand_in.moods import Mood
from kiosk.patient_process import PatientParts
from kiosk.patient_process import open_parts as open_patient
from kiosk.process import listen
from kiosk.services.desk import VisitRow
from kiosk.staff_process import StaffParts
from kiosk.staff_process import open_parts as open_staff
from kiosk.web.staff import create_staff_app

pytestmark = pytest.mark.serial
OFFICER = ("Lê Văn Trực Ban", "036090000011")
INSURED, OLD = citizens()["insured"].holder, citizens()["over-75"].holder
OWN = "http://127.0.0.1:8002"
SERIALS = itertools.count(900001)
_PATIENCE_S = 120


@dataclass
class Station:
    """The demonstration, served from this process; the payer's stand-in is another one."""

    bench: Bench
    pages: FlaskClient
    patient: PatientParts
    staff: StaffParts
    payer: Any
    codes: CodeIssuer

    @property
    def screen(self) -> Screen:
        return self.patient.desk.view().screen

    def until(self, *wanted: Screen) -> Screen:
        deadline = time.monotonic() + _PATIENCE_S
        while (view := self.patient.desk.view()).screen not in wanted:
            assert time.monotonic() < deadline, view
            self.patient.desk.wait(view.version, 1)
        return view.screen

    def press(self, path: str) -> None:
        """A button of the bench."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.pages.get("/", base_url=OWN).text)
        assert token is not None
        form = {"csrf_token": token[1]}
        assert self.pages.post(path, data=form, headers={"Origin": OWN}, base_url=OWN).status_code == 303

    def code(self, holder: Holder = INSURED, by: CodeIssuer | None = None, **manner: Any) -> str:
        """The text of a code that names somebody, new each time."""
        now = datetime.now(UTC)
        times = {"issued": now - timedelta(hours=1), "expires": now + timedelta(hours=1)}
        return (by or self.codes).claim_169(holder, **times | manner)

    def sent_to_the_desk(self, text: str) -> VisitRow:
        """The desk ticket of whoever shows this code."""
        self.patient.desk.show_code(text)
        assert self.screen is Screen.DESK
        self.patient.desk.acknowledge()
        return max(self.staff.desk.desk_tickets(), key=lambda row: row.number)


def free_options() -> Options:
    """Options with ports that are free now, below those that systems give to callers."""
    for base in random.sample(range(20000, 30000, 5), 100):
        options = Options(port_base=base, answer_ms=0)
        try:
            check_ports(options)
        except ConfigurationError:
            continue
        return options
    pytest.fail("there are no free ports in a row")


def somebody() -> Holder:
    """Somebody who never came before."""
    return replace(INSURED, personal_number=f"036182{next(SERIALS)}")


@pytest.fixture(scope="module")
def station(start_stand_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    options = free_options()
    place = provision(tmp_path_factory.mktemp("signed") / "demo", options)
    with ExitStack() as stack:
        payer = start_stand_in(place.gateway_script)
        stack.callback(payer.stop)
        write_gateway(place.gateway_script, place.gateway_account, port=payer.port)
        codes = CodeIssuer.load(place.code_issuer)
        bench = Bench(Issuer.load(place.issuer), codes=codes, people={"insured": citizens()["insured"]})
        stack.callback(CardSocket("127.0.0.1", options.ports["card"], bench.answer).close)
        staff_config = load(StaffConfig, place.config("staff"))
        staff = stack.enter_context(open_staff(staff_config))
        config = load(PatientConfig, place.config("patient")).model_copy(update={"online_cut_off_s": 20.0})
        patient = stack.enter_context(open_patient(config))
        app = create_staff_app(
            staff.desk, staff_config, SystemClock(), payer=staff.payer, others=staff.others, sessions=staff.sessions
        )
        server = listen(app, host="127.0.0.1", port=options.ports["staff"])
        serving = Thread(target=server.run)
        serving.start()
        stack.callback(serving.join)
        stack.callback(server.close)
        for worker in patient.threads:
            worker.start()
            stack.callback(worker.stop)
        bench_config = load(BenchConfig, place.config("bench")).model_copy(update={"port": 8002})
        pages = create_bench_app(bench, bench_config).test_client()
        yield Station(bench=bench, pages=pages, patient=patient, staff=staff, payer=payer, codes=codes)


@pytest.fixture(autouse=True)
def _as_usual(station: Station) -> Iterator[None]:
    """An officer is on duty, the payer answers, and the machine is free."""
    station.payer.behave(Mood.OK)
    now = datetime.now(UTC)
    if station.staff.payer.shifts.current() is None:
        station.staff.payer.shifts.open(*OFFICER, starts_at=now, ends_at=now + timedelta(hours=2), by="desk-1")
    yield
    station.bench.hide_qr()
    station.patient.desk.stop()
    station.patient.desk.acknowledge()


def test_a_signed_code_that_the_payer_confirms_leads_to_a_ticket(station: Station) -> None:
    station.press("/citizens/insured/show-signed")
    assert station.until(Screen.CONFIRM, Screen.DESK) is Screen.CONFIRM
    view = station.patient.desk.view()
    assert (view.birth_year, view.covered) == (str(INSURED.birth.year), True)
    assert INSURED.name not in view.masked_name
    station.patient.desk.choose_room("noi")
    assert station.screen is Screen.TICKET
    [row] = station.staff.desk.admissions()
    assert (row.assurance, row.read_assurance, row.proved_by) == (*[Assurance.QR_CONFIRMED] * 2, "code")
    assert row.way == "code"
    assert row.person is not None
    assert (row.person.source, row.person.name, row.person.personal_number) == (
        "signed_qr",
        INSURED.name,
        INSURED.personal_number,
    )
    station.patient.desk.acknowledge()
    station.press("/hide-qr")
    # Again today: anybody may have a copy, and the ticket is not shown to them.
    assert station.sent_to_the_desk(station.code()).reasons == ("code_to_compare",)
    assert len(station.staff.desk.admissions()) == 1


def test_the_scanner_takes_it_as_well(station: Station) -> None:
    station.payer.behave(Mood.CUT)
    page = station.pages.get("/?lang=vi", base_url=OWN).text
    assert all(f'data-test="{deed}-signed-insured"' in page for deed in ("show", "scan"))
    station.press("/citizens/insured/scan-signed")
    assert station.until(Screen.DESK) is Screen.DESK


def test_a_bench_without_an_issuer_of_codes_has_no_such_button(station: Station, issuer: Issuer) -> None:
    bench = Bench(issuer, people=station.bench.people)
    assert not bench.has_signed_codes
    assert (station.bench.has_signed_codes, bench.laid) == (True, Laid())


def test_a_gateway_that_is_down_confirms_nobody(station: Station) -> None:
    station.payer.behave(Mood.CUT)
    row = station.sent_to_the_desk(station.code(OLD))
    assert (row.code, row.read_assurance, row.needs_typing) == (Code.QR_ONLY, Assurance.QR_UNSIGNED, False)
    assert row.reasons[0] == "code_not_confirmed"
    assert row.person is not None
    assert row.person.name == OLD.name


def test_another_name_than_the_payers_confirms_nobody(station: Station) -> None:
    other = replace(citizens()["insured-2024"].holder, name="Phan Văn Khác Hẳn")
    row = station.sent_to_the_desk(station.code(other))
    assert row.reasons[0] == "code_not_confirmed"
    assert row.person is not None
    assert row.person.name == other.name


def test_another_birth_than_the_payers_confirms_nobody(station: Station) -> None:
    right = citizens()["other-clinic"].holder
    other = replace(right, birth=right.birth.replace(month=11, day=1))
    assert station.sent_to_the_desk(station.code(other)).reasons[0] == "code_not_confirmed"


UNKNOWN = CodeIssuer.create(CODES)
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    "manner",
    [
        {"signed": False},
        {"by": UNKNOWN},
        {"by": replace(UNKNOWN, key_id="codes-2")},
        {"by": CodeIssuer.create("https://elsewhere.example")},
        {"expires": AN_HOUR_AGO},
        {"issued": datetime.now(UTC) + timedelta(days=1), "expires": datetime.now(UTC) + timedelta(days=2)},
    ],
    ids=["unsigned", "another key", "an unknown key", "an unknown issuer", "expired", "not yet in force"],
)
def test_what_is_not_signed_by_the_listed_issuer_and_in_force_asks_nobody(
    station: Station, manner: dict[str, Any]
) -> None:
    before = station.payer.counted()
    row = station.sent_to_the_desk(station.code(somebody(), **manner))
    assert (row.code, row.reasons, row.needs_typing) == (Code.QR_ONLY, ("code_not_trusted",), False)
    assert station.payer.counted() == before


@pytest.mark.parametrize("number", ["036082999911", "036183999911"], ids=["of a man", "of another year"])
def test_a_number_that_contradicts_the_rest_asks_nobody(station: Station, number: str) -> None:
    before = station.payer.counted()
    row = station.sent_to_the_desk(station.code(replace(INSURED, personal_number=number)))
    assert row.reasons == ("code_incomplete",)
    assert station.payer.counted() == before


def test_whoever_puts_a_card_down_meanwhile_is_asked_for_their_digits(station: Station) -> None:
    station.payer.behave(Mood.SLOW, seconds=2.0)
    asking = Thread(target=station.patient.desk.show_code, args=(station.code(),))
    asking.start()
    station.bench.place("insured")
    assert station.until(Screen.DIGITS, Screen.DESK, Screen.TICKET) is Screen.DIGITS
    asking.join()
    assert station.screen is Screen.DIGITS
    station.bench.take_away()
