"""The formats of codes that are not any one nation's: each by how its payloads begin, some parsed.

A format without a parser is named, no more: whoever shows such a code can be told what it is and that nothing here
judges it. Order matters: what has an unmistakable beginning comes first, what must be opened to be known comes last.

Not here, because nothing public says how they look: the codes on the back of Austrian identity cards. The profiles of
BSI TR-03171 are visible digital seals and named as such.

Source: the specifications named at each recogniser; ``docs/qr.md`` has the list.
"""

import json
import re
from typing import Any, Final

from idcard.errors import IdCardError
from idcard.qr import base45, cbor, cwt
from idcard.qr.cbor import Tagged
from idcard.qr.claim_169 import EncryptedCode, IdentityToken
from idcard.qr.cose import CWT_TAG, SIGN1_TAG
from idcard.qr.hc1 import PREFIX, CovidCertificate
from idcard.qr.health_card import parse as parse_health_card
from idcard.qr.idb import IcaoBarcode
from idcard.qr.inflate import ZLIB_METHOD, inflate
from idcard.qr.mdoc import MobileDocument, looks_like_mdoc
from idcard.qr.recognise import Recogniser
from idcard.qr.sd_jwt import SdJwtCredential, looks_like_credential
from idcard.qr.token import PREFIX as TOKEN_PREFIX
from idcard.qr.token import Token
from idcard.qr.vc_jwt import W3cCredential
from idcard.qr.vc_jwt import looks_like_credential as looks_like_w3c_credential
from idcard.qr.vds import VisibleSeal
from idcard.qr.vds_nc import VdsNc

TOKEN: Final = "idcard_token"
EU_DCC: Final = "eu_dcc"
SMART_HEALTH_CARD: Final = "smart_health_card"
ICAO_VDS: Final = "icao_vds"
ICAO_IDB: Final = "icao_idb"
ICAO_VDS_NC: Final = "icao_vds_nc"
FRENCH_2D_DOC: Final = "fr_2d_doc"
AADHAAR: Final = "in_aadhaar"
PHILSYS: Final = "ph_philsys"
CLAIM_169: Final = "mosip_claim_169"
ENCRYPTED: Final = "cose_encrypted"
PIXELPASS: Final = "mosip_pixelpass"
CWT: Final = "cwt"
MDOC: Final = "iso_18013_5_mdoc"
ENGAGEMENT: Final = "iso_18013_5_engagement"
OPENID4VP: Final = "openid4vp_request"
SD_JWT_VC: Final = "sd_jwt_vc"
SD_JWT: Final = "sd_jwt"
W3C_VC_JWT: Final = "w3c_vc_jwt"
JWT: Final = "jwt"
W3C_VC: Final = "w3c_vc_json"
CERTIFIED: Final = frozenset({EU_DCC, ICAO_VDS, ICAO_IDB, ICAO_VDS_NC, CLAIM_169, MDOC, SD_JWT_VC, W3C_VC_JWT})
"""The formats whose codes are signed by keys in certificates."""

_ENCRYPT0_TAG, _CLAIM_169 = 16, 169
_BASE64URL = rb"[A-Za-z0-9_-]"
_JWS = rb"eyJ" + _BASE64URL + rb"+\." + _BASE64URL + rb"+\." + _BASE64URL + rb"+"
_BASE45 = rb"[0-9A-Z $%*+./:-]{16,}"
_PHILSYS_V1 = {"alg", "signature", "subject"}
_PHILSYS_V3 = {"d", "i", "img", "sb"}


def _begins(pattern: bytes) -> Any:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda payload: compiled.match(payload) is not None


def _is_whole(pattern: bytes) -> Any:
    compiled = re.compile(pattern)
    return lambda payload: compiled.fullmatch(payload) is not None


def _json_format(payload: bytes) -> str | None:
    value = _json(payload)
    if value is None:
        return None
    data = value.get("data")
    header = data.get("hdr") if isinstance(data, dict) else None
    if isinstance(header, dict) and str(header.get("t")).startswith("icao.") and "sig" in value:
        return ICAO_VDS_NC
    if value.keys() >= _PHILSYS_V1:
        return PHILSYS
    return W3C_VC if "@context" in value and "type" in value else None


def _json(payload: bytes) -> dict[str, Any] | None:
    if payload.lstrip()[:1] != b"{":
        return None
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _packed_format(payload: bytes) -> str | None:
    """What is in Base45, compressed or not: a token, something encrypted, or a map."""
    try:
        data = base45.decode(payload)
        packed = data[:1] == bytes([ZLIB_METHOD])
        return _content_format(inflate(data) if packed else data, packed)
    except IdCardError:
        return None


def _content_format(data: bytes, packed: bool) -> str | None:
    if packed and _json(data) is not None:
        return PIXELPASS
    value = cbor.decode(data, where="Base45", tags=frozenset({_ENCRYPT0_TAG, SIGN1_TAG, CWT_TAG}))
    while isinstance(value, Tagged):
        if value.tag == _ENCRYPT0_TAG:
            return ENCRYPTED
        value = value.value
    if isinstance(value, dict):
        return PHILSYS if value.keys() >= _PHILSYS_V3 else PIXELPASS
    if isinstance(value, list) and len(value) == 4 and isinstance(value[2], bytes):
        return CLAIM_169 if _CLAIM_169 in cwt.Claims.from_bytes(value[2]).all else CWT
    return None


RECOGNISERS: Final = (
    Recogniser(format=TOKEN, looks_like=_begins(re.escape(TOKEN_PREFIX)), parse=Token.from_bytes),
    Recogniser(format=EU_DCC, looks_like=_begins(re.escape(PREFIX)), parse=CovidCertificate.from_bytes),
    # https://spec.smarthealth.cards: digits, perhaps as chunk n of m
    Recogniser(
        format=SMART_HEALTH_CARD,
        looks_like=_begins(rb"shc:/(?:[0-9]{1,2}/[0-9]{1,2}/)?[0-9]{2}"),
        parse=parse_health_card,
    ),
    # ICAO Doc 9303-13 and BSI TR-03137: binary, version 3 or 4
    Recogniser(format=ICAO_VDS, looks_like=_begins(rb"\xdc[\x02\x03]"), parse=VisibleSeal.from_bytes),
    # ICAO TR "Datastructure for Barcode"
    Recogniser(format=ICAO_IDB, looks_like=_is_whole(rb"[RN]DB1[A-D][A-Z2-7]+=*"), parse=IcaoBarcode.from_bytes),
    # ANTS 2D-Doc: text, unlike a seal
    Recogniser(format=FRENCH_2D_DOC, looks_like=_begins(rb"DC0[0-9][0-9A-Z]{8}")),
    # UIDAI Secure QR
    Recogniser(format=AADHAAR, looks_like=_is_whole(rb"[0-9]{1000,}")),
    Recogniser(format=ENGAGEMENT, looks_like=_begins(rb"mdoc:" + _BASE64URL)),
    Recogniser(
        format=OPENID4VP,
        looks_like=_begins(rb"(?:(?:eudi-|mdoc-)?openid4vp|haip)://|https://[^\s]*[?&]request_uri="),
    ),
    Recogniser(format=SD_JWT_VC, looks_like=looks_like_credential, parse=SdJwtCredential.from_bytes),
    Recogniser(format=SD_JWT, looks_like=_is_whole(_JWS + rb"(?:~" + _BASE64URL + rb"*)*~(?:" + _JWS + rb")?")),
    Recogniser(format=W3C_VC_JWT, looks_like=looks_like_w3c_credential, parse=W3cCredential.from_bytes),
    Recogniser(format=JWT, looks_like=_is_whole(_JWS)),
    Recogniser(format=MDOC, looks_like=looks_like_mdoc, parse=MobileDocument.from_bytes),
    Recogniser(
        format="json",
        looks_like=_begins(rb"\s*\{"),
        inside=_json_format,
        parsers={ICAO_VDS_NC: VdsNc.from_bytes},
    ),
    # DIVOC and older PixelPass: a ZIP archive
    Recogniser(format=PIXELPASS, looks_like=_begins(rb"PK\x03\x04")),
    Recogniser(
        format="base45",
        looks_like=_is_whole(_BASE45),
        inside=_packed_format,
        parsers={CLAIM_169: IdentityToken.from_bytes, ENCRYPTED: EncryptedCode.from_bytes},
    ),
)
"""In the order to try them."""
