"""Reads chip identity cards (ICAO Doc 9303) and proves what is genuine.

Three verbs::

    evidence = idcard.read(idcard.Can("999991"))  # gathers
    verdict = idcard.verify(evidence, trust, at=now)  # judges
    identity = verdict.require(idcard.VIETNAM_STRICT)  # only a proved identity comes out

This module composes the parts and has no other logic. What needs an extra (a reader, a camera) is imported on first
use; where it is missing, :class:`MissingExtra` names it.
"""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from idcard import reading as _reading
from idcard.chip.access_keys import AccessKey, Can, MrzKey
from idcard.encoding.mrz import Mrz
from idcard.errors import (
    AccessBlocked,
    AccessDenied,
    AuthorityUnreachable,
    BoundExceeded,
    Cancelled,
    CardRemoved,
    CardSilent,
    ChipRefused,
    CommandRefused,
    ConfigurationError,
    IdCardError,
    MalformedData,
    MissingExtra,
    PaceRefused,
    PaceRequired,
    ProtocolViolation,
    ReaderBusy,
    ReaderMissing,
    SecureMessagingBroken,
    TransportError,
    Unsupported,
    UnsupportedAlgorithm,
    UnsupportedDocument,
    WrongAccessKey,
)
from idcard.evidence import (
    AccessProtocol,
    AccessRecord,
    ActiveAuthenticationProof,
    ChipAuthenticationProof,
    Evidence,
    KeyKind,
    PaceCamProof,
)
from idcard.evidence_file import (
    EvidenceAltered,
    EvidenceFile,
    EvidenceSealed,
    device_fingerprint,
    evidence_of_files,
    load_evidence,
    save_evidence,
    without,
)
from idcard.evidence_file import retained as _retained
from idcard.identity import BirthDate, ClaimedIdentity, ClaimSource, Portrait, Sex, VerifiedIdentity
from idcard.lds.layout import File
from idcard.qr.recognise import Recognised, Recogniser
from idcard.qr.recognise import recognise as _recognise
from idcard.reading import Progress, ReadPlan, ReadStep
from idcard.transport.base import Connection
from idcard.trust.online import Confirmation, OnlineVerifier, Question
from idcard.trust.pins import Pin, PinKeys, Pins
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.html_report import html_report
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT, Policy
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import Fact, FactName, NotVerified, Outcome, Reason, Rung, Verdict
from idcard.vietnam.access import can_of, mrz_key_fields
from idcard.vietnam.card_access import CARD_ACCESS as _VIETNAMESE_CARD_ACCESS
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.personal_number import PersonalNumber
from idcard.vietnam.recognisers import RECOGNISERS as _VIETNAMESE_RECOGNISERS

if TYPE_CHECKING:
    from idcard.qr.symbol import Symbol, scan
    from idcard.transport.authority import HttpAuthority
    from idcard.transport.pcsc import ReaderWatch, connect, readers

__version__ = "0.1.0"

__all__ = [
    "CLOSED_READER",
    "DEFAULT_PLAN",
    "READING_ONLY",
    "STRICT",
    "VIETNAM_STRICT",
    "AccessBlocked",
    "AccessDenied",
    "AccessKey",
    "AccessProtocol",
    "AccessRecord",
    "ActiveAuthenticationProof",
    "AuthorityUnreachable",
    "BirthDate",
    "BoundExceeded",
    "Can",
    "Cancelled",
    "CardQr",
    "CardRemoved",
    "CardSilent",
    "ChipAuthenticationProof",
    "ChipRefused",
    "ClaimSource",
    "ClaimedIdentity",
    "CommandRefused",
    "ConfigurationError",
    "Confirmation",
    "Connection",
    "Evidence",
    "EvidenceAltered",
    "EvidenceFile",
    "EvidenceSealed",
    "Expectation",
    "Fact",
    "FactName",
    "File",
    "HttpAuthority",
    "IdCardError",
    "KeyKind",
    "MalformedData",
    "MissingExtra",
    "Mrz",
    "MrzKey",
    "NotVerified",
    "OnlineVerifier",
    "Outcome",
    "PaceCamProof",
    "PaceRefused",
    "PaceRequired",
    "PersonalNumber",
    "Pin",
    "PinKeys",
    "Pins",
    "Policy",
    "Portrait",
    "Progress",
    "ProtocolViolation",
    "Question",
    "ReadPlan",
    "ReadStep",
    "ReaderBusy",
    "ReaderMissing",
    "ReaderWatch",
    "Reason",
    "Recognised",
    "Recogniser",
    "Rung",
    "SecureMessagingBroken",
    "Sex",
    "Symbol",
    "TransportError",
    "TrustStore",
    "Unsupported",
    "UnsupportedAlgorithm",
    "UnsupportedDocument",
    "Verdict",
    "VerifiedIdentity",
    "Vouchers",
    "WrongAccessKey",
    "connect",
    "device_fingerprint",
    "evidence_of_files",
    "html_report",
    "keys_from_card_qr",
    "load_evidence",
    "read",
    "readers",
    "recognise",
    "retain",
    "save_evidence",
    "scan",
    "verify",
    "without",
]

_ON_FIRST_USE = {
    "HttpAuthority": "idcard.transport.authority",
    "ReaderWatch": "idcard.transport.pcsc",
    "connect": "idcard.transport.pcsc",
    "readers": "idcard.transport.pcsc",
    "Symbol": "idcard.qr.symbol",
    "scan": "idcard.qr.symbol",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'idcard' has no attribute {name!r}")
    return getattr(import_module(_ON_FIRST_USE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


DEFAULT_PLAN = ReadPlan(assumed_card_access=_VIETNAMESE_CARD_ACCESS)
"""What is read unless told otherwise: start from it with :func:`dataclasses.replace` to read less."""


def _nobody_asked(progress: Progress) -> None:
    """Where nobody asks for progress."""


def _go_on() -> bool:
    return False


def read(
    keys: AccessKey | Sequence[AccessKey] | CardQr,
    card: Connection | str | None = None,
    *,
    plan: ReadPlan = DEFAULT_PLAN,
    on_progress: Callable[[Progress], None] = _nobody_asked,
    should_cancel: Callable[[], bool] = _go_on,
    challenge: bytes | None = None,
) -> Evidence:
    """Everything that could be gathered from a chip; nothing of it is judged.

    :param keys: one access key, several with the preferred one first, or the QR code of a Vietnamese card.
    :param card: an open connection, which stays open; a reader's name; or None for the first reader with a card.
    :param plan: which files to read, and whether BAC and active authentication are allowed.
    :param on_progress: told what is being done.
    :param should_cancel: asked before each command; True stops with :class:`Cancelled`.
    :param challenge: eight bytes for active authentication, where a third party wants to be convinced.
    :raises WrongAccessKey: if the chip found the key wrong.
    :raises PaceRefused: if the chip refused PACE itself and no key for BAC was given.
    :raises UnsupportedDocument: if the card holds no travel-document application.
    :raises TransportError: if the reader or the card is gone.
    """
    own = import_module("idcard.transport.pcsc").connect(card) if card is None or isinstance(card, str) else None
    connection: Connection = card if own is None else own  # type: ignore[assignment]
    try:
        return _reading.read(
            connection,
            _keys(keys),
            entropy=os.urandom,
            plan=plan,
            on_progress=on_progress,
            should_cancel=should_cancel,
            challenge=challenge,
            card_qr=keys.text if isinstance(keys, CardQr) else None,
            reader=getattr(connection, "reader", ""),
            at=datetime.now(UTC),
        )
    finally:
        if own is not None:
            own.close()


def recognise(payload: bytes, recognisers: Sequence[Recogniser] = _VIETNAMESE_RECOGNISERS) -> Recognised:
    """What the payload of a code is, by the name of its format; nothing of it is trusted.

    :param recognisers: the formats to look for, in this order.
    :raises BoundExceeded: if the payload is larger than any symbol can hold (8 KiB).
    :raises MalformedData: if it looks like a format and does not follow it.
    """
    return _recognise(payload, recognisers)


def keys_from_card_qr(card_qr: CardQr) -> tuple[AccessKey, ...]:
    """The access keys that the QR code of a Vietnamese card allows: the CAN, then at most four MRZ keys for BAC."""
    fields = mrz_key_fields(card_qr)
    return (Can(can_of(card_qr)), *(MrzKey.of(*each) for each in fields))


def retain(evidence: Evidence, verdict: Verdict) -> EvidenceFile:
    """What may be kept for long: verdict, signer's certificate and the chip's answer, and no file of the chip."""
    return _retained(evidence, verdict.to_dict())


def _keys(keys: AccessKey | Sequence[AccessKey] | CardQr) -> tuple[AccessKey, ...]:
    if isinstance(keys, CardQr):
        return keys_from_card_qr(keys)
    return (keys,) if isinstance(keys, Can | MrzKey) else tuple(keys)
