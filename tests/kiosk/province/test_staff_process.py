"""A demonstration's staff process, put together as it is started, sends to a real hub."""

import json
from pathlib import Path
from typing import Any

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.day_key import DayTags
from kiosk.demo.provision import PROVINCE, Options, Place, provision
from kiosk.devices.clock import SystemClock
from kiosk.domain.codes import Code
from kiosk.hub.store import tables
from kiosk.keys import VisitSealer, create_secret, create_signing_keys, load_clinic_public_key, load_signing_key
from kiosk.province.sending import Pace
from kiosk.services.checkin import CheckIn
from kiosk.staff_process import open_parts
from kiosk.store.database import Database


def test_a_staff_process_sends_what_its_kiosk_recorded(hub: Any, desk: Any, tmp_path: Path) -> None:
    desk.clock.set(SystemClock().now())
    place = Place(root=(tmp_path / "demo"))
    place.root.mkdir()
    identity = place.root / "identity"
    identity.mkdir()
    create_signing_keys(identity / "device.key", identity / "device.pub")
    hub.write_public_key(identity / "hub.pub")
    create_secret(place.root / "person.key")
    said = {"hub": f"http://127.0.0.1:{hub.port}", "identity": "identity", "person_key": "person.key"}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
    (place.root / PROVINCE).write_text(text, "utf-8")
    config = load(StaffConfig, provision(place.root, Options()).config("staff"))
    public = load_signing_key(identity / "device.key").public_key().public_bytes_raw()
    with open_parts(config) as parts:
        thread, _ = parts.sending
        hub.enrol(config.clinic.code, "desk-1", public)
        ticket = _ticket(place, config)
        parts.desk.confirm(ticket, config.clinic.rooms[0].id, by="desk-1")
        thread._sender.pace = Pace(send_every_s=0.01)
        thread.turn()
        assert parts.province is not None
        state = parts.province.state()
        thread.stop()
    assert [row.kind for row in hub.rows(tables.event)][:2] == ["desk_ticket", "admission"]
    assert state is not None
    assert (state.waiting, state.problem) == (0, "")


def _ticket(place: Place, config: StaffConfig) -> str:
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
        personal_number="036180000123",
    )
    found: str = checkin.desk_ticket(claim, code=Code.COVER_UNKNOWN).visit_id
    database.close()
    return found
