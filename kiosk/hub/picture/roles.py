"""The roles of officers."""

from enum import StrEnum


class OfficerRole(StrEnum):
    """What somebody may do with the picture."""

    AUDITOR = "auditor"
    """Sees everything but single visits, and what officers did; changes nothing."""
    OFFICER = "officer"
    """Closes alarms and worklists, and opens a visit for a reason."""
    ADMINISTRATOR = "administrator"
    """An officer who also looks after the accounts, and sees what officers did."""
