"""What is drawn from the seed: clinics, arrivals, faults, kills. The same each time, and as the figures say."""

import pytest

from kiosk.lab.faults import Fate, Fault, Weather
from kiosk.lab.plan import SCALES, load_of
from kiosk.lab.province import OPENS_S, PROFILE, SLOT_S, arrivals, between, clinics, source
from kiosk.lab.real import person_of
from kiosk.lab.run import Kill, Wanted, strokes

ALL = frozenset(Fault)


def test_a_seed_is_one_province() -> None:
    assert clinics(20, 7) == clinics(20, 7) != clinics(20, 8)
    (first, *_) = clinics(20, 7)
    assert arrivals(first, 7) == arrivals(first, 7) != arrivals(first, 8)


def test_a_province_is_skewed_as_provinces_are() -> None:
    plans = clinics(288, 1)
    visits = sorted(plan.visits for plan in plans)
    assert abs(sum(visits) - 288 * 40) < 150
    assert visits[-1] > 1500
    assert visits[-2] < 500
    assert 10 <= visits[144] <= 25
    assert len({plan.code for plan in plans}) == 288
    assert sum(plan.visits for plan in clinics(288, 1, visits=25_000)) == pytest.approx(25_000, rel=0.01)


def test_everybody_of_many_clinics_has_a_number_of_twelve_digits_alone() -> None:
    """More clinics than six digits hold."""
    edges = (0, 1, 2999, 3000, 5999)
    people = [person_of(plan.code, number).personal_number or "" for plan in clinics(1200, 1) for number in edges]
    assert len(set(people)) == len(people) == 1200 * len(edges)
    assert all(len(each) == 12 and each.isdecimal() for each in people)


def test_most_people_come_in_the_morning() -> None:
    assert sum(PROFILE) == pytest.approx(1)
    assert sum(PROFILE[:10]) == pytest.approx(0.6)
    assert max(PROFILE) == pytest.approx(2.5 * sum(PROFILE[:10]) / 10)
    (hospital,) = clinics(1, 3, visits=10_000)
    came = arrivals(hospital, 3)
    assert [each.number for each in came] == list(range(10_000))
    assert came == sorted(came, key=lambda each: each.at_s)
    morning = list(between(came, OPENS_S, OPENS_S + 10 * SLOT_S))
    assert len(morning) == pytest.approx(6_000, rel=0.05)


def test_faults_come_as_drawn_and_one_more_changes_no_other() -> None:
    def fates(faults: frozenset[Fault]) -> list[Fate]:
        weather = Weather(faults, 7, "3600001")
        return [weather.next() for _ in range(400)]

    every, lost = fates(ALL), fates(frozenset({Fault.LOSS}))
    assert fates(ALL) == every
    assert [each.arrives for each in every] == [each.arrives for each in lost]
    assert {each.twice for each in lost} == {False}
    assert set(fates(frozenset())) == {Fate()}
    for kind in ("arrives", "is_answered", "twice", "replays", "held_back"):
        assert len({getattr(each, kind) for each in every}) == 2
    assert 0 < max(each.delay_s for each in every) < 1


def test_three_lines_of_ten_are_cut_for_a_while() -> None:
    cuts = [Weather(ALL, 7, plan.code).cut for plan in clinics(200, 7)]
    lengths = [(cut.end_s - cut.begin_s) / 60 for cut in cuts if cut.end_s]
    assert 40 <= len(lengths) <= 80
    assert 10 <= min(lengths) <= max(lengths) <= 90
    assert not Weather(frozenset(), 7, "3600001").is_cut(OPENS_S + 60)


def test_kills_are_drawn_and_none_is_left_out() -> None:
    wanted = Wanted(clinics=1, minutes=5, seed=7, speed=60, store="postgres", kills=frozenset(Kill))
    due = strokes(wanted)
    assert due == strokes(wanted)
    assert [each.after_s for each in due] == sorted(each.after_s for each in due)
    assert {each.what: sum(other.what is each.what for other in due) for each in due} == dict.fromkeys(Kill, 25)
    short = Wanted(clinics=1, minutes=0.05, seed=7, speed=60, kills=frozenset({Kill.HUB}))
    assert [(each.what, 0.3 <= each.after_s <= 2.7) for each in strokes(short)] == [(Kill.HUB, True)]


def test_draws_for_one_purpose_disturb_no_others() -> None:
    assert source(1, "a", 1).random() != source(1, "a", 2).random() != source(2, "a", 1).random()
    assert source(1, "a", 1).random() == source(1, "a", 1).random()


def test_a_larger_province_needs_more_of_everything() -> None:
    province, all_provinces, country = (load_of(scale, 1).numbers() for scale in SCALES)
    for name in ("events/s in the busiest minute, design day", "heartbeats/s", "GB a year", "nodes"):
        assert province[name] < all_provinces[name] < country[name]
    # By the figures that the model is made of: 1.7/s on a design day in the morning, and 2.5 times that at worst.
    assert 4 < province["visits in the busiest minute, common day"] / 60 * 2.2 < 6.5
    assert province["nodes"] == 1
