"""Names, birth dates and numbers as they may stand on a screen that others can see."""

import unicodedata


def masked(name: str) -> str:
    """A name with the given name cut to its first letter: ``TRẦN THỊ M**``.

    The letter keeps its accents: the name is composed (NFC) first. An empty name stays empty.
    """
    words = unicodedata.normalize("NFC", name).upper().split()
    if not words:
        return ""
    return " ".join((*words[:-1], _first_letter(words[-1]) + "**"))


def _first_letter(word: str) -> str:
    """The first letter with every mark on it, even one that has no composed form."""
    end = 1
    while end < len(word) and unicodedata.combining(word[end]):
        end += 1
    return word[:end]


def number_tail(personal_number: str | None) -> str:
    """The last three digits of a personal number, or nothing."""
    return (personal_number or "")[-3:]
