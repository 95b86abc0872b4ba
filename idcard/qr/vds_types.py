"""Which documents visible digital seals are on, and what the tags in each of them mean.

A seal says its document's type in two bytes: which list of features, and which category. Of a type that is not here
the features have no names; its signature is judged all the same. The types of German documents are the BSI's.

The profiles of BSI TR-03171 are two types whose tag 0 names a profile by sixteen bytes. What the other tags mean is
for the profile to say, so that only the profile of the certificate of registration (Meldebescheinigung) has names here.

Source: ICAO Doc 9303-13, "Document Profiles"; BSI TR-03137-1, "Profiles"; BSI TR-03171, "Document profiles"; the tags
of German types as in the registry of vdstools.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Coding(StrEnum):
    """How a feature's value is written."""

    MRZ = "mrz"
    C40 = "c40"
    TEXT = "text"
    DAY = "day"
    BYTES = "bytes"


Feature = tuple[str, Coding]
Features = Mapping[int, Feature]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealType:
    """A type of documents: its name, and its features' names and codings by their tags."""

    name: str
    features: Features


def _type(name: str, features: Features) -> SealType:
    return SealType(name=name, features=MappingProxyType(dict(features)))


_MRZ: Feature = ("mrz", Coding.MRZ)
_NUMBER: Feature = ("document_number", Coding.C40)
_PASSPORT: Feature = ("passport_number", Coding.C40)
_FACE: Feature = ("face_image", Coding.BYTES)
_ADDRESS: Features = {1: _NUMBER, 2: ("municipality", Coding.C40), 3: ("address", Coding.C40)}
_VISA: Features = {
    1: _MRZ,
    2: _MRZ,
    3: ("number_of_entries", Coding.BYTES),
    4: ("duration_of_stay", Coding.BYTES),
    5: _PASSPORT,
    6: ("visa_type", Coding.BYTES),
    7: ("additional", Coding.BYTES),
}
_INSURANCE: Features = {
    1: ("social_insurance_number", Coding.C40),
    2: ("surname", Coding.TEXT),
    3: ("given_names", Coding.TEXT),
    4: ("birth_name", Coding.TEXT),
}
PROFILE: Final = "profile"
_PROFILED: Features = {0: (PROFILE, Coding.BYTES), 1: ("validity_dates", Coding.BYTES)}
_PROFILED_9: Features = {
    0: (PROFILE, Coding.BYTES),
    1: ("valid_from", Coding.DAY),
    2: ("valid_until", Coding.DAY),
    3: ("profile_address", Coding.TEXT),
    4: ("certificate_address", Coding.TEXT),
    5: ("status_address", Coding.TEXT),
    6: ("status_index", Coding.BYTES),
}

TYPES: Final[Mapping[int, SealType]] = MappingProxyType(
    {
        0x5D01: _type("visa", _VISA),
        0x5E03: _type("emergency_travel_document", {2: _MRZ}),
        0xFD02: _type("arrival_attestation", {2: _MRZ, 3: ("azr_number", Coding.C40)}),
        0xF908: _type("address_sticker_identity_card", _ADDRESS),
        0xF90C: _type("address_sticker_residence_permit", _ADDRESS),
        0xF80A: _type("address_sticker_passport", {**_ADDRESS, 3: ("postal_code", Coding.C40)}),
        0xFB06: _type("residence_permit", {2: _MRZ, 3: _PASSPORT}),
        0xFC04: _type("social_insurance_card", _INSURANCE),
        0xFA06: _type("supplementary_sheet", {4: _MRZ, 5: ("sheet_number", Coding.C40)}),
        0xF60D: _type("temporary_passport", {1: _FACE, 2: _MRZ}),
        0xF70B: _type("temporary_identity_card", {1: _FACE, 2: _MRZ}),
        0xF48F: _type("permanent_residence_certificate", {1: _NUMBER, 2: _PASSPORT}),
        0x01C8: _type("administrative_document", _PROFILED),
        0x01C9: _type("administrative_document", _PROFILED_9),
    }
)
"""The types by the number that their two bytes make."""

PROFILED: Final = frozenset({0x01C8, 0x01C9})
"""The types whose content is a profile's to explain."""

_REGISTRATION: Features = {
    4: ("surname", Coding.TEXT),
    5: ("academic_degree", Coding.TEXT),
    6: ("given_names", Coding.TEXT),
    7: ("usual_given_name", Coding.TEXT),
    8: ("birth", Coding.TEXT),
    9: ("street", Coding.TEXT),
    10: ("house_number", Coding.TEXT),
    11: ("postal_code", Coding.TEXT),
    12: ("city", Coding.TEXT),
    13: ("moved_in", Coding.DAY),
    14: ("housing_status", Coding.BYTES),
    15: ("notified", Coding.DAY),
}
PROFILES: Final[Mapping[bytes, SealType]] = MappingProxyType(
    {bytes.fromhex("9a4223406d374ef99e2cf95e31a23846"): _type("certificate_of_registration", _REGISTRATION)}
)
"""The profiles of BSI TR-03171 whose tags have names here, by their sixteen bytes."""
