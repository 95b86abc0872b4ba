"""A receiver of what leaves, and what may come of handing something over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kiosk.interop.visit import Happening, OpenedVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEvent:
    """Something that happened to a visit. ``id`` is the same at every try: receivers know an event again by it."""

    id: str
    kind: str
    happening: Happening
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The receiver took it; ``receipt`` is its own word for it, up to 128 characters."""

    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something is not known yet, so nothing was sent."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The receiver answered, and did not take it; another try may help. It counts as a try."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """The receiver cannot be reached, or takes nothing from us: nothing more is sent to it for a while."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """No further try can help: a person must look."""

    reason: str


Outcome = Delivered | Waiting | Failed | Down | GivenUp
"""What came of a try; a reason is a stable word of up to 64 characters and names nobody."""


NOT_SENT = Delivered(receipt="not_sent.erased")
"""What came of an event whose person was erased before it went: nothing is to be sent, and nobody need look."""

NO_LONGER = Delivered(receipt="not_sent.cancelled")
"""What came of a registration or a change that is sent again after the visit's cancellation went: it is not sent."""


class Sink(Protocol):
    """A receiver."""

    @property
    def name(self) -> str:
        """Its name in configuration, store and log: up to 32 characters."""

    def wants(self, happening: Happening) -> bool:
        """Whether it is told of this."""

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        """What came of handing this over. It may be handed over again, after a crash or by request."""

    def close(self) -> None:
        """Let go of connections."""
