"""One tree of errors, split by whose fault it is and what to do about it.

Every error has a stable ``code`` (documented in ``docs/failures.md``, translated by applications), a message for
developers and typed ``facts``. No error ever holds a name, a number, a key, an MRZ or a photo.

A caller's own mistake stays :class:`TypeError` or :class:`ValueError`. Anything else that escapes is a bug.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

Fact = str | int | bool | None


class IdCardError(Exception):
    """The root of everything this library raises on purpose.

    :param message: one line for developers, free of personal data.
    :param facts: typed particulars, free of personal data.
    """

    code: ClassVar[str] = "idcard"

    def __init__(self, message: str = "", **facts: Fact) -> None:
        super().__init__(message or _first_line(type(self)))
        self.facts: Mapping[str, Fact] = MappingProxyType(dict(facts))


def _first_line(cls: type[IdCardError]) -> str:
    """What a class says of itself; its name where Python runs without docstrings."""
    return next(iter((cls.__doc__ or "").strip().splitlines()), cls.__name__)


class TransportError(IdCardError):
    """The reader or the wire failed: place the card again."""

    code = "transport"


class ReaderMissing(TransportError):
    """No such reader is connected, or the PC/SC service does not run."""

    code = "reader_missing"


class ReaderBusy(TransportError):
    """Another program holds the reader or the card."""

    code = "reader_busy"


class CardRemoved(TransportError):
    """The card left the reader before the work was done."""

    code = "card_removed"


class CardChanged(CardRemoved):
    """Another card lies on the reader than the one that was being read."""

    code = "card_changed"


class CardSilent(TransportError):
    """The card does not answer."""

    code = "card_silent"


class AuthorityUnreachable(IdCardError):
    """The authority did not answer in time, or not to what was asked; nothing is said about the card."""

    code = "authority_unreachable"


class AccessDenied(IdCardError):
    """The chip does not open to the access key that was given."""

    code = "access_denied"


class WrongAccessKey(AccessDenied):
    """The chip refused the access key: type the number again.

    :param tries_left: how often the chip says it may still be tried, or None where it does not say.
    """

    code = "wrong_access_key"

    def __init__(self, message: str = "", *, tries_left: int | None = None, sw: int | None = None) -> None:
        super().__init__(message, tries_left=tries_left, sw=sw)
        self.tries_left = tries_left


class AccessBlocked(AccessDenied):
    """The chip has blocked this access key after too many wrong tries."""

    code = "access_blocked"


class LastTryLeft(AccessDenied):
    """The chip says that one try is left before it blocks this access key; it was not used, for nobody allowed it."""

    code = "last_try_left"


class PaceRequired(AccessDenied):
    """The chip opens with PACE only, and no key for PACE was given."""

    code = "pace_required"


class PaceRefused(AccessDenied):
    """The chip refused to run PACE at all (not: the digits were wrong); a key for BAC may open it."""

    code = "pace_refused"


class ChipRefused(IdCardError):
    """The chip said no, politely."""

    code = "chip_refused"


class CommandRefused(ChipRefused):
    """The chip answered a command with an error status word.

    :param command: the command's name, for example ``"READ BINARY"``.
    :param sw: the status word, 0 to 0xFFFF.
    """

    code = "command_refused"

    def __init__(self, command: str, sw: int) -> None:
        super().__init__(f"{command} refused with status {sw:04X}", command=command, sw=sw)
        self.command = command
        self.sw = sw


class ProtocolViolation(IdCardError):
    """The other side broke the protocol: do not trust what it sent."""

    code = "protocol_violation"


class MalformedData(ProtocolViolation):
    """Bytes that do not follow their format.

    :param where: the structure, for example ``"DG1"``.
    :param offset: the byte offset in it, where known.
    """

    code = "malformed_data"

    def __init__(self, message: str, *, where: str, offset: int | None = None) -> None:
        super().__init__(f"{where}: {message}", where=where, offset=offset)
        self.where = where
        self.offset = offset


class BoundExceeded(ProtocolViolation):
    """More bytes, answers or nesting than the format can need."""

    code = "bound_exceeded"


class SecureMessagingBroken(ProtocolViolation):
    """The secure channel is broken and closed for ever: a wrong or missing checksum, or a bare answer."""

    code = "secure_messaging_broken"


class Unsupported(IdCardError):
    """Well-formed, but not something this library can use."""

    code = "unsupported"


class UnsupportedDocument(Unsupported):
    """No ICAO travel-document application answers on this card."""

    code = "unsupported_document"


class UnsupportedAlgorithm(Unsupported):
    """An algorithm that this library does not know.

    :param oid: the object identifier in dotted form, where there is one.
    """

    code = "unsupported_algorithm"

    def __init__(self, message: str = "", *, oid: str | None = None) -> None:
        super().__init__(message, oid=oid)
        self.oid = oid


class MissingExtra(Unsupported):
    """An optional part of the library is not installed."""

    code = "missing_extra"

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra '{extra}': pip install 'idcard[{extra}]'", extra=extra)


class Cancelled(IdCardError):
    """The caller asked to stop."""

    code = "cancelled"


class ConfigurationError(IdCardError):
    """The trust store or the configuration is not usable: said at start, never in the middle of a visit.

    :param reason: ``never_set_up``, ``damaged`` or ``rolled_back``, or another stable word.
    :param remedy: what to do, in one line.
    """

    code = "configuration"

    def __init__(self, message: str, *, reason: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}", reason=reason, remedy=remedy)
        self.reason = reason
        self.remedy = remedy
