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


class CodeRefused(IdCardError):
    """No such code, or it was used, ran out, or was guessed at too often: which of them is not said."""

    code = "code_refused"


class NameTaken(IdCardError):
    """The name is another machine's, or was revoked: a code under another name is needed."""

    code = "name_taken"


class RenewalRefused(IdCardError):
    """What is to be replaced is not this device's present certificate, or ended too long ago."""

    code = "renewal_refused"


class IdentityCloned(IdCardError):
    """Two machines have one identity: neither is let in any more."""

    code = "identity_cloned"


class NoSuchRequest(IdCardError):
    """Nobody of this clinic and name waits, or not with these digits."""

    code = "no_such_request"


class EventsDropped(IdCardError):
    """A day is older than what the hub keeps: there is nothing to count it from."""

    code = "events_dropped"
