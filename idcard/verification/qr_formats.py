"""Every format of codes that can be judged."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from idcard.verification.qr_claim_169 import ENCRYPTED_CODE, IDENTITY_TOKEN
from idcard.verification.qr_credentials import CREDENTIALS
from idcard.verification.qr_health import COVID_CERTIFICATE
from idcard.verification.qr_health_card import HEALTH_CARD, HEALTH_CARD_PART
from idcard.verification.qr_judged import CodeFormat
from idcard.verification.qr_own import OWN_TOKEN
from idcard.verification.qr_seals import BARCODE, VISIBLE_SEAL
from idcard.verification.qr_vds_nc import VDS_NC
from idcard.verification.qr_vietnam import VIETNAMESE

_SEALS = (VISIBLE_SEAL, BARCODE, VDS_NC)
_TOKENS = (OWN_TOKEN, IDENTITY_TOKEN, ENCRYPTED_CODE)
_HEALTH = (COVID_CERTIFICATE, HEALTH_CARD, HEALTH_CARD_PART)
_ALL = (*VIETNAMESE, *_TOKENS, *_HEALTH, *_SEALS, *CREDENTIALS)

CODE_FORMATS: Final[Mapping[type, CodeFormat]] = MappingProxyType({one.document: one for one in _ALL})
"""The formats by the type of their documents; a code whose document is of no such type can only be named."""
