"""Whether a list may be taken now: its date, and whether its signer was revoked or has expired.

Theory of operation. A list's signer must have been in force when it signed; a revoked one counts for none of its lists,
whenever they say that they were signed, since who has its key can write any date. A list from the future is refused:
every real one that comes later would look older than it.

Source: ICAO Doc 9303-12, "CRL" and "CSCA link certificates".
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from idcard.trust.archive import Kind
from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.crl_issuers import crl_problem, names_since
from idcard.trust.draft import Draft

CLOCKS = timedelta(days=1)
"""By how much a list's date may be later than now: clocks and zones differ."""
FROM_THE_FUTURE, REVOKED, EXPIRED = "from_the_future", "list_signer_revoked", "list_signer_expired"


def from_the_future(signed_at: datetime | None, now: datetime) -> bool:
    """Whether a list says of itself that it will be made only later."""
    return signed_at is not None and signed_at > now + CLOCKS


def revoked(signer: Certificate, draft: Draft, crls: Iterable[Crl], root: Certificate) -> bool:
    """Whether a revocation list takes back a list's signer: one of the store, or of ``crls``, that came along.

    :param root: the root behind the signer, whose key may have signed the revocation list, too.
    :raises BoundExceeded: if there are so many links of these names that nobody can tell.
    """
    names = names_since(signer.issuer, draft, roots=[root])
    known = (Crl.from_bytes(entry.data) for entry in draft.entries.values() if entry.kind is Kind.CRL)
    return any(
        crl.revocation_of(signer) is not None and crl_problem(crl, draft, roots=[root]) is None
        for crl in (*crls, *known)
        if crl.issuer in names or (crl.authority_key_identifier or b"-") == signer.authority_key_identifier
        if crl.issuer.country == signer.issuer.country
    )
