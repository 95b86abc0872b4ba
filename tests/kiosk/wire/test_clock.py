"""The hybrid logical clock: never back, and behind what was seen."""

from hypothesis import given
from hypothesis import strategies as st

from kiosk.wire.clock import HybridClock, ms_of, reading

NOW = 1_795_000_000_000


def test_where_the_wall_clock_runs_it_reads_as_that() -> None:
    clock = HybridClock()
    assert [ms_of(clock.tick(NOW + each)) for each in range(3)] == [NOW, NOW + 1, NOW + 2]


def test_a_wall_clock_that_was_set_back_is_waited_for() -> None:
    clock = HybridClock()
    first = clock.tick(NOW)
    assert clock.tick(NOW - 60_000) == first + 1
    assert clock.tick(NOW + 1) == reading(NOW + 1)


def test_what_was_seen_is_behind() -> None:
    clock = HybridClock()
    clock.see(reading(NOW + 30_000, 5), NOW)
    assert clock.tick(NOW) == reading(NOW + 30_000, 6)


def test_nobody_drags_it_into_the_future() -> None:
    clock = HybridClock()
    clock.see(reading(NOW + 61_000), NOW)
    assert clock.tick(NOW) == reading(NOW)


def test_it_goes_on_after_a_start() -> None:
    last = HybridClock().tick(NOW)
    assert HybridClock(last).tick(NOW - 5) > last


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1 << 40)), max_size=50))
def test_it_never_goes_back(steps: list[tuple[bool, int]]) -> None:
    clock, last = HybridClock(), -1
    for sees, ms in steps:
        if sees:
            clock.see(reading(ms), ms)
        else:
            given_now = clock.tick(ms)
            assert given_now > last
            last = given_now
