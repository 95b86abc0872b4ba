"""Reads chip identity cards (ICAO Doc 9303) and proves what is genuine.

Three verbs::

    evidence = idcard.read(idcard.Can("999991"))  # gathers
    verdict = idcard.verify(evidence, trust, at=now)  # judges
    identity = verdict.require(idcard.VIETNAM_STRICT)  # only a proved identity comes out

This module composes the parts and has no other logic. What needs an extra (a reader, a camera) is imported on first
use; where it is missing, :class:`MissingExtra` names it.
"""

import os
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Any

from idcard import reading as _reading
from idcard.chip.access_keys import AccessKey, Can, MrzKey, PinCode, PukCode
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
    LastTryLeft,
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
from idcard.qr.formats import RECOGNISERS as _RECOGNISERS
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.recognise import Recognised, Recogniser
from idcard.qr.recognise import recognise as _recognise
from idcard.qr.seen import Seen, SeenCodes, SeenStore
from idcard.qr.token import TOKEN_ID_BYTES as _TOKEN_ID_BYTES
from idcard.qr.token import HandOff, Receipt, Token, TokenKind
from idcard.qr.token import key_id_of as _key_id_of
from idcard.reading import Progress, ReadPlan, ReadStep
from idcard.transport.base import Connection
from idcard.transport.session import never as _go_on
from idcard.trust.online import Confirmation, OnlineVerifier, Question
from idcard.trust.pins import Pin, PinKeys, Pins
from idcard.trust.signer_list import ClinicKey, QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.card_qr import Agreement, FieldComparison, QrField, compare_card_qr, is_of_this_card
from idcard.verification.html_report import html_report
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT, Policy
from idcard.verification.qr import OnlineAnswer, OnlineCodeVerifier, QrVerdict, replay_key
from idcard.verification.qr import needs_its_service as _needs_its_service
from idcard.verification.qr import verify_qr as _verify_qr
from idcard.verification.qr_policy import ONLINE_QR, SIGNED_QR, SINGLE_USE_QR
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import Fact, FactName, NotVerified, Outcome, Reason, Rung, Verdict
from idcard.vietnam.access import can_of, mrz_key_fields
from idcard.vietnam.bhyt_card import BhytCard, BhytNumber
from idcard.vietnam.card_access import CARD_ACCESS as _VIETNAMESE_CARD_ACCESS
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.personal_number import PersonalNumber
from idcard.vietnam.recognisers import RECOGNISERS as _VIETNAMESE_RECOGNISERS
from idcard.vietnam.vneid import VneidCode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from PIL import Image

    from idcard.qr.sight import Advice, Scan, Symbol
    from idcard.qr.symbol import Mode
    from idcard.transport.authority import HttpAuthority
    from idcard.transport.pcsc import ReaderWatch, connect, readers

__version__ = "0.1.0"

__all__ = [
    "CLOSED_READER",
    "DEFAULT_PLAN",
    "ONLINE_QR",
    "READING_ONLY",
    "SIGNED_QR",
    "SINGLE_USE_QR",
    "STRICT",
    "VIETNAM_STRICT",
    "AccessBlocked",
    "AccessDenied",
    "AccessKey",
    "AccessProtocol",
    "AccessRecord",
    "ActiveAuthenticationProof",
    "AuthorityUnreachable",
    "Advice",
    "Agreement",
    "BhytCard",
    "BhytNumber",
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
    "ClinicKey",
    "CommandRefused",
    "ConfigurationError",
    "Confirmation",
    "Connection",
    "CovidCertificate",
    "Evidence",
    "EvidenceAltered",
    "EvidenceFile",
    "EvidenceSealed",
    "Expectation",
    "Fact",
    "FactName",
    "FieldComparison",
    "File",
    "HttpAuthority",
    "HandOff",
    "IdCardError",
    "KeyKind",
    "LastTryLeft",
    "MalformedData",
    "MissingExtra",
    "Mrz",
    "MrzKey",
    "NotVerified",
    "OnlineVerifier",
    "OnlineAnswer",
    "OnlineCodeVerifier",
    "Outcome",
    "PaceCamProof",
    "PaceRefused",
    "PinCode",
    "PukCode",
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
    "QrField",
    "QrTrust",
    "QrVerdict",
    "ReadPlan",
    "ReadStep",
    "ReaderBusy",
    "ReaderMissing",
    "ReaderWatch",
    "Reason",
    "Receipt",
    "Recognised",
    "Recogniser",
    "Rung",
    "Scan",
    "SecureMessagingBroken",
    "Seen",
    "SeenCodes",
    "SeenStore",
    "Sex",
    "Symbol",
    "Token",
    "TokenKind",
    "TransportError",
    "TrustStore",
    "Unsupported",
    "UnsupportedAlgorithm",
    "UnsupportedDocument",
    "Verdict",
    "VerifiedIdentity",
    "Vouchers",
    "VneidCode",
    "WrongAccessKey",
    "compare_card_qr",
    "connect",
    "device_fingerprint",
    "evidence_of_files",
    "html_report",
    "is_of_this_card",
    "keys_from_card_qr",
    "load_evidence",
    "read",
    "readers",
    "recognise",
    "retain",
    "save_evidence",
    "replay_key",
    "scan",
    "sign_token",
    "verify",
    "without",
    "verify_qr",
]

_ON_FIRST_USE = {
    "HttpAuthority": "idcard.transport.authority",
    **dict.fromkeys(("ReaderWatch", "connect", "readers"), "idcard.transport.pcsc"),
    **dict.fromkeys(("Advice", "Scan", "Symbol"), "idcard.qr.sight"),
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


def scan(
    image: "bytes | Image.Image",
    *,
    mode: "Mode" = "live",
    budget_ms: float | None = None,
    kinds: Collection[str] = ("QR", "Data Matrix", "Aztec", "PDF417"),
) -> "Scan":
    """The symbols in an image, each once, and how they were found: a sequence, empty where none can be read.

    :param image: an image file (PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; at most 32 MiB) or a Pillow image; at most
        40 million pixels.
    :param mode: ``live`` for frames of a camera, of which the next comes soon; ``still`` for a picture that is worth
        more time, and may hold symbols of several kinds.
    :param budget_ms: milliseconds after which no further preparation of the image is begun; None for what suits the
        mode.
    :param kinds: the kinds of symbol to look for.
    :raises MalformedData: if the bytes are no such image, or cut short.
    :raises BoundExceeded: if the image is larger.
    :raises MissingExtra: if Pillow, or any decoder, is not installed.
    :raises ValueError: for an unknown mode or kind, or a budget that is not positive.
    """
    found: Scan = import_module("idcard.qr.symbol").scan(
        image, mode=mode, budget_ms=budget_ms, kinds=kinds, clock=perf_counter
    )
    return found


_ALL_RECOGNISERS = (*_VIETNAMESE_RECOGNISERS, *_RECOGNISERS)


def recognise(payload: bytes, recognisers: Sequence[Recogniser] = _ALL_RECOGNISERS) -> Recognised:
    """What the payload of a code is, by the name of its format; nothing of it is trusted.

    :param recognisers: the formats to look for, in this order; Vietnam's and then the world's otherwise.
    :raises BoundExceeded: if the payload is larger than any symbol can hold (8 KiB).
    :raises MalformedData: if it looks like a format and does not follow it.
    """
    return _recognise(payload, recognisers)


def verify_qr(
    recognised: Recognised,
    trust: QrTrust,
    policy: Policy = SIGNED_QR,
    *,
    at: datetime,
    seen: Seen | None = None,
    scanned_at: datetime | None = None,
    online: OnlineCodeVerifier | None = None,
) -> QrVerdict:
    """The verdict on a recognised code: never an exception for what it says, however odd.

    :param trust: whose codes are believed.
    :param policy: which outcomes are good enough. None for codes proves an identity.
    :param at: the moment of judgement, with a time zone.
    :param seen: what a store of seen codes said of :func:`replay_key`; None where it was not asked.
    :param scanned_at: when the code was scanned, for codes that live a minute.
    :param online: asked where only the issuer's service can read the code, and its minute has not passed.
    :raises ValueError: if a time has no time zone.
    """
    asks = _needs_its_service(recognised, at=at, scanned_at=scanned_at)
    answer = online.confirm_code(recognised.payload) if online is not None and asks else None
    return _verify_qr(recognised, trust, policy, at=at, seen=seen, scanned_at=scanned_at, answer=answer)


def sign_token(token: Receipt | HandOff, key: "Ed25519PrivateKey") -> bytes:
    """The text of a code of our own, in ASCII: to be shown as a QR code, and judged by :func:`verify_qr`.

    :param key: the clinic's private key.
    """
    return token.to_bytes(token_id=os.urandom(_TOKEN_ID_BYTES), key_id=_key_id_of(key.public_key()), sign=key.sign)


def keys_from_card_qr(card_qr: CardQr) -> tuple[AccessKey, ...]:
    """The access keys that the QR code of a Vietnamese card allows: the CAN, then at most four MRZ keys for BAC."""
    return (Can(can_of(card_qr)), *(MrzKey.of(*each) for each in mrz_key_fields(card_qr)))


def retain(evidence: Evidence, verdict: Verdict) -> EvidenceFile:
    """What may be kept for long, and be checked again: of the chip's files its public key alone (DG15)."""
    return _retained(evidence, verdict.to_dict())


def _keys(keys: AccessKey | Sequence[AccessKey] | CardQr) -> tuple[AccessKey, ...]:
    if isinstance(keys, CardQr):
        return keys_from_card_qr(keys)
    return tuple(keys) if isinstance(keys, Sequence) else (keys,)
