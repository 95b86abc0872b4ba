"""The claims of a CBOR Web Token: who issued it, for whom, and when it is in force.

Numbers of seconds become moments in UTC. Some issuers write them as floating point numbers; the standard allows that.

Source: RFC 8392, "CBOR Web Token (CWT)".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.qr import cbor

ISSUER, SUBJECT, AUDIENCE, EXPIRES, NOT_BEFORE, ISSUED, TOKEN_ID = 1, 2, 3, 4, 5, 6, 7
_DATE_TIME_TAG = 0
_TAGS = frozenset({_DATE_TIME_TAG})
_LATEST: Final = 253_402_300_799
"""The last second of the year 9999."""
_MAX_ID = 64
_WHERE = "CWT"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claims:
    """The registered claims, None where they are not there; ``all`` holds every claim by its label."""

    issuer: str | None
    subject: str | None
    audience: str | None
    expires: datetime | None
    not_before: datetime | None
    issued: datetime | None
    token_id: bytes | None
    all: Mapping[int | str, Any]

    def __repr__(self) -> str:
        return "Claims(…)"

    @classmethod
    def from_bytes(cls, data: bytes) -> "Claims":
        """The claims in ``data``.

        :raises MalformedData: if they are no map, or a registered claim is of the wrong kind.
        """
        claims = cbor.decode(data, where=_WHERE, tags=_TAGS)
        if not isinstance(claims, dict):
            raise MalformedData("the claims are no map", where=_WHERE)
        return cls(
            issuer=_of_kind(claims, ISSUER, str),
            subject=_of_kind(claims, SUBJECT, str),
            audience=_of_kind(claims, AUDIENCE, str),
            expires=_moment(claims, EXPIRES),
            not_before=_moment(claims, NOT_BEFORE),
            issued=_moment(claims, ISSUED),
            token_id=_token_id(claims),
            all=MappingProxyType(claims),
        )


def _of_kind(claims: dict[int | str, Any], label: int, kind: type) -> Any:
    value = claims.get(label)
    if value is not None and type(value) is not kind:
        raise MalformedData(f"claim {label} is of the wrong kind", where=_WHERE)
    return value


def _token_id(claims: dict[int | str, Any]) -> bytes | None:
    token_id: bytes | None = _of_kind(claims, TOKEN_ID, bytes)
    if token_id is not None and not 0 < len(token_id) <= _MAX_ID:
        raise MalformedData("a token identifier of a length that cannot be", where=_WHERE)
    return token_id


def _moment(claims: dict[int | str, Any], label: int) -> datetime | None:
    value = claims.get(label)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= _LATEST:
        raise MalformedData(f"claim {label} is no moment", where=_WHERE)
    return datetime.fromtimestamp(value, UTC)
