"""Which rows of a published table are left out, so that nobody tells a count below ``k`` from what is left.

Theory of operation. A table has rows, columns, and a published total of each column. A row in which a count is from 1
to k-1 is left out whole. That alone is not enough: the total less what is shown tells the sum of what is left out. So
further rows are left out, the smallest first, until the sum leaves room: whoever knows k, the rule, the total, and even
which rows were small, still finds at least two values for each of them, and no sum left out is itself below k. Where
all rows are gone and that is still not so, the total is left out too.

A count of nothing is shown: it tells of nobody. ``k`` is at least 3. Whoever publishes several tables that share a
total holds them together: a total that one of them leaves out stands in another one (:func:`withheld`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Counts = Mapping[str, Sequence[int]]
"""Rows by their name; each has a count for every column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A table as it may be published.

    :ivar rows: the rows by name; None where one is left out. :ivar totals: of each column; None where it is left out.
    """

    rows: Mapping[str, tuple[int, ...] | None]
    totals: tuple[int | None, ...]

    @property
    def is_without_total(self) -> bool:
        """Whether the total of a column is left out."""
        return None in self.totals

    @property
    def hidden(self) -> int:
        """How many rows are left out."""
        return sum(row is None for row in self.rows.values())


def published(counts: Counts, k: int) -> Published:
    """The table without what would tell a count below k.

    :raises ValueError: where k is below 3, or a count below nothing.
    """
    rows = {name: tuple(row) for name, row in counts.items()}
    if k < 3 or any(n < 0 for row in rows.values() for n in row):
        raise ValueError("k is at least 3, and no count is below nothing")
    columns = tuple(zip(*rows.values(), strict=True)) if rows else ()
    hidden = _hidden(rows, k)
    totals = tuple(_total(column, rows, hidden, place, k) for place, column in enumerate(columns))
    return Published(rows={name: None if name in hidden else row for name, row in rows.items()}, totals=totals)


def withheld(table: Published) -> Published:
    """The same table with nothing in it but the names of its rows."""
    return Published(rows=dict.fromkeys(table.rows), totals=(None,) * len(table.totals))


def _total(
    column: Sequence[int], rows: Mapping[str, tuple[int, ...]], hidden: set[str], place: int, k: int
) -> int | None:
    total = sum(column)
    is_safe = not 0 < total < k and _column_is_safe(
        [rows[name][place] for name in hidden], _shown(rows, hidden, place), k
    )
    return total if is_safe else None


def _shown(rows: Mapping[str, tuple[int, ...]], hidden: set[str], place: int) -> list[int]:
    return [row[place] for name, row in rows.items() if name not in hidden]


def _hidden(rows: Mapping[str, tuple[int, ...]], k: int) -> set[str]:
    hidden = {name for name, row in rows.items() if any(0 < n < k for n in row)}
    # The smallest first: what is left out costs the reader least. Rows of nothing hide nobody.
    order = sorted((name for name in rows if name not in hidden and any(rows[name])), key=lambda name: sum(rows[name]))
    width = len(next(iter(rows.values()), ()))
    while hidden and order and not _is_safe(rows, hidden, width, k):
        hidden.add(order.pop(0))
    return hidden


def _is_safe(rows: Mapping[str, tuple[int, ...]], hidden: set[str], width: int, k: int) -> bool:
    return all(
        _column_is_safe([rows[name][place] for name in hidden], _shown(rows, hidden, place), k)
        for place in range(width)
    )


def _column_is_safe(left_out: Sequence[int], shown: Sequence[int], k: int) -> bool:
    """Whether the sum of what is left out leaves two values at least for each small count in it."""
    small, large = [n for n in left_out if 0 < n < k], [n for n in left_out if n >= k]
    if not small:
        return not 0 < sum(left_out) < k
    if not large:
        return False
    total, others = sum(left_out), len(small) - 1
    # A large one is at least k, and was chosen before what is shown: at most the smallest that is shown.
    ceiling = min((n for n in shown if n >= k), default=total)
    most = total - k * len(large) - others
    least = total - ceiling * len(large) - (k - 1) * others
    return min(k - 1, most) - max(1, least) >= 1
