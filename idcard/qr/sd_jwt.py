"""SD-JWT: a signed JSON web token that withholds claims behind digests, with what its holder chose to disclose.

Theory of operation. A presentation is texts with tildes between: the issuer's token, then disclosures, then a *key
binding* by the holder's key, or nothing. The token holds digests in the place of claims; a disclosure is a salt,
perhaps a name, and a value, and belongs where its digest stands. Digests without a disclosure mean nothing: the
holder kept that to himself, or nothing is there (decoys). A digest that stands twice, and a disclosure that no digest
asks for, make the whole wrong: otherwise a holder could place a claim where its issuer did not.

The key binding names a verifier, a nonce and the digest of all before it. Who did not choose that nonce learns from it
only that the holder once showed this to somebody.

A *verifiable credential* in this form says its type (``vct``), and does not withhold what decides whether it counts.

Source: RFC 9901, "Selective Disclosure for JWTs"; draft-ietf-oauth-sd-jwt-vc, "SD-JWT VC Data Format".
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import IdCardError, MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.cose import Algorithm, VerificationKey
from idcard.qr.jwk import base64url, public_key, to_base64url
from idcard.qr.jws import Jws
from idcard.qr.jwt_claims import chain_of, moment, text

ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512, Algorithm.EDDSA, Algorithm.PS256})
"""The asymmetric ones that are known here; the key's kind decides which of them may be used with it."""
TYPES: Final = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
"""What the header calls a credential, now and in earlier drafts."""
KEY_BINDING_TYPE: Final = "kb+jwt"
MAX_PRESENTATION: Final = 64 << 10
"""How many bytes a presentation may have that a wallet sends; a symbol holds less."""
_WHERE = "SD-JWT"
_MAX_DISCLOSURES = 256
_DIGESTS, _ELEMENT, _HASH = "_sd", "...", "_sd_alg"
_HASHES: Mapping[str, str] = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_NEVER_WITHHELD = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyBinding:
    """What the holder's key signed: for whom, over which nonce, when, and the digest of what was presented."""

    jws: Jws
    audience: str
    nonce: str
    issued: datetime
    presented_digest: str

    @classmethod
    def from_text(cls, said: str) -> "KeyBinding":
        """The key binding in the last part of a presentation.

        :raises MalformedData: if it is none.
        """
        jws = Jws.from_text(said)
        if jws.header.get("typ") != KEY_BINDING_TYPE:
            raise _malformed("has a key binding that does not call itself one")
        claims = strict_json.decode_object(jws.payload, where=_WHERE)
        issued = moment(claims, "iat")
        if issued is None:
            raise _malformed("has a key binding without its time")
        return cls(
            jws=jws,
            audience=text(claims, "aud", required=True),
            nonce=text(claims, "nonce", required=True),
            issued=issued,
            presented_digest=text(claims, "sd_hash", required=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SdJwtCredential:
    """A credential as it was presented, unproved until its signature is verified.

    ``claims`` is what the token says with its disclosures put in their places. ``presented`` is the text that a key
    binding's digest is over. ``holder_jwk`` is the key to which the issuer bound it, as a JSON web key; None where to
    none.
    """

    jws: Jws
    claims: Mapping[str, Any]
    kind: str
    issuer: str | None
    issued: datetime | None
    not_before: datetime | None
    expires: datetime | None
    chain: tuple[bytes, ...]
    holder_jwk: Mapping[str, Any] | None
    presented: str
    digest_name: str
    key_binding: KeyBinding | None

    def __repr__(self) -> str:
        return f"SdJwtCredential({len(self.presented)} characters)"

    @property
    def holder_key(self) -> VerificationKey | None:
        """The key to which the issuer bound the credential.

        :raises UnsupportedAlgorithm: if it is of an unknown kind.
        """
        return None if self.holder_jwk is None else public_key(dict(self.holder_jwk))

    @property
    def presented_digest(self) -> str:
        """What a key binding of this presentation must name."""
        return _digest(self.digest_name, self.presented)

    @classmethod
    def from_bytes(cls, payload: bytes) -> "SdJwtCredential":
        """The credential in the text of a code or of a wallet's answer.

        :raises MalformedData: if it is none.
        :raises UnsupportedAlgorithm: if it withholds claims behind a hash, or is bound to a key, that is not known
            here.
        """
        if len(payload) > MAX_PRESENTATION or not payload.isascii():
            raise _malformed("is too long, or no ASCII")
        token, *disclosures, binding = payload.decode("ascii").split("~") if b"~" in payload else ("", "")
        jws = Jws.from_text(token)
        if not strict_json.is_one_of(jws.header.get("typ"), TYPES):
            raise _malformed("does not call itself a credential")
        said = strict_json.decode_object(jws.payload, where=_WHERE)
        digest_name = _hash_of(said)
        claims = _Disclosed(digest_name, disclosures).resolve(said)
        holder = _holder(claims)
        return cls(
            jws=jws,
            claims=MappingProxyType(claims),
            kind=text(claims, "vct", required=True),
            issuer=text(claims, "iss"),
            issued=moment(claims, "iat"),
            not_before=moment(claims, "nbf"),
            expires=moment(claims, "exp"),
            chain=chain_of(jws),
            holder_jwk=holder,
            presented=payload.decode("ascii")[: len(payload) - len(binding)],
            digest_name=digest_name,
            key_binding=KeyBinding.from_text(binding) if binding else None,
        )


def looks_like_credential(payload: bytes) -> bool:
    """Whether it is texts with tildes between whose first is a token that calls itself a credential."""
    token, tilde, _ = payload.partition(b"~")
    if not tilde or not payload.startswith(b"eyJ"):
        return False
    try:
        header = strict_json.decode_object(
            base64url(token.partition(b".")[0].decode("ascii"), where=_WHERE), where=_WHERE
        )
    except (IdCardError, UnicodeDecodeError):
        return False
    return strict_json.is_one_of(header.get("typ"), TYPES)


def _hash_of(said: Mapping[str, Any]) -> str:
    name = said.get(_HASH, "sha-256")
    if not isinstance(name, str) or name not in _HASHES:
        raise UnsupportedAlgorithm("claims are withheld behind a hash that is not known here")
    return name


def _digest(name: str, said: str) -> str:
    return to_base64url(hashlib.new(_HASHES[name], said.encode("ascii")).digest())


def _holder(claims: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The holder's key; other ways of naming it (a thumbprint, an address) need somebody else's word."""
    confirmation = claims.get("cnf")
    if confirmation is None:
        return None
    if not isinstance(confirmation, dict):
        raise _malformed("has a holder's key that is none")
    jwk = confirmation.get("jwk")
    if jwk is None:
        raise UnsupportedAlgorithm("the holder's key is named, and not in the credential")
    public_key(jwk)
    return MappingProxyType(jwk)


class _Disclosed:
    """Puts disclosures where their digests stand: each once, and none is left over."""

    def __init__(self, digest_name: str, disclosures: Sequence[str]) -> None:
        if len(disclosures) > _MAX_DISCLOSURES:
            raise _malformed("has too many disclosures")
        self._by_digest = {_digest(digest_name, one): _disclosure(one) for one in disclosures}
        if len(self._by_digest) != len(disclosures):
            raise _malformed("has a disclosure twice")
        self._met: set[str] = set()
        self._used: set[str] = set()

    def resolve(self, said: dict[str, Any]) -> dict[str, Any]:
        """The claims with what was disclosed.

        :raises MalformedData: if a digest stands twice, a disclosure does not fit, or is asked for by none.
        """
        claims = self._object({name: value for name, value in said.items() if name != _HASH}, 0)
        if self._used != self._by_digest.keys():
            raise _malformed("has a disclosure that no digest asks for")
        return claims

    def _value(self, value: Any, depth: int) -> Any:
        # Each disclosure has a bound of its own, and one can lie in another.
        if depth > strict_json.MAX_DEPTH:
            raise _malformed("is too deep")
        if isinstance(value, dict):
            return self._object(value, depth)
        return self._list(value, depth) if isinstance(value, list) else value

    def _object(self, said: dict[str, Any], depth: int) -> dict[str, Any]:
        digests = said.get(_DIGESTS, [])
        if not isinstance(digests, list) or _ELEMENT in said:
            raise _malformed("has digests in a place where there are none")
        found = {name: self._value(value, depth + 1) for name, value in said.items() if name != _DIGESTS}
        for digest in digests:
            disclosure = self._take(digest)
            if disclosure is None:
                continue
            if len(disclosure) != 3 or not isinstance(disclosure[1], str):
                raise _malformed("has a disclosure without a name for a claim")
            _, name, value = disclosure
            if name in found or name in (_DIGESTS, _ELEMENT) or (depth == 0 and name in (_NEVER_WITHHELD | {_HASH})):
                raise _malformed("has a disclosure with a name that it may not have")
            found[name] = self._value(value, depth + 1)
        return found

    def _list(self, said: list[Any], depth: int) -> list[Any]:
        found = []
        for each in said:
            if not isinstance(each, dict) or _ELEMENT not in each:
                found.append(self._value(each, depth + 1))
                continue
            if len(each) != 1:
                raise _malformed("has a digest beside something else")
            disclosure = self._take(each[_ELEMENT])
            if disclosure is not None and len(disclosure) != 2:
                raise _malformed("has a disclosure with a name for an element of a list")
            if disclosure is not None:
                found.append(self._value(disclosure[1], depth + 1))
        return found

    def _take(self, digest: object) -> list[Any] | None:
        """What was disclosed for a digest, or None; each digest is met once."""
        if not isinstance(digest, str) or digest in self._met:
            raise _malformed("has a digest that is none, or stands twice")
        self._met.add(digest)
        if digest not in self._by_digest:
            return None
        self._used.add(digest)
        return self._by_digest[digest]


def _disclosure(said: str) -> list[Any]:
    value = strict_json.decode(base64url(said, where=_WHERE), where=_WHERE)
    if not isinstance(value, list) or len(value) not in (2, 3) or not isinstance(value[0], str):
        raise _malformed("has a disclosure that is none")
    return value


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where=_WHERE)
