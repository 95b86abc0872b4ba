"""Token status lists: what an issuer says of thousands of its credentials at once, a few bits for each.

Theory of operation. A credential names a list, by an address, and its own place in it. The list is a signed token
that says its own address, how many bits a place has, and the places, compressed; within a byte the lowest bits are
the first place's. 0 is in force, 1 taken back, 2 suspended; other numbers mean what issuer and reader agreed upon,
which is nothing here.

Nothing is fetched: the operator puts lists beside the list of signers. So a list's age matters, and its own end.

Source: draft-ietf-oauth-status-list, "Token Status List (TSL)".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.qr import strict_json
from idcard.qr.inflate import inflate
from idcard.qr.jwk import base64url
from idcard.qr.jws import Jws
from idcard.qr.jwt_claims import chain_of, moment, text

TYPE: Final = "statuslist+jwt"
IN_FORCE: Final = 0
TAKEN_BACK: Final = 1
MAX_LIST: Final = 4 << 20
"""How many bytes the places of one list may have."""
_BITS = frozenset({1, 2, 4, 8})
_WHERE = "status list"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StatusList:
    """A list as it came, unproved until its signature is verified. ``uri`` is its own address."""

    jws: Jws
    chain: tuple[bytes, ...]
    uri: str
    issued: datetime
    expires: datetime | None
    bits: int
    places: bytes

    def __repr__(self) -> str:
        return f"StatusList({len(self.places) * 8 // self.bits} places)"

    @classmethod
    def from_bytes(cls, data: bytes) -> "StatusList":
        """The list in a token.

        :raises MalformedData: if it is none.
        :raises BoundExceeded: if it inflates to more than 4 MiB.
        """
        jws = Jws.from_text(data.decode("ascii", "replace").strip())
        said = strict_json.decode_object(jws.payload, where=_WHERE)
        issued, places = moment(said, "iat"), said.get("status_list")
        if jws.header.get("typ") != TYPE or issued is None or not isinstance(places, dict):
            raise MalformedData("is no status list, or does not say of when it is", where=_WHERE)
        bits = places.get("bits")
        if type(bits) is not int or bits not in _BITS:
            raise MalformedData("has places of another size", where=_WHERE)
        return cls(
            jws=jws,
            chain=chain_of(jws),
            uri=text(said, "sub", required=True),
            issued=issued,
            expires=moment(said, "exp"),
            bits=bits,
            places=inflate(base64url(places.get("lst"), where=_WHERE), limit=MAX_LIST),
        )

    def at(self, place: int) -> int | None:
        """The number at that place; None where the list has no such place."""
        each = 8 // self.bits
        if not 0 <= place < len(self.places) * each:
            return None
        return self.places[place // each] >> place % each * self.bits & (1 << self.bits) - 1


def place_of(status: Any) -> tuple[str, int] | None:
    """The address of the list that a credential names, and its place in it; None where it names none such."""
    named = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(named, dict):
        return None
    uri, place = named.get("uri"), named.get("idx")
    return (uri, place) if isinstance(uri, str) and type(place) is int else None
