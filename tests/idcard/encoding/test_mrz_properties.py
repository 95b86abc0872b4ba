"""What is built is what is parsed, and nothing else escapes than our own errors."""

from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding.mrz import Mrz, check_digit
from idcard.errors import IdCardError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
word = st.text(LETTERS, min_size=1, max_size=8)
date = st.dates().map(lambda day: f"{day:%y%m%d}")
sex = st.sampled_from("MF<")
state = st.text(LETTERS, min_size=3, max_size=3)


def guarded(text: str) -> str:
    """``text`` with its check digit behind it."""
    return text + check_digit(text)


@given(
    st.text(LETTERS + "0123456789", min_size=1, max_size=22), date, sex, date, state, word, st.lists(word, max_size=1)
)
def test_td1(number: str, birth: str, sex: str, expiry: str, state: str, surname: str, given_names: list[str]) -> None:
    short = guarded(number.ljust(9, "<"))
    long = f"{number[:9]}<{number[9:]}{check_digit(number)}<"
    first = f"ID{state}{short if len(number) < 10 else long}".ljust(30, "<")
    dates = guarded(birth), guarded(expiry)
    composite = check_digit(first[5:] + "".join(dates) + "<" * 11)
    names = "<<".join([surname, *given_names]).ljust(30, "<")
    mrz = Mrz.parse(f"{first}\n{dates[0]}{sex}{dates[1]}{state}{'<' * 11}{composite}\n{names}")
    assert (mrz.document_number, mrz.birth, mrz.sex, mrz.expiry) == (number, birth, sex, expiry)
    assert (mrz.issuing_state, mrz.nationality, mrz.surname) == (state, state, surname)
    assert mrz.given_names == "".join(given_names)
    assert mrz.information == guarded(number.ljust(9, "<")) + "".join(dates)


@given(st.text(LETTERS + "0123456789", min_size=1, max_size=9), date, sex, date, st.text("0123456789", max_size=14))
def test_td3(number: str, birth: str, sex: str, expiry: str, personal: str) -> None:
    number_field, dates = guarded(number.ljust(9, "<")), (guarded(birth), guarded(expiry))
    optional = guarded(personal.ljust(14, "<"))
    composite = check_digit(number_field + "".join(dates) + optional)
    second = f"{number_field}UTO{dates[0]}{sex}{dates[1]}{optional}{composite}"
    mrz = Mrz.parse("P<UTO" + "ERIKSSON<<ANNA".ljust(39, "<") + second)
    assert (mrz.document_number, mrz.optional_1) == (number, personal)
    assert (mrz.birth, mrz.sex, mrz.expiry) == (birth, sex, expiry)


@given(st.text(LETTERS + "0123456789<", min_size=90, max_size=90) | st.text(max_size=100))
def test_any_text_is_a_value_or_one_of_our_errors(text: str) -> None:
    try:
        mrz = Mrz.parse(text)
    except IdCardError:
        return
    assert len(mrz.text) in (90, 72, 88)
