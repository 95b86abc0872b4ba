"""Province codes, and what became of the provinces."""

from datetime import date

import pytest

from idcard.vietnam.provinces import CHANGES, PROVINCES, province_name, same_province

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def test_there_are_63_codes_and_since_2025_34_provinces() -> None:
    assert len(PROVINCES) == len(set(PROVINCES.values())) == 63
    assert len({province_name(code, AFTER) for code in PROVINCES}) == 34
    assert len({province_name(code, date(2024, 12, 31)) for code in PROVINCES}) == 63


def test_every_code_changed_at_most_once_a_day_and_is_known() -> None:
    changed = [(change.day, code) for change in CHANGES for code in change.codes]
    assert len(changed) == len(set(changed))
    assert {code for _, code in changed} <= PROVINCES.keys()


def test_a_merged_province_lists_its_namesake_first() -> None:
    merged = [change for change in CHANGES if len(change.codes) > 1]
    assert [change.name for change in merged] == [PROVINCES[change.codes[0]] for change in merged]


@pytest.mark.parametrize(("code", "before", "after"), [
    ("036", "Nam Định", "Ninh Bình"), ("035", "Hà Nam", "Ninh Bình"), ("037", "Ninh Bình", "Ninh Bình"),
    ("001", "Hà Nội", "Hà Nội"), ("077", "Bà Rịa - Vũng Tàu", "Thành phố Hồ Chí Minh"), ("046", "Huế", "Huế"),
])  # fmt: skip
def test_the_name_depends_on_the_day(code: str, before: str, after: str) -> None:
    assert province_name(code, BEFORE) == before
    assert province_name(code, AFTER) == after


@pytest.mark.parametrize("code", ["003", "101", "", "36"])
def test_a_country_or_an_unknown_code_has_no_province(code: str) -> None:
    assert province_name(code, AFTER) is None
    assert not same_province(code, code, AFTER)


def test_nam_dinh_and_ninh_binh_are_one_since_july_2025() -> None:
    assert not same_province("036", "037", BEFORE)
    assert same_province("036", "037", AFTER)
    assert not same_province("036", "001", AFTER)
