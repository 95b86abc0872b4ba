"""What the hub promises of its store: the same on SQLite and on PostgreSQL."""

from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.hub.errors import SenderRevoked, UnknownSender
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest, Sender, Sent
from kiosk.hub.store import streams, tables
from kiosk.hub.store.devices import revoke_device
from kiosk.wire.batch import Quarantined, Stream, read_request

Made = Any


def numbers(hub: Any, **where: Any) -> dict[str, int]:
    """The counts of all hours, added up."""
    rows = hub.rows(tables.hour_count, **where)
    return {name: total for name in tables.HOUR_NUMBERS if (total := sum(getattr(row, name) for row in rows))}


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
