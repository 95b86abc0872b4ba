"""An HN-212 at the bench: a card that is put there comes to a ticket without digits; and what can go wrong with it."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from idcard.testing import CodeIssuer, Issuer
from kiosk.config import PatientConfig, load
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.config import BenchConfig
from kiosk.demo.faults import Faults
from kiosk.demo.people import citizens
from kiosk.demo.provision import BENCH, PATIENT, Options, provision
from kiosk.demo.web import create_bench_app
from kiosk.demo.workbench import Bench
from kiosk.patient_process import open_parts
from kiosk.web.patient import create_patient_app

pytestmark = pytest.mark.serial
PATIENCE_S = 30.0


class Side:
    """The pages of one process, as its own browser sees them."""

    def __init__(self, app: Flask, port: int) -> None:
        self._client: FlaskClient = app.test_client()
        self._origin = f"http://127.0.0.1:{port}"

    def get(self, path: str = "/") -> str:
        return self._client.get(path, base_url=self._origin).text

    def post(self, path: str, **form: str) -> int:
        hidden = dict(re.findall(r'name="(csrf_token|visit)" value="([^"]*)"', self.get()))
        headers = {"Origin": self._origin}
        return self._client.post(path, base_url=self._origin, headers=headers, data=hidden | form).status_code


Sides = tuple[Side, Side, Bench]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory, module_ports: Options) -> Iterator[Sides]:
    """The bench's pages, the patient's, and the bench."""
    options = replace(module_ports, reader="hn212", answer_ms=0)
    place = provision(tmp_path_factory.mktemp("closed") / "demo", options)
    config, patient_config = load(BenchConfig, place.config(BENCH)), load(PatientConfig, place.config(PATIENT))
    bench = Bench(Issuer.load(place.issuer), codes=CodeIssuer.load(place.code_issuer))
    with ExitStack() as stack:
        stack.callback(CardSocket("127.0.0.1", options.ports["card"], bench.answer).close)
        faults = Faults.of(config)
        stack.callback(faults.close)
        parts = stack.enter_context(open_parts(patient_config))
        for worker in parts.threads:
            worker.start()
            stack.callback(worker.stop)
        patient = create_patient_app(parts.desk, patient_config, None, parts.scanner)
        yield Side(create_bench_app(bench, config, faults), config.port), Side(patient, patient_config.port), bench


@pytest.fixture(autouse=True)
def _right_again(sides: Sides) -> Iterator[None]:
    at_bench, patient, _ = sides
    yield
    at_bench.post("/closed-reader/ok")
    at_bench.post("/take-away")
    patient.post("/tap/acknowledge")
    until(patient, "attract")


def until(patient: Side, *wanted: str) -> str:
    return until_true(lambda: (page := patient.get(), re.findall(r'data-screen="([^"]+)"', page)[0] in wanted))


def until_true(look: Callable[[], tuple[str, bool]]) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        page, there = look()
        if there:
            return page
        assert time.monotonic() < deadline, re.findall(r'data-screen="([^"]+)"', page)
        time.sleep(0.05)


def put(at_bench: Side, who: str) -> None:
    assert at_bench.post(f"/citizens/{who}/place") == 303


def test_a_card_on_it_comes_to_a_ticket_and_nobody_types(sides: Sides) -> None:
    at_bench, patient, _ = sides
    put(at_bench, "insured")
    page = until(patient, "confirm")
    assert citizens()["insured"].holder.name not in page
    patient.post("/room", room="noi")
    until(patient, "ticket")


def test_a_card_whose_name_was_changed_leads_to_the_desk_and_accuses_nobody(sides: Sides) -> None:
    at_bench, patient, _ = sides
    put(at_bench, "forged-details")
    page = until(patient, "desk")
    assert "E04" in page
    assert "E05" not in page


@pytest.mark.parametrize(("fault", "who"), [("error", "insured-2024"), ("half", "other-clinic")])
def test_what_it_cannot_read_is_asked_for_again(sides: Sides, fault: str, who: str) -> None:
    at_bench, patient, _ = sides
    assert at_bench.post(f"/closed-reader/{fault}") == 303
    assert f'data-state="{fault}"' in at_bench.get()
    put(at_bench, who)
    until(patient, "put_back")
    at_bench.post("/closed-reader/ok")
    put(at_bench, who)
    until(patient, "confirm", "ticket")
    patient.post("/room", room="noi")
    until(patient, "ticket")


def test_when_it_hangs_up_the_kiosk_calls_again(sides: Sides) -> None:
    at_bench, patient, _ = sides
    assert at_bench.post("/closed-reader/cut") == 303
    put(at_bench, "over-75")
    until(patient, "confirm")
    patient.post("/room", room="noi")
    until(patient, "ticket")


def test_its_page_says_what_it_is_in_both_languages_and_offers_no_failures_of_another_reader(sides: Sides) -> None:
    at_bench, _, _ = sides
    for language, words in (("vi", "HN-212 ảo"), ("en", "virtual HN-212")):
        page = at_bench.get(f"/?lang={language}")
        assert words in page
        assert 'data-test="failures"' not in page
    assert at_bench.post("/reader/crowded") == 409
    assert at_bench.post("/closed-reader/melted") == 404
