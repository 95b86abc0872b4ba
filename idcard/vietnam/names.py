"""Vietnamese text without its marks, as machine-readable zones and old systems write it."""

import unicodedata

_STROKED = str.maketrans({"Đ": "D", "đ": "d"})


def unmarked(text: str) -> str:
    """``text`` without accents and tone marks, Đ as D; anything that is not a mark stays."""
    parts = unicodedata.normalize("NFD", text.translate(_STROKED))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def tidy(text: str) -> str:
    """``text`` in NFC, with single spaces between words and none around them."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def mrz_form(name: str) -> str:
    """``name`` as a Vietnamese machine-readable zone writes it: unmarked capitals, words apart by one space."""
    return tidy(unmarked(name)).upper()


def utf8(data: bytes) -> str | None:
    """The text in UTF-8, or None: Python's own error holds the bytes, and would carry a person's data along."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
