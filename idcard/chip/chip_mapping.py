"""Chip authentication mapping, checked by the reader itself: before it goes on, for a judge decides later anyway.

Source: ICAO Doc 9303-11, "Chip Authentication Mapping".
"""

from idcard.crypto.agreement_keys import claimed_key
from idcard.crypto.tokens import is_mapped
from idcard.errors import IdCardError
from idcard.evidence import PaceCamProof
from idcard.lds.pace_domains import domain_of_session
from idcard.lds.security_infos import ChipAuthenticationPublicKeyInfo, SecurityInfos


def is_shown(proof: PaceCamProof, infos: SecurityInfos, card_access: bytes | None = None) -> bool:
    """Whether the chip has the private key of one of the public keys in ``infos``, whoever signed them.

    :param card_access: EF.CardAccess, where the session was opened by it: it may write out its domain parameters.
    """
    return any(_shows(proof, info, card_access) for info in infos.chip_keys)


def _shows(proof: PaceCamProof, info: ChipAuthenticationPublicKeyInfo, card_access: bytes | None) -> bool:
    try:
        claimed, domain = claimed_key(info.public_key), domain_of_session(proof.parameter_id, card_access)
        if claimed.domain != domain:
            return False
        return is_mapped(claimed.proved(), proof.chip_authentication_data, proof.mapping_public_key)
    except IdCardError:
        return False
