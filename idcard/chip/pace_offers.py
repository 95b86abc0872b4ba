"""Which ways to run PACE a chip offers, and which of them a reader can run: the strongest first.

Theory of operation. A PACEInfo is an object identifier, whose last two numbers say the mapping with its kind of key
agreement and the cipher, and a number of domain parameters: of the standard's table up to 31, of the chip's own
PACEDomainParameterInfo beyond, or where there is no number. Not every combination is defined; what is not is not run,
and is named to whoever asks.

Which is the strongest: what takes most work to break; then chip authentication mapping, which shows the chip genuine on
the way; then the longer key of the cipher; then curves, which are quicker.

Source: ICAO Doc 9303-11, "PACE", "PACEInfo" and "PACEDomainParameterInfo".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from idcard.crypto.cipher import CipherSuite, suite_of_pace
from idcard.crypto.domains import Domain, EcDomain
from idcard.crypto.mapping import is_defined_on
from idcard.errors import IdCardError, UnsupportedAlgorithm
from idcard.lds.pace_domains import MAX_OWN_DOMAINS, claimed_pace_domain
from idcard.lds.security_infos import DomainParameterInfo, PaceInfo, SecurityInfos

_PACE = "0.4.0.127.0.7.2.2.4."
_CIPHER_BITS = {
    CipherSuite.TDES: 80,
    CipherSuite.AES_128: 128,
    CipherSuite.AES_192: 192,
    CipherSuite.AES_256: 256,
}


class Mapping(Enum):
    """How a nonce becomes a generator."""

    GENERIC = "GM"
    INTEGRATED = "IM"
    CHIP_AUTHENTICATION = "CAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableOffer:
    """A way to run PACE that the chip names and this library does not run: the chip's entry, and why not."""

    oid: str
    parameter_id: int | None
    reason: str


OnUnusable = Callable[[UnusableOffer], None]


def _nobody_asked(_: UnusableOffer) -> None:
    """Where nobody asks what cannot be run."""


_PROTOCOLS = {
    1: (Mapping.GENERIC, False),
    2: (Mapping.GENERIC, True),
    3: (Mapping.INTEGRATED, False),
    4: (Mapping.INTEGRATED, True),
    6: (Mapping.CHIP_AUTHENTICATION, True),
}
_CHIP_AUTHENTICATION_OVER_DH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOffer:
    """One way to run PACE, understood: what the chip wrote, the mapping, the cipher and the domain parameters."""

    info: PaceInfo
    mapping: Mapping
    suite: CipherSuite
    domain: Domain

    @property
    def strength(self) -> tuple[int, bool, int, bool]:
        """What offers are sorted by."""
        cipher = _CIPHER_BITS[self.suite]
        proves_chip = self.mapping is Mapping.CHIP_AUTHENTICATION
        return min(cipher, self.domain.bits), proves_chip, cipher, isinstance(self.domain, EcDomain)

    @property
    def entropy_bytes(self) -> int:
        """How many random bytes one run takes: for two scalars and a nonce."""
        return 2 * self.domain.entropy_bytes + self.suite.key_bytes


def offers(infos: SecurityInfos, on_unusable: OnUnusable = _nobody_asked) -> Iterator[PaceOffer]:
    """The ways to run PACE that this library can run, the strongest first.

    A chip's own domain parameters are proved sound when they are asked for.

    :param on_unusable: told of each entry that cannot be run, when it is come to.
    """
    claims = []
    for info in infos.pace:
        try:
            claims.append(_claim(info, infos.pace_domains[:MAX_OWN_DOMAINS]))
        except IdCardError as error:  # what one entry gets wrong must not hide the others
            on_unusable(_unusable(info, error))
    for claim in sorted(claims, key=lambda claim: claim.strength, reverse=True):
        try:
            proved = replace(claim, domain=claim.domain.proved())
        except UnsupportedAlgorithm as error:
            on_unusable(_unusable(claim.info, error))
            continue
        yield proved


def _unusable(info: PaceInfo, error: IdCardError) -> UnusableOffer:
    return UnusableOffer(oid=info.oid, parameter_id=info.parameter_id, reason=str(error))


def offer_of(info: PaceInfo, domains: tuple[DomainParameterInfo, ...] = ()) -> PaceOffer:
    """The offer that ``info`` is.

    :param domains: the domain parameters that the chip writes out itself.
    :raises UnsupportedAlgorithm: if it is unknown, or a combination that the standard does not define.
    :raises MalformedData: if the chip's own domain parameters are not well formed.
    """
    claim = _claim(info, domains)
    return replace(claim, domain=claim.domain.proved())


def _claim(info: PaceInfo, domains: tuple[DomainParameterInfo, ...]) -> PaceOffer:
    """The offer, before its domain parameters are proved."""
    mapping, elliptic, suite = _protocol(info.oid)
    domain = claimed_pace_domain(info.parameter_id, domains, oid=info.oid)
    if isinstance(domain, EcDomain) is not elliptic:
        raise UnsupportedAlgorithm(f"PACE with the other kind of key agreement on {domain.name}", oid=info.oid)
    if mapping is Mapping.INTEGRATED and isinstance(domain, EcDomain) and not is_defined_on(domain.curve):
        raise UnsupportedAlgorithm(f"PACE with integrated mapping on {domain.name}", oid=info.oid)
    return PaceOffer(info=info, mapping=mapping, suite=suite, domain=domain)


def _protocol(oid: str) -> tuple[Mapping, bool, CipherSuite]:
    arcs = oid.removeprefix(_PACE).split(".")
    if oid.startswith(f"{_PACE}{_CHIP_AUTHENTICATION_OVER_DH}."):
        raise UnsupportedAlgorithm("PACE with chip authentication mapping over DH, which nobody defines", oid=oid)
    if not oid.startswith(_PACE) or len(arcs) != 2 or int(arcs[0]) not in _PROTOCOLS or arcs[1] not in "1234":
        raise UnsupportedAlgorithm("an unknown PACE protocol", oid=oid)
    mapping, elliptic = _PROTOCOLS[int(arcs[0])]
    suite = suite_of_pace(int(arcs[1]))
    if mapping is Mapping.CHIP_AUTHENTICATION and not suite.is_aes:
        raise UnsupportedAlgorithm("PACE with chip authentication mapping and 3DES", oid=oid)
    return mapping, elliptic, suite
