"""Many events in one request, signed by whoever sends them, and the hub's answer.

Theory of operation. A clinic's staff process sends for all devices of its clinic. A request is the CBOR list
``[content, signature]``; the signature is the sending device's over the content. The answer says for each device that
was named up to which number every event is settled, which are missing before the last one seen, and which events of
this batch were put aside, with the reason. Whatever is settled need not be sent again.

Nothing depends on a batch being sent once: an event that the hub has already is settled and changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from kiosk.wire.cbor import decode, decode_map, encode
from kiosk.wire.checks import MAX_MS, boolean, from_map, has, name, to_map, uuid, whole
from kiosk.wire.clock import MOST
from kiosk.wire.envelope import EVENT_LIMIT, MAX_SEQ, VERSION
from kiosk.wire.errors import MalformedMessage, UnknownVersion, WrongSignature

MEDIA_TYPE: Final = "application/vnd.kiosk.events+cbor"
BATCH_EVENTS: Final = 500
"""How many events a request may hold."""
BATCH_LIMIT: Final = 1 << 20
"""The greatest request in bytes, after it was decompressed."""
ANSWER_LIMIT: Final = 1 << 20
ANSWER_GAPS: Final = 64
"""How many gaps an answer names for a device; there may be more behind them."""
ASKED_DEVICES: Final = 32
ANSWER_VERSION: Final = 2
"""The newest form of an answer. Whoever reads it says so (:data:`ACCEPTS`); everybody else is answered in form 1."""
ACCEPTS: Final = f"{MEDIA_TYPE}; v={ANSWER_VERSION}"
SECOND_VISITS: Final = 64
"""How many visits an answer names that are somebody's second one on a day."""

_SIGNING = b"kiosk hub batch 1\x00"
_SIGNATURE = 64


class Trouble(StrEnum):
    """Why an event was put aside."""

    MALFORMED = "malformed"
    VERSION = "version"
    STRANGER = "stranger"
    """The device is of another clinic than the sender, or not known."""
    REVOKED = "revoked"
    SIGNATURE = "signature"
    SEALED = "sealed"
    """The body opens with no key that the hub has."""
    BODY = "body"
    """The body is not in the form of its kind."""
    FORK = "fork"
    """The hub has another event under the same number, or the same id under another number."""
    SCATTERED = "scattered"
    """The device's numbers have more holes than the hub keeps: what is missing comes first."""

    @property
    def is_settled(self) -> bool:
        """Whether the hub keeps the event under its number, so that sending it again changes nothing.

        Of the others the sender tries again a few times, then puts them aside itself.
        """
        return self in (Trouble.REVOKED, Trouble.SEALED, Trouble.BODY, Trouble.FORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """Envelopes that one device sends, its own and those of other devices of its clinic.

    :ivar ask: devices of the clinic whose state is asked for though no event of theirs is in it.
    """

    clinic: str
    sender: str
    sent_at: int
    events: tuple[bytes, ...]
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request as it came: not yet verified."""

    request: BatchRequest
    content: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What the hub has of one device: everything to ``acked_through``, up to ``seen``, but for the ``gaps``."""

    acked_through: int
    seen: int
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An event of the request that was put aside: its place in the request, from 0, and why."""

    index: int = field(metadata=has(whole(0, BATCH_EVENTS)))
    reason: str = field(metadata=has(lambda value, where: _trouble(value, where)))
    settled: bool = field(metadata=has(boolean))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What the hub says to a batch.

    :ivar at: the hub's wall clock in milliseconds since 1970. :ivar hlc: its hybrid logical clock.
    :ivar emergency: the number of the newest emergency release; whoever knows a smaller one fetches releases at once.
    :ivar second_visits: admissions at the sender's clinic of somebody who had been admitted before on that day
        somewhere in the province; in form 2 alone. They are named again in every answer for some time.
    """

    at: int
    hlc: int
    emergency: int
    streams: Mapping[str, Stream]
    quarantined: tuple[Quarantined, ...] = ()
    second_visits: tuple[bytes, ...] = ()


def make_request(request: BatchRequest, signer: Ed25519PrivateKey) -> bytes:
    """A request, signed by the sending device."""
    content = encode(
        {
            "v": VERSION,
            "clinic": request.clinic,
            "sender": request.sender,
            "sent_at": request.sent_at,
            "events": list(request.events),
            "ask": list(request.ask),
        }
    )
    return encode([content, signer.sign(_signed(content))])


def read_request(data: bytes) -> Signed:
    """The request in these bytes; its events are not looked at yet.

    :raises UnknownVersion: for one of another version. :raises MalformedMessage: for anything else.
    """
    parts = decode(data, where="batch", limit=BATCH_LIMIT)
    if type(parts) is not list or len(parts) != 2 or any(type(part) is not bytes for part in parts):
        raise MalformedMessage("batch: not two byte strings")
    content, signature = parts
    if len(signature) != _SIGNATURE:
        raise MalformedMessage("batch.signature")
    return Signed(request=_read_content(content), content=content, signature=signature)


def verify_request(signed: Signed, sender: Ed25519PublicKey) -> BatchRequest:
    """The request, where this device signed it; WrongSignature otherwise."""
    try:
        sender.verify(signed.signature, _signed(signed.content))
    except InvalidSignature as error:
        raise WrongSignature() from error
    return signed.request


def _signed(content: bytes) -> bytes:
    return _SIGNING + hashlib.sha256(content).digest()


def _read_content(data: bytes) -> BatchRequest:
    found = _versioned(data, "batch", BATCH_LIMIT, {"clinic", "sender", "sent_at", "events", "ask"})
    events, ask = found["events"], found["ask"]
    if type(events) is not list or len(events) > BATCH_EVENTS:
        raise MalformedMessage(f"batch.events: more than {BATCH_EVENTS}, or no list")
    if any(type(event) is not bytes or len(event) > EVENT_LIMIT for event in events):
        raise MalformedMessage("batch.events: no byte string, or too long")
    if type(ask) is not list or len(ask) > ASKED_DEVICES:
        raise MalformedMessage("batch.ask")
    return BatchRequest(
        clinic=name(found["clinic"], "batch.clinic"),
        sender=name(found["sender"], "batch.sender"),
        sent_at=whole(0, MAX_MS)(found["sent_at"], "batch.sent_at"),
        events=tuple(events),
        ask=tuple(name(each, "batch.ask") for each in ask),
    )


def _versioned(data: bytes, where: str, limit: int, keys: set[str]) -> dict[str, Any]:
    found = decode_map(data, where=where, limit=limit)
    _check_fields(found, where, {VERSION: keys})
    return found


def _check_fields(found: dict[str, Any], where: str, forms: Mapping[int, set[str]]) -> int:
    """The version that a map states, which is taken out of it; its fields are those of that version."""
    stated = found.pop("v", None)
    if type(stated) is not int:
        raise MalformedMessage(f"{where}.v")
    if stated not in forms:
        raise UnknownVersion(f"{where}.v")
    if found.keys() != forms[stated]:
        raise MalformedMessage(f"{where}: other fields")
    return stated


def make_answer(answer: BatchAnswer, *, version: int = VERSION) -> bytes:
    """An answer's bytes.

    :param version: 1, or 2 for whoever said that they read it.
    """
    second = {"second_visits": list(answer.second_visits[:SECOND_VISITS])} if version == ANSWER_VERSION else {}
    return encode(
        {
            "v": version,
            "at": answer.at,
            "hlc": answer.hlc,
            "emergency": answer.emergency,
            "streams": {device: _stream_map(stream) for device, stream in answer.streams.items()},
            "quarantined": [to_map(each) for each in answer.quarantined],
            **second,
        }
    )


def read_answer(data: bytes) -> BatchAnswer:
    """The answer in these bytes.

    :raises UnknownVersion: for one of another version. :raises MalformedMessage: for anything else.
    """
    keys = {"at", "hlc", "emergency", "streams", "quarantined"}
    found = decode_map(data, where="answer", limit=ANSWER_LIMIT)
    _check_fields(found, "answer", {VERSION: keys, ANSWER_VERSION: keys | {"second_visits"}})
    streams, aside, second = found["streams"], found["quarantined"], found.get("second_visits", [])
    if type(streams) is not dict or type(aside) is not list:
        raise MalformedMessage("answer: streams or quarantined")
    if type(second) is not list or len(second) > SECOND_VISITS:
        raise MalformedMessage("answer.second_visits")
    return BatchAnswer(
        at=whole(0, MAX_MS)(found["at"], "answer.at"),
        hlc=whole(0, MOST)(found["hlc"], "answer.hlc"),
        emergency=whole(0)(found["emergency"], "answer.emergency"),
        streams={name(device, "answer.streams"): _read_stream(each) for device, each in streams.items()},
        quarantined=tuple(from_map(Quarantined, each, "answer.quarantined") for each in aside),
        second_visits=tuple(uuid(each, "answer.second_visits") for each in second),
    )


def _stream_map(stream: Stream) -> dict[str, Any]:
    gaps = [list(gap) for gap in stream.gaps[:ANSWER_GAPS]]
    return {"acked_through": stream.acked_through, "seen": stream.seen, "gaps": gaps}


def _read_stream(found: Any) -> Stream:
    seq = whole(0, MAX_SEQ)
    if type(found) is not dict or found.keys() != {"acked_through", "seen", "gaps"}:
        raise MalformedMessage("answer.streams: other fields")
    gaps = found["gaps"]
    if type(gaps) is not list or any(type(gap) is not list or len(gap) != 2 for gap in gaps):
        raise MalformedMessage("answer.streams.gaps")
    return Stream(
        acked_through=seq(found["acked_through"], "answer.streams.acked_through"),
        seen=seq(found["seen"], "answer.streams.seen"),
        gaps=tuple((seq(first, "answer.gap"), seq(last, "answer.gap")) for first, last in gaps),
    )


def _trouble(value: Any, where: str) -> Any:
    if type(value) is not str or value not in set(Trouble):
        raise MalformedMessage(f"{where}: no reason")
    return value
