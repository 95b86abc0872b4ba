"""Two names side by side: which word stands against which, and what kind of difference that is."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.spelling import one_slip, syllable, unmarked


class Kind(StrEnum):
    """What differs between two words that stand side by side."""

    SAME = "same"
    SPELLING = "spelling"
    """The place of a tone, or i for y."""
    MARKS = "marks"
    """Tones or marks: another name, unless one side has lost them."""
    SLIP = "slip"
    """One letter, or two that changed places."""
    PLACE = "place"
    """The word stands elsewhere in the other name."""
    LEFT_ONLY = "left_only"
    RIGHT_ONLY = "right_only"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Difference:
    """Two words side by side, one of them perhaps empty, and how they differ."""

    left: str
    right: str
    kind: Kind

    def __repr__(self) -> str:
        return f"Difference(kind={self.kind.value!r}, …)"


_GAP = 4
_COST = {Kind.SAME: 0, Kind.SPELLING: 1, Kind.MARKS: 2, Kind.SLIP: 3, Kind.OTHER: 7}


def side_by_side(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[Difference, ...]:
    """The words of two names, matched so that as little as possible differs."""
    if a == b:
        return tuple(Difference(left=word, right=word, kind=Kind.SAME) for word in a)
    return _moved(_walk_back(a, b, _table(a, b)))


def _kind(left: str, right: str) -> Kind:
    if left == right:
        return Kind.SAME
    if syllable(left) == syllable(right):
        return Kind.SPELLING
    bare_left, bare_right = unmarked(left), unmarked(right)
    if bare_left == bare_right:
        return Kind.MARKS
    return Kind.SLIP if one_slip(bare_left, bare_right) else Kind.OTHER


def _table(a: tuple[str, ...], b: tuple[str, ...]) -> list[list[int]]:
    """The least cost of matching the first words of one with the first words of the other."""
    table = [[_GAP * column for column in range(len(b) + 1)]]
    for row, left in enumerate(a, 1):
        line = [_GAP * row]
        for column, right in enumerate(b, 1):
            matched = table[row - 1][column - 1] + _COST[_kind(left, right)]
            line.append(min(matched, table[row - 1][column] + _GAP, line[-1] + _GAP))
        table.append(line)
    return table


def _walk_back(a: tuple[str, ...], b: tuple[str, ...], table: list[list[int]]) -> list[Difference]:
    row, column, found = len(a), len(b), []
    while row or column:
        kind = _kind(a[row - 1], b[column - 1]) if row and column else Kind.OTHER
        if row and column and table[row][column] == table[row - 1][column - 1] + _COST[kind]:
            found.append(Difference(left=a[row - 1], right=b[column - 1], kind=kind))
            row, column = row - 1, column - 1
        elif row and table[row][column] == table[row - 1][column] + _GAP:
            found.append(Difference(left=a[row - 1], right="", kind=Kind.LEFT_ONLY))
            row -= 1
        else:
            found.append(Difference(left="", right=b[column - 1], kind=Kind.RIGHT_ONLY))
            column -= 1
    return found[::-1]


def _moved(found: list[Difference]) -> tuple[Difference, ...]:
    """The same, but a word that is missing here and too many there has only changed its place."""
    left = Counter(syllable(each.left) for each in found if each.kind is Kind.LEFT_ONLY)
    right = Counter(syllable(each.right) for each in found if each.kind is Kind.RIGHT_ONLY)
    both = left & right
    return tuple(
        Difference(left=each.left, right=each.right, kind=Kind.PLACE)
        if each.kind in (Kind.LEFT_ONLY, Kind.RIGHT_ONLY) and syllable(each.left or each.right) in both
        else each
        for each in found
    )
