"""Who was erased or taken back, and what is left of it; the same on SQLite and on PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.hub.store import tables
from kiosk.hub.store.streams import MAX_GAPS
from kiosk.hub.store.taking import take

Made = Any


def seconds(hub: Any) -> dict[tuple[str, bytes], tuple[str, bytes]]:
    rows = hub.rows(tables.second_visit, state="open")
    return {(row.clinic, row.visit): (row.first_clinic, row.first_visit) for row in rows}


@pytest.mark.parametrize("first_word", [True, False])
def test_who_was_erased_is_not_told_again(hub: Any, make: Made, first_word: bool) -> None:
    device = hub.enrolled()
    body = make.admission(7)
    events = [device.event(body), device.event(make.cancelled(body.visit, "erased"))]
    for event in reversed(events) if first_word else events:
        hub.receive(device, event)
    assert hub.rows(tables.check_in) == []
    admitted = hub.rows(tables.event, kind="admission")
    assert [(row.body.get("person"), row.envelope) for row in admitted] == [(None, b"")]
    assert not hub.receive(device, *events).quarantined, "the ledger still knows it"


@pytest.mark.parametrize("which", range(3))
def test_an_erased_visit_is_nobodys_first_and_no_second(hub: Any, make: Made, which: int) -> None:
    devices = [hub.enrolled(f"3600{number}") for number in range(3)]
    bodies = [make.admission(7) for _ in devices]
    for number, (device, body) in enumerate(zip(devices, bodies, strict=True)):
        hub.receive(device, device.event(body, at=make.NOW - timedelta(minutes=9 - number)))
    assert len(seconds(hub)) == 2
    hub.receive(devices[which], devices[which].event(make.cancelled(bodies[which].visit, "erased")))
    first, second = (number for number in range(3) if number != which)
    assert seconds(hub) == {(f"3600{second}", bodies[second].visit): (f"3600{first}", bodies[first].visit)}
    hub.receive(devices[first], devices[first].event(make.cancelled(bodies[first].visit, "erased")))
    assert seconds(hub) == {}


def test_what_a_slow_clock_takes_back_is_remembered_by_the_hubs(hub: Any, make: Made) -> None:
    device, body = hub.enrolled(), make.admission(7)
    hub.receive(device, device.event(body), device.event(make.cancelled(body.visit), at=make.NOW - timedelta(days=200)))
    assert hub.rows(tables.withdrawn)[0].at > make.NOW - timedelta(days=1)


def test_numbers_that_are_settled_make_no_more_holes_than_are_kept(hub: Any, make: Made) -> None:
    device = hub.enrolled()
    settled = [(device.clinic, device.name, number) for number in range(2, 2 * MAX_GAPS + 100, 2)]
    with hub.database.write() as connection:
        taking = take(connection, [], make.NOW, settled=settled)
    (stream,) = taking.streams.values()
    assert len(stream.received.gaps) == MAX_GAPS
