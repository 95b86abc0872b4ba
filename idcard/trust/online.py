"""Asking an authority whether a document signer is one of its own.

Theory of operation. Where no anchor issued a signer, the authority that has it may say so. The question holds the
fingerprint of the signer's certificate, which is the same for a hundred thousand cards, and a nonce: nothing about the
person, the document or the clinic. The answer is a signed text (see ``signed_text``) of the format
``idcard.confirmation/1``, good until the moment that it names::

    idcard.confirmation/1
    {"at":"…","nonce":"…32 hex…","signer":"…64 hex…","status":"genuine","until":"…"}
    authority.example BASE64

``status`` is ``genuine``, ``unknown`` or ``revoked``. An answer is evidence: it is kept with what was read, and judged
again whenever that is. Asking takes a wire and is not done here: :class:`OnlineVerifier` is the port.

A fingerprint alone would not do for a revocation: the same certificate can be encoded in another way, or given its
signature's other form, and then has another fingerprint. So question and answer may also name the certificate by its
issuer and serial number (``issued_as``) and by its key (``key``), each a SHA-256, and any of the three revokes. That a
signer is genuine is believed of the very fingerprint only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.errors import MalformedData
from idcard.trust.certificates import Certificate
from idcard.trust.signed_text import SignedText, exactly, moment

FORM = "idcard.confirmation/1"
NONCE_BYTES = 16
_HEX = re.compile(r"[0-9a-f]+")
_FIELDS = {"at": str, "nonce": str, "signer": str, "status": str, "until": str}
_NAMES = {"issued_as": str, "key": str}


class SignerStatus(StrEnum):
    """What an authority says of a signer."""

    GENUINE = "genuine"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that an authority is told: the SHA-256 of the signer's certificate in hexadecimal, and a nonce.

    ``issued_as`` and ``key`` name the certificate in two more ways, see :class:`idcard.trust.certificates.Certificate`.
    """

    signer: str
    nonce: bytes
    issued_as: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not all(_is_digest(name) for name in (self.signer, self.issued_as, self.key) if name is not None):
            raise ValueError("a fingerprint is 64 small hexadecimal digits")
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError("a nonce has 16 bytes")

    @classmethod
    def about(cls, certificate: Certificate | bytes, nonce: bytes) -> "Question":
        """The question about a certificate, by all its names: so, too, a revocation is found of one encoded anew.

        :param certificate: parsed, or in DER.
        :raises MalformedData: if it is not well formed.
        """
        signer = certificate if isinstance(certificate, Certificate) else Certificate.from_bytes(certificate)
        return cls(signer=signer.fingerprint, nonce=nonce, issued_as=signer.issued_as, key=signer.key_fingerprint)

    def to_dict(self) -> dict[str, str]:
        """The question for the wire."""
        names = {"issued_as": self.issued_as, "key": self.key}
        told = {name: value for name, value in names.items() if value is not None}
        return {"nonce": self.nonce.hex(), "signer": self.signer} | told


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """An authority's answer, its signature proved: about which signer, from when until when, and to which nonce."""

    authority: str
    signer: str
    status: SignerStatus
    at: datetime
    until: datetime
    nonce: bytes
    issued_as: str | None = None
    key: str | None = None

    def confirms(self, signer: Certificate) -> bool:
        """Whether it is about this very certificate; what it says of it is its status."""
        return self.signer == signer.fingerprint

    def revokes(self, signer: Certificate) -> bool:
        """Whether it takes this certificate back, in whatever form it comes, or another one of the same key."""
        named = (self.signer, self.issued_as, self.key)
        found = zip(named, (signer.fingerprint, signer.issued_as, signer.key_fingerprint), strict=True)
        return self.status is SignerStatus.REVOKED and any(one == other for one, other in found)

    def counts_at(self, at: datetime) -> bool:
        """Whether ``at`` lies in the time for which the answer was given."""
        return self.at <= at <= self.until

    def answers(self, question: Question) -> bool:
        """Whether this is the answer to that very question."""
        return self.signer == question.signer and self.nonce == question.nonce

    @classmethod
    def from_bytes(cls, data: bytes, authorities: Mapping[str, Ed25519PublicKey]) -> "Confirmation":
        """The answer in ``data``.

        :param authorities: the public keys of the authorities whose answers count, by name.
        :raises MalformedData: if it does not follow its format, or none of them signed it.
        """
        text = SignedText.parse(data, form=FORM)
        signers = text.signers(authorities)
        if signers is None or len(signers) != 1:
            raise MalformedData("is not signed by a known authority", where=FORM)
        extra = {name: kind for name, kind in _NAMES.items() if name in text.statement}
        fields = exactly(text.statement, _FIELDS | extra, FORM)
        if fields["status"] not in set(SignerStatus) or not all(_is_digest(fields[name]) for name in extra):
            raise MalformedData("says what no authority says", where=FORM)
        return cls(
            authority=next(iter(signers)),
            signer=fields["signer"],
            status=SignerStatus(fields["status"]),
            at=moment(fields["at"], FORM),
            until=moment(fields["until"], FORM),
            nonce=_nonce(fields["nonce"]),
            issued_as=fields.get("issued_as"),
            key=fields.get("key"),
        )


def _is_digest(text: str) -> bool:
    return len(text) == 64 and _HEX.fullmatch(text) is not None


def _nonce(text: str) -> bytes:
    if len(text) != 2 * NONCE_BYTES or not _HEX.fullmatch(text):
        raise MalformedData("has a nonce of another length", where=FORM)
    return bytes.fromhex(text)


class OnlineVerifier(Protocol):
    """Whoever can ask an authority about a signer."""

    def confirm(self, question: Question) -> bytes:
        """The signed answer, byte for byte, to be kept in :attr:`idcard.Evidence.confirmations`.

        :raises AuthorityUnreachable: if there is no answer in time, or it is none.
        """
