"""Who signed a certificate, each pair asked once, and only so often.

Theory of operation. Whoever hands over a file chooses how many certificates of one name it holds, and each might have
signed each. What was verified is remembered, by the issuer's key, since many certificates may bear one. And the number
of verifications is bounded: a search that takes more is no honest one, and ends.
"""

from collections.abc import Iterable, Iterator

from idcard.errors import BoundExceeded, MalformedData, UnsupportedAlgorithm
from idcard.trust.certificates import Certificate

MAX_VERIFICATIONS = 512
"""How many signatures one search may verify; a state's whole history takes some dozens."""


class Signatures:
    """What is known of the signatures of certificates.

    :param budget: how many may be verified.
    """

    __slots__ = ("_judged", "_left")

    def __init__(self, budget: int = MAX_VERIFICATIONS) -> None:
        self._judged: dict[tuple[Certificate, bytes], bool | None] = {}
        self._left = budget

    @property
    def exhausted(self) -> bool:
        """Whether nothing more may be verified."""
        return self._left <= 0

    def judged(self, certificate: Certificate, issuer: Certificate) -> bool | None:
        """Whether ``issuer``'s key signed ``certificate``; None where the algorithm or the key is not known.

        :raises BoundExceeded: if that would be one verification too many.
        """
        pair = certificate, issuer.public_key_info
        if pair not in self._judged:
            if self.exhausted:
                raise BoundExceeded("more certificates that may be issuers than are looked at", where=_WHERE)
            self._left -= 1
            self._judged[pair] = _judged(certificate, issuer)
        return self._judged[pair]

    def issuers(self, certificate: Certificate, candidates: Iterable[Certificate]) -> Iterator[Certificate]:
        """Those of ``candidates`` whose name ``certificate`` gives as its issuer's, and whose key signed it.

        :raises BoundExceeded: as :meth:`judged` does.
        """
        return self.signers(certificate, (one for one in candidates if one.subject == certificate.issuer))

    def signers(self, certificate: Certificate, candidates: Iterable[Certificate]) -> Iterator[Certificate]:
        """Those of ``candidates`` whose key signed ``certificate``, whatever they are called.

        :raises BoundExceeded: as :meth:`judged` does.
        """
        return (one for one in candidates if self.judged(certificate, one))


_WHERE = "certificates"


def _judged(certificate: Certificate, issuer: Certificate) -> bool | None:
    try:
        return certificate.issued_by(issuer)
    except (UnsupportedAlgorithm, MalformedData):
        return None
