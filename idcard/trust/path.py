"""From a document signer to a trust anchor: who issued this certificate, and was it in force.

Theory of operation. A country's CSCA issues document signers directly, so a path has one step. An anchor is a
candidate where its key identifier is the one that the signer names, or its subject is the signer's issuer; the one
whose key really signed the certificate is the anchor. Then the times: the anchor and the signer must be in force now,
and the signer when it signed the document, where the document says when.

A signer whose issuer's *name* is an anchor's but whose signature is by no such key is told apart from one whose issuer
is unknown: the first is a forgery or a renewed CSCA that is missing here, the second merely not known.

Source: ICAO Doc 9303-12, "Certificate validation"; RFC 5280, "Basic Path Validation".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.trust.certificates import Certificate


class PathProblem(StrEnum):
    """Why no path holds."""

    UNKNOWN_ISSUER = "unknown_issuer"
    SAME_NAME_OTHER_KEY = "same_name_other_key"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    UNKNOWN_CRITICAL_EXTENSION = "unknown_critical_extension"
    SIGNER_NOT_YET_VALID = "signer_not_yet_valid"
    SIGNER_EXPIRED = "signer_expired"
    SIGNED_OUTSIDE_VALIDITY = "signed_outside_validity"
    ANCHOR_NOT_IN_FORCE = "anchor_not_in_force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The anchor that issued a signer, where one did, and the problem, where there is one."""

    anchor: Certificate | None = None
    problem: PathProblem | None = None


def find_path(
    signer: Certificate, anchors: Iterable[Certificate], *, at: datetime, signed_at: datetime | None = None
) -> Path:
    """The path from ``signer`` to one of ``anchors``, or what is wrong with it.

    :param at: the moment of judgement, with its time zone.
    :param signed_at: when the document was signed, where it says so.
    """
    candidates = list(_candidates(signer, anchors))
    issuers = list(_issuers(signer, candidates))
    if not issuers:
        return Path(problem=_why_none(signer, candidates))
    # A CSCA may have been certified more than once for the same key: any certificate in force will do.
    anchor = next((one for one in issuers if one.valid_at(at)), issuers[0])
    return Path(
        anchor=anchor, problem=_extension_problem(signer, anchor) or _time_problem(signer, anchor, at, signed_at)
    )


def _candidates(signer: Certificate, anchors: Iterable[Certificate]) -> Iterator[Certificate]:
    identifier = signer.authority_key_identifier
    for anchor in anchors:
        same_key = identifier is not None and anchor.subject_key_identifier == identifier
        if same_key or anchor.subject == signer.issuer:
            yield anchor


def _issuers(signer: Certificate, candidates: Iterable[Certificate]) -> Iterator[Certificate]:
    for candidate in candidates:
        try:
            if signer.issued_by(candidate):
                yield candidate
        except (UnsupportedAlgorithm, MalformedData):
            continue


def _why_none(signer: Certificate, candidates: list[Certificate]) -> PathProblem:
    if not candidates:
        return PathProblem.UNKNOWN_ISSUER
    try:
        for candidate in candidates:
            signer.issued_by(candidate)
    except (UnsupportedAlgorithm, MalformedData):
        return PathProblem.UNSUPPORTED_ALGORITHM
    return PathProblem.SAME_NAME_OTHER_KEY


def _extension_problem(signer: Certificate, anchor: Certificate) -> PathProblem | None:
    # A demonstration anchor, once accepted, may issue demonstration signers.
    accepted = {DEMONSTRATION} & anchor.extensions.keys()
    return PathProblem.UNKNOWN_CRITICAL_EXTENSION if set(signer.unknown_critical_extensions) - accepted else None


def _time_problem(
    signer: Certificate, anchor: Certificate, at: datetime, signed_at: datetime | None
) -> PathProblem | None:
    if at < signer.not_before:
        return PathProblem.SIGNER_NOT_YET_VALID
    if at > signer.not_after:
        return PathProblem.SIGNER_EXPIRED
    if signed_at is not None and not signer.valid_at(signed_at):
        return PathProblem.SIGNED_OUTSIDE_VALIDITY
    return None if anchor.valid_at(at) else PathProblem.ANCHOR_NOT_IN_FORCE
