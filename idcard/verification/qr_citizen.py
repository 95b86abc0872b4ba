"""Which Vietnamese citizen a signed code speaks of, where it is known how its issuer writes that down.

Theory of operation. No signed format has a place of its own for the personal number, so whoever judges a code says
under which names its issuer writes number, name and birth. What comes out is a claim, with what the format itself says
where no name is given; whether anybody signed it is the verdict's matter. A number that says another sex or another
year of birth than the code beside it makes no claim: one of the two is wrong.

A picture is never looked at.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from idcard.errors import IdCardError
from idcard.identity import BirthDate, ClaimedIdentity, Sex
from idcard.qr.claim_169 import IdentityToken
from idcard.qr.mdoc import MobileDocument
from idcard.qr.recognise import Recognised
from idcard.qr.sd_jwt import SdJwtCredential
from idcard.qr.vc_jwt import W3cCredential
from idcard.verification.qr import QrVerdict
from idcard.verification.qr_credentials import plain
from idcard.verification.qr_judged import birth_of
from idcard.vietnam.personal_number import PersonalNumber

_STEP: Final = "/"
_MAX_NAME: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenClaims:
    """Under which names an issuer's codes say who a citizen is.

    Each is a name of the format's (``id`` and ``full_name`` in a Claim 169, say), or several with ``/`` between them
    where one lies in another: ``NAMESPACE/ELEMENT`` in a mobile document. ``name`` may be several, which are joined by
    spaces. Where ``name`` or ``birth`` is empty, what the format itself says counts.
    """

    number: str
    name: tuple[str, ...] = ()
    birth: str = ""


def citizen_of(recognised: Recognised, verdict: QrVerdict, where: CitizenClaims) -> ClaimedIdentity | None:
    """The citizen of whom a code speaks, proved or not; None where it has no personal number, or contradicts itself.

    :param verdict: the verdict on that code.
    """
    said = _said(recognised.document)
    claimed, number = verdict.claimed_identity(), _number(_at(said, where.number))
    if claimed is None or number is None:
        return None
    name = _name([_at(said, path) for path in where.name]) if where.name else claimed.name
    birth = _birth(_at(said, where.birth)) if where.birth else claimed.birth
    if _contradicts(number, birth, claimed.sex):
        return None
    return replace(claimed, personal_number=number.digits, name=name, name_latin=None, birth=birth)


def _said(document: object) -> Mapping[Any, Any]:
    match document:
        case IdentityToken():
            return {str(label): value for label, value in document.others.items()} | dict(document.attributes)
        case SdJwtCredential():
            return document.claims
        case W3cCredential():
            return document.subject
        case MobileDocument():
            return document.elements
        case _:
            return {}


def _at(said: object, path: str) -> object:
    for step in path.split(_STEP):
        said = plain(said.get(step)) if isinstance(said, Mapping) else None
    return said


def _number(value: object) -> PersonalNumber | None:
    try:
        return PersonalNumber.parse(value) if isinstance(value, str) else None
    except IdCardError:
        return None


def _name(parts: list[object]) -> str | None:
    """The parts as one name; None unless each of them is there."""
    words = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
    return unicodedata.normalize("NFC", " ".join(words))[:_MAX_NAME] if len(words) == len(parts) else None


def _birth(value: object) -> BirthDate | None:
    if not isinstance(value, str):
        return None
    compact = len(value) == 8 and value.isdecimal()
    return birth_of(f"{value[:4]}-{value[4:6]}-{value[6:]}" if compact else value[:10])


def _contradicts(number: PersonalNumber, birth: BirthDate | None, sex: Sex | None) -> bool:
    other_sex = sex not in (None, Sex.UNSPECIFIED, number.sex)
    return other_sex or (birth is not None and birth.year != number.birth_year)
