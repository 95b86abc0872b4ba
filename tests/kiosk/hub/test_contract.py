"""What the hub promises of its store: the same on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.hub.errors import HubStoreUnavailable, SenderRevoked, UnknownSender
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest, Sender, Sent
from kiosk.hub.store import streams, tables
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import revoke_device
from kiosk.hub.store.emergencies import raise_emergency
from kiosk.hub.store.recount import recount
from kiosk.wire.batch import Quarantined, Stream, read_request
from kiosk.wire.bodies import AuditHead, DeskTicket, Override, SelfTest

Made = Any


def numbers(hub: Any, **where: Any) -> dict[str, int]:
    """The counts of all hours, added up."""
    rows = hub.rows(tables.hour_count, **where)
    return {name: total for name in tables.HOUR_NUMBERS if (total := sum(getattr(row, name) for row in rows))}


def shares(hub: Any, measure: str) -> dict[str, int]:
    return {row.word: row.n for row in hub.rows(tables.day_share, measure=measure)}


class TestOnce:
    def test_an_event_is_stored_with_what_it_says(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        body = make.admission()
        answer = hub.receive(device, device.event(body))
        assert answer.streams == {"kiosk-1": Stream(acked_through=1, seen=1)}
        assert not answer.quarantined
        (row,) = hub.rows(tables.event)
        assert (row.clinic, row.device, row.seq, row.kind) == ("36001", "kiosk-1", 1, "admission")
        assert row.body["visit"] == body.visit.hex()
        assert (row.visit, row.at, row.received_at) == (body.visit, make.NOW, make.NOW)

    def test_the_same_batch_again_changes_nothing(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        events = [device.event(make.admission(person)) for person in range(1, 6)]
        first = hub.receive(device, *events)
        before = [hub.rows(table) for table in tables.metadata.sorted_tables if table.name != "stream"]
        hub.later(minutes=5)
        again = hub.receive(device, *events)
        assert again.streams == first.streams
        assert [hub.rows(table) for table in tables.metadata.sorted_tables if table.name != "stream"] == before

    def test_an_event_twice_in_one_batch_counts_once(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        event = device.event(make.admission())
        answer = hub.receive(device, event, event)
        assert not answer.quarantined
        assert numbers(hub)["admissions"] == 1

    def test_any_order_and_any_cut_come_to_the_same(self, hub: Any, make: Made) -> None:
        devices = [hub.enrolled(), hub.enrolled(name="desk-1")]
        events = [device.event(make.admission(None)) for device in devices for _ in range(40)]
        draw = Random(8)
        sent = events + draw.sample(events, 30)
        draw.shuffle(sent)
        for first in range(0, len(sent), 7):
            answer = hub.receive(devices[0], *sent[first : first + 7])
            assert not answer.quarantined
        final = hub.receive(devices[0], ask=("kiosk-1", "desk-1"))
        assert final.streams == {name: Stream(acked_through=40, seen=40) for name in ("kiosk-1", "desk-1")}
        assert len(hub.rows(tables.event)) == 80
        assert numbers(hub)["admissions"] == 80

    def test_senders_at_the_same_time_lose_and_double_nothing(self, hub: Any, make: Made) -> None:
        devices = [hub.enrolled(name=f"kiosk-{number}") for number in range(4)]
        sent = {device.name: [device.event(make.admission(None)) for _ in range(8)] for device in devices}
        start, faults = Barrier(8), []

        def send(device: Any) -> None:
            start.wait()
            try:
                for event in sent[device.name]:
                    hub.receive(device, event)
            except Exception as error:
                faults.append(error)

        # Each device twice: as one that did not hear the answer and tries again at once.
        threads = [Thread(target=send, args=(device,)) for device in devices for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert len(hub.rows(tables.event)) == 32
        assert numbers(hub)["admissions"] == 32
        assert {row.seen for row in hub.rows(tables.stream)} == {8}


class TestGaps:
    def test_what_is_missing_is_named_until_it_comes(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        events = [device.event(make.admission(None)) for _ in range(9)]
        answer = hub.receive(device, events[0], events[3], events[8])
        assert answer.streams["kiosk-1"] == Stream(acked_through=1, seen=9, gaps=((2, 3), (5, 8)))
        answer = hub.receive(device, events[5])
        assert answer.streams["kiosk-1"].gaps == ((2, 3), (5, 5), (7, 8))
        answer = hub.receive(device, *events[1:3])
        assert answer.streams["kiosk-1"] == Stream(acked_through=4, seen=9, gaps=((5, 5), (7, 8)))

    def test_the_arithmetic_is_that_of_a_set(self) -> None:
        draw = Random(1)
        for _ in range(200):
            received, plain = streams.Received(), set()
            for _ in range(30):
                seq = draw.randint(1, 25)
                received, plain = received.plus(seq), plain | {seq}
                missing = {each for first, last in received.gaps for each in range(first, last + 1)}
                assert missing == set(range(1, max(plain))) - plain
                assert all(received.has(each) == (each in plain) for each in range(28))
                assert received.acked_through == min(set(range(1, 40)) - plain) - 1

    def test_more_holes_than_are_kept_are_refused_and_filled_ones_taken(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        many = streams.MAX_GAPS * 2
        far = [device.event(make.admission(None), seq=seq) for seq in range(2, many + 8, 2)]
        asides = []
        for first in range(0, len(far), 500):
            asides += hub.receive(device, *far[first : first + 500]).quarantined
        assert {each.reason for each in asides} == {"scattered"}
        assert len(asides) == 3
        assert not any(each.settled for each in asides)
        device.seqs = iter([1])
        answer = hub.receive(device, device.event(make.admission(None)), far[-3])
        assert not answer.quarantined
        assert answer.streams["kiosk-1"].acked_through == 2


class TestAside:
    def asides(self, hub: Any, device: Any, *events: bytes) -> list[tuple[int, str, bool]]:
        return [(each.index, each.reason, each.settled) for each in hub.receive(device, *events).quarantined]

    def test_the_same_number_with_other_bytes_is_a_fork(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        hub.receive(device, device.event(make.admission(1), seq=1))
        other = device.event(make.admission(2), seq=1)
        assert self.asides(hub, device, other) == [(0, "fork", True)]
        assert numbers(hub)["admissions"] == 1
        (kept,) = hub.rows(tables.quarantine)
        assert (kept.envelope, kept.seq, kept.settled) == (other, 1, True)
        assert [row.kind for row in hub.rows(tables.alarm)] == ["fork"]

    def test_two_under_one_number_in_one_batch_are_a_fork(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        events = [device.event(make.admission(person), seq=1) for person in (1, 2)]
        assert self.asides(hub, device, *events) == [(1, "fork", True)]

    def test_one_id_under_two_numbers_is_a_fork_and_holds_up_nothing(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        same = make.uuid7()
        events = [device.event(make.admission(None), id=same) for _ in range(2)]
        answer = hub.receive(device, *events, device.event(make.admission(None)))
        assert answer.quarantined == (Quarantined(index=1, reason="fork", settled=True),)
        assert answer.streams["kiosk-1"] == Stream(acked_through=3, seen=3)

    def test_poison_is_put_aside_and_the_rest_goes_on(self, hub: Any, make: Made) -> None:
        device, stranger = hub.enrolled(), make.Device(name="kiosk-9")
        forger = make.Device(name="kiosk-1")
        whole = [device.event(make.admission(None)) for _ in range(2)]
        events = [whole[0], b"\x00", stranger.event(make.admission(None)), forger.event(make.admission(None)), whole[1]]
        expected = [(1, "malformed", False), (2, "stranger", False), (3, "signature", False)]
        assert self.asides(hub, device, *events) == expected
        assert numbers(hub)["admissions"] == 2
        assert len(hub.rows(tables.quarantine)) == 3

    def test_a_body_that_no_key_opens_is_settled_and_kept(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        other = X25519PrivateKey.generate()
        sealed = device.event(make.admission(None), to=other)
        answer = hub.receive(device, sealed, device.event(make.admission(None)))
        assert answer.quarantined == (Quarantined(index=0, reason="sealed", settled=True),)
        assert answer.streams["kiosk-1"] == Stream(acked_through=2, seen=2)
        # The former key is found again: the event can be taken after all.
        hub.ingest = Ingest(hub.database, KeyRing(make.HUB, other), lambda: hub.now)
        assert not hub.receive(device, sealed).quarantined
        assert numbers(hub)["admissions"] == 2

    def test_another_clinics_event_is_a_strangers(self, hub: Any, make: Made) -> None:
        ours, theirs = hub.enrolled(), hub.enrolled(clinic="36002")
        assert self.asides(hub, ours, theirs.event(make.admission(None))) == [(0, "stranger", False)]
        assert hub.rows(tables.event) == []

    def test_a_revoked_devices_event_is_kept_for_a_person(self, hub: Any, make: Made) -> None:
        desk, kiosk = hub.enrolled(name="desk-1"), hub.enrolled()
        with hub.database.write() as connection:
            assert revoke_device(connection, "36001", "kiosk-1", make.NOW)
        assert self.asides(hub, desk, kiosk.event(make.admission(None))) == [(0, "revoked", True)]

    def test_nonsense_all_day_fills_no_disk(self, hub: Any, make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kiosk.hub.store.aside.KEPT_OF_A_CLINIC", 5)
        device = hub.enrolled()
        for each in range(20):
            hub.receive(device, bytes([each]))
        assert len(hub.rows(tables.quarantine)) == 5
        assert len(hub.rows(tables.alarm)) == 1


class TestSender:
    def test_a_stranger_a_forger_and_a_revoked_one_are_refused(self, hub: Any, make: Made) -> None:
        device, forger = hub.enrolled(), make.Device()
        with pytest.raises(UnknownSender):
            hub.receive(make.Device(name="kiosk-9"))
        with pytest.raises(UnknownSender):
            hub.receive(forger)
        with pytest.raises(UnknownSender):
            hub.ingest.receive(Sent(signed=read_request(device.batch(clinic="36777"))))
        with hub.database.write() as connection:
            revoke_device(connection, "36001", "kiosk-1", make.NOW)
        with pytest.raises(SenderRevoked):
            hub.receive(device)

    def test_who_sends_is_who_the_proxy_saw(self, hub: Any) -> None:
        device = hub.enrolled()
        hub.ingest.receive(Sent(signed=read_request(device.batch()), seen=Sender(clinic="36001", device="kiosk-1")))
        with pytest.raises(UnknownSender):
            hub.ingest.receive(Sent(signed=read_request(device.batch()), seen=Sender(clinic="36001", device="kiosk-2")))


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

    @pytest.mark.parametrize("first_word", [True, False])
    def test_who_was_erased_is_not_told_again(self, hub: Any, make: Made, first_word: bool) -> None:
        device = hub.enrolled()
        body = make.admission(7)
        events = [device.event(body), device.event(make.cancelled(body.visit, "erased"))]
        for event in reversed(events) if first_word else events:
            hub.receive(device, event)
        assert hub.rows(tables.check_in) == []
        admitted = hub.rows(tables.event, kind="admission")
        assert [(row.body.get("person"), row.envelope) for row in admitted] == [(None, b"")]
        assert not hub.receive(device, *events).quarantined, "the ledger still knows it"


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
        head = AuditHead(seq=5, hash=bytes(32))
        hub.receive(device, device.event(head, audit_seq=5, audit_hash=b"a" * 32))
        hub.receive(device, device.event(head, audit_seq=6, audit_hash=b"b" * 32))
        assert hub.rows(tables.alarm) == []
        hub.receive(device, device.event(head, audit_seq=6, audit_hash=b"c" * 32))
        hub.receive(device, device.event(head, audit_seq=5, audit_hash=b"a" * 32))
        assert {row.kind for row in hub.rows(tables.alarm)} == {"audit_fork", "audit_back"}

    def test_an_older_event_that_comes_late_is_no_alarm(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        head = AuditHead(seq=5, hash=bytes(32))
        events = [device.event(head, audit_seq=seq, audit_hash=bytes([seq]) * 32) for seq in (3, 4, 5)]
        hub.receive(device, events[2])
        hub.receive(device, *events[:2])
        assert hub.rows(tables.alarm) == []

    def test_every_answer_names_the_newest_emergency(self, hub: Any, make: Made) -> None:
        device = hub.enrolled()
        assert hub.receive(device).emergency == 0
        with hub.database.write() as connection:
            assert raise_emergency(connection, "signer_distrusted", by="admin", now=make.NOW) == 1
        assert hub.receive(device).emergency == 1


class TestTables:
    def test_the_migrations_make_these_tables(self, hub: Any) -> None:
        def ours(thing: object, name: str | None, *_: object) -> bool:
            return not (name or "").startswith("event_")

        with hub.database.read() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": ours})
            assert compare_metadata(context, tables.metadata) == []

    def test_every_key_begins_with_the_clinic(self) -> None:
        keys = {table.name: [column.name for column in table.primary_key] for table in tables.metadata.sorted_tables}
        assert {name for name, columns in keys.items() if columns[0] != "clinic"} == {"clinic", "emergency"}

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
