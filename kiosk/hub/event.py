"""An event whose signature was verified and whose body was opened, and how it is kept."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from kiosk.wire.bodies import Body, Kind
from kiosk.wire.envelope import Envelope, Header

CLINIC_TIME: Final = timezone(timedelta(hours=7))
"""Vietnam's time, the whole year."""
AHEAD: Final = timedelta(minutes=10)
"""How far a device's clock may be ahead of the hub's and still be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvent:
    """An event of a device that we know. Only :mod:`kiosk.hub.examine` makes them."""

    header: Header
    kind: Kind
    body: Body
    digest: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def at(self) -> datetime:
        """When it was made, by the device's clock."""
        return instant(self.header.at)

    def happened(self, received: datetime) -> datetime:
        """When it happened as far as the hub believes it: nothing happens after it was received."""
        return received if self.at > received + AHEAD else self.at

    @property
    def visit(self) -> bytes | None:
        """The visit that it is about."""
        found: bytes | None = getattr(self.body, "visit", None)
        return found


def opened(envelope: Envelope, body: Body, raw: bytes) -> TakenEvent:
    """The event of a verified envelope and its body."""
    return TakenEvent(header=envelope.header, kind=envelope.kind, body=body, digest=envelope.digest, raw=raw)


def instant(ms: int) -> datetime:
    """The instant in milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def milliseconds(at: datetime) -> int:
    """An instant in milliseconds since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def clinic_day(at: datetime) -> date:
    """The clinic's day of an instant."""
    return at.astimezone(CLINIC_TIME).date()
