"""HL7 version 2.5 messages of a visit: ADT^A04 (registered), A08 (updated) and A11 (cancelled), and their answers.

Theory of operation. A message is segments that end with a carriage return; fields are parted by ``|``, components by
``^``, repetitions by ``~``. What a text holds of these is escaped. The character set is said in MSH-18 and is UTF-8
without exception. MSH-10 is made of the event's id, so that a message that is sent again is known again. The internal
identifier (PI) is the person's key, the same at every visit, or the visit's id where no number is known to be theirs.
Of whom nobody knows the name, PID-5 has a name of the type "unspecified" (table 0200, U), and PID-31 calls the identity
unknown. The insurance (IN1) is spoken of where cover was found.

Source: HL7 version 2.5, chapters 2 (control) and 3 (patient administration).
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.interop.sink import VisitEvent
from kiosk.interop.visit import Cover, Happening, OpenedVisit
from kiosk.services.person import PersonRecord

CHARACTER_SET = "UNICODE UTF-8"
_EVENTS = {
    Happening.REGISTERED: ("A04", "ADT_A01"),
    Happening.UPDATED: ("A08", "ADT_A01"),
    Happening.CANCELLED: ("A11", "ADT_A09"),
}
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"})
_CONTROL_ID = 20
_IDENTITY_UNKNOWN = 31
_NAMELESS = "^^^^^^U"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Who sends and who receives, as MSH-3 to MSH-6 name them."""

    sending_application: str = "KIOSK"
    receiving_application: str = "HIS"
    receiving_facility: str = ""
    production: bool = True


class Acknowledgement(StrEnum):
    """What a receiver says of a message (MSA-1)."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A receiver's answer; ``control_id`` names the message that it answers."""

    said: Acknowledgement
    control_id: str


class MalformedAnswer(ValueError):
    """Bytes that are no answer to a message."""


def control_id(event_id: str) -> str:
    """MSH-10 for an event: 20 letters and digits, always the same."""
    return base64.b32encode(hashlib.sha256(event_id.encode()).digest()).decode("ascii")[:_CONTROL_ID]


def adt_message(event: VisitEvent, visit: OpenedVisit, addresses: Addresses, *, now: datetime) -> bytes:
    """The message, UTF-8, each segment ended by a carriage return."""
    trigger, structure = _EVENTS[event.happening]
    segments = [
        _header(event, visit, addresses, now, f"ADT^{trigger}^{structure}"),
        ["EVN", trigger, _moment(event.at)],
        _patient(visit),
        _visit(visit),
    ]
    if structure == "ADT_A01":
        segments += [*_insurance(visit), _assurance(visit)]
    return "".join("|".join(_trimmed(segment)) + "\r" for segment in segments).encode("utf-8")


def parse_answer(message: bytes) -> Answer:
    """The answer in a message.

    :raises MalformedAnswer: for anything that is none.
    """
    try:
        segments = message.decode("utf-8").strip("\r\n").replace("\n", "\r").split("\r")
    except UnicodeDecodeError as error:
        raise MalformedAnswer("not UTF-8") from error
    if not segments[0].startswith("MSH") or len(segments[0]) < len("MSH|^~\\&"):
        raise MalformedAnswer("no header")
    parts = segments[0][3]
    found = [segment.split(parts) for segment in segments if segment.startswith("MSA" + parts)]
    if len(found) != 1 or len(found[0]) < 3:
        raise MalformedAnswer("no acknowledgement")
    said = found[0][1].strip()
    # Commit acknowledgements (CA, CE, CR) mean the same for us: we ask for no second answer.
    if said not in ("AA", "AE", "AR", "CA", "CE", "CR"):
        raise MalformedAnswer("an unknown acknowledgement")
    return Answer(said=Acknowledgement("A" + said[1]), control_id=found[0][2].strip())


def escaped(text: str) -> str:
    """The text as a field may hold it; line ends and other control characters become blanks."""
    return "".join(char if char.isprintable() else " " for char in text).translate(_ESCAPES)


def _header(event: VisitEvent, visit: OpenedVisit, addresses: Addresses, now: datetime, kind: str) -> list[str]:
    return [
        "MSH",
        "^~\\&",
        escaped(addresses.sending_application),
        escaped(visit.clinic.code),
        escaped(addresses.receiving_application),
        escaped(addresses.receiving_facility),
        _moment(now),
        "",
        kind,
        control_id(event.id),
        "P" if addresses.production else "T",
        "2.5",
        *[""] * 4,
        "VNM",
        CHARACTER_SET,
    ]


def _patient(visit: OpenedVisit) -> list[str]:
    person = visit.person
    if person is None:
        # A visit whose person was erased can still be cancelled.
        return ["PID", "1", "", _id(visit.visit_id, "KIOSK", "VN"), "", "^"]
    ids = [
        _id(person.personal_number, "CCCD", "NI"),
        _id(visit.insurance_number, "BHXH", "HC"),
        _id(visit.patient_key or visit.visit_id, "KIOSK", "PI"),
    ]
    sex = person.sex if person.sex in ("M", "F") else "U"
    birth = (person.birth or "").replace("-", "")
    known = ["PID", "1", "", "~".join(each for each in ids if each), "", _name(person), "", birth, sex]
    if person.display_name.strip():
        return known
    return [*known, *[""] * (_IDENTITY_UNKNOWN - len(known)), "Y"]


def _id(value: str | None, authority: str, kind: str) -> str:
    return f"{escaped(value)}^^^{authority}^{kind}" if value else ""


def _name(person: PersonRecord) -> str:
    """Family, given and middle names, as Vietnamese names have them: first, last, and what lies between."""
    if not person.display_name.strip():
        return _NAMELESS
    family, *rest = person.display_name.split()
    if not rest:
        return f"^{escaped(family)}"
    return "^".join((escaped(family), escaped(rest[-1]), escaped(" ".join(rest[:-1]))))


def _visit(visit: OpenedVisit) -> list[str]:
    segment = [""] * 45
    segment[0:3] = ["PV1", "1", "O"]
    if visit.room is not None:
        segment[3] = f"{escaped(visit.room.id)}^^^{escaped(visit.clinic.code)}"
    segment[19] = f"{visit.visit_id}^^^KIOSK^VN"
    segment[44] = _moment(visit.arrived_at)
    return segment


def _insurance(visit: OpenedVisit) -> Iterator[list[str]]:
    person = visit.person
    if person is None or visit.insurance_number is None or visit.cover not in (Cover.IN_FORCE, Cover.TO_CONFIRM):
        return
    segment = [""] * 37
    segment[0:5] = ["IN1", "1", "BHYT", "BHXH", "Bảo hiểm xã hội Việt Nam"]
    segment[12] = (person.covered_from or "").replace("-", "")
    segment[13] = (person.covered_to or "").replace("-", "")
    segment[36] = escaped(visit.insurance_number)
    yield segment


def _assurance(visit: OpenedVisit) -> list[str]:
    """Our own segment: how the person was proved, and what the decision on cover rests on."""
    as_of = "" if visit.cover_as_of is None else _moment(visit.cover_as_of)
    return [
        "ZKI",
        escaped(visit.assurance),
        escaped(visit.proved_by),
        escaped(visit.cover_source or ""),
        as_of,
        escaped(visit.cover_result or ""),
        escaped(visit.recheck or ""),
        str(visit.number),
        escaped(visit.route or ""),
    ]


def _trimmed(segment: Sequence[str]) -> list[str]:
    kept = list(segment)
    while kept[-1] == "":
        kept.pop()
    return kept


def _moment(instant: datetime) -> str:
    return instant.astimezone(VIETNAM_TIME).strftime("%Y%m%d%H%M%S+0700")
