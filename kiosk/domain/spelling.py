"""Vietnamese names taken apart: words, letters and tones, so that two spellings of a name are told from two names.

Theory of operation. A syllable has letters (with the marks that make other letters: â ă ê ô ơ ư đ) and at most one
tone. Where in a syllable the tone mark stands is a habit of spelling (hoà, hòa), so letters and tone are compared
apart. After h, k, l, m, s, t and qu, a last i and y are one sound (Lí, Lý). Nothing else is one name: a tone or a
letter more or less is another name, and twins are called so.
"""

import re
import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
# Eth and the African D look like the Vietnamese letter, and stand for it in old data.
_LOOKALIKES = str.maketrans({"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ", "‘": "'", "’": "'", "ʼ": "'", "`": "'", "´": "'"})
_UNSTROKED = str.maketrans({"đ": "d"})
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
_BETWEEN = re.compile(r"[\s.,;_]+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){3,}")
_WITHIN = str.maketrans(dict.fromkeys(" -'\u2010\u2011\u2013"))
_NO_SYLLABLE = re.compile(r"(?:c|ch|p|t)$|ie|ye|uo|[^q]ua[nty]")
_SAME_SOUND = re.compile(r"(?:[hklmst]|qu)y")


def plain(name: str) -> str:
    """A name in composed small letters with single spaces; the hexadecimal of the insurance code is read.

    Dots and commas part words; marks that look alike are one.
    """
    text = _INVISIBLE.sub("", _from_hex(name.strip())).translate(_LOOKALIKES)
    return unicodedata.normalize("NFC", _BETWEEN.sub(" ", text).strip()).lower()


def words(name: str) -> tuple[str, ...]:
    """The words of a name that :func:`plain` gave."""
    return tuple(name.split())


def joined(name: str) -> str:
    """A plain name without spaces, hyphens and apostrophes."""
    return name.translate(_WITHIN)


@lru_cache(maxsize=4096)
def syllable(word: str) -> tuple[str, str]:
    """The letters and the tone of a word: ``hòa`` and ``hoà`` give the same."""
    parts = unicodedata.normalize("NFD", word)
    letters = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    if _SAME_SOUND.fullmatch(letters):
        letters = letters[:-1] + "i"
    return letters, "".join(part for part in parts if part in _TONES)


def no_syllable(bare: str) -> bool:
    """Whether a word without marks is no Vietnamese syllable, so that it must have lost some.

    A syllable that ends in c, ch, p or t has a tone; iê, yê, uô, ươ and uâ are never written without their marks.
    """
    return _NO_SYLLABLE.search(bare) is not None


@lru_cache(maxsize=4096)
def unmarked(word: str) -> str:
    """A word without tones and marks, đ as d; y stays y, as the machine-readable zone has it."""
    parts = unicodedata.normalize("NFD", word.translate(_UNSTROKED))
    return "".join(part for part in parts if not unicodedata.combining(part))


def has_marks(word: str) -> bool:
    """Whether a word bears any mark."""
    return unmarked(word) != word


def one_slip(a: str, b: str) -> bool:
    """Whether one letter too many, too few or wrong, or two changed places, makes ``a`` of ``b``."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    start = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
    return rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:] or (len(rest_a) > 1 and swapped)


def _from_hex(name: str) -> str:
    """The text whose UTF-8 in hexadecimal this is; a name in letters stays itself."""
    if not _HEX.fullmatch(name) or not any(character.isdigit() for character in name):
        return name
    try:
        text = bytes.fromhex(name).decode("utf-8")
    except UnicodeDecodeError:
        return name
    readable = all(character.isprintable() or character.isspace() for character in text)
    return text if readable else name
