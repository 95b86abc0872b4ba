"""A demonstration's staff process, put together as it is started, sends to a real hub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from nginx_province import wait_until

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.day_key import DayTags
from kiosk.demo.provision import PROVINCE, Options, Place, provision
from kiosk.devices.clock import SystemClock
from kiosk.domain.codes import Code
from kiosk.hub.store import tables
from kiosk.keys import VisitSealer, create_secret, create_signing_keys, load_clinic_public_key, load_signing_key
from kiosk.services.checkin import CheckIn
from kiosk.staff_process import open_parts
from kiosk.store.database import Database


@pytest.fixture
def place(hub: Any, wire: Any, desk: Any, tmp_path: Path) -> Place:
    """A demonstration whose staff's settings name the hub; nobody has let it in."""
    desk.clock.set(SystemClock().now())
    made = Place(root=(tmp_path / "demo"))
    made.root.mkdir()
    create_secret(made.root / "person.key")
    said = {"hub": f"http://127.0.0.1:{wire.server_port}", "identity": "identity", "person_key": "person.key"}
    said |= {"releases": "releases"}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
    (made.root / PROVINCE).write_text(f"{text}send_every_s = 0.02\n", "utf-8")
    return made


def let_in(place: Place, hub: Any, clinic: str) -> None:
    """The device's key, and the hub's, lie there, and the hub knows the device."""
    identity = place.root / "identity"
    identity.mkdir(exist_ok=True)
    create_signing_keys(identity / "device.key", identity / "device.pub")
    public = load_signing_key(identity / "device.key").public_key().public_bytes_raw()
    hub.enrol(clinic, "desk-1", public)
    hub.write_public_key(identity / "hub.pub")


@contextmanager
def running(config: StaffConfig) -> Iterator[tuple[Any, Any]]:
    """The parts of a staff process, and what speaks with the hub."""
    with open_parts(config) as parts:
        assert parts.hub_side is not None
        try:
            yield parts, parts.hub_side
        finally:
            parts.hub_side.stop()


def problem(parts: Any) -> str:
    """What staff see on the page of devices."""
    return next((str(row.state.get("reason", "")) for row in parts.desk.devices() if row.part == "province"), "")


def test_a_staff_process_sends_what_its_kiosk_recorded(hub: Any, place: Place) -> None:
    config = load(StaffConfig, provision(place.root, Options()).config("staff"))
    let_in(place, hub, config.clinic.code)
    with running(config) as (parts, side):
        ticket = _ticket(place, config)
        parts.desk.confirm(ticket, config.clinic.rooms[0].id, by="desk-1")
        side.round()
        wait_until(lambda: parts.province.state() and parts.province.state().acked_through >= 2)
        assert set(side.workers) == {"sending", "renewal", "releases"}
        state = parts.province.state()
    assert [row.kind for row in hub.rows(tables.event)][:2] == ["desk_ticket", "admission"]
    assert state is not None
    assert (state.waiting, state.problem) == (0, "")


def test_an_identity_is_taken_up_when_it_comes_and_let_go_when_it_goes(hub: Any, wire: Any, place: Place) -> None:
    config = load(StaffConfig, provision(place.root, Options()).config("staff"))
    identity = place.root / "identity"
    with running(config) as (parts, side):
        side.round()
        assert "sending" not in side.workers
        assert problem(parts) == "province_unknown"
        identity.mkdir()
        (identity / "device.key").write_text("half a key")
        side.round()
        assert "sending" not in side.workers
        (identity / "device.key").unlink()
        _ticket(place, config)
        let_in(place, hub, config.clinic.code)
        side.round()
        wait_until(lambda: hub.rows(tables.event))
        wait_until(lambda: problem(parts) == "")
        kept = side.workers["sending"]
        side.round()
        assert side.workers["sending"] is kept
        # Turned away, as when it was revoked: nothing is sent, and staff see it.
        wire.always = 403
        _ticket(place, config, number=2)
        wait_until(lambda: problem(parts) == "province_revoked")
        asked = wire.requests
        side.round()
        sleep(0.1)
        assert wire.requests == asked
        # Let in again, it has another certificate.
        wire.always = None
        (identity / "certificate.pem").write_text("another")
        side.round()
        wait_until(lambda: sum(row.kind == "desk_ticket" for row in hub.rows(tables.event)) == 2)
        wait_until(lambda: problem(parts) == "")
        (identity / "device.key").unlink()
        side.round()
        assert "sending" not in side.workers
        assert problem(parts) == "province_unknown"


def _ticket(place: Place, config: StaffConfig, number: int = 1) -> str:
    patient = load(PatientConfig, place.config("patient"))
    database = Database.open(config.store)
    checkin = CheckIn(
        database=database,
        clinic=config.clinic,
        device="kiosk-1",
        sealer=VisitSealer(load_clinic_public_key(patient.clinic_public_key)),
        tags=DayTags(config.person_day_key),
        clock=SystemClock(),
    )
    claim = ClaimedIdentity(
        source=ClaimSource.TYPED,
        name="Trần Thị Mẫu",
        birth=BirthDate(year=1980, month=5, day=1),
        sex=Sex.FEMALE,
        personal_number=f"03618000012{number}",
    )
    found: str = checkin.desk_ticket(claim, code=Code.COVER_UNKNOWN).visit_id
    database.close()
    return found
