"""A clinic sends to a real hub over a wire that is cut, answers that are lost, and days without any of them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason
from kiosk.hub.store import tables
from kiosk.ports import StoreUnavailable
from kiosk.province.sending import Outcome
from kiosk.services.province_state import Province, ProvinceState
from kiosk.store import province
from kiosk.store.province_tables import ProvinceEvent, ProvinceSender
from kiosk.store.tables import Notice, Outbox, Visit
from kiosk.wire.person import PersonKey

SOMEBODY = ("Trần Văn Mẫu", "TRAN VAN MAU", "0360800")


def told(hub: Any, kind: str) -> list[Any]:
    return [row.body for row in hub.rows(tables.event) if row.kind == kind]


def state_of(shown: Province) -> ProvinceState:
    found = shown.state()
    assert found is not None
    return found


def test_an_admission_arrives_with_a_pseudonym_and_no_name(clinic_sends: Any, hub: Any) -> None:
    visit = clinic_sends.admit()
    step = clinic_sends.step()
    assert (step.outcome, step.backlog) == (Outcome.SENT, 0)
    assert clinic_sends.exactly_once()
    [body] = told(hub, "admission")
    tag = PersonKey(bytes(range(32)), 1).tag(clinic_sends.person(0))
    assert (body["visit"], body["person"], body["by"]) == (UUID(visit).bytes.hex(), tag.hex(), "staff")
    assert [each["code"] for each in told(hub, "desk_ticket")] == [Code.COVER_UNKNOWN.value]
    whole = (clinic_sends.folder / "hub" / "hub.db").read_bytes()
    assert not any(word.encode() in whole for word in SOMEBODY)


def test_everything_that_follows_is_told_once(clinic_sends: Any, hub: Any) -> None:
    desk = clinic_sends.desk
    visit, gone = clinic_sends.admit(), clinic_sends.admit()
    desk.checkin.report("reader", {"ok": True})
    clinic_sends.step()
    desk.corrections.cancel(gone, reason=CancelReason.BY_MISTAKE, by="lan")
    desk.corrections.confirm_route(visit, "1.1", by="lan")
    desk.checkin.report("reader", {"ok": False, "reason": "missing"})
    clinic_sends.step(minutes=1)
    clinic_sends.step(minutes=1)
    assert {body["change"] for body in told(hub, "correction")} == {"cancelled", "route_confirmed"}
    assert len(told(hub, "exception_opened")) == len(told(hub, "exception_closed")) == 2
    health = [(body["part"], body["state"], body.get("was")) for body in told(hub, "device_health")]
    assert ("kiosk-1:reader", "ok", None) in health
    assert ("kiosk-1:reader", "failed", "ok") in health
    assert [body["chain"] for body in told(hub, "audit_head")] == ["kiosk-1"]
    [beat] = [row.body for row in hub.rows(tables.latest) if row.what == "heartbeat"]
    assert (beat["backlog"], beat["ailing"]) == (0, ["kiosk-1:reader"])
    assert [row.seen for row in hub.rows(tables.stream)] == [len(clinic_sends.events())]


def test_a_lost_answer_and_a_doubled_request_change_nothing(clinic_sends: Any, wire: Any) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    wire.faults = ["lose", "double"]
    assert clinic_sends.step().outcome is Outcome.UNREACHABLE
    before = [row.envelope for row in clinic_sends.events()]
    clinic_sends.settle()
    assert [row.envelope for row in clinic_sends.events()][: len(before)] == before
    assert clinic_sends.exactly_once()


def test_days_without_the_hub(clinic_sends: Any, wire: Any) -> None:
    """Everything waits here; nobody asks more often than every five minutes; then all of it arrives, in its order."""
    clinic_sends.step()
    wire.always = "cut"
    longest = 0.0
    for _ in range(8):
        clinic_sends.admit()
        step = clinic_sends.step(hours=7)
        longest = max(longest, step.wait_s)
        assert step.outcome is Outcome.UNREACHABLE
    assert longest == 256
    assert len(clinic_sends.events()) >= 8 * 4
    wire.always = None
    clinic_sends.settle()
    assert clinic_sends.exactly_once()
    readings = [row.hlc for row in clinic_sends.hub.rows(tables.event)]
    assert readings == sorted(readings)


def test_a_pause_is_kept_and_ends(clinic_sends: Any, wire: Any) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    wire.always, wire.retry_after = 503, 60
    step = clinic_sends.step()
    assert (step.outcome, step.wait_s) == (Outcome.BUSY, 62.0)
    asked = wire.requests
    assert clinic_sends.step(seconds=30).outcome is Outcome.PAUSED
    assert wire.requests == asked
    wire.always = None
    assert clinic_sends.step(seconds=33).outcome is Outcome.SENT
    assert clinic_sends.exactly_once()


def test_no_pause_is_longer_than_five_minutes(clinic_sends: Any, wire: Any) -> None:
    wire.always = 429
    waits = [clinic_sends.step(minutes=6).wait_s for _ in range(12)]
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 300


def test_a_request_that_is_refused_is_sent_in_smaller_ones(clinic_sends: Any, wire: Any) -> None:
    clinic_sends.step()
    for _ in range(3):
        clinic_sends.admit()
    wire.faults = [413, 400]
    assert [clinic_sends.step(minutes=6).outcome for _ in range(2)] == [Outcome.SMALLER, Outcome.SMALLER]
    clinic_sends.settle()
    assert clinic_sends.exactly_once()


@pytest.mark.parametrize(("status", "why"), [(401, "unknown"), (403, "revoked"), (400, "refused")])
def test_who_is_not_let_in_stops_and_says_so(clinic_sends: Any, wire: Any, status: int, why: str) -> None:
    clinic_sends.admit()
    wire.always = status
    assert clinic_sends.step().outcome is Outcome.STOPPED
    asked = wire.requests
    clinic_sends.admit()
    assert clinic_sends.step(minutes=10).outcome is Outcome.STOPPED
    assert wire.requests == asked
    assert clinic_sends.step(minutes=10).outcome is Outcome.STOPPED
    assert wire.requests == asked + 1, "now and then it asks whether that is still so"
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert state_of(shown).problem == why
    wire.always = None
    assert shown.again(by="truc") == 0
    assert state_of(shown).problem == ""
    clinic_sends.settle()
    assert clinic_sends.exactly_once()


@pytest.mark.parametrize("status", [401, 403, 400])
def test_one_wrong_answer_ends_no_clinics_sending(clinic_sends: Any, wire: Any, status: int) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    wire.always = status
    assert Outcome.STOPPED in [clinic_sends.step(minutes=6).outcome for _ in range(5)]
    wire.always = None
    clinic_sends.admit()
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert state_of(shown).problem != ""
    clinic_sends.step(minutes=20)
    assert state_of(shown).problem == ""
    clinic_sends.settle()
    assert clinic_sends.exactly_once()


def test_poison_is_put_aside_and_the_rest_flows(clinic_sends: Any) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    clinic_sends.sender.collector.collect(clinic_sends.desk.clock.now())
    first = next(row for row in clinic_sends.events() if row.state == "waiting")
    whole = first.envelope
    with clinic_sends.database.write() as session:
        broken = whole[:-1] + bytes([whole[-1] ^ 1])
        session.execute(update(ProvinceEvent).where(ProvinceEvent.seq == first.seq).values(envelope=broken))
    for _ in range(4):
        assert clinic_sends.step(minutes=6).backlog == 1
    assert clinic_sends.step(minutes=6).backlog == 0
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert (state_of(shown).problem, state_of(shown).aside, state_of(shown).waiting) == ("aside", 1, 0)
    with clinic_sends.database.write() as session:
        session.execute(update(ProvinceEvent).where(ProvinceEvent.seq == first.seq).values(envelope=whole))
    assert shown.again(by="truc") == 1
    clinic_sends.settle()
    assert state_of(shown).problem == ""
    assert clinic_sends.exactly_once()


def test_a_hub_that_was_restored_from_a_backup_gets_again_what_it_lost(clinic_sends: Any, hub: Any, wire: Any) -> None:
    clinic_sends.admit()
    clinic_sends.step()
    copy = hub.copy()
    clinic_sends.admit()
    clinic_sends.step()
    hub.put_back(copy)
    wire.hub = hub.port
    assert not clinic_sends.exactly_once()
    assert clinic_sends.step(minutes=2).backlog > 0
    clinic_sends.settle()
    assert clinic_sends.exactly_once()


def test_what_the_hub_lost_and_is_gone_here_is_said(clinic_sends: Any, hub: Any, wire: Any) -> None:
    clinic_sends.step()
    copy = hub.copy()
    clinic_sends.admit()
    clinic_sends.step()
    gone = len(clinic_sends.events())
    assert clinic_sends.step(days=8).outcome is Outcome.SENT
    hub.put_back(copy)
    wire.hub = hub.port
    clinic_sends.admit()
    clinic_sends.settle()
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert (state_of(shown).problem, state_of(shown).lost >= gone) == ("lost", True)
    clinic_sends.step(minutes=2)
    [beat] = [row.body for row in hub.rows(tables.latest) if row.what == "heartbeat"]
    assert beat["ailing"][0] == "province:lost"


def test_a_store_that_was_put_back_from_a_copy_gives_no_number_twice(clinic_sends: Any, hub: Any) -> None:
    """What the copy does not know of the past is the past's; everything that happens afterwards arrives, once."""
    clinic_sends.admit()
    clinic_sends.step()
    copy = clinic_sends.copy()
    lost = clinic_sends.admit()
    clinic_sends.step()
    clinic_sends.put_back(copy)
    later = clinic_sends.admit(number=77)
    clinic_sends.settle()
    assert lost in clinic_sends.visits
    assert later in clinic_sends.visits
    assert clinic_sends.exactly_once()
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert state_of(shown).problem == "behind"
    assert not hub.rows(tables.quarantine)


def test_numbers_that_were_given_twice_while_the_hub_was_away_are_given_anew(
    clinic_sends: Any, hub: Any, wire: Any
) -> None:
    clinic_sends.admit()
    clinic_sends.step()
    copy = clinic_sends.copy()
    clinic_sends.admit()
    clinic_sends.step()
    clinic_sends.put_back(copy)
    wire.always = "cut"
    clinic_sends.admit(number=77)
    assert clinic_sends.step().sealed > 0
    wire.always = None
    clinic_sends.settle()
    assert hub.rows(tables.quarantine)
    assert clinic_sends.exactly_once()


def test_a_second_visit_in_the_province_becomes_one_notice(
    clinic_sends: Any, admit_elsewhere: Callable[[str, datetime], None]
) -> None:
    earlier = clinic_sends.desk.clock.now() - timedelta(minutes=20)
    visit, only = clinic_sends.admit(), clinic_sends.admit()
    admit_elsewhere(clinic_sends.person(0), earlier)
    clinic_sends.step()
    clinic_sends.step(minutes=2)
    clinic_sends.start()
    clinic_sends.step(minutes=2)
    found = [row for row in clinic_sends.desk.staff.exceptions() if "admitted_elsewhere" in row.reasons]
    assert [row.visit.visit_id for row in found] == [visit]
    assert only != visit
    with clinic_sends.database.read() as session:
        assert session.get_one(Visit, visit).state == "admitted"


def test_the_first_of_two_visits_hears_nothing(
    clinic_sends: Any, admit_elsewhere: Callable[[str, datetime], None], hub: Any
) -> None:
    clinic_sends.admit()
    clinic_sends.step()
    admit_elsewhere(clinic_sends.person(0), clinic_sends.desk.clock.now() + timedelta(minutes=5))
    clinic_sends.step(minutes=10)
    assert [row.clinic for row in hub.rows(tables.second_visit)] == ["36777"]
    assert not any("admitted_elsewhere" in row.reasons for row in clinic_sends.desk.staff.exceptions())


def test_the_word_of_an_answer_is_kept_for_whoever_asks_for_releases(clinic_sends: Any, hub: Any) -> None:
    clinic_sends.step()
    hub.run("INSERT INTO emergency VALUES (3, 'signer', '2026-11-23 00:00:00', 'ha')")
    clinic_sends.step(minutes=2)
    with clinic_sends.database.read() as session:
        assert province.answered(session) == (clinic_sends.desk.clock.now(), 3)
    # A hub that was put back from a copy names an older one, and later gives its number to another emergency: what
    # asks for releases hears of both.
    for number in (2, 3):
        hub.run("DELETE FROM emergency")
        hub.run(f"INSERT INTO emergency VALUES ({number}, 'signer', '2026-11-23 00:00:00', 'ha')")
        clinic_sends.step(minutes=2)
        with clinic_sends.database.read() as session:
            assert province.answered(session) == (clinic_sends.desk.clock.now(), number)


def test_a_full_store_of_events_waits_and_loses_nothing(clinic_sends: Any, wire: Any) -> None:
    clinic_sends.step()
    wire.always = "cut"
    clinic_sends.sender.collector._most, waits = 6, 0
    for _ in range(3):
        clinic_sends.admit()
        waits = clinic_sends.step(minutes=6).backlog
    assert clinic_sends.sender.collector.is_full
    wire.always = None
    for _ in range(8):
        clinic_sends.step(minutes=6)
    assert waits < 3 * 4
    assert clinic_sends.exactly_once()


def test_the_page_of_devices_says_how_the_province_is_reached(clinic_sends: Any) -> None:
    desk = clinic_sends.desk
    shown = Province(clinic_sends.database, device="desk-1", clock=desk.clock)
    client = desk.log_in(desk.app(province=shown))
    page = client.get("/devices", base_url="http://127.0.0.1:8001").text
    assert 'data-province="never"' in page
    clinic_sends.admit()
    clinic_sends.step()
    page = client.get("/devices?lang=en", base_url="http://127.0.0.1:8001").text
    assert 'data-province="ok"' in page
    assert "Waiting to be sent: 0" in page


def test_notices_of_another_clinic_are_not_told(clinic_sends: Any, hub: Any) -> None:
    now = clinic_sends.desk.clock.now()
    with clinic_sends.database.write() as session:
        own: dict[str, Any] = {"device": "kiosk-9", "code": "E14", "reasons": [], "visit_id": None, "state": "new"}
        session.add(Notice(id="019ab000-0000-7000-8000-000000000009", clinic="99999", created_at=now, **own))
    clinic_sends.step()
    assert not told(hub, "exception_opened")
    with clinic_sends.database.read() as session:
        assert session.get_one(ProvinceSender, "desk-1").seq == len(clinic_sends.events())


def test_one_thing_of_which_no_event_can_be_made_stops_nothing_and_is_told(clinic_sends: Any, hub: Any) -> None:
    clinic_sends.step()
    spoilt, whole = clinic_sends.admit(), clinic_sends.admit()
    with clinic_sends.database.write() as session:
        row = session.scalar(select(Outbox).where(Outbox.kind == "confirmed", Outbox.body.contains(spoilt)))
        row.body = json.dumps({name: said for name, said in json.loads(row.body).items() if name != "day"})
    clinic_sends.settle()
    assert [UUID(bytes=row.visit) for row in hub.rows(tables.event) if row.kind == "admission"] == [UUID(whole)]
    shown = Province(clinic_sends.database, device="desk-1", clock=clinic_sends.desk.clock)
    assert state_of(shown).problem == "untold"
    shown.again(by="thu")
    clinic_sends.step()
    assert state_of(shown).problem == ""


def test_a_store_that_does_not_answer_loses_no_row(clinic_sends: Any) -> None:
    clinic_sends.step()
    clinic_sends.admit()
    with clinic_sends.database.write() as session:
        session.execute(text("ALTER TABLE visit RENAME TO visit_away"))
    with pytest.raises(StoreUnavailable):
        clinic_sends.step()
    with clinic_sends.database.write() as session:
        session.execute(text("ALTER TABLE visit_away RENAME TO visit"))
    clinic_sends.settle()
    assert clinic_sends.exactly_once()
