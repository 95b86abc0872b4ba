"""Signed webhooks: an event as JSON, posted with an HMAC over its time and its body.

Theory of operation. Sender and receiver share a secret of 32 bytes. The headers are ``x-timestamp`` (seconds since
1970) and ``x-sign``: ``v1=`` and the hexadecimal HMAC-SHA256 of the timestamp, a full stop and the body. A receiver
refuses what is signed wrongly or is older than five minutes, and takes an event that it knows (``x-event-id``) only
once. Each try is signed anew. The body has the shape of a CloudEvent; whether it names the person is the clinic's
choice.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kiosk.interop.http import Poster
from kiosk.interop.sink import Outcome, VisitEvent
from kiosk.interop.visit import UNKNOWN, Happening, OpenedVisit
from kiosk.services.person import PersonRecord

WINDOW_S = 300
"""For how long a signature is good, in seconds; clocks may differ by as much."""

_TYPE = "application/cloudevents+json; charset=utf-8"


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """The value of ``x-sign``."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secret: bytes, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Whether a body with these headers (names in small letters) was signed with the secret, and lately."""
    timestamp = headers.get("x-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return False
    lately = abs(now.timestamp() - int(timestamp)) <= WINDOW_S
    said = headers.get("x-sign", "").encode()
    return hmac.compare_digest(said, signature(secret, timestamp, body).encode()) and lately


def webhook_body(event: VisitEvent, visit: OpenedVisit, *, with_person: bool) -> bytes:
    """The event as JSON, UTF-8."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": f"urn:kiosk:{visit.clinic.code}",
            "type": f"kiosk.visit.{event.happening}",
            "time": event.at.isoformat(),
            "subject": visit.visit_id,
            "datacontenttype": "application/json",
            "data": _content(event, visit, with_person=with_person),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _content(event: VisitEvent, visit: OpenedVisit, *, with_person: bool) -> dict[str, Any]:
    if event.happening is Happening.ERASED:
        return {"event": event.kind, "visit": visit.visit_id, "clinic": visit.clinic.code}
    return _data(event, visit) | ({"person": _person(visit.person)} if with_person else {})


def _data(event: VisitEvent, visit: OpenedVisit) -> dict[str, Any]:
    return {
        "event": event.kind,
        "visit": visit.visit_id,
        "clinic": visit.clinic.code,
        "day": visit.day.isoformat(),
        "number": visit.number,
        "room": None if visit.room is None else visit.room.id,
        "state": visit.state,
        "arrived_at": visit.local_arrival.isoformat(),
        "assurance": visit.assurance,
        "proved_by": visit.proved_by,
        "route": visit.route,
        "cover": {
            "source": visit.cover_source,
            "result": visit.cover_result,
            "as_of": visit.cover_as_of and visit.cover_as_of.isoformat(),
            "recheck": visit.recheck,
        },
    }


def _person(person: PersonRecord | None) -> dict[str, str | None] | None:
    if person is None or person == UNKNOWN:
        return None
    return {
        "name": person.display_name,
        "birth": person.birth,
        "sex": person.sex,
        "personal_number": person.personal_number,
        "insurance_number": person.insurance_number,
    }


class WebhookSink:
    """Posts every event to one address.

    :param now: gives the present instant.
    """

    def __init__(
        self, name: str, poster: Poster, *, secret: bytes, with_person: bool, now: Callable[[], datetime]
    ) -> None:
        self.name = name
        self._poster = poster
        self._secret = secret
        self._with_person = with_person
        self._now = now

    def wants(self, happening: Happening) -> bool:
        """Everything."""
        return True

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        """What came of posting it."""
        body = webhook_body(event, visit, with_person=self._with_person)
        timestamp = str(int(self._now().timestamp()))
        return self._poster.post(
            body,
            {
                "Content-Type": _TYPE,
                "x-event-id": event.id,
                "x-timestamp": timestamp,
                "x-sign": signature(self._secret, timestamp, body),
            },
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._poster.close()
