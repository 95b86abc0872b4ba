"""From a document signer to a trust anchor: who issued this certificate, and was it in force.

Theory of operation. A country's CSCA issues document signers directly, so a path has one step; where the CSCA was
renewed and only its predecessor is an anchor, *link certificates* lead from one key (and perhaps name) to the next, so
that a path has a few steps more. A certificate is a candidate where its key identifier is the one that is named, or
its subject is the issuer's name; the issuer is the one whose key really signed *and* whose name is the one that is
named. A key alone is not enough: a state that is trusted for its own documents could name another as issuer.

Then the times. A signer must be in force at the moment of judgement, and when it signed the document, where the
document says when. An anchor must be in force at the moment of judgement. A link must be in force then, too, and the
anchor behind it when the link was made: a link is what an old CSCA leaves behind.

What came with a code, *brought* by whoever shows it, is another thing than a link that the operator has. It says itself
when it was made, so what is behind it must be in force at the moment of judgement; and it counts as RFC 5280 allows
(:mod:`idcard.trust.brought`), so that an anchor which may issue signers alone makes nobody an authority.

A signer whose issuer's *name* is an anchor's but whose signature is by no such key is told apart from one whose issuer
is unknown: the first is a forgery or a renewed CSCA that is missing here, the second merely not known.

A search looks at each certificate once and verifies a bounded number of signatures: the links that came with a list
are whatever its author put there, and a hundred of one name and one key lead from each to each.

Source: ICAO Doc 9303-12, "Certificate validation" and "CSCA link certificates"; RFC 5280, "Basic Path Validation".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import BoundExceeded
from idcard.trust.brought import adds_to_path, allows_below, may_stand_above
from idcard.trust.certificates import Certificate
from idcard.trust.signatures import Signatures

MAX_LINKS = 4


class PathProblem(StrEnum):
    """Why no path holds."""

    UNKNOWN_ISSUER = "unknown_issuer"
    SAME_NAME_OTHER_KEY = "same_name_other_key"
    ISSUER_NAME_DIFFERS = "issuer_name_differs"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    UNKNOWN_CRITICAL_EXTENSION = "unknown_critical_extension"
    SIGNER_NOT_YET_VALID = "signer_not_yet_valid"
    SIGNER_EXPIRED = "signer_expired"
    SIGNED_OUTSIDE_VALIDITY = "signed_outside_validity"
    ANCHOR_NOT_IN_FORCE = "anchor_not_in_force"
    TOO_MANY_CANDIDATES = "too_many_candidates"


class Pool(Protocol):
    """Where issuers are looked for; what it gives are candidates, by name or by key identifier, and no more."""

    def anchors_for(self, certificate: Certificate) -> Iterable[Certificate]:
        """The anchors that may have issued ``certificate``."""

    def links_for(self, certificate: Certificate) -> Iterable[Certificate]:
        """The link certificates whose key may have issued ``certificate``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A pool of certificates that are at hand."""

    anchors: tuple[Certificate, ...]
    links: tuple[Certificate, ...] = ()

    @classmethod
    def of(cls, anchors: Iterable[Certificate], *, links: Iterable[Certificate] = ()) -> "Certificates":
        """A pool of these anchors and link certificates."""
        return cls(anchors=tuple(anchors), links=tuple(links))

    def anchors_for(self, certificate: Certificate) -> Iterator[Certificate]:
        """The anchors that may have issued ``certificate``."""
        return (one for one in self.anchors if may_have_issued(one, certificate))

    def links_for(self, certificate: Certificate) -> Iterator[Certificate]:
        """The link certificates whose key may have issued ``certificate``."""
        return (one for one in self.links if may_have_issued(one, certificate))


def may_have_issued(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether ``issuer`` is whom ``certificate`` names: by its key's identifier, or by its name."""
    identifier = certificate.authority_key_identifier
    same_key = identifier is not None and issuer.subject_key_identifier == identifier
    return same_key or issuer.subject == certificate.issuer


def is_anchored(link: Certificate, pool: Pool, signatures: Signatures) -> bool:
    """Whether verified signatures lead from ``link`` to an anchor of ``pool``, over no more than a few other links.

    Times are not looked at: what an old CSCA left behind stays its word. The names must follow each other, too.

    :raises BoundExceeded: if that takes more verifications than ``signatures`` may make.
    """
    seen = level = {link} if link.is_authority else set()
    for _ in range(MAX_LINKS):
        if any(any(signatures.issuers(one, pool.anchors_for(one))) for one in level):
            return True
        behind = (issuer for one in level for issuer in signatures.issuers(one, pool.links_for(one)))
        level = {issuer for issuer in behind if issuer.is_authority} - seen
        seen = seen | level
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The anchor at its end, where there is one, the links before it, and the problem, where there is one.

    ``links`` begins with the signer's issuer and is empty where an anchor issued the signer itself.
    """

    anchor: Certificate | None = None
    links: tuple[Certificate, ...] = ()
    problem: PathProblem | None = None

    @property
    def issuer(self) -> Certificate | None:
        """The certificate whose key signed the signer's."""
        return self.links[0] if self.links else self.anchor


def find_path(
    signer: Certificate,
    pool: Pool,
    *,
    at: datetime,
    signed_at: datetime | None = None,
    brought: Iterable[Certificate] = (),
) -> Path:
    """The path from ``signer`` to an anchor of ``pool``, or what is wrong with it.

    :param at: the moment of judgement, with its time zone.
    :param signed_at: when the document was signed, where it says so.
    :param brought: certificates that came with the document, which count for nothing without an anchor behind them.
    """
    try:
        path = _Search(pool, signer, brought).find(signer, at, MAX_LINKS)
    except BoundExceeded:
        return Path(problem=PathProblem.TOO_MANY_CANDIDATES)
    if path.anchor is None:
        return path
    problem = _extension_problem((signer, *path.links), path.anchor) or _time_problem(signer, at, signed_at)
    return replace(path, problem=problem or path.problem)


class _Search:
    """One search: what was found from a certificate on is remembered, since many ways may lead to it."""

    def __init__(self, pool: Pool, signer: Certificate, brought: Iterable[Certificate]) -> None:
        self._pool, self._signer = pool, signer
        self._brought = Certificates.of((), links=(one for one in brought if may_stand_above(one, signer)))
        self._signatures = Signatures()
        self._found: dict[tuple[Certificate, datetime, int, int], Path] = {}

    def find(self, certificate: Certificate, at: datetime, links_left: int, below: int = 0) -> Path:
        """The path from ``certificate`` to an anchor over that many links, or why there is none.

        :param below: how many brought authorities, this one included, the length of the path is counted by.
        """
        asked = certificate, at, links_left, below
        if asked not in self._found:
            self._found[asked] = self._find(certificate, at, links_left, below)
        return self._found[asked]

    def _find(self, certificate: Certificate, at: datetime, links_left: int, below: int) -> Path:
        candidates = [one for one in self._pool.anchors_for(certificate) if allows_below(one, below)]
        # A CSCA may have been certified more than once for the same key: any certificate in force will do.
        path: Path | None = None
        for anchor in self._signatures.issuers(certificate, candidates):
            if anchor.valid_at(at):
                return Path(anchor=anchor)
            path = path or Path(anchor=anchor, problem=PathProblem.ANCHOR_NOT_IN_FORCE)
        if links_left:
            path = self._over_links(certificate, at, links_left, below) or path
        return path or self._under_another_name(certificate, candidates) or self._none(certificate, candidates)

    def _under_another_name(self, certificate: Certificate, candidates: Iterable[Certificate]) -> Path | None:
        """Where an anchor's key signed a certificate that names somebody else as its issuer."""
        anchor = next(self._signatures.signers(certificate, candidates), None)
        return None if anchor is None else Path(anchor=anchor, problem=PathProblem.ISSUER_NAME_DIFFERS)

    def _over_links(self, certificate: Certificate, at: datetime, links_left: int, below: int) -> Path | None:
        for link in self._signatures.issuers(certificate, self._pool.links_for(certificate)):
            if link.valid_at(at) and link.is_authority and allows_below(link, below):
                behind = self.find(link, link.not_before, links_left - 1, below)
                if behind.anchor is not None and behind.problem is None:
                    return replace(behind, links=(link, *behind.links))
        # What is brought stands next to the signer: nobody brings what is behind the operator's own links.
        own = certificate == self._signer or certificate in self._brought.links
        return self._over_brought(certificate, at, links_left, below) if own else None

    def _over_brought(self, certificate: Certificate, at: datetime, links_left: int, below: int) -> Path | None:
        for link in self._signatures.issuers(certificate, self._brought.links_for(certificate)):
            if link.valid_at(at) and allows_below(link, below):
                behind = self.find(link, at, links_left - 1, below + adds_to_path(link))
                if behind.anchor is not None and behind.problem is None:
                    return replace(behind, links=(link, *behind.links))
        return None

    def _none(self, certificate: Certificate, candidates: list[Certificate]) -> Path:
        if not candidates:
            return Path(problem=PathProblem.UNKNOWN_ISSUER)
        unknown = any(self._signatures.judged(certificate, one) is None for one in candidates)
        return Path(problem=PathProblem.UNSUPPORTED_ALGORITHM if unknown else PathProblem.SAME_NAME_OTHER_KEY)


def _extension_problem(certificates: Iterable[Certificate], anchor: Certificate) -> PathProblem | None:
    # A demonstration anchor, once accepted, may issue demonstration signers.
    accepted = {DEMONSTRATION} & anchor.extensions.keys()
    unknown = {oid for one in certificates for oid in one.unknown_critical_extensions}
    return PathProblem.UNKNOWN_CRITICAL_EXTENSION if unknown - accepted else None


def _time_problem(signer: Certificate, at: datetime, signed_at: datetime | None) -> PathProblem | None:
    if at < signer.not_before:
        return PathProblem.SIGNER_NOT_YET_VALID
    if at > signer.not_after:
        return PathProblem.SIGNER_EXPIRED
    if signed_at is not None and not signer.valid_at(signed_at):
        return PathProblem.SIGNED_OUTSIDE_VALIDITY
    return None
