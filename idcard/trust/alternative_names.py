"""The other names of a certificate's subject: hosts and addresses, by which issuers of credentials call themselves.

Source: RFC 5280, "Subject Alternative Name".
"""

from urllib.parse import urlsplit

from idcard.encoding import oids
from idcard.encoding.ber import SEQUENCE, context, door, load
from idcard.trust.certificates import Certificate

_HOST, _ADDRESS = context(2, constructed=False), context(6, constructed=False)


def alternative_names(certificate: Certificate) -> frozenset[str]:
    """The hosts (in small letters) and addresses that the certificate names; none where it does not say.

    :raises MalformedData: if they are not well formed.
    """
    one = certificate.extensions.get(oids.SUBJECT_ALTERNATIVE_NAME)
    if one is None:
        return frozenset()
    with door("subjectAltName"):
        names = load(one.value, "subjectAltName").children(SEQUENCE)
        hosts = {name.content.decode("ascii").lower() for name in names if name.tag == _HOST}
        return frozenset(hosts | {name.content.decode("ascii") for name in names if name.tag == _ADDRESS})


def names_issuer(certificate: Certificate, issuer: str) -> bool:
    """Whether the certificate names the issuer: its address whole, or the host in it; no wildcard counts.

    :raises MalformedData: if the certificate's names are not well formed.
    """
    names = alternative_names(certificate)
    if issuer in names:
        return True
    try:
        parts = urlsplit(issuer)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" and host is not None and host in names
