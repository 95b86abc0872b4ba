"""Into which syllables a word can be parted, to tell two words run together (VănAn) from another word (Thuyên).

Theory of operation. A syllable is a first consonant or none, a nucleus of vowels with at most one tone, and a last
consonant or none. The lists below are of what exists in Vietnamese, with and without marks. Where a word can be parted
in more than one way (Thu Yên or Thuyên, Hồ Ngân or Hồng Ân), spaces may tell two people apart.
"""

import re
from functools import lru_cache

from kiosk.domain.spelling import syllable, unmarked, words

__all__ = ["spaced_alike"]

_FIRST = words("ngh ng nh n gh gi g kh k ch c ph p th tr t qu q đ d b h l m r s v x")
# Nuclei by what may follow them: nothing; a consonant or nothing; a consonant.
_OPEN = words(
    "ai ao au ay âu ây eo êu ia iu oi ôi ơi ua ui ưa ưi ưu ya uơ "
    "iêu yêu oai oao oay oeo uau uây uôi uya uyu ươi ươu uêu uai uay ueo"
)
_EITHER = words("a e ê i o ô ơ u ư y oa oe oo uê uy ue")
_CLOSED = words("ă â oă uâ uă iê yê uô ươ uyê")
_LAST = "(?:ng|c|m|n|p|t)"
_BEFORE_NH = words("a ê i y oa uê uy e ue")
_LONGEST = 7
_MARKERS = ("h", "k", "y")
"""What stands alone before names of the highlands: H' Hen, K' Tiêng, Y Moan."""
_BETWEEN = re.compile("[ \\-'\u2010\u2011\u2013]+")


def _any_of(parts: tuple[str, ...]) -> str:
    return "|".join(sorted({*parts, *map(unmarked, parts)}, key=len, reverse=True))


_RHYME = "|".join(
    (
        f"(?:{_any_of(_OPEN)})",
        f"(?:{_any_of(_EITHER)}){_LAST}?",
        f"(?:{_any_of(_CLOSED)}){_LAST}",
        f"(?:{_any_of(_BEFORE_NH)})(?:nh|ch)",
    )
)
_SYLLABLE = re.compile(f"(?P<first>{'|'.join(_FIRST)})?(?:{_RHYME})")
_LOW = ("\u0300", "\u0303", "\u0323")
"""Huyền, ngã and nặng: names that begin with a vowel have none of them, so nobody is called Nguy Ễn or Ho Àng."""


def spaced_alike(one: str, other: str) -> bool:
    """Whether two plain names that have the same letters are certainly one name, spaced in two ways.

    They are, where every word of one that stands in parts in the other can be parted in that way only.
    """
    a, b = _parts(one), _parts(other)
    shorter, longer = sorted((a, b), key=len)
    rest = list(longer)
    for word in shorter:
        taken = _taken(rest, word)
        if taken is None or (len(taken) > 1 and not _parts_only_so(word, taken)):
            return False
        del rest[: len(taken)]
    return not rest


def _parts(name: str) -> tuple[str, ...]:
    return words(_BETWEEN.sub(" ", name))


def _taken(rest: list[str], word: str) -> tuple[str, ...] | None:
    """The first words of ``rest`` that make up this word; None where none do."""
    for count in range(1, len(rest) + 1):
        together = "".join(rest[:count])
        if together == word:
            return tuple(rest[:count])
        if not word.startswith(together):
            return None
    return None


def _parts_only_so(word: str, pieces: tuple[str, ...]) -> bool:
    if pieces[0] in _MARKERS and len(pieces) == 2:
        return _ways(word) == 0
    return all(map(_is_syllable, pieces)) and _ways(word) == 1


def _ways(word: str) -> int:
    """In how many ways a word can be parted into syllables."""
    ways = [1] + [0] * len(word)
    for end in range(1, len(word) + 1):
        starts = range(max(0, end - _LONGEST), end)
        ways[end] = sum(ways[start] for start in starts if ways[start] and _is_syllable(word[start:end]))
    return ways[-1]


@lru_cache(maxsize=4096)
def _is_syllable(text: str) -> bool:
    letters, tones = syllable(text)
    found = _SYLLABLE.fullmatch(letters)
    return found is not None and (not tones or (len(tones) == 1 and not (tones in _LOW and found["first"] is None)))
