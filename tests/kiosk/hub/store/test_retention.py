"""Old months go with their pseudonyms; counts stay, and nothing counts twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.hub.errors import EventsDropped
from kiosk.hub.store import tables
from kiosk.hub.store.partitions import make_months, months
from kiosk.hub.store.recount import recount
from kiosk.hub.store.retention import drop_old, first_kept, kept_since

LONG_AGO = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
DROPPED = (tables.event, tables.check_in, tables.shown_code)


@pytest.fixture
def filled(hub: Any, make: Any) -> Any:
    """A hub with an admission of March and one of November, and the events that made them."""
    present, device = hub.now, hub.enrolled()
    make_months(hub.database, LONG_AGO)
    hub.now = LONG_AGO
    old = device.event(make.admission(1, day=LONG_AGO.date(), code_tag=bytes(16)), at=LONG_AGO)
    hub.receive(device, old)
    hub.now = present
    new = device.event(make.admission(2, code_tag=bytes(16)), at=present)
    hub.receive(device, new)
    return hub, device, old


def test_which_month_is_the_oldest_that_is_kept() -> None:
    now = datetime(2026, 2, 20, tzinfo=UTC)
    assert first_kept(now, 1).table == "event_2026_01"
    assert first_kept(now, 2).table == "event_2025_12"
    assert first_kept(now, 26).table == "event_2023_12"


def test_old_months_go_and_their_counts_stay(filled: Any) -> None:
    hub, _, _ = filled
    counts, shares = hub.rows(tables.hour_count), hub.rows(tables.day_share)
    gone = drop_old(hub.database, hub.now, 6)
    assert gone
    for table in DROPPED:
        assert len(hub.rows(table)) == 1
    assert hub.rows(tables.event)[0].at > LONG_AGO
    assert (hub.rows(tables.hour_count), hub.rows(tables.day_share)) == (counts, shares)
    assert len(hub.rows(tables.ledger)) == 2
    if hub.database.is_postgresql:
        with hub.database.read() as connection:
            assert "event_2026_03" not in months(connection)
    assert drop_old(hub.database, hub.now, 6) == ()


def test_an_event_that_comes_again_after_its_month_went_counts_no_more(filled: Any) -> None:
    hub, device, old = filled
    drop_old(hub.database, hub.now, 6)
    before = hub.rows(tables.hour_count)
    hub.receive(device, old)
    assert hub.rows(tables.hour_count) == before
    assert len(hub.rows(tables.event)) == 1


def test_a_day_without_its_events_is_not_counted_again(filled: Any, make: Any) -> None:
    hub, device, _ = filled
    drop_old(hub.database, hub.now, 6)
    before = hub.rows(tables.hour_count)
    with pytest.raises(EventsDropped):
        recount(hub.database, device.clinic, LONG_AGO.date())
    # The first day of the first month that is kept begins, at the clinics, in the month before.
    with pytest.raises(EventsDropped):
        recount(hub.database, device.clinic, datetime(2026, 5, 1).date())
    recount(hub.database, device.clinic, datetime(2026, 5, 2).date())
    recount(hub.database, device.clinic, (make.NOW + timedelta(hours=7)).date())
    assert hub.rows(tables.hour_count) == before


def test_keeping_more_months_later_brings_nothing_back(filled: Any) -> None:
    hub, _, _ = filled
    drop_old(hub.database, hub.now, 6)
    drop_old(hub.database, hub.now, 12)
    with hub.database.read() as connection:
        assert kept_since(connection) == datetime(2026, 5, 1, tzinfo=UTC)


def test_nothing_is_dropped_that_is_not_old(filled: Any) -> None:
    hub, _, _ = filled
    assert drop_old(hub.database, hub.now, 9) == ()
    assert len(hub.rows(tables.event)) == 2
    with hub.database.read() as connection:
        assert kept_since(connection) is None
