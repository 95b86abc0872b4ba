"""The lamp follows the calls for help that nobody has settled; the heartbeat speaks for threads that still turn."""

import time
from datetime import timedelta
from typing import Any

from kiosk.domain.codes import Code, Resolution
from kiosk.services.heartbeat import Heartbeat
from kiosk.services.light_thread import LightThread
from kiosk.services.worker import Worker

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


class Lamp:
    """A lamp in memory, on the port that real ones fulfil."""

    def __init__(self) -> None:
        self.lit = False
        self.connected = True

    def show(self, lit: bool) -> None:
        self.lit = lit

    def close(self) -> None:
        self.lit = False


def light_of(kiosk: Kiosk, lamp: Lamp) -> LightThread:
    return LightThread(
        light=lamp, database=kiosk.database, checkin=kiosk.checkin, clinic="36001", device="kiosk-1", every_s=0
    )


def settle(kiosk: Kiosk) -> None:
    for notice in kiosk.staff.exceptions():
        kiosk.staff.resolve(notice.notice_id, by="lan", resolution=Resolution.HELPED)


def test_the_lamp_is_lit_while_a_call_for_help_is_open(kiosk: Kiosk) -> None:
    lamp = Lamp()
    thread = light_of(kiosk, lamp)
    for what in ("help", "emergency"):
        thread.turn()
        assert not lamp.lit
        kiosk.patient.call_staff(what)
        thread.turn()
        assert lamp.lit
        kiosk.patient.acknowledge()
        thread.turn()
        assert lamp.lit, "the call is settled by staff, not by the screen"
        settle(kiosk)
        thread.turn()
        assert not lamp.lit


def test_a_failure_or_another_kiosks_call_does_not_light_it(kiosk: Kiosk) -> None:
    lamp = Lamp()
    kiosk.checkin.notify(Code.PRINTER_LOST)
    other = LightThread(
        light=lamp, database=kiosk.database, checkin=kiosk.checkin, clinic="36001", device="kiosk-2", every_s=0
    )
    kiosk.patient.call_staff("help")
    other.turn()
    assert not lamp.lit


def test_where_nobody_knows_it_is_lit_and_a_test_flashes_it(kiosk: Kiosk) -> None:
    lamp = Lamp()
    thread = light_of(kiosk, lamp)
    assert thread.flash(1)
    thread.turn()
    assert lamp.lit
    thread.turn()
    assert not lamp.lit
    kiosk.database.close()
    lamp.connected = False
    thread.turn()
    assert not thread.flash(0)


def test_a_heartbeat_renews_what_still_turns_and_nothing_else(kiosk: Kiosk) -> None:
    class Turning(Worker):
        def turn(self) -> None:
            """Nothing."""

    live, stuck = Turning("live"), Turning("stuck")
    stuck.turned_at = time.monotonic() - 3600
    beat = Heartbeat(
        database=kiosk.database,
        checkin=kiosk.checkin,
        device="kiosk-1",
        clock=kiosk.clock,
        workers={"printer": live, "light": stuck},
        always=("speech",),
        version="1",
    )
    for part in ("printer", "light", "speech", "roster"):
        kiosk.checkin.report(part, {"ok": True})
    beat.round()
    before = kiosk.clock.now()
    kiosk.clock.advance(90)
    beat.round()
    seen = {state.part: state.updated_at for state in kiosk.staff.devices()}
    assert {part for part, at in seen.items() if at - before == timedelta(seconds=90)} == {"kiosk", "printer", "speech"}
    assert seen["light"] == seen["roster"] == before
