"""PostgreSQL dies in the middle of the day: clinics are told to come again, and nothing is lost or doubled."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from kiosk.hub.cluster import Cluster
from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.store import tables
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.partitions import make_months


@pytest.fixture
def mortal() -> Iterator[Cluster]:
    """A server of this test's own, which writes to the disk as a province's does."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-data-"))
    server = Cluster(folder)
    server.start()
    yield server
    server.stop()
    rmtree(folder)


@pytest.mark.serial
def test_a_killed_database_loses_and_doubles_nothing(mortal: Cluster, make_hub: Any, make: Any) -> None:
    database = HubDatabase.open(mortal.create("hub"), connections=2)
    database.migrate()
    make_months(database, make.NOW)
    hub = make_hub(database)
    device = hub.enrolled()
    events = [device.event(make.admission(None)) for _ in range(4)]
    hub.receive(device, *events[:2])
    mortal.kill()
    for _ in range(2):
        with pytest.raises(HubStoreUnavailable):
            hub.receive(device, *events[1:3])
    mortal.start()
    assert hub.receive(device, *events[1:]).streams["kiosk-1"].acked_through == 4
    assert len(hub.rows(tables.event)) == 4
    assert [row.admissions for row in hub.rows(tables.hour_count)] == [4]
    database.close()
