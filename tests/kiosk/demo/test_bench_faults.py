"""What fails at the bench beside cards: paper, lamp, clock and store, told to a kiosk over real sockets."""

import io
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from kiosk.config import load
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.config import BenchConfig
from kiosk.demo.faults import Faults
from kiosk.demo.provision import Place
from kiosk.demo.web import create_bench_app
from kiosk.demo.workbench import Bench
from kiosk.devices.clock import SystemClock
from kiosk.devices.printer import EscPosPrinter
from kiosk.devices.printer_twin import PrinterFault, PrinterTwin
from kiosk.devices.simulated import SimulatedClock, SimulatedLight
from kiosk.devices.wires import NetworkWire
from kiosk.domain.printing import Condition
from kiosk.ports import StoreUnavailable
from kiosk.store.database import Database

OWN = "http://127.0.0.1:8002"


@pytest.fixture
def faults(tmp_path: Path) -> Iterator[Faults]:
    Database.open(tmp_path / "store.db").close()
    faults = Faults(twin=PrinterTwin(), store=tmp_path / "store.db")
    yield faults
    faults.close()


@pytest.fixture
def pages(bench: Bench, place: Place, faults: Faults) -> "Pages":
    return Pages(create_bench_app(bench, load(BenchConfig, place.config("bench")), faults).test_client())


@pytest.fixture
def wire(bench: Bench) -> Iterator[CardSocket]:
    wire = CardSocket("127.0.0.1", 0, bench.answer)
    yield wire
    wire.close()
    bench.plug_light(True)
    bench.turn_clock_back(False)


class Pages:
    """The bench's page, and its buttons."""

    def __init__(self, client: object) -> None:
        self._client = client

    def get(self, address: str = "/?lang=en") -> bytes:
        return bytes(self._client.get(address, base_url=OWN).data)  # type: ignore[attr-defined]

    def press(self, address: str) -> int:
        token = self.get().decode().split('name="csrf_token" value="')[1].split('"')[0]
        answer = self._client.post(  # type: ignore[attr-defined]
            address, base_url=OWN, headers={"Origin": OWN}, data={"csrf_token": token}
        )
        return int(answer.status_code)


def test_the_printers_buttons_reach_a_real_driver_and_its_paper_is_on_the_page(pages: Pages, faults: Faults) -> None:
    assert faults.twin is not None
    printer = EscPosPrinter(partial(NetworkWire, "127.0.0.1", faults.twin.port), answer_s=0.3)
    for fault, condition in (("paper_out", Condition.PAPER_OUT), ("jam", Condition.JAM), ("ok", Condition.READY)):
        assert pages.press(f"/printer/{fault}") == 303
        assert printer.condition() is condition
    assert b'data-test="paper"' not in pages.get()
    out = io.BytesIO()
    Image.new("1", (576, 40), 0).save(out, "PNG")
    assert printer.print(out.getvalue()).on_paper
    assert b'data-test="paper"' in pages.get()
    assert Image.open(io.BytesIO(pages.get("/paper.png"))).size == (576, 40)
    assert pages.press("/printer/on_fire") == 404


def test_every_state_of_the_printer_has_a_word_in_both_languages(pages: Pages, faults: Faults) -> None:
    for language in ("vi", "en"):
        for fault in PrinterFault:
            faults.trouble_printer(fault)
            assert f'data-state="{fault.value}"' in pages.get(f"/?lang={language}").decode()


def test_the_lamp_shows_what_the_kiosk_tells_it_and_can_be_pulled_out(
    pages: Pages, bench: Bench, wire: CardSocket
) -> None:
    lamp = SimulatedLight("127.0.0.1", wire.port)
    lamp.show(True)
    assert lamp.connected
    assert 'data-test="light" data-state="lit"' in pages.get().decode()
    assert pages.press("/light/unplug") == 303
    lamp.show(True)
    assert not lamp.connected
    assert pages.press("/light/plug") == 303
    lamp.show(False)
    assert (lamp.connected, bench.laid.light) == (True, "out")
    lamp.close()


def test_the_clock_goes_back_behind_the_benchs_beginning_and_comes_right(
    pages: Pages, bench: Bench, wire: CardSocket
) -> None:
    clock, right = SimulatedClock("127.0.0.1", wire.port, every_s=0.0), SystemClock()
    assert abs((clock.now() - right.now()).total_seconds()) < 5
    assert pages.press("/clock/back") == 303
    assert (right.now() - clock.now()).total_seconds() > 3600
    assert pages.press("/clock/right") == 303
    assert abs((clock.now() - right.now()).total_seconds()) < 5
    clock.close()


def test_a_clock_whose_bench_is_gone_is_the_machines() -> None:
    clock = SimulatedClock("127.0.0.1", 9, every_s=60)
    assert abs((clock.now() - SystemClock().now()).total_seconds()) < 5


def test_a_store_that_is_held_takes_nothing_and_nothing_is_lost(pages: Pages, faults: Faults, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db", busy_timeout_s=0.1)
    assert pages.press("/store/hold") == 303
    with pytest.raises(StoreUnavailable):
        database.probe()
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM visit").scalar() == 0
    assert pages.press("/store/let-go") == 303
    database.probe()
    database.close()
    with sqlite3.connect(tmp_path / "store.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_bench_without_these_devices_refuses(bench: Bench, place: Place) -> None:
    real = load(BenchConfig, place.config("bench")).model_copy(
        update={"printer": "none", "light": "none", "clock": "system", "store": None}
    )
    pages = Pages(create_bench_app(bench, real).test_client())
    for address in ("/printer/jam", "/light/unplug", "/clock/back", "/store/hold"):
        assert pages.press(address) == 409
