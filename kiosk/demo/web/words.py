"""The words of the bench, from ``words.toml``; the kiosk's own catalogues hold none of them."""

import tomllib
from functools import cache
from pathlib import Path

from kiosk.web.common.preferences import LANGUAGES, current_preferences

_FILE = Path(__file__).with_name("words.toml")


def word(key: str) -> str:
    """A word in the language of this request; KeyError for an unknown key."""
    return words(current_preferences().language)[key]


@cache
def words(language: str) -> dict[str, str]:
    """All words in one language, by their dotted keys."""
    if language not in LANGUAGES:
        raise ValueError("no such language")
    return dict(_flat(tomllib.loads(_FILE.read_text("utf-8")), language))


def _flat(table: dict[str, object], language: str, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict) and set(value) == set(LANGUAGES):
            found.append((prefix + key, value[language]))
        elif isinstance(value, dict):
            found.extend(_flat(value, language, f"{prefix}{key}."))
        else:
            raise ValueError(f"{prefix}{key} is not said in both languages")
    return found
