"""``kiosk province``, and a staff process that really sends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.province.sending import Pace
from kiosk.province.thread import SenderThread
from kiosk.store import province
from kiosk.store.province_tables import ProvinceEvent, ProvinceSender

Run = Callable[..., Any]


@pytest.fixture
def run(clinic_sends: Any, tmp_path: Path) -> Run:
    """Runs a command with the staff's configuration of this clinic."""
    clinic = clinic_sends.desk.staff._clinic
    path = tmp_path / "staff.toml"
    rooms = "".join(
        f'[[clinic.rooms]]\nid = "{room.id}"\nname_vi = "{room.name_vi}"\nname_en = "{room.name_en}"\n'
        f'place_vi = "{room.place_vi}"\nplace_en = "{room.place_en}"\n'
        for room in clinic.rooms
    )
    named = "".join(
        f'{name} = "{tmp_path / name}"\n'
        for name in ("trust", "clinic_private_key", "person_day_key", "session_key", "province")
    )
    path.write_text(
        f'mode = "demo"\nstore = "{tmp_path / "store.db"}"\n{named}[clinic]\ncode = "{clinic.code}"\n'
        f'name_vi = "{clinic.name_vi}"\nname_en = "{clinic.name_en}"\n{rooms}'
    )

    def command(*words: str) -> Any:
        result = CliRunner().invoke(app, ["province", *words, "--config", str(path)])
        structlog.reset_defaults()
        return result

    return command


def test_status_says_how_it_is_and_again_lets_what_was_put_aside_go(clinic_sends: Any, run: Run) -> None:
    assert run("status").exit_code == 1
    clinic_sends.admit()
    clinic_sends.step()
    said = run("status", "--json")
    state = json.loads(said.stdout)
    assert (said.exit_code, state["waiting"], state["problem"], state["device"]) == (0, 0, "", "desk-1")
    assert state["acked_through"] == state["last_number"] == len(clinic_sends.events())
    with clinic_sends.database.write() as session:
        event = session.get_one(ProvinceEvent, ("desk-1", 1))
        event.state, event.reason = "aside", "stranger"
        session.get_one(ProvinceSender, "desk-1").stopped = "unknown"
    assert run("again").stdout.strip() == "1 to send again."
    with clinic_sends.database.read() as session:
        assert session.get_one(ProvinceSender, "desk-1").stopped is None
        assert province.backlog(session, "desk-1").waiting == 1


def test_the_thread_sends_by_itself(clinic_sends: Any) -> None:
    clinic_sends.admit()
    clinic_sends.sender.pace = Pace(send_every_s=0.01)
    thread = SenderThread(clinic_sends.sender, clinic_sends.link, clinic_sends.desk.clock)
    clinic_sends.link = None
    thread.turn()
    thread.stop()
    assert clinic_sends.exactly_once()
