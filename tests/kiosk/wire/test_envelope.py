"""Events and batches: what was made is read, and nothing else is."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from idcard import IdCardError
from kiosk.hub.event import TakenEvent, clinic_day
from kiosk.wire import batch, bodies, cbor, envelope
from kiosk.wire.bodies import Admission, DeskTicket, Heartbeat, Kind
from kiosk.wire.checks import MAX_MS
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event, open_event, read_event, verify_event
from kiosk.wire.errors import CannotUnseal, MalformedMessage, UnknownVersion, WrongSignature
from kiosk.wire.person import PersonKey

HUB, DEVICE = X25519PrivateKey.from_private_bytes(bytes(range(32))), Ed25519PrivateKey.from_private_bytes(b"d" * 32)
UUID = bytes.fromhex("019ab1c4f8007abc8def0123456789ab")
ADMISSION = Admission(visit=UUID, day="2026-11-23", lane="chip", by="machine", assurance="chip_anchored")
BEAT = Heartbeat(boot=bytes(16), program="0.1.0", lane="open", backlog=0, last_seq=7, up_s=60)


def header(**fields: Any) -> Header:
    stated: dict[str, Any] = {
        "id": UUID,
        "clinic": "36001",
        "device": "kiosk-1",
        "seq": 1,
        "kind": "admission",
        "at": 1_795_000_000_000,
        "hlc": 1_795_000_000_000 << 16,
        "audit_seq": 0,
        "audit_hash": GENESIS,
        "key": key_id(HUB.public_key()),
    }
    return Header(**stated | fields)


def event(body: bodies.Body = ADMISSION, **fields: Any) -> bytes:
    return make_event(header(**fields), body, to=HUB.public_key(), signer=DEVICE)


def test_an_event_comes_out_as_it_went_in() -> None:
    read = read_event(event())
    verify_event(read, DEVICE.public_key())
    assert (read.header, read.kind, open_event(read, HUB)) == (header(), Kind.ADMISSION, ADMISSION)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_body(kind: Kind) -> None:
    assert bodies.CLASSES[kind].__doc__


def test_an_event_is_small() -> None:
    full = replace(ADMISSION, person=bytes(16), person_key=1, card="cc_2024", tries=1, benefit=4, cover="roster")
    assert len(event(replace(full, linked=True, home=True, room_type="internal", wait_s=14, taken_s=12))) < 600


def test_any_altered_byte_is_noticed() -> None:
    whole = event()
    for place in range(len(whole)):
        altered = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(IdCardError):
            verify_event(read_event(altered), DEVICE.public_key())


def test_any_cut_and_anything_behind_the_end_is_refused() -> None:
    whole = event()
    for end in range(len(whole)):
        with pytest.raises(MalformedMessage):
            read_event(whole[:end])
    with pytest.raises(MalformedMessage):
        read_event(whole + b"\x00")


def test_another_device_did_not_sign_it() -> None:
    with pytest.raises(WrongSignature):
        verify_event(read_event(event()), Ed25519PrivateKey.generate().public_key())


def test_a_body_opens_for_the_hub_alone_and_under_its_header_alone() -> None:
    read = read_event(event())
    with pytest.raises(CannotUnseal):
        open_event(read, X25519PrivateKey.generate())
    other = read_event(event(seq=2))
    with pytest.raises(CannotUnseal):
        open_event(replace(read, header_bytes=other.header_bytes), HUB)


@pytest.mark.parametrize(("body", "seq"), [(ADMISSION, 0), (BEAT, 1)])
def test_heartbeats_alone_bear_no_number(body: bodies.Body, seq: int) -> None:
    with pytest.raises(MalformedMessage):
        event(body, kind=bodies.kind_of(body).value, seq=seq)


def test_a_kind_must_be_the_bodys() -> None:
    with pytest.raises(MalformedMessage):
        event(kind="override")


def test_a_newer_version_is_told_apart_from_nonsense() -> None:
    newer = cbor.encode([cbor.encode({"v": 2, "anything": 1}), b"", bytes(64)])
    with pytest.raises(UnknownVersion):
        read_event(newer)
    with pytest.raises(UnknownVersion):
        batch.read_request(cbor.encode([cbor.encode({"v": 2}), bytes(64)]))


@pytest.mark.parametrize(
    "fields",
    [
        {"clinic": "TRẦN THỊ MẬN"},
        {"device": "a" * 33},
        {"id": bytes(16)},
        {"at": -1},
        {"seq": 1 << 48},
        {"audit_hash": bytes(31)},
        {"key": bytes(8)},
    ],
)
def test_a_header_out_of_form_is_not_made(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        event(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"lane": "Nguyễn Văn A"},
        {"lane": "036123456789"},
        {"room_type": "x-036123456789"},
        {"day": "2026-02-30"},
        {"person": bytes(16)},
        {"person_key": 1},
        {"wait_s": -1},
        {"linked": 1},
        {"benefit": 10},
    ],
)
def test_nothing_that_names_a_person_passes_for_a_word(fields: dict[str, Any]) -> None:
    made = replace(ADMISSION, **fields)
    with pytest.raises(MalformedMessage):
        bodies.read_body(Kind.ADMISSION, bodies.body_bytes(made))


def test_an_unknown_or_a_missing_field_is_refused() -> None:
    known = cbor.decode(bodies.body_bytes(ADMISSION), where="test", limit=1000)
    for found in ({**known, "name": "x"}, {name: known[name] for name in known if name != "lane"}):
        with pytest.raises(MalformedMessage):
            bodies.read_body(Kind.ADMISSION, cbor.encode(found))


def test_reasons_come_out_as_they_went_in() -> None:
    ticket = DeskTicket(
        visit=UUID, day="2026-11-23", lane="chip", code="E05", assurance="none", reasons=("integrity.hash_differs",)
    )
    assert bodies.read_body(Kind.DESK_TICKET, bodies.body_bytes(ticket)) == ticket


@pytest.mark.parametrize(
    "data",
    [
        cbor2.dumps({"b": 1, "a": 2}),
        cbor2.dumps({"a": 1.5}),
        cbor2.dumps(cbor2.CBORTag(2, b"\x01")),
        b"\xa2\x61a\x01\x61a\x01",
        b"\x9f\x01\xff",
        b"\x18\x01",
        cbor2.dumps({1: 2}),
        b"\x81" * 50 + b"\x01",
    ],
)
def test_cbor_has_one_form(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        cbor.decode(data, where="test", limit=1000)


@given(st.binary(max_size=600))
def test_any_bytes_are_an_error_or_a_message(data: bytes) -> None:
    for read in (read_event, batch.read_request, batch.read_answer):
        with pytest.raises(MalformedMessage):
            read(data)


LEAF = st.none() | st.integers(-9, 9) | st.sampled_from(["v", "events"]) | st.binary(max_size=70)


@given(st.lists(LEAF | st.lists(LEAF, max_size=3), max_size=4))
def test_any_cbor_is_an_error_or_a_message(value: Any) -> None:
    for read in (read_event, batch.read_request, batch.read_answer):
        with pytest.raises(MalformedMessage):
            read(cbor2.dumps(value, canonical=True))


def test_a_batch_comes_out_as_it_went_in() -> None:
    request = batch.BatchRequest(clinic="36001", sender="kiosk-1", sent_at=5, events=(event(),), ask=("desk-1",))
    signed = batch.read_request(batch.make_request(request, DEVICE))
    assert batch.verify_request(signed, DEVICE.public_key()) == request
    with pytest.raises(WrongSignature):
        batch.verify_request(signed, Ed25519PrivateKey.generate().public_key())


def test_a_batch_has_bounds() -> None:
    many = batch.BatchRequest(clinic="36001", sender="kiosk-1", sent_at=5, events=(b"",) * (batch.BATCH_EVENTS + 1))
    with pytest.raises(MalformedMessage):
        batch.read_request(batch.make_request(many, DEVICE))
    large = batch.BatchRequest(clinic="36001", sender="kiosk-1", sent_at=5, events=(bytes(envelope.EVENT_LIMIT + 1),))
    with pytest.raises(MalformedMessage):
        batch.read_request(batch.make_request(large, DEVICE))
    with pytest.raises(MalformedMessage):
        batch.read_request(bytes(batch.BATCH_LIMIT + 1))


def test_an_answer_comes_out_as_it_went_in() -> None:
    answer = batch.BatchAnswer(
        at=9,
        hlc=9 << 16,
        emergency=2,
        streams={"kiosk-1": batch.Stream(acked_through=3, seen=9, gaps=((4, 5), (7, 7)))},
        quarantined=(batch.Quarantined(index=0, reason="fork", settled=True),),
    )
    assert batch.read_answer(batch.make_answer(answer)) == answer


def test_an_answer_with_all_that_fits_stays_within_its_bound() -> None:
    gaps = tuple((each * 1000, each * 1000 + 1) for each in range(1 << 30, (1 << 30) + 200))
    stream = batch.Stream(acked_through=1, seen=envelope.MAX_SEQ, gaps=gaps)
    refused = tuple(batch.Quarantined(index=each, reason="malformed", settled=False) for each in range(500))
    devices = {f"kiosk-{each:026}": stream for each in range(batch.BATCH_EVENTS + batch.ASKED_DEVICES)}
    answer = batch.BatchAnswer(at=1, hlc=1, emergency=0, streams=devices, quarantined=refused)
    read = batch.read_answer(batch.make_answer(answer))
    assert {len(each.gaps) for each in read.streams.values()} == {batch.ANSWER_GAPS}


def test_a_person_has_one_tag_under_one_key_and_none_is_told() -> None:
    key, other = PersonKey(b"k" * 32, 1), PersonKey(b"o" * 32, 2)
    assert key.tag("036090000001") == key.tag("036090000001") != key.tag("036090000002")
    assert key.tag("036090000001") != other.tag("036090000001")
    assert len(key.tag("036090000001")) == 16
    assert "6b6b" not in repr(key)
    with pytest.raises(ValueError, match="32 bytes"):
        PersonKey(b"short", 1)


def test_no_event_is_of_a_day_that_there_is_not() -> None:
    """The hub reckons with dates, which end with the year 9999: in the clinic's time, too."""
    last = TakenEvent(
        header=header(at=MAX_MS), kind=Kind.ADMISSION, body=ADMISSION, digest=bytes(32), raw=b""
    )  # fmt: skip
    assert clinic_day(last.at).year == 9999
    with pytest.raises(MalformedMessage):
        make_event(header(at=MAX_MS + 1), ADMISSION, to=HUB.public_key(), signer=DEVICE)
