"""Who may have signed a revocation list of a store that is being changed: an anchor, or a link that leads to one.

Theory of operation. A link that nobody anchored is a stranger's certificate: it may bear the name and the key
identifier of any CSCA. If its lists were taken, an empty one would replace the CSCA's own, and nobody would be revoked
any more. So only links count that lead to an anchor by signatures. Nor does one state's CSCA speak for another's.

Source: ICAO Doc 9303-12, "CRL" and "CSCA link certificates".
"""

from collections.abc import Sequence

from idcard.errors import BoundExceeded
from idcard.trust.archive import Kind
from idcard.trust.certificates import Certificate, DistinguishedName
from idcard.trust.crl import Crl
from idcard.trust.draft import Draft
from idcard.trust.judgement import Signed
from idcard.trust.path import MAX_LINKS, Certificates, is_anchored
from idcard.trust.signatures import Signatures

_MAX_KEYS = 64
"""How many links' keys are tried on one list: more than a state ever has; each costs a verification."""


def crl_problem(crl: Crl, draft: Draft, *, roots: Sequence[Certificate] = ()) -> str | None:
    """Why a revocation list is not to be believed; None where somebody signed it who may.

    :param roots: who may sign it, too, on the operator's word.
    """
    anchors = [one for one in (*roots, *draft.anchors) if _is_named(one, crl)]
    if any(map(crl.issued_by, anchors)):
        return None
    try:
        pool, signatures = _pool(draft, roots)
        if any(is_anchored(link, pool, signatures) for link in _links_that_signed(crl, draft)):
            return None
    except BoundExceeded as error:
        return error.code
    return Signed.WRONGLY if anchors else Signed.BY_NOBODY_HERE


def names_since(name: DistinguishedName, draft: Draft, *, roots: Sequence[Certificate] = ()) -> set[DistinguishedName]:
    """The name of a CSCA, and those that it took later, as far as anchored links lead from one to the next.

    :raises BoundExceeded: if there are so many links that nobody can tell.
    """
    names = {name}
    links = draft.certificates(Kind.LINK)
    pool, signatures = _pool(draft, roots)
    for _ in range(MAX_LINKS):
        onward = (one for one in links if one.issuer in names and one.subject not in names)
        names |= {one.subject for one in onward if is_anchored(one, pool, signatures)}
    return names


def _pool(draft: Draft, roots: Sequence[Certificate]) -> tuple[Certificates, Signatures]:
    return Certificates.of([*roots, *draft.anchors], links=draft.certificates(Kind.LINK)), Signatures()


def _is_named(one: Certificate, crl: Crl) -> bool:
    if one.subject.country != crl.issuer.country:
        return False
    identifier = one.subject_key_identifier
    return one.subject == crl.issuer or (identifier is not None and identifier == crl.authority_key_identifier)


def _links_that_signed(crl: Crl, draft: Draft) -> list[Certificate]:
    """The links whose key signed the list; several may bear one key, and not all of them need be a state's."""
    links = [one for one in draft.certificates(Kind.LINK) if _is_named(one, crl)]
    by_key = {link.public_key_info: link for link in links}
    signed = {key for key, link in list(by_key.items())[:_MAX_KEYS] if crl.issued_by(link)}
    return [link for link in links if link.public_key_info in signed]
