"""Renewals that meet: two processes at once, and a machine that waits to be let in anew."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nginx_province import wait_until

from kiosk.hub.store import tables
from kiosk.province.asking import present_certificate
from kiosk.province.identity import Identity
from kiosk.province.joining import Joining, Place
from kiosk.province.link import HubLink
from kiosk.province.renewal import Renewal, Step

pytestmark = pytest.mark.serial


@pytest.fixture
def joined(province: Any, tmp_path: Path) -> Iterator[Callable[..., Identity]]:
    """Lets a device in; the hub's clock is right again afterwards."""
    yield lambda device: province.joined(device, tmp_path / "identity")
    province.at = None


def counts(province: Any, identity: Identity) -> bool:
    """Whether the hub knows this device by its certificate: nobody else is told that an address is none."""
    link = HubLink(Place(hub=province.url), identity)
    try:
        return link.post("/v1/anything", b"", {}).status == 404
    finally:
        link.close()


def stepped(province: Any, identity: Identity, now: datetime) -> Step:
    renewal = Renewal(Place(hub=province.url), identity)
    try:
        return renewal.step(now)
    finally:
        renewal.close()


def serial_of(identity: Identity) -> int:
    assert identity.certificate is not None
    return present_certificate(identity.certificate).serial_number


def asked_by(identity: Identity, process: "subprocess.Popen[str]") -> bool:
    """Whether a process has come as far as to wait for its turn at this identity."""
    opened = Path(f"/proc/{process.pid}/fd")
    return any(Path(os.path.realpath(each)) == identity.folder / "lock" for each in opened.iterdir())


def test_of_two_processes_that_renew_at_once_one_waits(province: Any, joined: Any) -> None:
    """Each with a key of its own for one certificate, they would count as two machines, and be revoked."""
    identity = joined("desk-22")
    before = serial_of(identity)
    command = [sys.executable, "-m", "kiosk", "province", "renew", province.url, "--identity", str(identity.folder)]
    with identity.alone():
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        wait_until(lambda: all(asked_by(identity, each) for each in both))
        assert serial_of(identity) == before
        assert not (identity.folder / "asked.cbor").exists()
    said = [each.communicate(timeout=20)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert all("Good until " in each for each in said)
    assert serial_of(identity) != before
    with province.database.read() as connection:
        assert not [row for row in connection.execute(tables.alarm.select()) if row.device == "desk-22"]
    assert counts(province, identity)


def test_who_waited_renews_nothing_that_another_renewed_meanwhile(province: Any, joined: Any) -> None:
    identity = joined("desk-23")
    renewal = Renewal(Place(hub=province.url), identity)
    due = datetime.now(UTC) + timedelta(days=10)
    with ThreadPoolExecutor(1) as pool:
        with identity.alone():
            waits = pool.submit(renewal.step, due)
            province.at = due
            # As the other process does it, which holds the lock.
            other = Renewal(Place(hub=province.url), identity)
            assert other._renewed_alone(due, at_once=False) is Step.RENEWED
            other.close()
            assert not waits.done()
            given = serial_of(identity)
        assert waits.result(timeout=20) is Step.NOT_DUE
    renewal.close()
    assert serial_of(identity) == given


def test_who_waits_to_be_let_in_anew_loses_nothing_to_a_renewal(province: Any, joined: Any) -> None:
    now = datetime.now(UTC)
    province.at = now - timedelta(days=12)
    identity = joined("desk-24")
    province.at = now
    joining = Joining(province.url, province.code("desk-24"), identity.folder)
    digits = joining.begin()
    asked = (identity.folder / "asked.cbor").read_bytes()
    assert stepped(province, identity, now) is Step.LATER
    assert (identity.folder / "asked.cbor").read_bytes() == asked
    province.let_in("desk-24", digits, joining)
    joining.close()
    assert counts(province, identity)
    # What nobody followed up for a day holds up nothing.
    joining = Joining(province.url, province.code("desk-24"), identity.folder)
    joining.begin()
    joining.close()
    province.at = now + timedelta(days=10)
    assert stepped(province, identity, province.at) is Step.RENEWED
