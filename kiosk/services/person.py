"""A person as the store keeps them: fields to seal, and what comes out again for staff.

A record never becomes an identity again: what staff read from the store is neither a claim nor proof, only a record.
"""

from dataclasses import dataclass
from datetime import date

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex, VerifiedIdentity
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import Coverage, Eligibility
from kiosk.domain.worklist import Source
from kiosk.keys import CannotOpen, Fields, Sealed, VisitOpener
from kiosk.store.tables import Visit

VERIFIED = "chip_proved"
"""The source of a record that was made from a verified identity."""

_SOURCES = {
    VERIFIED: Source.CHIP,
    ClaimSource.CHIP_NOT_PROVED.value: Source.CHIP,
    ClaimSource.SIGNED_QR.value: Source.SIGNED_QR,
    ClaimSource.CARD_QR.value: Source.CARD_QR,
    ClaimSource.INSURANCE_QR.value: Source.INSURANCE_QR,
}


def source_of(source: str, *, otherwise: Source = Source.STAFF) -> Source:
    """Whose word a record of this source is; a clerk's, or ``otherwise``, where no device is known to have read it."""
    return _SOURCES.get(source, otherwise)


def sex_of(kept: str | None) -> Sex | None:
    """The sex that a record keeps; None where it keeps none, or no known one."""
    return Sex(kept) if kept in tuple(Sex) else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonRecord:
    """An opened record: texts as they were sealed, None where nothing was known.

    ``source`` is a claim's source or :data:`VERIFIED`; ``birth`` is a year, a month or a day in ISO form. The fields
    ``shown_…`` are what a code said that was shown beside a chip, ``guardian_…`` who came with a child or somebody old.
    """

    source: str
    name: str | None = None
    name_latin: str | None = None
    birth: str | None = None
    sex: str | None = None
    personal_number: str | None = None
    document_number: str | None = None
    benefit: str | None = None
    home_clinic: str | None = None
    covered_from: str | None = None
    covered_to: str | None = None
    insurance_number: str | None = None
    shown_source: str | None = None
    shown_name: str | None = None
    shown_birth: str | None = None
    shown_sex: str | None = None
    guardian_name: str | None = None
    guardian_birth: str | None = None
    guardian_number: str | None = None
    guardian_source: str | None = None

    def __repr__(self) -> str:
        return "PersonRecord(…)"

    @property
    def birth_year(self) -> str:
        """The year of birth, or nothing."""
        return (self.birth or "")[:4]

    @property
    def display_name(self) -> str:
        """The name with its accents, else the chip's Latin form, else nothing."""
        return self.name or self.name_latin or ""

    @classmethod
    def from_fields(cls, fields: Fields) -> "PersonRecord":
        """The record of opened fields; fields that this version does not know are left out."""
        known = {key: fields.get(key) for key in cls.__slots__ if key != "source"}
        return cls(source=fields.get("source") or "", **known)


def asked_about(person: PersonRecord, birth: BirthDate, *, on: date | None = None) -> Asked:
    """What to ask of payer or roster about whom a record names. :param on: the day of the visit; None for today."""
    return Asked(
        name=person.display_name,
        birth=birth,
        personal_number=person.personal_number,
        insurance_number=person.insurance_number,
        sex=sex_of(person.sex),
        latin=not person.name,
        source=source_of(person.source),
        on=on,
    )


def verified_fields(
    identity: VerifiedIdentity, eligibility: Eligibility, shown: ClaimedIdentity | None = None
) -> Fields:
    """What is kept of a verified person: no address, no family, no photo.

    :param shown: what a code said that was shown beside the chip.
    """
    return {
        "source": VERIFIED,
        "name": identity.name,
        "name_latin": identity.name_latin,
        "birth": _birth(identity.birth),
        "sex": identity.sex.value,
        "personal_number": identity.personal_number,
        "document_number": identity.document_number,
        **coverage_fields(eligibility.coverage),
        **_shown_fields(shown),
    }


def claimed_fields(
    claim: ClaimedIdentity, coverage: Coverage | None = None, insurance_number: str | None = None
) -> Fields:
    """What is kept of a claim, so that a clerk need not type it.

    :param insurance_number: what a code or a clerk said, where no coverage says it.
    """
    fields = _claim_fields(claim) | coverage_fields(coverage)
    return fields if fields["insurance_number"] else fields | {"insurance_number": insurance_number}


def _claim_fields(claim: ClaimedIdentity) -> dict[str, str | None]:
    return {
        "source": claim.source.value,
        "name": claim.name,
        "name_latin": claim.name_latin,
        "birth": _birth(claim.birth),
        "sex": claim.sex.value if claim.sex else None,
        "personal_number": claim.personal_number,
        "document_number": None,
    }


def _shown_fields(shown: ClaimedIdentity | None) -> dict[str, str | None]:
    if shown is None:
        return {}
    return {
        "shown_source": shown.source.value,
        "shown_name": shown.name,
        "shown_birth": _birth(shown.birth),
        "shown_sex": shown.sex.value if shown.sex else None,
    }


def _birth(birth: BirthDate | None) -> str | None:
    return None if birth is None else str(birth)


def coverage_fields(coverage: Coverage | None) -> dict[str, str | None]:
    """What is kept of the cover that was found."""
    if coverage is None:
        return dict.fromkeys(("benefit", "home_clinic", "covered_from", "covered_to", "insurance_number"))
    return {
        "benefit": coverage.benefit,
        "home_clinic": coverage.home_clinic,
        "covered_from": coverage.valid_from.isoformat(),
        "covered_to": coverage.valid_to.isoformat() if coverage.valid_to else None,
        "insurance_number": coverage.insurance_number,
    }


def person_in(visit: Visit, opener: VisitOpener) -> PersonRecord | None:
    """Whom a visit in the store is of; None where nobody was read, they were erased, or it does not open."""
    sealed = Sealed.of(visit.sealed_key, visit.blob, visit.commitment)
    try:
        return None if sealed is None else PersonRecord.from_fields(opener.open(visit.id, sealed))
    except CannotOpen:
        return None
