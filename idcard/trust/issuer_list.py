"""Issuers of credentials that sign with bare keys, and what they took back: two folders of the list of signers.

Theory of operation. Much of the world's credentials name their issuer by a text (an address, mostly) and their key by
an identifier, and the issuer publishes a set of JSON web keys. The operator fetches that set and writes down for which
formats it counts: an issuer of health cards is none of identities. ``qr/issuers/NAME.json``::

    {
        "format": 1,
        "issuer": "https://issuer.example",
        "for": ["smart_health_card"],
        "keys": [{"kty": "EC", "crv": "P-256", "kid": "…", "x": "…", "y": "…"}],
        "crls": [{"kid": "…", "method": "rid", "ctr": 3, "rids": ["…"]}],
    }

Of the keys, those that are not for signatures, or of a kind that nothing here uses, are passed over; one that is
malformed is not, and at least one must be left. ``crls`` may be left out; it holds the issuer's own lists of cards that
were taken back, as it publishes them. A file may also be a snapshot of a directory of issuers of health cards, as such
directories publish it, whole: it has ``issuerInfo``, and of each ``issuer`` its ``iss``, its ``keys`` and its ``crls``;
who has no keys there is left out.

Source: RFC 7517, "JWK Set Format"; SMART Health Cards Framework, "Revocation".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.cose import VerificationKey
from idcard.qr.jwk import base64url, public_key

_WHERE = "issuer list"
_MEMBERS = frozenset({"format", "issuer", "for", "keys"})
_DIRECTORY, _HEALTH_CARDS = "issuerInfo", "smart_health_card"
_MAX_VALUES = 1 << 20
_MAX_TEXT: Final = 512
_LATEST = 253_402_300_799
_RID = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """One key of an issuer: whose it is, its identifier (None where it has none), and the formats that it counts for.

    ``algorithm`` is the only one that it may be used with, where the set says so; ``crl_version`` the least version of
    a list of what was taken back, 0 where the issuer publishes none for the key.
    """

    issuer: str
    key_id: str | None
    key: VerificationKey
    formats: frozenset[str]
    algorithm: str | None = None
    crl_version: int = 0

    def goes_by(self, key_id: str | bytes | None) -> bool:
        """Whether ``key_id`` may mean this key: a text, or the bytes that COSE has for it; None means any."""
        if key_id is None or self.key_id is None:
            return True
        if isinstance(key_id, str):
            return key_id == self.key_id
        return key_id == self.key_id.encode() or key_id == _decoded(self.key_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRevocations:
    """Cards of one key of an issuer that were taken back: those made until when with that identifier, None for all."""

    version: int
    cards: Mapping[str, datetime | None]

    def names(self, rid: str, issued: datetime) -> bool:
        """Whether a card with that identifier, made then, was taken back; whole seconds count."""
        if rid not in self.cards:
            return False
        until = self.cards[rid]
        return until is None or issued.replace(microsecond=0) <= until


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An issuer that the operator trusts: its keys, and what it took back by the identifier of the key."""

    name: str
    formats: frozenset[str]
    keys: tuple[IssuerKey, ...]
    revoked: Mapping[str, CardRevocations]

    @classmethod
    def from_bytes(cls, data: bytes) -> "Issuer":
        """The issuer in a file of the list.

        :raises MalformedData: if it is not well formed, or says what is not known here.
        """
        return cls._of(strict_json.decode_object(data, where=_WHERE, limit=_MAX_VALUES))

    @classmethod
    def several_from_bytes(cls, data: bytes) -> "tuple[Issuer, ...]":
        """The issuers in a file of the list: one, or those of a directory's snapshot.

        :raises MalformedData: if it is not well formed, or says what is not known here.
        """
        said = strict_json.decode_object(data, where=_WHERE, limit=_MAX_VALUES)
        if _DIRECTORY not in said:
            return (cls._of(said),)
        listed = [one for one in map(_as_file, _list(said[_DIRECTORY])) if one["keys"]]
        return tuple(map(cls._of, listed))

    @classmethod
    def _of(cls, said: dict[str, Any]) -> "Issuer":
        if said.keys() - {"crls"} != _MEMBERS or said["format"] != 1:
            raise MalformedData("says something else than format = 1, issuer, for, keys and crls", where=_WHERE)
        name, formats, keys = _text(said["issuer"]), frozenset(map(_text, _list(said["for"]))), _list(said["keys"])
        found = [key for jwk in keys if (key := _key(jwk, name, formats)) is not None]
        if not formats or not found:
            raise MalformedData("is for nothing, or has no key of a known kind for signatures", where=_WHERE)
        lists = [_revocations(one) for one in _list(said.get("crls", []))]
        if len(dict(lists)) != len(lists):
            raise MalformedData("holds two lists of cards taken back for one key", where=_WHERE)
        return cls(
            name=name,
            formats=formats,
            keys=tuple(found),
            revoked=MappingProxyType(dict(lists)),
        )


def _as_file(entry: object) -> dict[str, Any]:
    """An entry of a directory in the form of a file."""
    issuer = entry.get("issuer") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(issuer, dict):
        raise MalformedData("holds an entry that is no issuer", where=_WHERE)
    said = {"format": 1, "issuer": issuer.get("iss"), "for": [_HEALTH_CARDS], "keys": _list(entry.get("keys"))}
    return said | {"crls": _list(entry.get("crls") or [])}


def _key(jwk: object, issuer: str, formats: frozenset[str]) -> IssuerKey | None:
    """One key of a set; None where it is for something else, or of a kind that is not used here."""
    try:
        key = public_key(jwk)
    except UnsupportedAlgorithm:
        return None
    members: dict[str, Any] = jwk if isinstance(jwk, dict) else {}
    if _text(members.get("use", "sig")) != "sig":
        return None
    key_id, algorithm = members.get("kid"), members.get("alg")
    return IssuerKey(
        issuer=issuer,
        key_id=None if key_id is None else _text(key_id),
        key=key,
        formats=formats,
        algorithm=None if algorithm is None else _text(algorithm),
        crl_version=_version(members.get("crlVersion", 0)),
    )


def _version(value: object) -> int:
    if type(value) is not int or value < 0:
        raise MalformedData("a key whose list has a version that is none", where=_WHERE)
    return value


def _revocations(said: object) -> tuple[str, CardRevocations]:
    """One list of cards, in its issuer's own form."""
    if not isinstance(said, dict) or said.get("method") != "rid" or type(said.get("ctr")) is not int:
        raise MalformedData("holds a list of cards taken back in a form that is not known here", where=_WHERE)
    entries = [_RID.fullmatch(_text(one)) for one in _list(said.get("rids"))]
    cards: dict[str, datetime | None] = {}
    for entry in entries:
        if entry is None or entry[1] in cards:
            raise MalformedData("names a card taken back wrongly, or twice", where=_WHERE)
        cards[entry[1]] = _moment(entry[2])
    return _text(said.get("kid")), CardRevocations(version=said["ctr"], cards=MappingProxyType(cards))


def _moment(seconds: str | None) -> datetime | None:
    if seconds is None:
        return None
    if int(seconds) > _LATEST:
        raise MalformedData("has a moment that cannot be", where=_WHERE)
    return datetime.fromtimestamp(int(seconds), UTC)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise MalformedData("lacks a text", where=_WHERE)
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedData("lacks a list", where=_WHERE)
    return value


def _decoded(text: str) -> bytes | None:
    try:
        return base64url(text, where=_WHERE)
    except MalformedData:
        return None
