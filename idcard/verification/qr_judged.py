"""What a judge of one format is given, and what it says: the parts from which every verdict on a code is made.

Theory of operation. Each format has a module with a parser in ``idcard.qr``, and a judge here, in a module of its own,
that ends in a :class:`CodeFormat`: the parser's type, the judge, and what of a document is remembered when it was
shown. :mod:`idcard.verification.qr_formats` is the list of them all; :mod:`idcard.verification.qr` makes verdicts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from idcard.identity import BirthDate, ClaimedIdentity
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_signature import Signed, fact, without_signature
from idcard.verification.revocation import revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineAnswer:
    """What an issuer's service said of a code: whether it accepts it, who answered, and when.

    :raises ValueError: if that moment has no time zone.
    """

    accepted: bool
    authority: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the moment of an answer needs a time zone")


class OnlineCodeVerifier(Protocol):
    """Whoever can ask the service that resolves codes which nobody else can read."""

    def confirm_code(self, payload: bytes) -> OnlineAnswer | None:
        """What the service says of the code; None where there is no answer in time."""


FOR_ANYBODY: Final = fact(FactName.AUDIENCE, Outcome.NOT_SUPPORTED, Reason.NO_AUDIENCE)
STATIC: Final = fact(FactName.FRESHNESS, Outcome.NOT_SUPPORTED, Reason.STATIC_CODE)
NO_LIST: Final = fact(FactName.REVOCATION, Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)
NO_HOLDER: Final = fact(FactName.HOLDER, Outcome.NOT_SUPPORTED, Reason.NO_HOLDER_BINDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is particular to a kind of code.

    ``single_use``: showing it again is wrong. ``consistency`` is None where the code says nothing that could be false.
    """

    signed: Signed
    validity: Fact
    freshness: Fact = STATIC
    revocation: Fact = NO_LIST
    audience: Fact = FOR_ANYBODY
    holder: Fact = NO_HOLDER
    single_use: bool = False
    consistency: Fact | None = None
    issuer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    claimed: ClaimedIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When, by whom and with whose list of signers a code is judged."""

    trust: QrTrust
    at: datetime
    scanned_at: datetime | None = None
    answer: OnlineAnswer | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFormat:
    """A format whose documents are judged: their type, the judge, and what is remembered of one that was shown.

    ``said`` gives what the document says, never its signature: from one signature many people can make another.
    """

    document: type
    judge: Callable[[Any, Circumstances], Judged]
    said: Callable[[Any], bytes]


def named_only(outcome: Outcome = Outcome.NOT_PERFORMED, reason: Reason = Reason.FORMAT_NOT_SUPPORTED) -> Judged:
    """What is known by name only, or not at all, or cannot be opened here."""
    return Judged(
        signed=without_signature(outcome, reason),
        validity=fact(FactName.VALIDITY, outcome, reason),
        freshness=fact(FactName.FRESHNESS, outcome, reason),
        revocation=fact(FactName.REVOCATION, outcome, reason),
    )


def signer_revocation(signed: Signed, given: Circumstances) -> Fact:
    """Whether the trust store's revocation lists take back the signer of a code, or a link behind it."""
    if signed.signer is None or given.trust.store is None:
        return NO_LIST
    return revocation(signed.signer, signed.links, given.trust.store, given.at)


def birth_of(text: str) -> BirthDate | None:
    """The birth date in ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; None where it is none."""
    try:
        return BirthDate(**dict(zip(("year", "month", "day"), map(int, text.split("-")), strict=False)))
    except ValueError:
        return None
