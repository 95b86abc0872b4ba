"""Master lists: CSCA certificates that a state, or ICAO, vouches for with its signature.

Source: ICAO Doc 9303-12, "CSCA Master List".
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from idcard.encoding import oids
from idcard.encoding.ber import SEQUENCE, SET, door, load
from idcard.encoding.cms import SignedData
from idcard.trust.certificates import Certificate
from idcard.trust.signed_data import signed_list, verify_list

MAX_LIST_BYTES = 32 << 20
_WHERE = "CscaMasterList"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterList:
    """The certificates of a list in their original bytes, each once, and when the list was signed."""

    certificates: tuple[bytes, ...]
    signed_at: datetime | None
    signed_data: SignedData

    @classmethod
    def from_bytes(cls, data: bytes) -> "MasterList":
        """The list in ``data``; whoever signed it is not looked at.

        :raises MalformedData: if it is not well formed, or another kind of list.
        """
        signed = signed_list(data, oids.MASTER_LIST, where=_WHERE, limit=MAX_LIST_BYTES)
        with door(_WHERE):
            _, certificates = load(signed.content, _WHERE, limit=MAX_LIST_BYTES).children(SEQUENCE)
            listed = dict.fromkeys(node.expect(SEQUENCE).raw for node in certificates.children(SET))
            signed_at = signed.signers[0].signing_time if signed.signers else None
        return cls(certificates=tuple(listed), signed_at=signed_at, signed_data=signed)

    def verify(
        self, roots: Iterable[Certificate], *, at: datetime, fingerprints: Collection[str] = ()
    ) -> tuple[Certificate, Certificate]:
        """The list's signer and the root behind it, which must be one of ``roots`` or have one of ``fingerprints``.

        :param fingerprints: roots by their SHA-256, whose certificates come with the list or are in it.

        :raises ListNotTrusted: if it is not.
        """
        named = (der for der in self.certificates if hashlib.sha256(der).hexdigest() in fingerprints)
        roots = [*roots, *map(Certificate.from_bytes, named)]
        return verify_list(self.signed_data, roots, purpose=oids.MASTER_LIST_SIGNER, at=at, fingerprints=fingerprints)
