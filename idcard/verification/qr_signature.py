"""Who signed a code: the facts signature, trust and key usage.

Theory of operation. The signer is found by the key identifier, the protected one where there is one. Of several
signers with the same identifier the one counts whose key signed. Trust and key usage are judged only under a signature
that passed.

A code may also bring its signer's certificate. That proves nothing by itself: anybody can make one. It counts where
the operator lists it, or where a path leads from it to an anchor, of the trust store or for that format alone; what
came beside it helps to find the path, and no more.

Source: RFC 9052; eHealth Network, "Electronic Health Certificate Specification".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.crypto.signature import SignatureInvalid
from idcard.encoding.oids import KEY_USAGE
from idcard.errors import IdCardError, Unsupported
from idcard.qr.cose import VerificationKey
from idcard.qr.formats import EU_DCC
from idcard.qr.hc1 import ALGORITHMS as HC1_ALGORITHMS
from idcard.qr.hc1 import CovidCertificate, Kind
from idcard.qr.token import ALGORITHMS as TOKEN_ALGORITHMS
from idcard.qr.token import Token
from idcard.trust.certificates import Certificate
from idcard.trust.issuer_list import IssuerKey
from idcard.trust.path import Path, find_path
from idcard.trust.purpose import may_sign, purposes
from idcard.trust.signer_list import ClinicKey, ListedSigner, QrTrust
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.passive_authentication import _PATH_FACTS

_HEALTH = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
_ARCS = {Kind.TEST: "1", Kind.VACCINATION: "2", Kind.RECOVERY: "3"}
_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""How a SubjectPublicKeyInfo with such a key begins, in its one form (RFC 8410)."""
_ED25519_BYTES = 32
_ANY_PURPOSE = "2.5.29.37.0"
_ANY_ZONE = timedelta(hours=26)
"""From the noon of a day in UTC to its beginning or end in the zones farthest away."""
_ALL_HEALTH = frozenset(root + arc for root in _HEALTH for arc in _ARCS.values())


S = TypeVar("S", ListedSigner, ClinicKey, IssuerKey)

Check = Callable[[VerificationKey], str]
"""Verifies a code's signature by a key and gives the algorithm's name; raises SignatureInvalid, or Unsupported."""
Usage = Callable[[Certificate], Fact]
"""The fact whether a certificate's key is for such codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The three facts, and the certificates behind them, where there are any: signer, links, anchor."""

    facts: tuple[Fact, Fact, Fact]
    signer: Certificate | None = None
    links: tuple[Certificate, ...] = ()
    anchor: Certificate | None = None


def fact(name: FactName, outcome: Outcome, reason: Reason, **details: str) -> Fact:
    """A fact, shorter to write."""
    return Fact(name=name, outcome=outcome, reason=reason, details=details)


def without_signature(outcome: Outcome, reason: Reason) -> Signed:
    """The facts where there is no signature that could be judged."""
    names = (FactName.SIGNATURE, FactName.TRUST, FactName.KEY_USAGE)
    return Signed(facts=tuple(fact(name, outcome, reason) for name in names))  # type: ignore[arg-type]


def judge_certificate(document: CovidCertificate, trust: QrTrust, at: datetime) -> Signed:
    """Who signed a health certificate."""

    def check(key: VerificationKey) -> str:
        return document.sign1.verify(key, HC1_ALGORITHMS).label

    def usage(certificate: Certificate) -> Fact:
        return _key_usage(certificate, document.kind)

    return judge_listed(check, trust.signers_for(document.sign1.key_id), trust, at, usage, format_name=EU_DCC)


def judge_listed(
    check: Check,
    candidates: Iterable[ListedSigner],
    trust: QrTrust,
    at: datetime,
    usage: Usage,
    *,
    format_name: str,
    signed_at: date | None = None,
) -> Signed:
    """Who signed a code that names one of the operator's certificates.

    :param candidates: the listed certificates that it may mean.
    :param usage: what of a certificate's purpose is judged.
    :param signed_at: the day, or the moment, on which the code says that it was signed, where the standard wants that
        looked at: the signer's certificate must have been in force.
    """
    # One certificate may be listed several times: as it is trusted for these codes comes first.
    keys = [(_key(one), one) for one in sorted(candidates, key=lambda one: one.trusted_for != format_name)]
    signature, signer = found_signer(check, keys, complete=trust.complete)
    if signer is None:
        return only(signature)
    trusted, path = _trust(signer, trust, at, format_name, signed_at)
    facts = (signature, trusted, usage(signer.certificate))
    return Signed(facts=facts, signer=signer.certificate, links=path.links, anchor=path.anchor)


def judge_chain(
    check: Check,
    chain: Sequence[bytes],
    trust: QrTrust,
    at: datetime,
    usage: Usage,
    *,
    format_name: str,
    signed_at: date | None = None,
) -> Signed:
    """Who signed a code that brings its signer's certificate.

    :param chain: certificates in DER, the signer's first, and perhaps what issued it.
    """
    try:
        certificates = [Certificate.from_bytes(der) for der in chain]
        key = _key_in(certificates[0])
    except Unsupported:
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM))
    except IdCardError:
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE))
    own = certificates[0]
    listed = any(one.certificate == own and one.trusted_for == format_name for one in trust.listed)
    brought = ListedSigner(certificate=own, trusted_for=format_name if listed else None)
    signature, signer = found_signer(check, [(key, brought)], complete=trust.complete)
    if signer is None:
        return only(signature)
    trusted, path = _trust(brought, trust, at, format_name, signed_at, certificates[1:])
    return Signed(facts=(signature, trusted, usage(own)), signer=own, links=path.links, anchor=path.anchor)


def judge_issuer_key(check: Check, candidates: Iterable[IssuerKey], trust: QrTrust, format_name: str) -> Signed:
    """Who signed a code that names an issuer with bare keys."""
    keys = [(one.key, one) for one in sorted(candidates, key=lambda one: format_name not in one.formats)]
    signature, signer = found_signer(check, keys, complete=trust.complete)
    if signer is None:
        return only(signature)
    if signer.algorithm not in (None, signature.details["algorithm"]):
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM))
    trusted = fact(FactName.TRUST, Outcome.PASSED, Reason.SIGNER_LISTED, issuer=signer.issuer)
    right = format_name in signer.formats
    outcome, reason = (Outcome.PASSED, Reason.KEY_USAGE_RIGHT) if right else (Outcome.FAILED, Reason.KEY_USAGE_WRONG)
    return Signed(facts=(signature, trusted, fact(FactName.KEY_USAGE, outcome, reason, format=format_name)))


def judge_token(document: Token, trust: QrTrust) -> Signed:
    """Who signed a token of our own: the key must be that of the clinic that the token names."""
    # One key may be listed for several clinics: the one that the token names comes first.
    candidates = sorted(trust.keys_for(document.sign1.key_id), key=lambda one: one.clinic != document.clinic)

    def check(key: VerificationKey) -> str:
        return document.sign1.verify(key, TOKEN_ALGORITHMS).label

    signature, signer = found_signer(check, [(one.key, one) for one in candidates], complete=trust.complete)
    if signer is None:
        return only(signature)
    trusted = fact(FactName.TRUST, Outcome.PASSED, Reason.SIGNER_LISTED, clinic=signer.clinic)
    return Signed(facts=(signature, trusted, _clinic(signer, document)))


def only(signature: Fact) -> Signed:
    """The facts where the signature did not pass, or nobody here could have made it."""
    trusted = fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
    usage = fact(FactName.KEY_USAGE, Outcome.NOT_PERFORMED, Reason.SIGNATURE_NOT_VERIFIED)
    return Signed(facts=(signature, trusted, usage))


def _key_in(certificate: Certificate) -> VerificationKey:
    """The key in a certificate that a code brings: Ed25519, too, which no document of the chip's world has."""
    start, key = certificate.public_key_info[: len(_ED25519)], certificate.public_key_info[len(_ED25519) :]
    if start == _ED25519 and len(key) == _ED25519_BYTES:
        return Ed25519PublicKey.from_public_bytes(key)
    return certificate.public_key


def _key(signer: ListedSigner) -> VerificationKey:
    return signer.certificate.public_key


def found_signer(
    check: Check, candidates: Iterable[tuple[VerificationKey, S]], *, complete: bool
) -> tuple[Fact, S | None]:
    """The fact, and the candidate whose key signed.

    A key that nobody here knows may be a new one: that decides nothing, unless the list is declared complete.
    """
    outcome, reason = Outcome.FAILED if complete else Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED
    for key, signer in candidates:
        try:
            algorithm = check(key)
        except SignatureInvalid:
            outcome, reason = Outcome.FAILED, Reason.SIGNATURE_WRONG
        except Unsupported:
            # A wrong signature by one key says more than that another is of the wrong kind.
            if reason is Reason.SIGNER_NOT_LISTED:
                outcome, reason = Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM
        else:
            details = {"algorithm": algorithm}
            return fact(FactName.SIGNATURE, Outcome.PASSED, Reason.SIGNATURE_VERIFIED, **details), signer
    return fact(FactName.SIGNATURE, outcome, reason), None


def _trust(
    signer: ListedSigner,
    trust: QrTrust,
    at: datetime,
    format_name: str,
    signed_at: date | None,
    brought: Sequence[Certificate] = (),
) -> tuple[Fact, Path]:
    moment = _within(signed_at, signer.certificate)
    if trust.distrusts_path(signer.certificate, ()):
        return fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_DISTRUSTED), Path()
    if signer.trusted_for == format_name:
        return _listed(signer.certificate, at, moment), Path()
    if not trust.has_anchors(format_name):
        return fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET), Path()
    path = find_path(signer.certificate, trust.pool(format_name), at=at, signed_at=moment, brought=brought)
    above = [one for one in (*path.links, path.anchor) if one is not None]
    if trust.distrusts_path(signer.certificate, above):
        return fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_DISTRUSTED), path
    if path.problem is None:
        return fact(FactName.TRUST, Outcome.PASSED, Reason.ANCHORED), path
    return fact(FactName.TRUST, *_PATH_FACTS[path.problem]), path


def _within(signed_at: date | None, certificate: Certificate) -> datetime | None:
    """A moment to judge: of a day in an unknown zone, one on which the certificate was in force, if there is any."""
    if signed_at is None or isinstance(signed_at, datetime):
        return signed_at
    noon = datetime.combine(signed_at, time(12), UTC)
    nearest = min(max(noon, certificate.not_before), certificate.not_after)
    return nearest if abs(nearest - noon) <= _ANY_ZONE else noon


def _listed(certificate: Certificate, at: datetime, signed_at: datetime | None) -> Fact:
    """The fact for a certificate that the operator trusts as it is: its own dates still count.

    The moment of issue in a health certificate does not: some states write the day of the event there.
    """
    if signed_at is not None and not certificate.valid_at(signed_at):
        return fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNED_OUTSIDE_VALIDITY)
    if at < certificate.not_before:
        return fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_NOT_YET_VALID)
    if at > certificate.not_after:
        return fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_EXPIRED)
    if certificate.unknown_critical_extensions:
        return fact(FactName.TRUST, Outcome.FAILED, Reason.UNKNOWN_CRITICAL_EXTENSION)
    return fact(FactName.TRUST, Outcome.PASSED, Reason.SIGNER_LISTED, country=certificate.subject.country or "")


def _key_usage(certificate: Certificate, kind: Kind) -> Fact:
    """Whether the key is for vaccinations, tests or recoveries.

    One that states no purpose is for all of them; one that states others alone (servers, say) is for none.
    """
    try:
        stated = purposes(certificate)
        health = stated & _ALL_HEALTH
        signs = _signs_documents(certificate)
    except IdCardError:
        return fact(FactName.KEY_USAGE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE)
    if not signs:
        return fact(FactName.KEY_USAGE, Outcome.FAILED, Reason.KEY_USAGE_WRONG, kind=kind.word)
    if not health and (not stated or _ANY_PURPOSE in stated):
        return fact(FactName.KEY_USAGE, Outcome.PASSED, Reason.KEY_USAGE_OPEN, kind=kind.word)
    right = any(root + _ARCS[kind] in health for root in _HEALTH)
    outcome, reason = (Outcome.PASSED, Reason.KEY_USAGE_RIGHT) if right else (Outcome.FAILED, Reason.KEY_USAGE_WRONG)
    return fact(FactName.KEY_USAGE, outcome, reason, kind=kind.word)


def _signs_documents(certificate: Certificate) -> bool:
    """Whether the key is no authority's, and for signatures, where the certificate says what it is for.

    :raises MalformedData: if what it says cannot be read.
    """
    signs = KEY_USAGE not in certificate.extensions or may_sign(certificate)
    return signs and not certificate.is_authority


def usage_by_purpose(certificate: Certificate, right: frozenset[str], *, must: bool) -> Fact:
    """Whether the key is for codes of a format whose standard gives them an extended key usage.

    :param right: the object identifiers of that usage; none where the standard gives it none.
    :param must: whether a certificate that states no purpose is refused.
    """
    try:
        stated = purposes(certificate)
        wrong = not _signs_documents(certificate)
    except IdCardError:
        return fact(FactName.KEY_USAGE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE)
    if not wrong and stated & right:
        return fact(FactName.KEY_USAGE, Outcome.PASSED, Reason.KEY_USAGE_RIGHT)
    if not wrong and not must and (not stated or _ANY_PURPOSE in stated):
        return fact(FactName.KEY_USAGE, Outcome.PASSED, Reason.KEY_USAGE_OPEN)
    return fact(FactName.KEY_USAGE, Outcome.FAILED, Reason.KEY_USAGE_WRONG)


def _clinic(signer: ClinicKey, document: Token) -> Fact:
    right = signer.clinic == document.clinic
    outcome, reason = (Outcome.PASSED, Reason.KEY_USAGE_RIGHT) if right else (Outcome.FAILED, Reason.KEY_USAGE_WRONG)
    return fact(FactName.KEY_USAGE, outcome, reason, kind=document.kind.value)
