"""What the hub makes of events: counts, who came twice, devices; the same on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest, Sent
from kiosk.hub.store import heads, tables
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.emergencies import raise_emergency
from kiosk.hub.store.province import province_day, province_shares
from kiosk.hub.store.recount import recount
from kiosk.wire.batch import read_request
from kiosk.wire.bodies import AuditHead, DeskTicket, Override, SelfTest

Made = Any


def numbers(hub: Any, **where: Any) -> dict[str, int]:
    """The counts of all hours, added up."""
    rows = hub.rows(tables.hour_count, **where)
    return {name: total for name in tables.HOUR_NUMBERS if (total := sum(getattr(row, name) for row in rows))}


def shares(hub: Any, measure: str) -> dict[str, int]:
    return {row.word: row.n for row in hub.rows(tables.day_share, measure=measure)}


class TestCounts:
    def test_an_admission_is_counted_by_hour_and_shared_out(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(
            device,
            device.event(make.admission(None)),
            device.event(make.admission(None, tries=2, linked=False, by="staff", lane="papers", card="cccd_2021")),
            device.event(make.admission(None), at=make.NOW - timedelta(hours=1)),
        )
        hours = {row.hour: row.admissions for row in hub.rows(tables.hour_count)}
        assert hours == {datetime(2026, 11, 23, 0, tzinfo=UTC): 1, datetime(2026, 11, 23, 1, tzinfo=UTC): 2}
        counted = {"admissions": 3, "by_machine": 2, "reads": 3, "first_reads": 2, "linked": 2, "link_known": 3}
        assert numbers(hub) == counted | {"waits": 3, "wait_s": 120, "takes": 3, "taken_s": 36}
        assert shares(hub, "lane") == {"chip": 2, "papers": 1}
        assert shares(hub, "card") == {"cc_2024": 2, "cccd_2021": 1}
        assert shares(hub, "card_first") == {"cc_2024": 2}

    def test_a_day_is_the_clinics(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        evening = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
        hub.receive(device, device.event(make.admission(None), at=evening))
        assert {row.day for row in hub.rows(tables.day_share)} == {date(2026, 11, 23)}

    def test_nothing_happens_after_it_was_received(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(device, device.event(make.admission(None), at=make.NOW + timedelta(days=400)))
        assert [row.hour for row in hub.rows(tables.hour_count)] == [datetime(2026, 11, 23, 1, tzinfo=UTC)]

    def test_the_counts_are_those_of_the_events(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        ticket = DeskTicket(
            visit=make.uuid7(), day="2026-11-23", lane="chip", code="E07", assurance="chip_anchored", tries=1
        )
        override = Override(visit=ticket.visit, code="E07", reason="papers_seen", second=False)
        for hours in range(0, 80, 10):
            at = hub.later(hours=10)
            bodies = (make.admission(hours), ticket, override, make.admission(hours), make.cancelled(make.uuid7()))
            hub.receive(device, *(device.event(body, at=at) for body in bodies))
        before = hub.rows(tables.hour_count), hub.rows(tables.day_share)
        assert numbers(hub)["withdrawals"] == 8
        for day in range(22, 28):
            recount(hub.database, "36001", date(2026, 11, day))
        assert (hub.rows(tables.hour_count), hub.rows(tables.day_share)) == before


class TestToldAgain:
    """What a clinic whose store was put back tells once more, under other numbers and ids."""

    def test_an_admission_told_again_counts_once_whoever_tells_it_and_whenever(self, hub: Any, make: Made) -> None:
        desk, other = hub.enrolled(), hub.enrolled(name="desk-2")
        body = make.admission(3)
        hub.receive(desk, desk.event(body), desk.event(body))
        hub.later(hours=5)
        hub.receive(other, other.event(body))
        assert numbers(hub)["admissions"] == 1
        assert sum(row.n for row in hub.rows(tables.day_share) if row.measure == "lane") == 1
        assert len(hub.rows(tables.event)) == 3

    def test_a_visit_taken_back_twice_is_taken_back_once(self, hub: Any, make: Made) -> None:
        desk = hub.enrolled()
        body = make.admission(3)
        hub.receive(desk, desk.event(body), desk.event(make.cancelled(body.visit)))
        hub.receive(desk, desk.event(make.cancelled(body.visit)))
        assert (numbers(hub)["admissions"], numbers(hub)["withdrawals"]) == (1, 1)

    def test_a_ticket_and_its_admission_are_two_things(self, hub: Any, make: Made) -> None:
        desk = hub.enrolled()
        body = make.admission(3)
        ticket = DeskTicket(visit=body.visit, day="2026-11-23", lane="chip", code="E07", assurance="chip_anchored")
        hub.receive(desk, desk.event(ticket), desk.event(body))
        assert (numbers(hub)["admissions"], numbers(hub)["desk_tickets"]) == (1, 1)

    def test_one_visit_of_two_clinics_is_two(self, hub: Any, make: Made) -> None:
        here, there = hub.enrolled(), hub.enrolled(clinic="36002")
        body = make.admission(3)
        hub.receive(here, here.event(body))
        hub.receive(there, there.event(body))
        assert sum(row.admissions for row in hub.rows(tables.hour_count)) == 2


class TestTwice:
    """Two admissions of one person on one day."""

    def open(self, hub: Any) -> dict[tuple[str, bytes], tuple[str, bytes]]:
        rows = hub.rows(tables.second_visit, state="open")
        return {(row.clinic, row.visit): (row.first_clinic, row.first_visit) for row in rows}

    def test_the_first_by_its_clock_stays_wherever_it_comes_from(self, hub: Any, make: Made) -> None:
        here, there = hub.enrolled(), hub.enrolled(clinic="36002")
        early, late = make.admission(7), make.admission(7)
        hub.receive(here, here.event(late, at=make.NOW))
        assert self.open(hub) == {}
        # The other clinic was cut off, and sends only now.
        hub.receive(there, there.event(early, at=make.NOW - timedelta(hours=1)))
        assert self.open(hub) == {("36001", late.visit): ("36002", early.visit)}
        assert numbers(hub)["admissions"] == 2, "nobody's admission is undone by a machine"

    def test_the_clinic_of_the_later_one_is_told_until_it_lapses_or_was_told_for_long(
        self, hub: Any, make: Made
    ) -> None:
        here, there = hub.enrolled(), hub.enrolled(clinic="36002")
        early, late = make.admission(7), make.admission(7)
        hub.receive(there, there.event(early, at=make.NOW - timedelta(hours=1)))
        hub.receive(here, here.event(late))

        def told(device: Any) -> tuple[bytes, ...]:
            sent = Sent(signed=read_request(device.batch()), asks_seconds=True)
            found: tuple[bytes, ...] = hub.ingest.receive(sent).second_visits
            return found

        assert (told(here), told(here), told(there)) == ((late.visit,), (late.visit,), ())
        assert hub.receive(here).second_visits == ()
        hub.later(days=31)
        assert told(here) == ()
        hub.later(days=-31)
        hub.receive(there, there.event(make.cancelled(early.visit)))
        assert told(here) == ()

    def test_other_days_other_people_and_other_keys_are_apart(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        tomorrow = date(2026, 11, 24)
        bodies = [make.admission(7), make.admission(8), make.admission(7, day=tomorrow)]
        bodies += [replace(make.admission(7), person_key=2), make.admission(None), make.admission(None)]
        hub.receive(device, *(device.event(body) for body in bodies))
        assert self.open(hub) == {}

    @pytest.mark.parametrize("first_word", [True, False])
    def test_one_that_was_taken_back_does_not_count(self, hub: Any, make: Made, first_word: bool) -> None:
        device = hub.enrolled()
        bodies = [make.admission(7), make.admission(7), make.admission(7)]
        events = [device.event(body, at=make.NOW + timedelta(minutes=minute)) for minute, body in enumerate(bodies)]
        back = device.event(make.cancelled(bodies[0].visit))
        for event in [back, *events] if first_word else [*events, back]:
            hub.receive(device, event)
        assert self.open(hub) == {("36001", bodies[2].visit): ("36001", bodies[1].visit)}

    def test_a_hub_that_died_before_it_judged_judges_when_the_batch_comes_again(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        batch = device.batch(device.event(make.admission(7)), device.event(make.admission(7)))
        died = Ingest(hub.database, KeyRing(make.HUB), lambda: hub.now)
        died._judge = dying  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            died.receive(Sent(signed=read_request(batch)))
        assert self.open(hub) == {}
        hub.ingest.receive(Sent(signed=read_request(batch)))
        assert len(self.open(hub)) == 1

    def test_clinics_at_the_same_time_see_each_other(self, hub: Any, make: Made) -> None:
        devices = [hub.enrolled(clinic=f"3600{number}") for number in range(4)]
        start = Barrier(len(devices))
        events = {device.clinic: [device.event(make.admission(person)) for person in range(1, 5)] for device in devices}

        def send(device: Any) -> None:
            start.wait()
            for event in events[device.clinic]:
                hub.receive(device, event)

        threads = [Thread(target=send, args=(device,)) for device in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(self.open(hub)) == 4 * 3


def dying(*_: object) -> None:
    raise KeyboardInterrupt


class TestDevices:
    def test_only_the_newest_heartbeat_counts(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        beats = [
            device.event(make.heartbeat(backlog=backlog), at=make.NOW + timedelta(minutes=backlog))
            for backlog in range(3)
        ]
        answer = hub.receive(device, beats[1])
        hub.receive(device, beats[0])
        assert hub.rows(tables.latest)[0].body["backlog"] == 1
        hub.receive(device, beats[0], beats[2])
        assert hub.rows(tables.latest)[0].body["backlog"] == 2
        assert answer.streams == {}
        assert hub.rows(tables.event) == []

    def test_a_clock_far_ahead_is_not_the_newest_for_ever(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(device, device.event(make.heartbeat(backlog=9), at=make.NOW + timedelta(days=3650)))
        at = hub.later(hours=1)
        hub.receive(device, device.event(make.heartbeat(backlog=1), at=at))
        assert hub.rows(tables.latest)[0].body["backlog"] == 1

    def test_a_self_test_that_failed_leaves_the_last_that_passed(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(device, device.event(SelfTest(passed=True), at=make.NOW))
        later = hub.later(hours=1)
        hub.receive(device, device.event(SelfTest(passed=False, failed=("printer",)), at=later))
        found = {row.what: row.at for row in hub.rows(tables.latest)}
        assert found == {"self_test": later, "self_test_passed": make.NOW}

    def test_an_audit_chain_that_goes_back_or_parts_is_an_alarm(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        body = SelfTest(passed=True)
        hub.receive(device, device.event(body, audit_seq=5, audit_hash=b"a" * 32))
        hub.receive(device, device.event(body, audit_seq=6, audit_hash=b"b" * 32))
        assert hub.rows(tables.alarm) == []
        hub.receive(device, device.event(body, audit_seq=6, audit_hash=b"c" * 32))
        hub.receive(device, device.event(body, audit_seq=5, audit_hash=b"a" * 32))
        assert {row.kind for row in hub.rows(tables.alarm)} == {"audit_fork", "audit_back"}

    def test_an_older_event_that_comes_late_is_no_alarm(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        body = SelfTest(passed=True)
        events = [device.event(body, audit_seq=seq, audit_hash=bytes([seq]) * 32) for seq in (3, 4, 5)]
        hub.receive(device, events[2])
        hub.receive(device, *events[:2])
        assert hub.rows(tables.alarm) == []
        assert [row.seq for row in hub.rows(tables.audit_head)] == [3, 4, 5]

    @pytest.mark.parametrize(
        ("seq", "digest", "kind"), [(4, b"x" * 32, "audit_fork"), (7, b"x" * 32, "audit_back"), (3, b"c" * 32, None)]
    )
    def test_an_older_event_that_tells_of_another_chain_is_an_alarm(
        self, hub: Any, make: Made, seq: int, digest: bytes, kind: str | None
    ) -> None:
        device = hub.enrolled()
        body = SelfTest(passed=True)
        late = device.event(body, audit_seq=seq, audit_hash=digest)
        known = [device.event(body, audit_seq=each, audit_hash=bytes([each]) * 32) for each in (4, 5)]
        hub.receive(device, *known)
        hub.receive(device, late)
        assert {row.kind for row in hub.rows(tables.alarm)} == ({kind} if kind else set())

    def test_every_end_that_was_said_stays_and_both_sides_of_a_fork(self, hub: Any, make: Made) -> None:
        device, other = hub.enrolled(), hub.enrolled(name="desk-1")
        body = SelfTest(passed=True)
        hub.receive(device, *(device.event(body, audit_seq=2, audit_hash=each * 32) for each in (b"a", b"a", b"b")))
        head = AuditHead(chain="kiosk-1", seq=2, hash=b"c" * 32)
        hub.receive(other, other.event(head, audit_seq=9, audit_hash=b"d" * 32))
        said = [(row.device, row.seq, row.hash[:1], row.said_by, row.event) for row in hub.rows(tables.audit_head)]
        assert said == [
            ("desk-1", 9, b"d", "desk-1", 1),
            ("kiosk-1", 2, b"a", "kiosk-1", 1),
            ("kiosk-1", 2, b"b", "kiosk-1", 3),
            ("kiosk-1", 2, b"c", "desk-1", 1),
        ]
        assert [(row.kind, row.mark) for row in hub.rows(tables.alarm)] == [("audit_fork", "2")]

    def test_ends_are_given_page_after_page(self, hub: Any, make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(heads, "_AT_ONCE", 2)
        device, other, foreign = hub.enrolled(), hub.enrolled(name="desk-1"), hub.enrolled(clinic="36002")
        for each, many in ((device, 5), (other, 2), (foreign, 1)):
            body = SelfTest(passed=True)
            events = (each.event(body, audit_seq=seq + 1, audit_hash=bytes([seq]) * 32) for seq in range(many))
            hub.receive(each, *events)
        with hub.database.read() as connection:
            said = [(each.device, each.seq) for each in heads.heads(connection, "36001")]
            own = [each.hash[0] for each in heads.heads(connection, "36001", device="kiosk-1")]
        assert said == [("desk-1", 1), ("desk-1", 2), *(("kiosk-1", seq) for seq in range(1, 6))]
        assert own == [0, 1, 2, 3, 4]

    def test_every_answer_names_the_newest_emergency(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        assert hub.receive(device).emergency == 0
        with hub.database.write() as connection:
            assert raise_emergency(connection, "signer_distrusted", by="admin", now=make.NOW) == 1
        assert hub.receive(device).emergency == 1


class TestProvince:
    def test_a_day_of_every_clinic_comes_from_the_counts(self, hub: Any, make: Made) -> None:
        here, there = hub.enrolled(), hub.enrolled(clinic="36002")
        hub.enrolled(clinic="36003")
        hub.receive(here, here.event(make.admission(7)), here.event(make.admission(7, lane="papers", by="staff")))
        at = hub.later(hours=1)
        hub.receive(there, there.event(make.heartbeat(), at=at))
        with hub.database.read() as connection:
            first, second, third = province_day(connection, date(2026, 11, 23))
            shared = province_shares(connection, date(2026, 11, 23))
            assert not any(any(each.hours) for each in province_day(connection, date(2026, 11, 22)))
        assert (first.clinic, first.name) == ("36001", "Clinic 36001")
        # 01:30 UTC is 08:30 at the clinic.
        assert [hour for hour, many in enumerate(first.hours) if many] == [8]
        assert (first.totals["admissions"], first.totals["by_machine"], first.seconds) == (2, 1, 1)
        assert (first.heard_at, second.heard_at, third.heard_at) == (make.NOW, at, None)
        assert not any(second.hours)
        assert shared["lane"] == {"chip": 1, "papers": 1}

    def test_an_open_alarm_is_on_the_page(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(device, device.event(make.admission(1), seq=1))
        hub.receive(device, device.event(make.admission(2), seq=1))
        with hub.database.read() as connection:
            (clinic,) = province_day(connection, date(2026, 11, 23))
        assert clinic.alarms == 1


class TestTables:
    def test_the_migrations_make_these_tables(self, hub: Any) -> None:
        def ours(thing: object, name: str | None, *_: object) -> bool:
            return not (name or "").startswith("event_")

        with hub.database.read() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": ours})
            assert compare_metadata(context, tables.metadata) == []

    def test_every_key_begins_with_the_clinic(self) -> None:
        keys = {table.name: [column.name for column in table.primary_key] for table in tables.metadata.sorted_tables}
        assert {name for name, columns in keys.items() if columns[0] != "clinic"} == {
            "clinic",
            "emergency",
            # The province's own: of no clinic.
            "officer",
            "officer_act",
            "horizon",
        }

    def test_what_goes_wrong_half_way_stores_nothing(
        self, hub: Any, make: Made, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        device = hub.enrolled()
        batch = device.batch(device.event(make.admission(7)))
        with monkeypatch.context() as patch:
            patch.setattr("kiosk.hub.store.taking.say_latest", dying)
            with pytest.raises(KeyboardInterrupt):
                hub.ingest.receive(Sent(signed=read_request(batch)))
        for table in (tables.event, tables.ledger, tables.stream, tables.hour_count, tables.check_in):
            assert hub.rows(table) == []
        hub.ingest.receive(Sent(signed=read_request(batch)))
        assert numbers(hub)["admissions"] == 1

    def test_a_store_without_tables_is_unavailable(self, tmp_path: Any) -> None:
        database = HubDatabase.open(f"sqlite:///{tmp_path / 'empty.db'}")
        with pytest.raises(HubStoreUnavailable):
            database.probe()
        database.close()
