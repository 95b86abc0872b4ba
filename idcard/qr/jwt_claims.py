"""The claims of a JSON web token that decide when and whose it is, and the certificates in its header.

Source: RFC 7519, "JSON Web Token (JWT)"; RFC 7515, "x5c (X.509 Certificate Chain) Header Parameter".
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, overload

from idcard.errors import MalformedData
from idcard.qr.jws import Jws

MAX_CHAIN: Final = 4
_LATEST = 253_402_300_799
_MAX_TEXT = 2048
_WHERE = "JWT"


@overload
def text(claims: Mapping[str, Any], name: str, *, required: Literal[True]) -> str: ...


@overload
def text(claims: Mapping[str, Any], name: str) -> str | None: ...


def text(claims: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    """The claim ``name`` as text, None where it is not there.

    :raises MalformedData: if it is something else, empty or too long, or missing although it is required.
    """
    value = claims.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise MalformedData(f"the claim {name} is no text", where=_WHERE)
    return value


def moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    """The claim ``name`` as a moment in UTC, None where it is not there; fractions of seconds are allowed.

    :raises MalformedData: if it is something else, or beyond the year 9999.
    """
    value = claims.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= _LATEST:
        raise MalformedData(f"the claim {name} is no moment", where=_WHERE)
    return datetime.fromtimestamp(value, UTC)


def chain_of(jws: Jws) -> tuple[bytes, ...]:
    """The certificates in DER that came in the header, the signer's first; none where it brought none.

    :raises MalformedData: if the header holds anything else, or too many.
    """
    found = jws.header.get("x5c")
    if found is None:
        return ()
    if not isinstance(found, list) or not 0 < len(found) <= MAX_CHAIN:
        raise MalformedData("has a chain of certificates that is none", where=_WHERE)
    return tuple(_der(one) for one in found)


def _der(said: object) -> bytes:
    try:
        return base64.b64decode(said if isinstance(said, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedData("has a certificate that is no Base64", where=_WHERE) from error
