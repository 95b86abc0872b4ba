"""What is published tells no count below k, neither to who looks nor to who reckons and knows the rule."""

import itertools
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.hub.picture.anonymous import Published, published

COUNTS = st.one_of(st.integers(0, 12), st.integers(0, 500))
K = st.integers(3, 8)


def tables(columns: int) -> st.SearchStrategy[dict[str, list[int]]]:
    row = st.lists(COUNTS, min_size=columns, max_size=columns)
    return st.lists(row, max_size=12).map(lambda rows: {str(place): each for place, each in enumerate(rows)})


def left_out(found: Published, column: int) -> int | None:
    """What the published total of a column leaves over when all that is shown is taken off."""
    total = found.totals[column]
    return None if total is None else total - sum(row[column] for row in found.rows.values() if row is not None)


@given(st.integers(1, 3).flatmap(tables), K)
def test_no_cell_no_total_and_no_difference_is_below_k(counts: dict[str, list[int]], k: int) -> None:
    found = published(counts, k)
    assert not any(0 < n < k for row in found.rows.values() if row is not None for n in row)
    for column, total in enumerate(found.totals):
        assert total is None or not 0 < total < k
        rest = left_out(found, column)
        assert rest is None or not 0 < rest < k


@given(tables(1), K)
def test_whoever_knows_which_were_small_finds_two_values_for_each(counts: dict[str, list[int]], k: int) -> None:
    found = published(counts, k)
    hidden = {name: counts[name][0] for name, row in found.rows.items() if row is None}
    small = [n for n in hidden.values() if 0 < n < k]
    if not small or left_out(found, 0) is None:
        return
    large, shown = len(hidden) - len(small), [row[0] for row in found.rows.values() if row is not None and row[0] >= k]
    rest = sum(hidden.values())
    ceiling = min(shown, default=rest)

    def fits(value: int) -> bool:
        # The other small ones and the large ones take up what is left, each within its bounds.
        others = rest - value
        least = (len(small) - 1) * 1 + large * k
        most = (len(small) - 1) * (k - 1) + large * ceiling
        return least <= others <= most

    assert sum(fits(value) for value in range(1, k)) >= 2


@pytest.mark.parametrize(("rows", "columns", "below"), [(2, 1, 20), (3, 1, 12), (4, 1, 7), (1, 2, 16), (2, 2, 7)])
def test_whoever_tries_every_table_finds_two_that_look_the_same(rows: int, columns: int, below: int) -> None:
    """The attacker knows the rule itself: of all tables that are published alike, none agree in a small count."""
    k = 3
    alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for cells in itertools.product(range(below), repeat=rows * columns):
        table = {str(row): cells[row * columns : (row + 1) * columns] for row in range(rows)}
        found = published(table, k)
        alike[tuple(found.rows.values()), found.totals].append(cells)
    told = [
        (published_as, cell)
        for published_as, candidates in alike.items()
        for cell in range(rows * columns)
        if len(values := {each[cell] for each in candidates}) == 1 and 0 < next(iter(values)) < k
    ]
    assert told == []


def test_nothing_is_left_out_where_nothing_is_small() -> None:
    found = published({"a": [5], "b": [70], "c": [0]}, 5)
    assert found.rows == {"a": (5,), "b": (70,), "c": (0,)}
    assert found.totals == (75,)
    assert found.hidden == 0


def test_one_small_row_takes_another_with_it() -> None:
    found = published({"a": [2], "b": [70], "c": [40], "d": [90]}, 5)
    assert found.rows == {"a": None, "b": (70,), "c": None, "d": (90,)}
    assert found.totals == (202,)


def test_a_small_total_is_left_out() -> None:
    assert published({"a": [2], "b": [0]}, 5).totals == (None,)


def test_a_k_that_hides_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="k is"):
        published({"a": [1]}, 2)
