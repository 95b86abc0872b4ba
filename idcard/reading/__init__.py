"""Reading a chip: opens it, gathers its files and its answer to a challenge, and judges nothing."""

from collections.abc import Sequence
from datetime import datetime

from idcard.chip.access_keys import AccessKey
from idcard.errors import AccessDenied, Cancelled, CardRemoved, IdCardError, ReaderBusy, ReaderMissing
from idcard.evidence import Evidence
from idcard.reading.gathering import Reading
from idcard.reading.opening import Entropy
from idcard.reading.plan import OnProgress, Progress, ReadPlan, ReadStep, silent
from idcard.reading.profile import CardProfile, Profiles
from idcard.transport.base import Connection
from idcard.transport.session import ShouldCancel, never

__all__ = ["CardProfile", "Profiles", "Progress", "ReadPlan", "ReadStep", "Reading", "read"]

_SAYS_NOTHING_OF_TYPE = (AccessDenied, Cancelled, CardRemoved, ReaderBusy, ReaderMissing)
"""What ends an opening whatever is known of such cards: keys, hands and other programs."""


def read(
    connection: Connection,
    keys: Sequence[AccessKey],
    *,
    entropy: Entropy,
    plan: ReadPlan | None = None,
    on_progress: OnProgress = silent,
    should_cancel: ShouldCancel = never,
    challenge: bytes | None = None,
    card_qr: str | None = None,
    reader: str = "",
    at: datetime | None = None,
    profiles: Profiles | None = None,
) -> Evidence:
    """Everything that was gathered from the card.

    :param keys: access keys, the preferred one first: PACE takes the first; BAC tries the MRZ keys in their order, at
        most four.
    :param entropy: gives random bytes; :func:`os.urandom` unless a test replays a standard's example.
    :param challenge: eight bytes of the caller's for active authentication, so that a third party is convinced.
    :param card_qr: the text of the card's QR code where the keys come from it; it is compared with the chip later.
    :param profiles: what was learnt of types of cards so far; what this reading learns is added, and what is known of a
        card that does not open for reasons of its own is forgotten.
    :raises WrongAccessKey: if the chip found the key wrong.
    :raises PaceRefused: if the chip refused PACE itself and no key for BAC was at hand.
    :raises UnsupportedDocument: if this is no travel document.
    :raises TransportError: if reader or card went away.
    """
    if not keys:
        raise ValueError("reading takes at least one access key")
    reading = Reading(
        connection=connection,
        plan=plan or ReadPlan(),
        entropy=entropy,
        on_progress=on_progress,
        should_cancel=should_cancel,
        profile=None if profiles is None else profiles.of(reader, connection.atr),
    )
    try:
        reading.run(keys, challenge)
    except IdCardError as error:
        if profiles is not None and not (reading.files or reading.refused or isinstance(error, _SAYS_NOTHING_OF_TYPE)):
            profiles.forget(reader, connection.atr)
        raise
    if profiles is not None and reading.profile is not None:
        profiles.learn(reader, connection.atr, reading.profile)
    return reading.evidence(card_qr=card_qr, reader=reader, at=at)
