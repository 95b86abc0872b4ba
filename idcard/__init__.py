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
from idcard.chip.access_keys import AccessKey, Can, MrzKey, PinCode, PukCode
from idcard.chip.cv_certificates import CvCertificate
from idcard.chip.terminal_authentication import TerminalCredentials
from idcard.codes import (
    decrypt_code,
    join_health_card,
    recognise,
    request_presentation,
    scan,
    sign_token,
    verify_qr,
)
from idcard.contents import Contents, contents
from idcard.encoding.mrz import Mrz
from idcard.errors import (
    AccessBlocked,
    AccessDenied,
    AuthorityUnreachable,
    BoundExceeded,
    Cancelled,
    CardChanged,
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
from idcard.qr.claim_169 import EncryptedCode, IdentityToken, Photo
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.health_card import HealthCard, HealthCardPart
from idcard.qr.idb import IcaoBarcode
from idcard.qr.mdoc import MobileDocument
from idcard.qr.openid4vp import CredentialFormat, PendingRequests, PresentationRequest, Wanted, answers, presented
from idcard.qr.recognise import Recognised, Recogniser
from idcard.qr.sd_jwt import SdJwtCredential
from idcard.qr.seen import Seen, SeenCodes, SeenStore
from idcard.qr.token import HandOff, Receipt, Token, TokenKind
from idcard.qr.vc_jwt import W3cCredential
from idcard.qr.vds import VisibleSeal
from idcard.qr.vds_nc import VdsNc
from idcard.reading import CardProfile, Profiles, Progress, Reading, ReadPlan, ReadStep
from idcard.transport.base import Connection
from idcard.transport.patience import PatientConnection
from idcard.transport.session import never as _go_on
from idcard.transport.traffic import LoggedConnection, ReplayConnection
from idcard.trust.online import Confirmation, OnlineVerifier, Question
from idcard.trust.pins import Pin, PinKeys, Pins
from idcard.trust.signer_list import ClinicKey, QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.absence import proves_no_pace as _proves_no_pace
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.card_qr import Agreement, FieldComparison, QrField, compare_card_qr, is_of_this_card
from idcard.verification.html_report import html_report
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT, Policy
from idcard.verification.presentation import verify_presentation
from idcard.verification.qr import OnlineAnswer, OnlineCodeVerifier, QrVerdict, replay_key
from idcard.verification.qr_citizen import CitizenClaims, citizen_of
from idcard.verification.qr_policy import ONLINE_QR, PRESENTED, SIGNED_QR, SINGLE_USE_QR
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import Fact, FactName, NotVerified, Outcome, Reason, Rung, Verdict
from idcard.vietnam.access import can_of, mrz_key_fields
from idcard.vietnam.bhyt_card import BhytCard, BhytNumber
from idcard.vietnam.card_access import CARD_ACCESS as _VIETNAMESE_CARD_ACCESS
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.personal_number import PersonalNumber
from idcard.vietnam.vneid import VneidCode

if TYPE_CHECKING:
    from idcard.qr.sight import Advice, Scan, Symbol
    from idcard.transport.authority import HttpAuthority
    from idcard.transport.pcsc import ReaderWatch, connect, readers

__version__ = "0.1.0"

__all__ = [
    "CLOSED_READER",
    "DEFAULT_PLAN",
    "ONLINE_QR",
    "PRESENTED",
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
    "CardChanged",
    "CardProfile",
    "CardQr",
    "CardRemoved",
    "CardSilent",
    "ChipAuthenticationProof",
    "ChipRefused",
    "ClaimSource",
    "CitizenClaims",
    "ClaimedIdentity",
    "ClinicKey",
    "CommandRefused",
    "ConfigurationError",
    "Confirmation",
    "Connection",
    "Contents",
    "CovidCertificate",
    "CredentialFormat",
    "CvCertificate",
    "EncryptedCode",
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
    "HealthCard",
    "HealthCardPart",
    "IcaoBarcode",
    "IdCardError",
    "IdentityToken",
    "KeyKind",
    "LoggedConnection",
    "LastTryLeft",
    "MalformedData",
    "MissingExtra",
    "MobileDocument",
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
    "PatientConnection",
    "PendingRequests",
    "PersonalNumber",
    "Photo",
    "Pin",
    "PinKeys",
    "Pins",
    "Policy",
    "Portrait",
    "PresentationRequest",
    "Profiles",
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
    "Reading",
    "Reason",
    "Receipt",
    "Recognised",
    "Recogniser",
    "ReplayConnection",
    "Rung",
    "Scan",
    "SdJwtCredential",
    "SecureMessagingBroken",
    "Seen",
    "SeenCodes",
    "SeenStore",
    "Sex",
    "Symbol",
    "TerminalCredentials",
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
    "VdsNc",
    "VisibleSeal",
    "VneidCode",
    "W3cCredential",
    "Wanted",
    "WrongAccessKey",
    "citizen_of",
    "compare_card_qr",
    "connect",
    "contents",
    "decrypt_code",
    "device_fingerprint",
    "evidence_of_files",
    "html_report",
    "is_of_this_card",
    "join_health_card",
    "keys_from_card_qr",
    "load_evidence",
    "answers",
    "presented",
    "read",
    "readers",
    "recognise",
    "remember_proved",
    "request_presentation",
    "retain",
    "save_evidence",
    "replay_key",
    "scan",
    "sign_token",
    "verify",
    "verify_presentation",
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
    profiles: Profiles | None = None,
) -> Evidence:
    """Everything that could be gathered from a chip; nothing of it is judged.

    :param keys: one access key, several with the preferred one first, or the QR code of a Vietnamese card.
    :param card: an open connection, which stays open; a reader's name; or None for the first reader with a card.
    :param plan: which files to read, and whether BAC and active authentication are allowed.
    :param on_progress: told what is being done.
    :param should_cancel: asked before each command; True stops with :class:`Cancelled`.
    :param challenge: eight bytes for active authentication, where a third party wants to be convinced.
    :param profiles: what was learnt of types of cards; keep it between readings, which get shorter by it.
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
            profiles=profiles,
        )
    finally:
        if own is not None:
            own.close()


def keys_from_card_qr(card_qr: CardQr) -> tuple[AccessKey, ...]:
    """The access keys that the QR code of a Vietnamese card allows: the CAN, then at most four MRZ keys for BAC."""
    return (Can(can_of(card_qr)), *(MrzKey.of(*each) for each in mrz_key_fields(card_qr)))


def remember_proved(profiles: Profiles, evidence: Evidence, verdict: Verdict) -> None:
    """Remember what a card says of its type only where ``verdict`` proves that it may be believed.

    That is one thing: such cards have no PACE, so for some readings nobody asks for EF.CardAccess in vain.

    :param verdict: what :func:`verify` made of this very ``evidence``.
    """
    if _proves_no_pace(evidence, verdict):
        profiles.prove_absence(evidence.reader, evidence.atr)


def retain(evidence: Evidence, verdict: Verdict) -> EvidenceFile:
    """What may be kept for long, and be checked again: of the chip's files its public key alone (DG15)."""
    return _retained(evidence, verdict.to_dict(), verdict.signer_certificate)


def _keys(keys: AccessKey | Sequence[AccessKey] | CardQr) -> tuple[AccessKey, ...]:
    if isinstance(keys, CardQr):
        return keys_from_card_qr(keys)
    return tuple(keys) if isinstance(keys, Sequence) else (keys,)
