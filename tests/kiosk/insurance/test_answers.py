"""The gateway's answers as values: any JSON is a value or GatewayDown, and never anything else."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.insurance.answers import cover_answer, past_visits, token_of
from kiosk.insurance.gateway_errors import DownReason, GatewayDown

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
FIELDS = ["maKetQua", "maThe", "hoTen", "gtTheTu", "gtTheDen", "ngayDu5Nam", "ghiChu", "dsLichSuKCB2025", "APIKey"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FIELDS), ANY))
def test_any_object_is_an_answer_or_a_refusal(fields: dict[str, Any]) -> None:
    for read in (lambda: cover_answer(fields, asked_number="1", as_of=AT), lambda: past_visits(fields)):
        problem = fault_of(read)
        assert problem is None or problem.reason is DownReason.MALFORMED


def fault_of(read: Callable[[], object]) -> GatewayDown | None:
    try:
        read()
    except GatewayDown as problem:
        return problem
    return None


@pytest.mark.parametrize(("text", "day"), [("15/01/2026", date(2026, 1, 15)), (None, None), ("", None), ("  ", None)])
def test_a_day_is_a_day_or_nothing(text: str | None, day: date | None) -> None:
    assert cover_answer({"maKetQua": "000", "gtTheTu": text}, asked_number="1", as_of=AT).valid_from == day


@pytest.mark.parametrize("text", ["2026-01-15", "15/1/2026", "31/02/2026", "15/01/26", "٠١/٠١/٢٠٢٦x", "hôm nay"])
def test_any_other_day_is_no_answer(text: str) -> None:
    with pytest.raises(GatewayDown, match="malformed") as told:
        cover_answer({"maKetQua": "000", "gtTheTu": text}, asked_number="1", as_of=AT)
    assert text not in str(told.value)


def test_names_are_composed() -> None:
    name = cover_answer({"maKetQua": "000", "hoTen": " Nguyê\u0303n "}, asked_number="1", as_of=AT).name
    assert name == "Nguyễn"


@pytest.mark.parametrize("key", [None, [], {}, {"access_token": "a"}, {"access_token": "a b", "id_token": "c"}])
def test_a_token_is_whole(key: Any) -> None:
    with pytest.raises(GatewayDown):
        token_of({"APIKey": key})


@pytest.mark.parametrize("name", ["maDKBD", "maDKBDMoi"])
def test_a_facilitys_code_that_is_none_is_no_answer(name: str) -> None:
    told = fault_of(lambda: cover_answer({"maKetQua": "000", name: "3" * 17}, asked_number="1", as_of=AT))
    assert told is not None
    assert (told.reason, told.facts["kind"]) == (DownReason.MALFORMED, name)
