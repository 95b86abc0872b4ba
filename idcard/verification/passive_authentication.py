"""Passive authentication: are these the files that the issuing state signed?

Theory of operation, in the steps of the standard, each a fact of its own:

1. *signature*: the signed attributes hold the digest of the list of hashes, and the document signer's key signed them;
2. *trust*: a CSCA among the trust anchors issued the document signer, which is in force;
3. *integrity*: the hash of every data group that was read is the one in the list.

Hashes are compared even where nothing is known about the signer: "changed" and "unknown" are different answers. Trust
is judged only under a signature that passed, since anybody can attach a certificate that is not theirs.

Source: ICAO Doc 9303-11, "Passive Authentication".
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idcard.crypto.signature import SignatureInvalid, digest_of, verify_signature
from idcard.encoding.cms import SignedData, SignerInfo
from idcard.encoding.oids import HASHES
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.lds.sod import Sod
from idcard.trust.certificates import Certificate
from idcard.trust.path import PathProblem, find_path
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason

_PATH_FACTS = {
    PathProblem.UNKNOWN_ISSUER: (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR),
    PathProblem.UNSUPPORTED_ALGORITHM: (Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM),
    PathProblem.SAME_NAME_OTHER_KEY: (Outcome.FAILED, Reason.SAME_NAME_OTHER_KEY),
    PathProblem.UNKNOWN_CRITICAL_EXTENSION: (Outcome.FAILED, Reason.UNKNOWN_CRITICAL_EXTENSION),
    PathProblem.SIGNER_EXPIRED: (Outcome.FAILED, Reason.SIGNER_EXPIRED),
    PathProblem.SIGNER_NOT_YET_VALID: (Outcome.FAILED, Reason.SIGNER_NOT_YET_VALID),
    PathProblem.SIGNED_OUTSIDE_VALIDITY: (Outcome.FAILED, Reason.SIGNED_OUTSIDE_VALIDITY),
    PathProblem.ANCHOR_NOT_IN_FORCE: (Outcome.FAILED, Reason.ANCHOR_NOT_IN_FORCE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PassiveAuthentication:
    """Its facts, and what the other facts build on.

    ``listed`` are the data groups in the signed list (None without one), ``intact`` the files whose hash is in it, and
    ``signed_at`` is when the signer says it signed, where it says so.
    """

    integrity: Fact
    signature: Fact
    trust: Fact
    revocation: Fact
    listed: frozenset[int] | None = None
    intact: frozenset[File] = frozenset()
    signer: Certificate | None = None
    anchor: Certificate | None = None
    signed_at: datetime | None = None

    @property
    def signed_and_trusted(self) -> bool:
        """Whether what is intact was signed by a signer whom an anchor vouches for."""
        return self.signature.outcome is Outcome.PASSED and self.trust.outcome is Outcome.PASSED

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The four facts, in the order of a verdict."""
        return self.integrity, self.signature, self.trust, self.revocation


def passive_authentication(evidence: Evidence, trust: TrustStore, at: datetime) -> PassiveAuthentication:
    """The facts of passive authentication of what was read, at the moment ``at``."""
    if File.SOD not in evidence.files:
        return _without(Outcome.NOT_PERFORMED, Reason.NO_SECURITY_OBJECT)
    try:
        sod = Sod.from_bytes(evidence.files[File.SOD])
    except ProtocolViolation:
        return _without(Outcome.FAILED, Reason.MALFORMED_SECURITY_OBJECT)
    integrity, intact = _integrity(evidence, sod)
    signature, signer = _signature(sod)
    trusted, anchor = _trust(sod, signature, signer, trust, at)
    return PassiveAuthentication(
        integrity=integrity,
        signature=signature,
        trust=trusted,
        revocation=_fact(FactName.REVOCATION, Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST),
        listed=frozenset(sod.data_group_hashes),
        intact=intact,
        signer=signer,
        anchor=anchor,
        signed_at=_signed_at(sod),
    )


def _signed_at(sod: Sod) -> datetime | None:
    try:
        return sod.signed_data.signers[0].signing_time if sod.signed_data.signers else None
    except MalformedData:
        return None


def _without(outcome: Outcome, reason: Reason) -> PassiveAuthentication:
    """The facts where there is no usable list of hashes."""
    return PassiveAuthentication(
        integrity=_fact(FactName.INTEGRITY, outcome, reason),
        signature=_fact(FactName.SIGNATURE, outcome, reason),
        trust=_fact(FactName.TRUST, Outcome.NOT_PERFORMED, reason),
        revocation=_fact(FactName.REVOCATION, Outcome.NOT_PERFORMED, reason),
    )


def _fact(name: FactName, outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=name, outcome=outcome, reason=reason, details=details)


def _integrity(evidence: Evidence, sod: Sod) -> tuple[Fact, frozenset[File]]:
    read = {file: data for file, data in evidence.files.items() if file.data_group is not None}
    try:
        algorithm = sod.hash_algorithm
    except UnsupportedAlgorithm as error:
        unsupported = Reason.UNSUPPORTED_ALGORITHM
        return _fact(FactName.INTEGRITY, Outcome.INCONCLUSIVE, unsupported, oid=error.oid or ""), frozenset()
    intact = frozenset(file for file, data in read.items() if _holds(sod, file, digest_of(algorithm, data)))
    return _integrity_fact(sod, read.keys() - intact, intact, algorithm), intact


def _holds(sod: Sod, file: File, digest: bytes) -> bool:
    signed = sod.data_group_hashes.get(file.data_group or 0)
    return signed is not None and hmac.compare_digest(signed, digest)


def _integrity_fact(sod: Sod, changed: Iterable[File], intact: frozenset[File], algorithm: str) -> Fact:
    unlisted = [file for file in changed if file.data_group not in sod.data_group_hashes]
    mismatched = [file for file in changed if file.data_group in sod.data_group_hashes]
    if mismatched:
        groups = _groups(mismatched)
        return _fact(FactName.INTEGRITY, Outcome.FAILED, Reason.HASH_MISMATCH, data_groups=groups, hash=algorithm)
    if unlisted:
        return _fact(FactName.INTEGRITY, Outcome.FAILED, Reason.DATA_GROUP_NOT_SIGNED, data_groups=_groups(unlisted))
    if not intact:
        return _fact(FactName.INTEGRITY, Outcome.NOT_PERFORMED, Reason.NOTHING_READ)
    groups = _groups(intact)
    return _fact(FactName.INTEGRITY, Outcome.PASSED, Reason.HASHES_MATCH, data_groups=groups, hash=algorithm)


def _groups(files: Iterable[File]) -> str:
    return ",".join(str(number) for number in sorted(file.data_group or 0 for file in files))


def _signature(sod: Sod) -> tuple[Fact, Certificate | None]:
    """The fact and the signer; a document has exactly one signer, so only the first is looked at."""
    if not sod.signed_data.signers:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SECURITY_OBJECT), None
    signer_info = sod.signed_data.signers[0]
    try:
        signer = _signer_certificate(sod, signer_info)
    except MalformedData:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE), None
    if signer is None:
        return _fact(FactName.SIGNATURE, Outcome.INCONCLUSIVE, Reason.NO_SIGNER_CERTIFICATE), None
    return _signature_fact(sod.signed_data, signer_info, signer), signer


def _signer_certificate(sod: Sod, signer_info: SignerInfo) -> Certificate | None:
    certificates = [Certificate.from_bytes(der) for der in sod.signer_certificates]
    return next((one for one in certificates if _is_signer(one, signer_info)), None)


def _is_signer(certificate: Certificate, signer_info: SignerInfo) -> bool:
    if signer_info.subject_key_identifier is not None:
        return certificate.subject_key_identifier == signer_info.subject_key_identifier
    same_issuer = certificate.issuer.key == signer_info.issuer
    return same_issuer and certificate.serial_number == signer_info.serial_number


def _signature_fact(signed: SignedData, signer_info: SignerInfo, signer: Certificate) -> Fact:
    oid = signer_info.signature_algorithm.oid
    try:
        verify_signed_data(signed, signer_info, signer)
    except UnsupportedAlgorithm as error:
        unsupported = Reason.UNSUPPORTED_ALGORITHM
        return _fact(FactName.SIGNATURE, Outcome.INCONCLUSIVE, unsupported, oid=error.oid or oid)
    except ProtocolViolation:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.SIGNATURE_WRONG, oid=oid)
    return _fact(FactName.SIGNATURE, Outcome.PASSED, Reason.SIGNATURE_VERIFIED, oid=oid)


def verify_signed_data(signed: SignedData, signer_info: SignerInfo, signer: Certificate) -> None:
    """Nothing, where ``signer`` signed the content: the digest in the signed attributes, and the signature over them.

    :raises SignatureInvalid: if not.
    :raises UnsupportedAlgorithm: if an algorithm is unknown.
    :raises MalformedData: if the key or a signed attribute is not well formed.
    """
    digest = HASHES.get(signer_info.digest_algorithm.oid)
    message = signed.content
    if signer_info.signed_attributes is not None:
        message = signer_info.signed_attributes
        _verify_attributes(signed, signer_info, digest)
    verify_signature(signer.public_key, signer_info.signature_algorithm, signer_info.signature, message, digest=digest)


def _verify_attributes(signed: SignedData, signer_info: SignerInfo, digest: str | None) -> None:
    if digest is None:
        raise UnsupportedAlgorithm("the content's digest is unknown", oid=signer_info.digest_algorithm.oid)
    if signer_info.content_type != signed.content_type:
        raise SignatureInvalid("another type of content was signed")
    if not hmac.compare_digest(signer_info.message_digest or b"", digest_of(digest, signed.content)):
        raise SignatureInvalid("another content was signed")


def _trust(
    sod: Sod, signature: Fact, signer: Certificate | None, trust: TrustStore, at: datetime
) -> tuple[Fact, Certificate | None]:
    if signature.outcome is not Outcome.PASSED or signer is None:
        return _fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED), None
    if not trust.has_anchors:
        return _fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET), None
    path = find_path(signer, trust, at=at, signed_at=_signed_at(sod))
    if path.problem is None:
        return _fact(FactName.TRUST, Outcome.PASSED, Reason.ANCHORED), path.anchor
    outcome, reason = _PATH_FACTS[path.problem]
    return _fact(FactName.TRUST, outcome, reason), path.anchor
