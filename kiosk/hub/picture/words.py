"""The words of the picture in both languages, from ``words.toml``: each id has its Vietnamese and its English."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

Say = Callable[..., str]

_FILE = Path(__file__).with_name("words.toml")
_PLACES = {"vi": 0, "en": 1}


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Every id with its words, Vietnamese first."""
    found = tomllib.loads(_FILE.read_text("utf-8"))
    return {word: (vi, en) for word, (vi, en) in found["words"].items()}


def say(language: str, word: str, **values: object) -> str:
    """A word in a language, with its values. KeyError for an id that is none."""
    return catalogue()[word][_PLACES[language]].format(**values)


def say_code(language: str, group: str, word: str) -> str:
    """The words of what a clinic said (``lane.chip``); the stable word itself where the hub does not know it."""
    known = catalogue().get(f"{group}.{word}")
    return word if known is None else known[_PLACES[language]]
