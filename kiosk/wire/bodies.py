"""What events say: one class for each kind. Pseudonyms, stable words and counts, and nothing that names a person.

A field that is None is left out. Seconds are whole and measured by the device. ``person`` is a tag of
:class:`kiosk.wire.person.PersonKey` under the key ``person_key``; None where nobody was read. Words are the domain's
own: lanes are ways, ``assurance`` a rung, ``code`` a desk code, ``room_type`` what is done in a room.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from kiosk.wire.cbor import decode_map, encode
from kiosk.wire.checks import (
    MAX_MS,
    boolean,
    day,
    desk_code,
    exactly,
    from_map,
    has,
    name,
    optional,
    to_map,
    uuid,
    version,
    whole,
    word,
    words,
)
from kiosk.wire.errors import MalformedMessage
from kiosk.wire.person import TAG_BYTES

BODY_LIMIT: Final = 2048
"""The greatest body in bytes."""

_tag, _seconds, _count = exactly(TAG_BYTES), whole(0, 7 * 86_400), whole(0, 1 << 40)
_age = whole(0, 10 * 366 * 86_400)


class Kind(StrEnum):
    """What happened."""

    ADMISSION = "admission"
    DESK_TICKET = "desk_ticket"
    CORRECTION = "correction"
    EXCEPTION_OPENED = "exception_opened"
    EXCEPTION_CLOSED = "exception_closed"
    OVERRIDE = "override"
    HOLDER_CHECK = "holder_check"
    DEVICE_HEALTH = "device_health"
    SELF_TEST = "self_test"
    HEARTBEAT = "heartbeat"
    """How the device is. It bears no number, is not kept for later and not sent again: only the newest counts."""
    AUDIT_HEAD = "audit_head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Somebody was admitted.

    :ivar day: the clinic's day, on which a person is admitted once in the province.
    :ivar by: who admitted: ``machine``, or ``staff`` after a desk ticket.
    :ivar card: the generation of the card that was read.
    :ivar tries: readings it took; 1 is a first-try read.
    :ivar wait_s: from arrival to admission. :ivar taken_s: from card down to ticket, at the machine.
    :ivar code_tag: stands for the code that was shown, as ``person`` does for a number; the same code has the same.
    :ivar kiosk: at which machine of the clinic that was, where another device sends for it.
    :ivar linked: whether the insurance is found under the personal number.
    :ivar home: whether this is the clinic of registration.
    """

    visit: bytes = field(metadata=has(uuid))
    day: str = field(metadata=has(day))
    lane: str = field(metadata=has(word))
    by: str = field(metadata=has(word))
    assurance: str = field(metadata=has(word))
    person: bytes | None = optional(_tag)
    person_key: int | None = optional(whole(1))
    code_tag: bytes | None = optional(_tag)
    card: str | None = optional(word)
    tries: int | None = optional(whole(1, 99))
    kiosk: str | None = optional(name)
    benefit: int | None = optional(whole(1, 9))
    cover: str | None = optional(word)
    route: str | None = optional(word)
    linked: bool | None = optional(boolean)
    home: bool | None = optional(boolean)
    priority: bool | None = optional(boolean)
    room_type: str | None = optional(word)
    wait_s: int | None = optional(_seconds)
    taken_s: int | None = optional(_seconds)
    trust: str | None = optional(version)
    roster: str | None = optional(version)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTicket:
    """Somebody was sent to the desk, and not admitted."""

    visit: bytes = field(metadata=has(uuid))
    day: str = field(metadata=has(day))
    lane: str = field(metadata=has(word))
    code: str = field(metadata=has(desk_code))
    assurance: str = field(metadata=has(word))
    reasons: tuple[str, ...] = field(default=(), metadata=has(words))
    person: bytes | None = optional(_tag)
    person_key: int | None = optional(whole(1))
    code_tag: bytes | None = optional(_tag)
    card: str | None = optional(word)
    tries: int | None = optional(whole(1, 99))
    kiosk: str | None = optional(name)
    taken_s: int | None = optional(_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was recorded of a visit is no longer so. ``change`` ``cancelled`` and ``erased`` take the admission back.

    :ivar visit: the visit that it is about. :ivar replaced_by: the visit that takes its place.
    """

    visit: bytes = field(metadata=has(uuid))
    change: str = field(metadata=has(word))
    reason: str | None = optional(word)
    replaced_by: bytes | None = optional(uuid)
    route: str | None = optional(word)
    room_type: str | None = optional(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionOpened:
    """Staff must look at something; ``exception`` names it until it is closed."""

    exception: bytes = field(metadata=has(uuid))
    code: str = field(metadata=has(desk_code))
    reasons: tuple[str, ...] = field(default=(), metadata=has(words))
    visit: bytes | None = optional(uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionClosed:
    """Staff looked at it, ``open_s`` after it was opened."""

    exception: bytes = field(metadata=has(uuid))
    resolution: str = field(metadata=has(word))
    open_s: int = field(metadata=has(_age))


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Staff admitted against what the machine said; ``second``: a second person agreed."""

    visit: bytes = field(metadata=has(uuid))
    code: str = field(metadata=has(desk_code))
    reason: str = field(metadata=has(word))
    second: bool = field(metadata=has(boolean))


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderCheck:
    """Somebody compared the person with the photo; how (``staff`` or a machine's word), and what came of it."""

    visit: bytes = field(metadata=has(uuid))
    outcome: str = field(metadata=has(word))
    how: str = field(metadata=has(word))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """A part of a device (reader, printer, scanner, clock, disk) is now in another state."""

    part: str = field(metadata=has(word))
    state: str = field(metadata=has(word))
    was: str | None = optional(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """The device tried itself out; ``failed`` names the steps that failed."""

    passed: bool = field(metadata=has(boolean))
    failed: tuple[str, ...] = field(default=(), metadata=has(words))
    took_s: int | None = optional(_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How a device is now.

    :ivar boot: drawn at each start of the program; two that alternate are two machines with one identity.
    :ivar lane: whether the automatic lane is ``open``, or why not.
    :ivar backlog: events that wait to be sent. :ivar last_seq: the last event's number.
    """

    boot: bytes = field(metadata=has(exactly(16)))
    program: str = field(metadata=has(version))
    lane: str = field(metadata=has(word))
    backlog: int = field(metadata=has(_count))
    last_seq: int = field(metadata=has(_count))
    up_s: int = field(metadata=has(_age))
    trust: str | None = optional(version)
    trust_age_s: int | None = optional(_age)
    roster: str | None = optional(version)
    roster_age_s: int | None = optional(_age)
    config: str | None = optional(version)
    waiting: int | None = optional(_count)
    disk_free_mb: int | None = optional(_count)
    tested_at: int | None = optional(whole(0, MAX_MS))
    ailing: tuple[str, ...] = field(default=(), metadata=has(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Where a chain of audit links ends: of the device itself, or of ``chain``, another of the same clinic."""

    seq: int = field(metadata=has(_count))
    hash: bytes = field(metadata=has(exactly(32)))
    chain: str | None = optional(name)


Body = (
    Admission
    | DeskTicket
    | Correction
    | ExceptionOpened
    | ExceptionClosed
    | Override
    | HolderCheck
    | DeviceHealth
    | SelfTest
    | Heartbeat
    | AuditHead
)

CLASSES: Final[dict[Kind, type[Any]]] = {
    Kind.ADMISSION: Admission,
    Kind.DESK_TICKET: DeskTicket,
    Kind.CORRECTION: Correction,
    Kind.EXCEPTION_OPENED: ExceptionOpened,
    Kind.EXCEPTION_CLOSED: ExceptionClosed,
    Kind.OVERRIDE: Override,
    Kind.HOLDER_CHECK: HolderCheck,
    Kind.DEVICE_HEALTH: DeviceHealth,
    Kind.SELF_TEST: SelfTest,
    Kind.HEARTBEAT: Heartbeat,
    Kind.AUDIT_HEAD: AuditHead,
}
_KINDS = {cls: kind for kind, cls in CLASSES.items()}


def kind_of(body: Body) -> Kind:
    """The kind of event that has such a body."""
    return _KINDS[type(body)]


def body_bytes(body: Body) -> bytes:
    """A body as it is sealed.

    :raises MalformedMessage: where a field does not have its form.
    """
    return encode(to_map(body))


def read_body(kind: Kind, data: bytes) -> Body:
    """The body of an event of this kind.

    :raises MalformedMessage: for anything that is not exactly one.
    """
    body: Body = from_map(CLASSES[kind], decode_map(data, where=kind, limit=BODY_LIMIT), kind)
    if isinstance(body, Admission | DeskTicket) and (body.person is None) != (body.person_key is None):
        raise MalformedMessage(f"{kind}: person and person_key go together")
    return body
