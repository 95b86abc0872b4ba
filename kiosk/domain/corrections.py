"""Why staff take something back: stable words, in the record and on the screen."""

from enum import StrEnum


class CancelReason(StrEnum):
    """Why an admission is taken back."""

    BY_MISTAKE = "by_mistake"
    WENT_AWAY = "went_away"
    """The person does not want to wait, or goes elsewhere."""
    ADMITTED_TWICE = "admitted_twice"
    NOT_COVERED = "not_covered"
    """It came out later that the insurer does not pay."""
    WRONG_PERSON = "wrong_person"


class EraseReason(StrEnum):
    """Why somebody is erased."""

    PERSON_ASKED = "person_asked"
    RETENTION_OVER = "retention_over"
    RECORDED_BY_MISTAKE = "recorded_by_mistake"
