"""Passive authentication: are these the files that the issuing state signed?

Theory of operation, in the steps of the standard, each a fact of its own:

1. *signature*: the signed attributes hold the digest of the list of hashes, and the document signer's key signed them;
2. *trust*: a CSCA among the trust anchors issued the document signer, for such documents, and it is in force;
3. *integrity*: the hash of every data group that was read is the one in the list.

Hashes are compared even where nothing is known about the signer: "changed" and "unknown" are different answers. Trust
is judged only under a signature that passed, since anybody can attach a certificate that is not theirs.

Source: ICAO Doc 9303-11, "Passive Authentication".
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from idcard.crypto.signature import EcPublicKey, digest_of, hash_of
from idcard.crypto.strength import CURRENT, key_weakness
from idcard.encoding.cms import SignedData, SignerInfo
from idcard.encoding.mrz import Mrz
from idcard.encoding.oids import DEMONSTRATION, HASHES
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm
from idcard.evidence import Evidence
from idcard.lds.card_security import CardSecurity
from idcard.lds.dg1 import parse_dg1
from idcard.lds.layout import File
from idcard.lds.sod import Sod
from idcard.trust.certificates import Certificate
from idcard.trust.path import Path, PathProblem, find_path
from idcard.trust.profile import remarks
from idcard.trust.purpose import not_for_documents
from idcard.trust.signed_data import find_signer, signed_by, verify_signed_data
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.revocation import revocation

__all__ = [
    "PassiveAuthentication",
    "card_security_authentication",
    "passive_authentication",
    "verify_signed_data",
]

_MAX_SIGNERS = 64
"""How many certificates of one issuer and serial number are tried; honest issuers make one."""
_PATH_FACTS = {
    PathProblem.UNKNOWN_ISSUER: (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR),
    PathProblem.TOO_MANY_CANDIDATES: (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR),
    PathProblem.UNSUPPORTED_ALGORITHM: (Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM),
    PathProblem.SAME_NAME_OTHER_KEY: (Outcome.FAILED, Reason.SAME_NAME_OTHER_KEY),
    PathProblem.ISSUER_NAME_DIFFERS: (Outcome.FAILED, Reason.ISSUER_NAME_DIFFERS),
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
    def country(self) -> str | None:
        """The two letters of the state behind the signer: its anchor's or, without an anchor, what it says itself."""
        if self.anchor is not None:
            return self.anchor.subject.country
        return None if self.signer is None else self.signer.issuer.country

    @property
    def is_demonstration(self) -> bool:
        """Whether the signer is one of this project's demonstration signers."""
        return self.signer is not None and DEMONSTRATION in self.signer.extensions

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
    found = _of_signer(sod, integrity, evidence, trust, at)
    return replace(found, listed=frozenset(sod.data_group_hashes), intact=intact)


def card_security_authentication(evidence: Evidence, trust: TrustStore, at: datetime) -> PassiveAuthentication | None:
    """The same facts of EF.CardSecurity, which is signed by itself; None where it was not read.

    Its content is part of what is signed: it is intact where the signature is right.
    """
    if File.CARD_SECURITY not in evidence.files:
        return None
    try:
        found = CardSecurity.from_bytes(evidence.files[File.CARD_SECURITY])
    except ProtocolViolation:
        return _without(Outcome.FAILED, Reason.MALFORMED_SECURITY_OBJECT)
    integrity = _fact(FactName.INTEGRITY, Outcome.NOT_PERFORMED, Reason.NOTHING_READ)
    judged = _of_signer(found, integrity, evidence, trust, at)
    signed = judged.signature.outcome is Outcome.PASSED
    return replace(judged, intact=frozenset({File.CARD_SECURITY} if signed else ()))


def _of_signer(
    signed: Sod | CardSecurity, integrity: Fact, evidence: Evidence, trust: TrustStore, at: datetime
) -> PassiveAuthentication:
    """The facts that follow from the signature and from who signed."""
    signature, signer = _signature(signed, trust)
    signed_at = _signed_at(signed)
    path = _path(signature, signer, trust, at, signed_at)
    return PassiveAuthentication(
        integrity=integrity,
        signature=signature,
        trust=_trust(path, signature, signer, trust, evidence, at),
        revocation=revocation(signer, path.links if path else (), trust, at),
        signer=signer,
        anchor=path.anchor if path else None,
        signed_at=signed_at,
    )


def signer_of(evidence: Evidence, trust: TrustStore) -> Certificate | None:
    """The document signer's certificate, from the document or the store, or None; nothing about it is verified."""
    try:
        sod = Sod.from_bytes(evidence.files[File.SOD])
        return _signer_of(sod, trust)[0] if sod.signed_data.signers else None
    except (KeyError, ProtocolViolation):
        return None


def _signer_of(sod: Sod | CardSecurity, trust: TrustStore) -> tuple[Certificate | None, bool]:
    """The certificate that the first signer is named after, and whether the document brought it.

    The store may hold several of that name, since anybody can make one: the right one is the one whose key signed.
    Where several have that key, too, it is the one that an anchor issued.
    """
    signer_info = sod.signed_data.signers[0]
    brought = find_signer(signer_info, map(Certificate.from_bytes, sod.signer_certificates))
    if brought is not None:
        return brought, True
    named = trust.signers_of(signer_info)[:_MAX_SIGNERS]
    if len(named) < 2:
        return (named[0] if named else None), False
    able = tuple(one for one in named if signed_by(sod.signed_data, signer_info, one)) or named
    issued = (one for one in able if find_path(one, trust, at=one.not_before).anchor is not None)
    return next(issued, able[0]), False


def _signed_at(sod: Sod | CardSecurity) -> datetime | None:
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
    reason = Reason.OLD_ALGORITHM if CURRENT.weaknesses(digest=algorithm) else Reason.HASHES_MATCH
    return _fact(FactName.INTEGRITY, Outcome.PASSED, reason, data_groups=_groups(intact), hash=algorithm)


def _groups(files: Iterable[File]) -> str:
    return ",".join(str(number) for number in sorted(file.data_group or 0 for file in files))


def _signature(sod: Sod | CardSecurity, trust: TrustStore) -> tuple[Fact, Certificate | None]:
    """The fact and the signer; a document has exactly one signer, so only the first is looked at."""
    if not sod.signed_data.signers:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SECURITY_OBJECT), None
    signer_info = sod.signed_data.signers[0]
    try:
        signer, brought = _signer_of(sod, trust)
    except MalformedData:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE), None
    if signer is None:
        return _fact(FactName.SIGNATURE, Outcome.INCONCLUSIVE, Reason.NO_SIGNER_CERTIFICATE), None
    fact = _signature_fact(sod.signed_data, signer_info, signer, {} if brought else {"certificate": "store"})
    if fact.outcome is Outcome.PASSED and not _says_when(signer_info):
        fact = replace(fact, outcome=Outcome.INCONCLUSIVE, reason=Reason.MALFORMED_SECURITY_OBJECT)
    return fact, signer


def _says_when(signer_info: SignerInfo) -> bool:
    """Whether the signing time can be read, or there is none; an unreadable one may lie at any time."""
    try:
        _ = signer_info.signing_time
    except MalformedData:
        return False
    return True


def _signature_fact(signed: SignedData, signer_info: SignerInfo, signer: Certificate, details: dict[str, str]) -> Fact:
    details["oid"] = signer_info.signature_algorithm.oid
    try:
        verify_signed_data(signed, signer_info, signer)
    except UnsupportedAlgorithm as error:
        details["oid"] = error.oid or details["oid"]
        return _fact(FactName.SIGNATURE, Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM, **details)
    except ProtocolViolation:
        return _fact(FactName.SIGNATURE, Outcome.FAILED, Reason.SIGNATURE_WRONG, **details)
    key = signer.public_key
    if isinstance(key, EcPublicKey) and key.named is not None:
        details |= {"curve": key.curve.name, "named_curve": key.named.name}
    digest = HASHES.get(signer_info.digest_algorithm.oid)
    old = {
        *CURRENT.weaknesses(digest=digest, key=key),
        *CURRENT.weaknesses(digest=hash_of(signer_info.signature_algorithm, digest)),
    }
    details |= {"old": ",".join(sorted(old))} if old else {}
    reason = Reason.OLD_ALGORITHM if old else Reason.SIGNATURE_VERIFIED
    return _fact(FactName.SIGNATURE, Outcome.PASSED, reason, **details)


def _path(
    signature: Fact, signer: Certificate | None, trust: TrustStore, at: datetime, signed_at: datetime | None
) -> Path | None:
    """The path from the signer to an anchor; None where the signature or the store gives nothing to start from."""
    if signature.outcome is not Outcome.PASSED or signer is None or not trust.has_anchors:
        return None
    return find_path(signer, trust, at=at, signed_at=signed_at)


def _trust(
    path: Path | None, signature: Fact, signer: Certificate | None, trust: TrustStore, evidence: Evidence, at: datetime
) -> Fact:
    if signer is not None and signature.outcome is Outcome.PASSED and _is_only_shown(signer, trust):
        return _fact(FactName.TRUST, Outcome.FAILED, Reason.DEMONSTRATION_SIGNER)
    if signer is not None and signature.outcome is Outcome.PASSED and _is_distrusted(path, signer, trust):
        return _fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_DISTRUSTED)
    if path is None or signer is None:
        reason = Reason.SIGNATURE_NOT_VERIFIED if trust.has_anchors else Reason.NO_ANCHOR_YET
        return _fact(FactName.TRUST, Outcome.INCONCLUSIVE, reason)
    details = _trust_details(path, signer, trust, evidence, at)
    why = path.anchor and not_for_documents(signer, document_code(evidence), path.anchor)
    if why:
        return _fact(FactName.TRUST, Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS, why=why.value, **details)
    if path.problem is not None:
        outcome, reason = _PATH_FACTS[path.problem]
        return _fact(FactName.TRUST, outcome, reason, **details)
    old = _old(signer, path)
    details |= {"old": ",".join(sorted(old))} if old else {}
    reason = Reason.OLD_ALGORITHM if old else Reason.ANCHORED
    return _fact(FactName.TRUST, Outcome.PASSED, reason, **details)


def _is_only_shown(signer: Certificate, trust: TrustStore) -> bool:
    return DEMONSTRATION in signer.extensions and not trust.accepts_demonstration


def _is_distrusted(path: Path | None, signer: Certificate, trust: TrustStore) -> bool:
    above = () if path is None else (*path.links, path.anchor)
    return bool(trust.distrusted) and trust.distrusts_path(signer, [one for one in above if one is not None])


def _old(signer: Certificate, path: Path) -> set[str]:
    """What is too weak on the path: the hashes of its signatures, and the keys that made them."""
    issuers = [one for one in (*path.links, path.anchor) if one is not None]
    digests = {hash_of(one.signature_algorithm) for one in (signer, *path.links)}
    weak = {weakness for digest in digests for weakness in CURRENT.weaknesses(digest=digest)}
    return weak | {weakness for one in issuers if (weakness := key_weakness(one.public_key)) is not None}


def _trust_details(
    path: Path, signer: Certificate, trust: TrustStore, evidence: Evidence, at: datetime
) -> dict[str, str]:
    """What is worth knowing beside the outcome: links on the way, the store's age, remarks and deviations."""
    age = trust.age(at)
    details = {
        "links": ",".join(link.fingerprint for link in path.links),
        "store_age_days": "" if age is None else str(age.days),
        "remarks": ",".join(remarks(signer, signer=True)),
        "deviations": ",".join(_deviations(signer, trust, evidence)),
    }
    return {name: value for name, value in details.items() if value}


def document_code(evidence: Evidence) -> str | None:
    """The document's code in its MRZ, or None where that was not read."""
    mrz = _mrz(evidence)
    return None if mrz is None else mrz.document_code


def _mrz(evidence: Evidence) -> Mrz | None:
    try:
        return parse_dg1(evidence.files.get(File.DG1, b""))
    except ProtocolViolation:
        return None


def _deviations(signer: Certificate, trust: TrustStore, evidence: Evidence) -> list[str]:
    """The kinds of deviations that the issuing state lists for this document."""
    mrz = _mrz(evidence) if trust.has_deviations else None
    if mrz is None:
        return []
    found = trust.deviations_for(signer, document_type=mrz.document_code, document_number=mrz.document_number)
    return sorted({kind for deviation in found for kind in deviation.kinds})
