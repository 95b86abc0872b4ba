"""What clinics and the hub say to each other: both as a stranger sends it, and as somebody sends it whose key is right.

Behind a signature lies most of what can go wrong, so made-up contents are also signed, and sealed, by keys of ours.
"""

import contextlib
import tempfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask.testing import FlaskClient

from kiosk.hub.app import create_hub_app
from kiosk.hub.config import HubConfig
from kiosk.hub.event import TakenEvent, clinic_day
from kiosk.hub.examine import KeyRing, examine
from kiosk.hub.ingest import Ingest
from kiosk.hub.limits import TooLarge, inflated
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import Device
from kiosk.hub.together import Together
from kiosk.province import joining as clinics_joining
from kiosk.province.answers import has, horizon
from kiosk.province.asking import Asking
from kiosk.province.identity import Identity
from kiosk.province.link import Reply
from kiosk.wire import batch, bodies, envelope, joining
from kiosk.wire.cbor import MAX_DEPTH, encode

NOW = datetime(2026, 11, 2, 6, 45, tzinfo=UTC)
CLINIC, DEVICE = "36001", "desk"
HUB = X25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = SIGNER.public_key().public_bytes_raw()
RING = KeyRing(HUB)
DEVICES = {DEVICE: Device(clinic=CLINIC, name=DEVICE, public_key=PUBLIC, is_active=True)}
KINDS = tuple(bodies.Kind)
STATUSES = (200, 400, 401, 403, 413, 429, 500, 503)


def header_map(kind: bodies.Kind) -> dict[str, Any]:
    """The header of an event of ours, as it is encoded."""
    at = int(NOW.timestamp() * 1000)
    return {
        **{"v": 1, "id": bytes([1, 2, 3, 4, 5, 6, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]), "clinic": CLINIC},
        **{"device": DEVICE, "seq": 0 if kind is bodies.Kind.HEARTBEAT else 1, "kind": kind.value, "at": at},
        **{"hlc": at << 16, "audit_seq": 0, "audit_hash": bytes(32), "key": envelope.key_id(HUB.public_key())},
    }


def event_of(header: bytes, body: bytes) -> bytes:
    """An event that a device of ours sealed and signed, whatever is in it."""
    sealed = envelope._SUITE.encrypt(body, HUB.public_key(), info=envelope._SEALING + header)
    return encode([header, sealed, SIGNER.sign(envelope._signed(header, sealed))])


def taken(event: bytes) -> None:
    """As the hub looks at an event of a device that it knows: it is taken or put aside, and nothing else happens."""
    for found in examine([event], DEVICES, RING, CLINIC):
        if isinstance(found, TakenEvent):
            clinic_day(found.happened(NOW))
            assert bodies.read_body(found.kind, bodies.body_bytes(found.body)) == found.body


def only_form(data: bytes) -> bytes:
    """The same in the one form that is read, where it is CBOR at all: so that inputs get behind that door."""
    try:
        return encode(cbor2.loads(data, max_depth=MAX_DEPTH))
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        return data


def stranger(event: bytes) -> None:
    assert not any(isinstance(found, TakenEvent) for found in examine([event], {}, RING, CLINIC))
    envelope.read_event(event)


def header(data: bytes) -> None:
    taken(event_of(only_form(data), bodies.body_bytes(bodies.SelfTest(passed=True))))


def body(data: bytes) -> None:
    """The first byte says of which kind it is, heartbeats among them."""
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    taken(event_of(encode(header_map(kind)), only_form(data[1:])))


def content(data: bytes) -> None:
    """What a batch says, rightly signed; its events are looked at."""
    said = only_form(data)
    signed = batch.read_request(encode([said, SIGNER.sign(batch._signed(said))]))
    request = batch.verify_request(signed, SIGNER.public_key())
    list(examine(request.events, DEVICES, RING, request.clinic))


def answer(data: bytes) -> None:
    """The hub's answer, as a clinic reads and follows it."""
    found = batch.read_answer(only_form(data))
    for stream in found.streams.values():
        assert not has(stream, horizon(stream) + 1)
    for version in (batch.VERSION, batch.ANSWER_VERSION):
        assert batch.read_answer(batch.make_answer(found, version=version)).at == found.at


def signed(purpose: bytes, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """A request of enrolment with this content, rightly signed."""

    def run(data: bytes) -> None:
        said = only_form(data)
        read(encode([said, SIGNER.sign(joining._to_sign(said, purpose))]))

    return run


def renewal(data: bytes) -> None:
    joining.read_renewal(data)
    joining.verify_renewal(data, PUBLIC)


@cache
def scratch() -> Path:
    """A folder of this process."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def asking() -> Asking:
    """A clinic that asked for a certificate, and believes an authority."""
    folder = scratch() / "identity"
    folder.mkdir()
    found = Asking(Identity(folder))
    found.new_key()
    return found


def grant(data: bytes) -> None:
    """What the hub says to a request; nothing of it may count."""
    found = clinics_joining.granted(Reply(status=200, headers={}, body=only_form(data)))
    asking().fulfil(found)
    raise AssertionError("a certificate was believed")


def refusal(data: bytes) -> None:
    status = STATUSES[data[0] % len(STATUSES)] if data else 500
    clinics_joining.granted(Reply(status=status, headers={}, body=data[1:]))


@cache
def hub() -> FlaskClient:
    """A hub over a real store that knows nobody."""
    store = scratch() / "hub.db"
    database = HubDatabase.open(f"sqlite:///{store}")
    database.migrate()
    config = HubConfig(mode="demo", keys=scratch(), store=store, port=1, per_second=1000, burst=10_000)
    together = Together(Ingest(database, RING, lambda: NOW), workers=1)
    return create_hub_app(together, config, probe=database.probe).test_client()


def events_over_http(data: bytes) -> None:
    """What anybody may send: the first byte says how it is packed."""
    packing = ("identity", "gzip", "deflate", "br")[data[0] % 4] if data else "identity"
    headers = {"Content-Type": batch.MEDIA_TYPE, "Content-Encoding": packing, "Accept": batch.ACCEPTS}
    sent = zlib.compress(data[1:], 1) if data and data[0] & 0x80 else data[1:]
    status = hub().post("/v1/events", data=sent, headers=headers).status_code
    assert status in (400, 401, 413, 415, 429), status


def packed(data: bytes) -> None:
    with contextlib.suppress(ValueError, TooLarge):
        assert len(inflated(data, batch.BATCH_LIMIT)) <= batch.BATCH_LIMIT


def typed_code(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        code, pin = joining.read_code(data.decode("utf-8"))
        assert joining.read_code(joining.written_code(code[:3], code[3:], pin)) == (code, pin)


SYNC: dict[str, Callable[[bytes], Any]] = {
    "hub_event": stranger,
    "hub_event_header": header,
    "hub_event_body": body,
    "hub_batch": batch.read_request,
    "hub_batch_content": content,
    "hub_answer": answer,
    "hub_packed": packed,
    "hub_over_http": events_over_http,
    "hub_join": joining.read_join,
    "hub_join_content": signed(b"join", joining.read_join),
    "hub_renewal": signed(b"renew", renewal),
    "hub_csr": joining.requested_key,
    "hub_grant": grant,
    "hub_refusal": refusal,
    "hub_code": typed_code,
}
"""What takes each kind's bytes; nothing but an IdCardError may escape."""
