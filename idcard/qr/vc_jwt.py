"""W3C verifiable credentials as JSON web tokens: the two ways in which a token holds one.

Theory of operation. By the data model of version 1.1 the credential is in the claim ``vc``, and issuer, times and
subject are the token's own claims, which stand in for the credential's. By *VC-JOSE* (data model 2.0) the payload is
the credential itself. Where a thing is said twice, both must say the same: a program that reads the one must not be
told another issuer than a program that reads the other.

Nothing in a token alone binds it to whoever shows it: that takes a presentation, which is not read here.

Source: W3C, "Verifiable Credentials Data Model v1.1", "JSON Web Token"; W3C, "Securing Verifiable Credentials using
JOSE and COSE", "With JOSE"; RFC 8725, "Use Explicit Typing".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import IdCardError, MalformedData
from idcard.qr import strict_json
from idcard.qr.cose import Algorithm
from idcard.qr.jws import Jws
from idcard.qr.jwt_claims import chain_of, moment, text

ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512, Algorithm.EDDSA, Algorithm.PS256})
"""The asymmetric ones that are known here; the key's kind decides which of them may be used with it."""
_TYPES = frozenset({"vc+jwt", "vc+ld+jwt"})
_CREDENTIAL = "VerifiableCredential"
_WHERE = "VC-JWT"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class W3cCredential:
    """A credential as it came, unproved until its signature is verified.

    ``version`` is the data model's, 1 or 2. ``kinds`` are its types but the one that all have. ``subject`` is what it
    says of the one whom it is about. ``has_status`` says whether its issuer may have taken it back in some list.
    """

    jws: Jws
    version: int
    issuer: str
    kinds: tuple[str, ...]
    subject: Mapping[str, Any]
    not_before: datetime | None
    expires: datetime | None
    chain: tuple[bytes, ...]
    has_status: bool

    def __repr__(self) -> str:
        return f"W3cCredential(version {self.version})"

    @classmethod
    def from_bytes(cls, payload: bytes) -> "W3cCredential":
        """The credential in the text of a code.

        :raises MalformedData: if it is none, or contradicts itself.
        """
        if not payload.isascii():
            raise _malformed("is no ASCII")
        jws = Jws.from_text(payload.decode("ascii"))
        said = strict_json.decode_object(jws.payload, where=_WHERE)
        inside = said.get("vc")
        if not _says_so(jws, said) or (inside is not None) == strict_json.is_one_of(jws.header.get("typ"), _TYPES):
            raise _malformed("is no credential, or two")
        credential = said if inside is None else inside
        if not isinstance(credential, dict):
            raise _malformed("holds no credential")
        issuer = _issuer(credential, text(said, "iss"))
        times = _times_of_claims(said, credential) if inside is not None else _times_of_credential(said)
        return cls(
            jws=jws,
            version=1 if inside is not None else 2,
            issuer=issuer,
            kinds=_kinds(credential),
            subject=MappingProxyType(_subject(credential)),
            not_before=times[0],
            expires=times[1],
            chain=chain_of(jws),
            has_status=credential.get("credentialStatus") is not None,
        )


def looks_like_credential(payload: bytes) -> bool:
    """Whether a token, well formed as such, says that a credential is in it."""
    if not payload.startswith(b"eyJ"):
        return False
    try:
        jws = Jws.from_text(payload.decode("ascii"))
        said = strict_json.decode_object(jws.payload, where=_WHERE)
    except (IdCardError, UnicodeDecodeError):
        return False
    return _says_so(jws, said)


def _says_so(jws: Jws, said: Mapping[str, Any]) -> bool:
    """Whether it is one by its explicit type, or has none and a credential in it: other types are for other things."""
    explicit = jws.header.get("typ", "JWT")
    if strict_json.is_one_of(explicit, _TYPES):
        return True
    return "vc" in said and isinstance(explicit, str) and explicit.upper() == "JWT"


def _issuer(credential: Mapping[str, Any], claimed: str | None) -> str:
    """Whom the credential and the token name; the same, where both do."""
    named = credential.get("issuer")
    if isinstance(named, dict):
        named = named.get("id")
    if named is not None and (not isinstance(named, str) or not named):
        raise _malformed("has an issuer that is none")
    if named is not None and claimed is not None and named != claimed:
        raise _malformed("names two issuers")
    issuer = named if claimed is None else claimed
    if issuer is None:
        raise _malformed("names no issuer")
    return issuer


def _kinds(credential: Mapping[str, Any]) -> tuple[str, ...]:
    named = credential.get("type")
    kinds = [named] if isinstance(named, str) else named
    if not isinstance(kinds, list) or not all(isinstance(one, str) for one in kinds) or _CREDENTIAL not in kinds:
        raise _malformed("does not call itself a credential")
    return tuple(one for one in kinds if one != _CREDENTIAL)


def _subject(credential: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of one subject; a credential about several names nobody here."""
    subject = credential.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if isinstance(subject, dict):
        return subject
    if isinstance(subject, list) and subject:
        return {}
    raise _malformed("is about nobody")


def _times_of_claims(said: Mapping[str, Any], credential: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """From when until when by the token's claims; what the credential says beside them must be the same."""
    begin, end = moment(said, "nbf"), moment(said, "exp")
    for name, claimed in (("issuanceDate", begin), ("expirationDate", end)):
        named = _date_time(credential, name)
        if named is not None and claimed is not None and named.replace(microsecond=0) != claimed.replace(microsecond=0):
            raise _malformed("has two times for the same")
    return begin or _date_time(credential, "issuanceDate"), end or _date_time(credential, "expirationDate")


def _times_of_credential(said: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """From when until when by the credential; the token's own claims, about the signature, can only shorten that."""
    begins = [one for one in (_date_time(said, "validFrom"), moment(said, "nbf")) if one is not None]
    ends = [one for one in (_date_time(said, "validUntil"), moment(said, "exp")) if one is not None]
    return max(begins, default=None), min(ends, default=None)


def _date_time(said: Mapping[str, Any], name: str) -> datetime | None:
    value = said.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        return found.astimezone(UTC) if found.tzinfo is not None else _zoneless()
    except (ValueError, OverflowError) as error:
        raise MalformedData(f"{name} is no moment", where=_WHERE) from error


def _zoneless() -> datetime:
    raise ValueError("no time zone")


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where=_WHERE)
