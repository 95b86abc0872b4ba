"""What is built is what is parsed, and nothing else escapes than our own errors."""

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from idcard.errors import IdCardError
from idcard.identity import BirthDate, Sex
from idcard.vietnam.access import can_of, mrz_key_fields
from idcard.vietnam.card_qr import CardQr

NAMES = ("Nguyễn Văn Thử", "Huỳnh Thị Ẩn", "Trần Mẫu", "Đặng Đình Đỗ", "H'Hen Niê")
number = st.from_regex(r"[0-9]{12}", fullmatch=True)
birth = st.dates(date(1900, 1, 1), date(2026, 12, 31))
issued = st.dates(date(2021, 1, 1), date(2026, 12, 31)) | st.none()
field = st.text(
    st.characters(exclude_characters="|", exclude_categories=("Cc", "Cs", "Zs", "Cf", "Zl", "Zp")), max_size=9
)


@given(number, st.sampled_from(NAMES), birth, st.booleans(), field, issued, st.lists(field.map(lambda t: t + ".")))
def test_built_and_parsed(
    number: str, name: str, birth: date, man: bool, address: str, issued: date | None, extra: list[str]
) -> None:
    dates = f"{birth:%d%m%Y}", f"{issued:%d%m%Y}" if issued else ""
    text = "|".join([number, "", name, dates[0], "Nam" if man else "Nữ", address, dates[1], *extra[:50]])
    card_qr = CardQr.parse(text)
    assert card_qr.personal_number.digits == number
    assert (card_qr.name, card_qr.issued) == (name, issued)
    assert card_qr.birth == BirthDate(year=birth.year, month=birth.month, day=birth.day)
    assert card_qr.sex is (Sex.MALE if man else Sex.FEMALE)
    assert card_qr.extra == tuple(extra[:50])
    assert can_of(card_qr) == number[6:]
    assert 1 <= len(mrz_key_fields(card_qr)) <= 4


@given(
    st.binary(max_size=400) | st.lists(st.text(max_size=20), max_size=12).map(lambda texts: "|".join(texts).encode())
)
@example(b"036090999991||A|0001|n||")
def test_any_bytes_are_a_value_or_one_of_our_errors(data: bytes) -> None:
    try:
        card_qr = CardQr.from_bytes(data)
    except IdCardError:
        return
    assert len(mrz_key_fields(card_qr)) <= 4
