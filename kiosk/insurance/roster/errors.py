"""Why an import was refused; what was installed before stays as it is."""

from enum import StrEnum

from idcard import IdCardError


class Refusal(StrEnum):
    """Why nothing was installed."""

    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_MALFORMED = "manifest_malformed"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_WRONG = "signature_wrong"
    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    HASH_DIFFERS = "hash_differs"
    ROWS_DIFFER = "rows_differ"
    HEADER = "header"
    OLDER = "older"
    DISOWNED = "disowned"
    IN_FUTURE = "in_future"
    NOT_THE_NEWEST = "not_the_newest"
    WRONG_BASE = "wrong_base"
    TOO_MANY_REJECTS = "too_many_rejects"
    TOO_MANY_KINDS = "too_many_kinds"
    TOO_MANY_NAMES = "too_many_names"
    BUSY = "busy"
    NO_SPACE = "no_space"
    PACK_MALFORMED = "pack_malformed"


class RosterRefused(IdCardError):
    """A roster's import was refused: the file, its manifest or its moment is wrong, and the old roster stays.

    :param reason: one of :class:`Refusal`.
    """

    code = "roster_refused"

    def __init__(self, reason: Refusal, **facts: str | int) -> None:
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        super().__init__(f"{reason}" + (f" ({told})" if told else ""), reason=reason.value, **facts)
        self.reason = reason
