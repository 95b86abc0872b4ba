"""Why nothing came down, or nothing went up."""

from enum import StrEnum

from idcard import IdCardError


class NoRelease(StrEnum):
    """Why nothing new was taken in; what was taken in before goes on counting."""

    UNREACHABLE = "unreachable"
    """The hub cannot be reached, or answers nonsense."""
    STALE = "stale"
    """What the hub says is older than it may be: it stands still, or somebody holds it back."""
    REFUSED = "refused"
    """Not signed by whom it must be, or older than what was seen: somebody interferes, or the hub was set back."""
    DAMAGED = "damaged"
    """What is kept here of former releases cannot be read."""
    NO_SPACE = "no_space"
    """It cannot be written."""


class ReleaseUnavailable(IdCardError):
    """Nothing new came down; ``reason`` is one of :class:`NoRelease`."""

    code = "release_unavailable"

    def __init__(self, reason: NoRelease) -> None:
        super().__init__(f"no release: {reason}", reason=reason.value)
        self.reason = reason


class CannotPublish(IdCardError):
    """Nothing was published: a key is missing or not one of the role's, or a path is none that releases have."""

    code = "release_not_published"
