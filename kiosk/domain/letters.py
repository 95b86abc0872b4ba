"""Which letters of two texts differ, so that a clerk sees at a glance what to look at.

Letters count with their marks: ``ỹ`` and ``y`` differ. Case, and the way in which characters are put together, do not.
"""

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Piece:
    """A piece of a text, and whether the other text has something else in its place."""

    text: str
    differs: bool

    def __repr__(self) -> str:
        return f"Piece(differs={self.differs})"


Pieces = tuple[Piece, ...]


def pieces(left: str, right: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces; put together they are the texts, in NFC with single spaces."""
    one, other = _plain(left), _plain(right)
    matcher = SequenceMatcher(a=_folded(one), b=_folded(other), autojunk=False)
    lefts: list[Piece] = []
    rights: list[Piece] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        lefts += _piece(one[i:j], kind != "equal")
        rights += _piece(other[k:m], kind != "equal")
    return tuple(lefts), tuple(rights)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _folded(text: str) -> list[str]:
    """Letter by letter, so that places in it are places in the text whatever folding makes of a letter."""
    return [letter.casefold() for letter in text]


def _piece(text: str, differs: bool) -> list[Piece]:
    return [Piece(text=text, differs=differs)] if text else []
