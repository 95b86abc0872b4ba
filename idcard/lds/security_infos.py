"""SecurityInfos: which protocols a chip offers, in EF.CardAccess (unsigned) and DG14 (signed).

Theory of operation. A SET of sequences, each an object identifier, a required value and perhaps one more. What is not
known is kept as :class:`OtherInfo`: new protocols must not make a card unreadable.

Source: ICAO Doc 9303-11, "SecurityInfos"; BSI TR-03110-3, "ASN.1 Specifications".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from idcard.encoding import tlv
from idcard.encoding.der import oid_from_bytes, small_integer
from idcard.errors import MalformedData
from idcard.lds.layout import File

_SET, _SEQUENCE, _OID, _INTEGER = 0x31, 0x30, 0x06, 0x02
_PACE = "0.4.0.127.0.7.2.2.4."
_CHIP_AUTHENTICATION = "0.4.0.127.0.7.2.2.3."
_PUBLIC_KEY = "0.4.0.127.0.7.2.2.1."
_TERMINAL_AUTHENTICATION = "0.4.0.127.0.7.2.2.2"
_ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
_AGREEMENTS = (_PACE, _CHIP_AUTHENTICATION)
_MAX_INFOS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceInfo:
    """A way to run PACE: protocol, version and the number of standardised domain parameters."""

    oid: str
    version: int
    parameter_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthenticationInfo:
    """A way to run chip authentication, and which of the chip's keys it uses."""

    oid: str
    version: int
    key_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthenticationPublicKeyInfo:
    """A static public key of the chip: its SubjectPublicKeyInfo in DER and its number.

    The key is another for each card: it is no part of what ``repr`` shows.
    """

    oid: str
    public_key: bytes = field(repr=False)
    key_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainParameterInfo:
    """Domain parameters that the chip writes out, for PACE or for chip authentication.

    ``oid`` is the protocol without its cipher, ``parameters`` an AlgorithmIdentifier in DER, and ``parameter_id`` the
    number by which other entries refer to them.
    """

    oid: str
    parameters: bytes
    parameter_id: int | None = None

    @property
    def for_pace(self) -> bool:
        """Whether they are for PACE."""
        return self.oid.startswith(_PACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalAuthenticationInfo:
    """That the chip runs terminal authentication, and in which version."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAuthenticationInfo:
    """Which signature algorithm active authentication with ECDSA uses."""

    version: int
    signature_algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInfo:
    """An entry that this library has no name for: its object identifier and its bytes, which ``repr`` does not show."""

    oid: str
    raw: bytes = field(repr=False)


SecurityInfo = (
    PaceInfo
    | ChipAuthenticationInfo
    | ChipAuthenticationPublicKeyInfo
    | DomainParameterInfo
    | TerminalAuthenticationInfo
    | ActiveAuthenticationInfo
    | OtherInfo
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityInfos:
    """All entries, in the file's order."""

    infos: tuple[SecurityInfo, ...]

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "SecurityInfos") -> "SecurityInfos":
        """The entries of a SecurityInfos SET, which ``data`` must be exactly.

        :raises MalformedData: if it is not a SET of sequences that start with an object identifier.
        """
        entries = tlv.parse_one(data, _SET, where=where).children(where)
        if len(entries) > _MAX_INFOS:
            raise MalformedData(f"{len(entries)} entries", where=where)
        return cls(infos=tuple(_info(entry, where) for entry in entries))

    @classmethod
    def from_dg14(cls, data: bytes) -> "SecurityInfos":
        """The entries of DG14; bytes after its one data object are ignored, as some states append them.

        :raises MalformedData: if it is not DG14.
        """
        nodes = tlv.parse(data[: _extent(data)], where="DG14")
        return cls.from_bytes(tlv.require(nodes, File.DG14.tag, where="DG14").value, where="DG14")

    @property
    def pace(self) -> tuple[PaceInfo, ...]:
        """The ways to run PACE."""
        return tuple(info for info in self.infos if isinstance(info, PaceInfo))

    @property
    def chip_authentication(self) -> tuple[ChipAuthenticationInfo, ...]:
        """The ways to run chip authentication."""
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationInfo))

    @property
    def chip_keys(self) -> tuple[ChipAuthenticationPublicKeyInfo, ...]:
        """The chip's static public keys."""
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationPublicKeyInfo))

    @property
    def pace_domains(self) -> tuple[DomainParameterInfo, ...]:
        """The domain parameters for PACE that are written out."""
        return tuple(info for info in self.infos if isinstance(info, DomainParameterInfo) and info.for_pace)

    @property
    def terminal_authentication(self) -> TerminalAuthenticationInfo | None:
        """The version of terminal authentication, where the chip runs it."""
        return next((info for info in self.infos if isinstance(info, TerminalAuthenticationInfo)), None)

    @property
    def active_authentication(self) -> ActiveAuthenticationInfo | None:
        """The algorithm of active authentication, where the chip names one."""
        return next((info for info in self.infos if isinstance(info, ActiveAuthenticationInfo)), None)


def _extent(data: bytes) -> int:
    _, length, header = tlv.read_header(data, where="DG14")
    return header + length


def _info(entry: tlv.Tlv, where: str) -> SecurityInfo:
    fields = entry.children(where) if entry.tag == _SEQUENCE else ()
    if not fields or fields[0].tag != _OID:
        raise MalformedData("an entry without an object identifier", where=where)
    oid = oid_from_bytes(fields[0].value, where=where)
    known = _known(oid, fields[1:], where)
    return known or OtherInfo(oid=oid, raw=entry.to_bytes())


def _known(oid: str, fields: tuple[tlv.Tlv, ...], where: str) -> SecurityInfo | None:
    if oid.startswith(_PUBLIC_KEY) and fields and fields[0].tag == _SEQUENCE:
        key_id = _optional_integer(fields[1:], where)
        return ChipAuthenticationPublicKeyInfo(oid=oid, public_key=fields[0].to_bytes(), key_id=key_id)
    if _is_domain(oid) and fields and fields[0].tag == _SEQUENCE:
        parameter_id = _optional_integer(fields[1:], where)
        return DomainParameterInfo(oid=oid, parameters=fields[0].to_bytes(), parameter_id=parameter_id)
    if not fields or fields[0].tag != _INTEGER:
        return None
    version = small_integer(fields[0].value, where=where)
    if oid == _ACTIVE_AUTHENTICATION and len(fields) == 2 and fields[1].tag == _OID:
        algorithm = oid_from_bytes(fields[1].value, where=where)
        return ActiveAuthenticationInfo(version=version, signature_algorithm=algorithm)
    return _numbered(oid, version, fields[1:], where)


def _is_domain(oid: str) -> bool:
    """Whether the identifier is a protocol's without its cipher."""
    return any(oid.startswith(prefix) and oid.count(".") == prefix.count(".") for prefix in _AGREEMENTS)


def _numbered(oid: str, version: int, rest: tuple[tlv.Tlv, ...], where: str) -> SecurityInfo | None:
    arcs = oid.count(".")
    if oid.startswith(_PACE) and arcs == _PACE.count(".") + 1:
        return PaceInfo(oid=oid, version=version, parameter_id=_optional_integer(rest, where))
    if oid.startswith(_CHIP_AUTHENTICATION) and arcs == _CHIP_AUTHENTICATION.count(".") + 1:
        return ChipAuthenticationInfo(oid=oid, version=version, key_id=_optional_integer(rest, where))
    if oid == _TERMINAL_AUTHENTICATION:
        return TerminalAuthenticationInfo(version=version)
    return None


def _optional_integer(fields: tuple[tlv.Tlv, ...], where: str) -> int | None:
    return next(_integers(fields, where), None)


def _integers(fields: tuple[tlv.Tlv, ...], where: str) -> Iterator[int]:
    return (small_integer(field.value, where=where) for field in fields if field.tag == _INTEGER)
