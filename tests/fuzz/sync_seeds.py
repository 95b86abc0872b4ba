"""Where fuzzing of what clinics and hub say to each other begins: one message of each kind, rightly made."""

import gzip
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sync_targets import CLINIC, DEVICE, HUB, KINDS, NOW, PUBLIC, SIGNER, event_of, header_map

from kiosk.wire.batch import BatchAnswer, BatchRequest, Quarantined, Stream, make_answer, make_request
from kiosk.wire.bodies import (
    Admission,
    AuditHead,
    Body,
    Correction,
    DeskTicket,
    DeviceHealth,
    ExceptionClosed,
    ExceptionOpened,
    Heartbeat,
    HolderCheck,
    Kind,
    Override,
    SelfTest,
    body_bytes,
    kind_of,
)
from kiosk.wire.cbor import decode, encode
from kiosk.wire.checks import MAX_MS
from kiosk.wire.joining import Grant, JoinRequest, RenewRequest, make_grant, make_join, make_renewal, written_code

VISIT = bytes([1, 2, 3, 4, 5, 6, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 9])
AT = int(NOW.timestamp() * 1000)
TAG = bytes(16)
BODIES: tuple[Body, ...] = (
    Admission(
        **{"visit": VISIT, "day": "2026-11-02", "lane": "chip", "by": "machine", "assurance": "chip_anchored"},
        **{"person": TAG, "person_key": 1, "code_tag": TAG, "card": "cc_2024", "tries": 1, "benefit": 4},
        **{"cover": "covered", "route": "1.1", "linked": True, "home": True, "priority": False, "wait_s": 40},
        **{"room_type": "internal", "taken_s": 12, "trust": "7", "roster": "v1"},
    ),
    DeskTicket(
        visit=VISIT, day="2026-11-02", lane="chip", code="E04", assurance="none", reasons=("not_covered",), person=TAG,
        person_key=1, tries=2, taken_s=9,
    ),
    Correction(visit=VISIT, change="cancelled", reason="by_mistake", replaced_by=VISIT),
    ExceptionOpened(exception=VISIT, code="E11", reasons=("signature",), visit=VISIT),
    ExceptionClosed(exception=VISIT, resolution="settled", open_s=60),
    Override(visit=VISIT, code="E04", reason="known_here", second=True),
    HolderCheck(visit=VISIT, outcome="same", how="staff"),
    DeviceHealth(part="printer", state="failed", was="ok"),
    SelfTest(passed=False, failed=("reader",), took_s=4),
    Heartbeat(
        **{"boot": TAG, "program": "0.1.0", "lane": "open", "backlog": 0, "last_seq": 1, "up_s": 60, "trust": "7"},
        **{"trust_age_s": 60, "roster": "v1", "roster_age_s": 60, "config": "1", "waiting": 0, "disk_free_mb": 9},
        **{"tested_at": AT, "ailing": ("printer",)},
    ),
    AuditHead(seq=4, hash=bytes(32), chain="kiosk-1"),
)  # fmt: skip


def sync_messages() -> Iterator[tuple[str, bytes]]:
    """Pairs of a target's name and an input."""
    yield from _events()
    yield from _batches()
    yield from _joining()


def _events() -> Iterator[tuple[str, bytes]]:
    for body in BODIES:
        kind = kind_of(body)
        header, content = encode(header_map(kind)), body_bytes(body)
        yield "hub_event", event_of(header, content)
        yield "hub_event_header", header
        yield "hub_event_body", bytes([KINDS.index(kind)]) + content
    yield "hub_event_header", encode(header_map(Kind.SELF_TEST) | {"at": MAX_MS})


def _batches() -> Iterator[tuple[str, bytes]]:
    events = tuple(event_of(encode(header_map(kind_of(body))), body_bytes(body)) for body in BODIES[:2])
    request = BatchRequest(clinic=CLINIC, sender=DEVICE, sent_at=AT, events=events, ask=(DEVICE,))
    for each in (request, BatchRequest(clinic=CLINIC, sender=DEVICE, sent_at=AT, events=())):
        data = make_request(each, SIGNER)
        yield "hub_batch", data
        yield "hub_batch_content", _first(data)
        yield "hub_packed", gzip.compress(data, mtime=0)
        yield "hub_over_http", b"\x00" + data
        yield "hub_over_http", b"\x81" + data
    streams = {DEVICE: Stream(acked_through=3, seen=9, gaps=((5, 6), (8, 8)))}
    aside = (Quarantined(index=0, reason="malformed", settled=False),)
    answer = BatchAnswer(
        at=AT, hlc=AT << 16, emergency=1, streams=streams, quarantined=aside, second_visits=(VISIT,)
    )  # fmt: skip
    for version in (1, 2):
        yield "hub_answer", make_answer(answer, version=version)


def _joining() -> Iterator[tuple[str, bytes]]:
    key = derive_private_key(7, SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    asked = csr.public_bytes(Encoding.DER)
    yield "hub_csr", asked
    code = written_code("ABC", "01234567", "89ABCDEF")
    yield "hub_code", code.encode()
    yield "hub_code", code.replace("0", "O").lower().encode()
    join = make_join(JoinRequest(code="ABC01234567", public_key=PUBLIC, csr=asked), SIGNER)
    yield "hub_join", join
    yield "hub_join_content", _first(join)
    renewal = RenewRequest(clinic=CLINIC, device=DEVICE, serial=bytes(range(1, 9)), csr=asked)
    yield "hub_renewal", _first(make_renewal(renewal, SIGNER))
    parts: dict[str, Any] = {"state": "approved", "clinic": CLINIC, "device": DEVICE}
    hub_key = HUB.public_key().public_bytes_raw()
    for more in ({}, {"certificate": _certificate(key), "hub_key": hub_key, "root": b"{}"}):
        yield "hub_grant", make_grant(Grant(**parts | more))
    yield "hub_refusal", b'\x03{"error": "code_refused"}'


def _certificate(key: Any) -> bytes:
    """One that nobody asked for."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW, NOW.replace(year=2027))
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def _first(message: bytes) -> bytes:
    """The content of a signed message."""
    content: bytes = decode(message, where="seed", limit=1 << 20)[0]
    return content
