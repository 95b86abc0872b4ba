"""The roster as the staff's process has it: it also opens the names that were kept of the clinic's own people."""

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from idcard import ConfigurationError
from kiosk.domain.eligibility import Coverage
from kiosk.domain.worklist import Said, Source
from kiosk.insurance.roster import Roster, RosterInfo
from kiosk.insurance.roster.layout import insurance_digits
from kiosk.keys import CannotOpen

_log = structlog.get_logger(__name__)


class StaffRoster:
    """What the roster says of a person, names included; every method is safe from any thread."""

    def __init__(self, roster: Roster, private_key: X25519PrivateKey) -> None:
        self.roster = roster
        self._private_key = private_key

    @property
    def info(self) -> RosterInfo | None:
        """What the roster says of itself, or None where it cannot be used now."""
        try:
            return self.roster.info
        except ConfigurationError as error:
            _log.error("source_unusable", reason=error.reason)
            return None

    @property
    def version(self) -> str:
        """The version of the roster that lies there now, or nothing."""
        info = self.info
        return "" if info is None else f"{info.version}/{info.sequence}"

    def coverage(self, personal_number: str | None, insurance_number: str | None) -> Coverage | None:
        """The coverage by the personal number, else by the insurance number; None where the roster knows neither.

        :raises ConfigurationError: where the roster cannot be used.
        """
        found = self.roster.find(personal_number) if personal_number else None
        if found is None and insurance_number:
            found = self.roster.find_insurance(insurance_number)
        return found

    def linked(self, personal_number: str) -> str:
        """The insurance number that the roster links to this personal number, or nothing."""
        found = self.roster.find(personal_number)
        return "" if found is None or found.insurance_number is None else found.insurance_number

    def is_linked(self, insurance_number: str) -> bool:
        """Whether the roster links this insurance number to somebody's personal number."""
        return self.roster.is_linked(insurance_number)

    def said(self, personal_number: str | None, insurance_number: str | None) -> Said | None:
        """Who the roster says has this number; None where it keeps no name, or the name does not open."""
        try:
            found = self.roster.describe((personal_number, insurance_number), self._private_key)
        except CannotOpen:
            _log.error("roster_name_unreadable")
            return None
        if found is None:
            return None
        return Said(source=Source.ROSTER, name=found.name, birth=found.birth, sex=found.sex)


def same_insurance(one: str, other: str) -> bool:
    """Whether two insurance numbers are one person's: the last ten characters count."""
    return insurance_digits(one) is not None and insurance_digits(one) == insurance_digits(other)
