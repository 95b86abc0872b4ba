"""The domain parameters that a number in a PACEInfo stands for: a standard's, or those that the chip writes out itself.

Source: ICAO Doc 9303-11, "Standardized Domain Parameters" and "PACEDomainParameterInfo".
"""

from typing import Final

from idcard.crypto.agreement_keys import claimed_domain
from idcard.crypto.domains import Domain, standardized
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.ber import door, load
from idcard.errors import UnsupportedAlgorithm
from idcard.lds.security_infos import DomainParameterInfo, SecurityInfos

_MAX_STANDARDIZED: Final = 31
MAX_OWN_DOMAINS: Final = 2
"""How many of the chip's own are looked at: each is proved sound, which takes seconds for a large group."""
_WHERE: Final = "PACEDomainParameterInfo"


def claimed_pace_domain(
    number: int | None, written: tuple[DomainParameterInfo, ...] = (), *, oid: str | None = None
) -> Domain:
    """The domain parameters with this number, before they are proved sound.

    :param number: None where the chip gives none: its only own ones are meant.
    :param written: those that the chip writes out.
    :param oid: the protocol, for the error.
    :raises UnsupportedAlgorithm: if nothing has that number, or more than one; or they are of an unknown kind.
    :raises MalformedData: if the chip's own are not well formed.
    """
    if number is not None and number <= _MAX_STANDARDIZED:
        return standardized(number)
    found = [domain for domain in written if number in (None, domain.parameter_id)]
    if len(found) != 1:
        raise UnsupportedAlgorithm("PACE without domain parameters, or with more than one set", oid=oid)
    with door(_WHERE):
        return claimed_domain(AlgorithmIdentifier.of(load(found[0].parameters, _WHERE)))


def domain_of_session(parameter_id: int, card_access: bytes | None) -> Domain:
    """The domain parameters of a session that was opened by what EF.CardAccess said; not proved anew.

    :param parameter_id: as in a record of PACE: -1 where the chip gave no number.
    :raises UnsupportedAlgorithm: if EF.CardAccess does not have them.
    :raises MalformedData: if it is not well formed.
    """
    if 0 <= parameter_id <= _MAX_STANDARDIZED or card_access is None:
        return claimed_pace_domain(parameter_id)
    infos = SecurityInfos.from_bytes(card_access, where="EF.CardAccess")
    return claimed_pace_domain(None if parameter_id < 0 else parameter_id, infos.pace_domains[:MAX_OWN_DOMAINS])
