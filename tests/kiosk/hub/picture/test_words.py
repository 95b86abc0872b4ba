"""The picture's words: both languages whole, in NFC, none missing and none that nobody says."""

import re
import string
import unicodedata
from itertools import chain
from pathlib import Path

import pytest

from kiosk.hub.picture.judge import Standing, Why
from kiosk.hub.picture.looking import LookReason
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.web.access import NEEDS
from kiosk.hub.picture.weekly import SHARED
from kiosk.hub.picture.words import catalogue, say, say_code
from kiosk.hub.store.signals import KINDS
from kiosk.web.common.factory import WEB
from kiosk.wire.batch import Trouble

SPOKEN = re.compile(r"""(?:say|say_here|_word)\((?:self\._language, |language, )?"([a-z][a-z_.]*)"[,)]""")
CODED = (
    *("kind", "facts", "lane", "lanes", "assurance", "card", "code", "override", "reason", "act", "event", "by"),
    *("change", "part", "state", "aside", "linked"),
)
"""Groups whose words come from clinics, or are stable words of the store."""


def sources() -> str:
    package = Path(__file__).parents[4] / "kiosk" / "hub" / "picture"
    files = chain((WEB / "templates" / "picture").glob("*.html"), package.rglob("*.py"))
    return "\n".join(path.read_text("utf-8") for path in files)


def needed() -> set[str]:
    """Every id that is said somewhere."""
    found = set(SPOKEN.findall(sources()))
    found |= {f"why.{each.value}" for each in Why} | {f"do.{each.value}" for each in Why}
    found |= {f"standing.{each.value}" for each in Standing} | {f"role.{each.value}" for each in OfficerRole}
    found |= {f"reason.{each.value}" for each in LookReason} | {f"kind.{each}" for each in KINDS}
    found |= {f"aside.{each.value}" for each in Trouble}
    found |= {f"nav.{each}" for each in ("show", "alarms", "worklists", "report", "acts", "accounts")}
    found |= {f"problem.{each}" for each in ("login", "store")} | {"account.open", "account.locked"}
    found |= {f"report.table.{each}" for each in ("day", "linked", *SHARED, "card", "clinic")}
    found |= {f"report.head.{each}" for each in ("count", "first", "later")}
    return found | {each for each in NEEDS if each in ("lock_account", "unlock_account")}


def test_every_word_that_is_said_is_there() -> None:
    assert needed() - catalogue().keys() == set()


def test_no_word_is_there_that_nobody_says() -> None:
    groups = {f"{each}." for each in (*CODED, "ago", "count", "device", "panel", "version")}
    spare = {word for word in catalogue() if not any(word.startswith(group) for group in groups)} - needed()
    assert {word for word in spare if f'"{word}"' not in sources()} == set()


@pytest.mark.parametrize("place", [0, 1])
def test_words_are_whole_and_in_one_form(place: int) -> None:
    for word, both in catalogue().items():
        assert both[place].strip() == both[place] != "", word
        assert unicodedata.is_normalized("NFC", both[place]), word


def test_both_languages_take_the_same_values() -> None:
    def values(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert {word for word, (vi, en) in catalogue().items() if values(vi) != values(en)} == set()


def test_what_the_hub_does_not_know_is_shown_as_it_came() -> None:
    assert say("vi", "more", n=3) == "và 3 nơi nữa"
    assert say_code("en", "lane", "chip") == "Chip card"
    assert say_code("en", "lane", "helicopter") == "helicopter"
