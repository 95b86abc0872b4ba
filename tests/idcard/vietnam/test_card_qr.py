"""The line of text in the QR of a card."""

import unicodedata
from datetime import date

import pytest

from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.identity import BirthDate, ClaimSource, Sex
from idcard.vietnam.card_qr import CardQr, looks_like_card_qr

LINE = "036090999991|160000001|Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
NEW_LINE = "036155999992||Trần Thị Mẫu|20031955|Nữ|Số 2, Phố Mẫu, Nam Định|02072024||Trần Văn Cha|Lê Thị Mẹ"


def line(**changed: str) -> str:
    """``LINE`` with some fields changed."""
    names = ("number", "old_number", "name", "birth", "sex", "address", "issued")
    fields = dict(zip(names, LINE.split("|"), strict=True))
    return "|".join((fields | changed).values())


def test_the_card_of_2021_has_seven_fields() -> None:
    card_qr = CardQr.parse(LINE)
    assert card_qr.personal_number.digits == "036090999991"
    assert card_qr.old_number == "160000001"
    assert card_qr.name == "Nguyễn Văn Thử"
    assert card_qr.birth == BirthDate(year=1990, month=1, day=15)
    assert card_qr.sex is Sex.MALE
    assert card_qr.address == "Số 1, Phố Mẫu, Nam Định"
    assert card_qr.issued == date(2022, 2, 1)
    assert card_qr.extra == ()
    assert card_qr.text == LINE


def test_the_card_of_2024_has_more_and_they_are_kept() -> None:
    card_qr = CardQr.parse(NEW_LINE)
    assert card_qr.old_number is None
    assert card_qr.sex is Sex.FEMALE
    assert card_qr.extra == ("", "Trần Văn Cha", "Lê Thị Mẹ")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x00", "\r\n\x00", "\ufeff", " \r\n"])
def test_what_scanners_add_at_the_ends_is_no_part_of_it(end: str) -> None:
    assert CardQr.parse("\ufeff" + LINE + end) == CardQr.parse(LINE)
    assert looks_like_card_qr("\ufeff" + LINE + end)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_come_composed(form: str) -> None:
    given = unicodedata.normalize(form, line(name=" Huỳnh  Thị Ẩn "))  # type: ignore[arg-type]
    assert CardQr.parse(given).name == unicodedata.normalize("NFC", "Huỳnh Thị Ẩn")


@pytest.mark.parametrize(("text", "birth"), [
    ("15011990", BirthDate(year=1990, month=1, day=15)), ("011990", BirthDate(year=1990, month=1)),
    ("1990", BirthDate(year=1990)), ("00011990", BirthDate(year=1990, month=1)), ("00001990", BirthDate(year=1990)),
    ("29022000", BirthDate(year=2000, month=2, day=29)), ("15001990", BirthDate(year=1990)),
])  # fmt: skip
def test_a_birth_may_lack_its_day_or_month(text: str, birth: BirthDate) -> None:
    assert CardQr.parse(line(birth=text)).birth == birth


@pytest.mark.parametrize(("text", "sex"), [
    ("Nam", Sex.MALE), ("NAM", Sex.MALE), (" nam ", Sex.MALE), ("Nữ", Sex.FEMALE), ("NỮ", Sex.FEMALE),
    ("Nu", Sex.FEMALE), ("nu", Sex.FEMALE), ("N?", Sex.FEMALE), ("N�", Sex.FEMALE), ("N\u01b0\u0303", Sex.FEMALE),
])  # fmt: skip
def test_sex_is_known_also_without_its_accents(text: str, sex: Sex) -> None:
    assert CardQr.parse(line(sex=text)).sex is sex


def test_a_missing_day_of_issue_is_none() -> None:
    assert CardQr.parse(line(issued="")).issued is None


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "03609099999"},
        {"number": "0360909999910"},
        {"number": "A36090999991"},
        {"name": ""},
        {"name": "   "},
        {"name": "12"},
        {"name": "Nguyễn\x1bVăn"},
        {"name": "Nguyễn\nVăn"},
        {"birth": ""},
        {"birth": "31021990"},
        {"birth": "15131990"},
        {"birth": "1501990"},
        {"birth": "15011899"},
        {"birth": "15019990"},
        {"birth": "0000"},
        {"birth": "١٥٠١١٩٩٠"},
        {"birth": "15/01/1990"},
        {"sex": ""},
        {"sex": "Khác"},
        {"sex": "X"},
        {"issued": "2022"},
        {"issued": "00022022"},
        {"issued": "31022022"},
        {"issued": "abc"},
        {"issued": "01020000"},
    ],
)
def test_a_wrong_field_is_malformed_and_nothing_of_it_is_told(changed: dict[str, str]) -> None:
    with pytest.raises(MalformedData) as caught:
        CardQr.parse(line(**changed))
    told = f"{caught.value} {caught.value.facts}"
    assert not any(value.strip() in told for value in changed.values() if len(value.strip()) > 1)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "|||||||", "HC1:6BF", LINE.rsplit("|", 1)[0], "https://example.org/036090999991"])
def test_another_text_is_malformed(text: str) -> None:
    assert not looks_like_card_qr(text)
    with pytest.raises(MalformedData):
        CardQr.parse(text)


@pytest.mark.parametrize("text", [LINE + "|" * 64, LINE + "a" * 8192])
def test_more_than_a_code_can_hold_is_refused(text: str) -> None:
    with pytest.raises(BoundExceeded):
        CardQr.parse(text)


def test_bytes_must_be_utf_8() -> None:
    assert CardQr.from_bytes(LINE.encode()) == CardQr.parse(LINE)
    with pytest.raises(MalformedData, match="UTF-8"):
        CardQr.from_bytes(LINE.encode("utf-16"))
    with pytest.raises(BoundExceeded):
        CardQr.from_bytes(b"0" * 8193)


@pytest.mark.parametrize("length", range(len(LINE.encode())))
def test_a_line_cut_short_is_a_value_or_one_of_our_errors(length: int) -> None:
    try:
        card_qr = CardQr.from_bytes(LINE.encode()[:length])
    except IdCardError:
        return
    assert card_qr.issued is None


def test_it_claims_and_does_not_prove() -> None:
    claim = CardQr.parse(LINE).claimed_identity()
    assert claim.source is ClaimSource.CARD_QR
    assert claim.personal_number == "036090999991"
    assert claim.name == "Nguyễn Văn Thử"


def test_it_prints_as_nothing() -> None:
    assert repr(CardQr.parse(LINE)) == "CardQr(…)"
