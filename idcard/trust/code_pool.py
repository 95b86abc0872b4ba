"""Where issuers of certificates that sign codes are looked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from idcard.trust.certificates import Certificate
from idcard.trust.path import Certificates
from idcard.trust.store import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePool:
    """The trust store's anchors and links, and the anchors for one format."""

    store: TrustStore | None
    own: Certificates

    def anchors_for(self, certificate: Certificate) -> Iterable[Certificate]:
        """The anchors that may have issued ``certificate``."""
        return (*(self.store.anchors_for(certificate) if self.store else ()), *self.own.anchors_for(certificate))

    def links_for(self, certificate: Certificate) -> Iterable[Certificate]:
        """The store's link certificates whose key may have issued ``certificate``."""
        return self.store.links_for(certificate) if self.store else ()
