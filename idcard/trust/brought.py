"""What a certificate that a stranger brings must say to stand between a signer and an anchor.

Theory of operation. CSCAs in the field break their profile, and the operator chose them; who brings a certificate along
chose it himself. So it must say that it is an authority, for certificates where it names its key's usage, and for the
signer's purposes where it names purposes. Each authority above it may say how many may follow. Names are not
constrained here, so a certificate that constrains them does not count: to overlook it would be worse.

Source: RFC 5280, "Basic Path Validation", "Basic Constraints", "Name Constraints", "Extended Key Usage".
"""

from idcard.encoding import oids
from idcard.encoding.ber import INTEGER, SEQUENCE, door, load
from idcard.errors import MalformedData
from idcard.trust.certificates import Certificate
from idcard.trust.purpose import may_issue, purposes

_NAME_CONSTRAINTS = "2.5.29.30"
_ANY_PURPOSE = "2.5.29.37.0"


def may_stand_above(authority: Certificate, signer: Certificate) -> bool:
    """Whether a brought certificate may be an authority above ``signer``; signatures and times are not looked at."""
    try:
        if not authority.is_authority or _NAME_CONSTRAINTS in authority.extensions:
            return False
        if oids.KEY_USAGE in authority.extensions and not may_issue(authority):
            return False
        own, stated = purposes(authority), purposes(signer)
        return not own or _ANY_PURPOSE in own or (bool(stated) and stated <= own)
    except MalformedData:
        return False


def allows_below(authority: Certificate, count: int) -> bool:
    """Whether that many authorities may stand between ``authority`` and a signer."""
    if count == 0:
        return True
    try:
        limit = path_length(authority)
    except MalformedData:
        return False
    return limit is None or count <= limit


def adds_to_path(authority: Certificate) -> bool:
    """Whether it is counted: one that is issued by its own name is not (RFC 5280, 4.2.1.9)."""
    return authority.issuer != authority.subject


def path_length(authority: Certificate) -> int | None:
    """How many authorities may follow by its basic constraints, or None where they do not say.

    :raises MalformedData: if they are not well formed.
    """
    one = authority.extensions.get(oids.BASIC_CONSTRAINTS)
    if one is None:
        return None
    with door("basicConstraints"):
        numbers = [field for field in load(one.value, "basicConstraints").children(SEQUENCE) if field.tag == INTEGER]
        return numbers[0].integer() if numbers else None
