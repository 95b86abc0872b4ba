"""What can go wrong at the hub."""

from idcard import IdCardError


class HubStoreUnavailable(IdCardError):
    """The hub's database refuses: nothing was stored. ``reason`` is its own word for the fault."""

    code = "hub_store_unavailable"


class UnknownSender(IdCardError):
    """Whoever sends is no device that was let in, or not the one that the proxy saw."""

    code = "unknown_sender"


class SenderRevoked(IdCardError):
    """The sending device was let in once, and is no more."""

    code = "sender_revoked"


class EventsDropped(IdCardError):
    """A day is older than what the hub keeps: there is nothing to count it from."""

    code = "events_dropped"
