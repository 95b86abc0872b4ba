"""``kiosk self-test`` and ``kiosk test-card`` against the store of a demonstration, with a kiosk that takes orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from kiosk import cli
from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.devices.clock import SystemClock
from kiosk.domain.self_test import Outcome, Step
from kiosk.keys import PersonTags, load_secret
from kiosk.services.self_test import TestCards
from kiosk.services.self_test_thread import Probe, SelfTestThread
from kiosk.store.database import Database
from kiosk.store.device_tables import TestCard
from kiosk.store.tables import DeviceState

NUMBER = "036182999911"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return provision(tmp_path_factory.mktemp("self-test") / "demo", Options())


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = Database.open(load(PatientConfig, place.config("patient")).store)
    yield opened
    opened.close()


def kiosk(place: Place, *arguments: str, typed: str | None = None) -> Result:
    command = [arguments[0], "--config", str(place.config("patient")), *arguments[1:]]
    return CliRunner().invoke(cli.app, command, input=typed, catch_exceptions=False)


def cards(database: Database) -> list[bytes]:
    with database.read() as session:
        return list(session.scalars(select(TestCard.tag)))


def test_a_kiosk_that_never_ran_is_started_first(place: Place) -> None:
    said = kiosk(place, "self-test")
    assert (said.exit_code, "kiosk run" in said.stderr) == (3, True)


def test_a_card_is_registered_by_its_hash_and_forgotten(place: Place, database: Database) -> None:
    wrong = kiosk(place, "test-card", "--stdin", typed="12345\n")
    assert (wrong.exit_code, "12345" in wrong.output, cards(database)) == (2, False, [])
    said = kiosk(place, "test-card", "--stdin", typed=f"{NUMBER}\n")
    assert (said.exit_code, NUMBER in said.output) == (0, False)
    key = load_secret(load(PatientConfig, place.config("patient")).roster_key)
    assert cards(database) == [PersonTags(key).test_card_tag(NUMBER)]
    assert "1 forgotten" in kiosk(place, "test-card", "--forget").stdout
    assert cards(database) == []


@contextmanager
def somebody_with_the_card(thread: SelfTestThread) -> Iterator[None]:
    """A kiosk that takes orders, and somebody who puts the test card down as long as it waits for one."""
    done = Event()

    def put() -> None:
        while not done.wait(0.05):
            thread.takes(NUMBER, "")

    person = Thread(target=put)
    thread.start()
    person.start()
    try:
        yield
    finally:
        done.set()
        person.join()
        thread.stop()


@pytest.mark.parametrize(("printer", "code", "word"), [(Outcome.OK, 0, "passed"), (Outcome.FAULT, 3, "FAILED")])
def test_each_step_is_told_and_the_end_is_the_exit_code(
    place: Place, database: Database, printer: Outcome, code: int, word: str
) -> None:
    config = load(PatientConfig, place.config("patient"))
    clock = SystemClock()
    with database.write() as session:
        session.merge(DeviceState(device=config.device, part="kiosk", state={"ok": True}, updated_at=clock.now()))
    tags = PersonTags(load_secret(config.roster_key))
    test_cards = TestCards(database, clinic=config.clinic.code, clock=clock)
    test_cards.register(tags.test_card_tag(NUMBER), by="test")
    probes: dict[Step, Probe] = {step: (lambda: (Outcome.OK, "")) for step in Step if step is not Step.CARD}
    probes[Step.PRINTER] = lambda: (printer, "")
    thread = SelfTestThread(
        database=database, device=config.device, clock=clock, probes=probes, cards=test_cards,
        tag_of=tags.test_card_tag, every_s=0.05,
    )  # fmt: skip
    with somebody_with_the_card(thread):
        said = kiosk(place, "self-test", "--wait", "30")
    assert (said.exit_code, word in said.stdout) == (code, True)
    assert {line.split()[0] for line in said.stdout.splitlines()[:-1]} == {step.value for step in Step}
