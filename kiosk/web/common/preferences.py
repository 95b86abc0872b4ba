"""How a page wants to be shown: language, size of type, contrast.

They travel with every request as a query and are kept nowhere: nothing in the browser's storage, nothing in the
session. So they cannot outlive the person who chose them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import g, has_request_context, request

LANGUAGES = ("vi", "en")
"""The languages of the catalogues; the first is the default."""
SIZES = (100, 125, 150)
"""The sizes of type in percent; the first is the default."""
CONTRASTS = ("normal", "high")
"""The kinds of contrast; the first is the default."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One way to show a page. Words from outside that are not known count as the default."""

    language: str = LANGUAGES[0]
    size: int = SIZES[0]
    contrast: str = CONTRASTS[0]

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Preferences":
        """The preferences in a query string: ``lang``, ``size``, ``contrast``."""
        return cls(
            language=_known(query.get("lang"), {name: name for name in LANGUAGES}, LANGUAGES[0]),
            size=_known(query.get("size"), {str(size): size for size in SIZES}, SIZES[0]),
            contrast=_known(query.get("contrast"), {name: name for name in CONTRASTS}, CONTRASTS[0]),
        )

    @property
    def query(self) -> dict[str, Any]:
        """These preferences as a query."""
        return {"lang": self.language, "size": self.size, "contrast": self.contrast}

    @property
    def bigger(self) -> "Preferences":
        """The same with the next size of type; after the largest comes the first again."""
        return replace(self, size=_next(SIZES, self.size))

    @property
    def other_contrast(self) -> "Preferences":
        """The same in the other contrast."""
        return replace(self, contrast=_next(CONTRASTS, self.contrast))

    @property
    def other_language(self) -> "Preferences":
        """The same in the other language."""
        return replace(self, language=_next(LANGUAGES, self.language))


def current_preferences() -> Preferences:
    """The preferences of this request, or the defaults outside one."""
    if not has_request_context():
        return Preferences()
    if "preferences" not in g:
        use_preferences(Preferences.from_query(request.args))
    found: Preferences = g.preferences
    return found


def use_preferences(preferences: Preferences) -> None:
    """Settle the preferences of this request, before its first word is looked up."""
    g.preferences = preferences


def _known(word: str | None, words: Mapping[str, _T], default: _T) -> _T:
    return default if word is None else words.get(word, default)


def _next(choices: tuple[_T, ...], present: _T) -> _T:
    return choices[(choices.index(present) + 1) % len(choices)]
