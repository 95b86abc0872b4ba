"""Chip authentication mapping, checked by the reader itself: before it goes on, for a judge decides later anyway.

Source: ICAO Doc 9303-11, "Chip Authentication Mapping".
"""

from idcard.crypto.curves import Curve
from idcard.crypto.signature import EcPublicKey, load_public_key
from idcard.crypto.tokens import is_mapped
from idcard.errors import IdCardError
from idcard.evidence import PaceCamProof
from idcard.lds.security_infos import ChipAuthenticationPublicKeyInfo, SecurityInfos


def is_shown(proof: PaceCamProof, infos: SecurityInfos) -> bool:
    """Whether the chip has the private key of one of the public keys in ``infos``, whoever signed them."""
    return any(_shows(proof, info) for info in infos.chip_keys)


def _shows(proof: PaceCamProof, info: ChipAuthenticationPublicKeyInfo) -> bool:
    try:
        key, curve = load_public_key(info.public_key), Curve.by_pace_parameter_id(proof.parameter_id)
        if not isinstance(key, EcPublicKey) or key.curve != curve:
            return False
        return is_mapped(curve, key.point, proof.chip_authentication_data, proof.mapping_public_key)
    except IdCardError:
        return False
