"""DG13 field by field, as cards may write it and as no card should."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding.tlv import build
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.identity import BirthDate, Sex
from idcard.vietnam.dg13 import Dg13

OID = bytes.fromhex("060628d316010008")
FIELDS = {1: "036155999992", 2: "Trần Thị Mẫu", 3: "20/03/1955", 4: "Nữ", 12: "Không thời hạn"}


def field(number: int, *values: bytes) -> bytes:
    """One entry of the set."""
    return build(0x30, build(0x02, bytes([number])), *values)


def text(value: str, tag: int = 0x0C) -> bytes:
    """One string."""
    return build(tag, value.encode())


def dg13(*entries: bytes) -> bytes:
    """The file around these entries."""
    return build(0x6D, build(0x30, build(0x02, b"\x01"), OID, build(0x31, *entries)))


def with_fields(**changed: str) -> Dg13:
    """A parsed file with these texts in fields ``f1`` to ``f16``."""
    texts = FIELDS | {int(name[1:]): value for name, value in changed.items()}
    return Dg13.parse(dg13(*(field(number, text(value)) for number, value in texts.items())))


def test_an_empty_file_says_nothing() -> None:
    empty = Dg13.parse(dg13())
    assert (empty.personal_number, empty.name, empty.birth, empty.sex, empty.expiry_text) == (None,) * 5
    assert (empty.parents, empty.spouse, empty.raw) == ((), None, {})


def test_fields_are_known_by_number_and_not_by_place() -> None:
    entries = [field(number, text(value)) for number, value in FIELDS.items()]
    assert Dg13.parse(dg13(*entries)) == Dg13.parse(dg13(*reversed(entries)))


@pytest.mark.parametrize("tag", [0x0C, 0x13, 0x16])
def test_every_kind_of_string_is_read(tag: int) -> None:
    assert Dg13.parse(dg13(field(6, text("Kinh", tag)))).ethnicity == "Kinh"


@pytest.mark.parametrize("values", [(), (text(""),), (text("  "),), (build(0x30, text("")),), (build(0x30),)])
def test_a_value_may_be_missing(values: tuple[bytes, ...]) -> None:
    assert Dg13.parse(dg13(field(14, *values))).spouse is None


def test_an_unknown_field_is_kept_as_bytes() -> None:
    card = Dg13.parse(dg13(field(1, text("036090999991")), field(42, build(0x04, b"\xff\xfe"), text("A+"))))
    assert card.raw[42] == (b"\xff\xfe", b"A+")


def test_a_field_number_may_have_two_bytes() -> None:
    assert 300 in Dg13.parse(dg13(build(0x30, build(0x02, b"\x01\x2c"), text("x")))).raw


@pytest.mark.parametrize("values", [
    (build(0x30, text("Trần Văn Cha"), text("Lê Thị Mẹ")),), (text("Trần Văn Cha"), text("Lê Thị Mẹ")),
    (build(0x30, build(0x30, text("Trần Văn Cha")), build(0x30, text("Lê Thị Mẹ"))),),
])  # fmt: skip
def test_parents_stand_in_a_sequence_or_beside_each_other(values: tuple[bytes, ...]) -> None:
    assert Dg13.parse(dg13(field(13, *values))).parents == ("Trần Văn Cha", "Lê Thị Mẹ")


def test_an_unknown_father_leaves_the_mother_in_her_place() -> None:
    assert Dg13.parse(dg13(field(13, build(0x30, text(""), text("Lê Thị Mẹ"))))).parents == ("", "Lê Thị Mẹ")


def test_names_come_composed_and_trimmed() -> None:
    assert with_fields(f2=unicodedata.normalize("NFD", " Huỳnh  Thị Ẩn ")).name == "Huỳnh Thị Ẩn"


@pytest.mark.parametrize(("written", "birth"), [
    ("20/03/1955", BirthDate(year=1955, month=3, day=20)), ("03/1955", BirthDate(year=1955, month=3)),
    ("1955", BirthDate(year=1955)), ("00/00/1955", BirthDate(year=1955)), ("00/03/1955", BirthDate(year=1955, month=3)),
    ("31/02/1955", None), ("20-03-1955", None), ("55", None), ("", None), ("0000", None),
])  # fmt: skip
def test_a_birth_is_a_date_or_none(written: str, birth: BirthDate | None) -> None:
    assert with_fields(f3=written).birth == birth


@pytest.mark.parametrize(("written", "sex"), [("Nam", Sex.MALE), ("Nữ", Sex.FEMALE), ("?", None), ("", None)])
def test_sex(written: str, sex: Sex | None) -> None:
    assert with_fields(f4=written).sex is sex


def test_an_expiry_may_be_any_text() -> None:
    card = with_fields()
    assert (card.expiry, card.expiry_text) == (None, "Không thời hạn")
    assert with_fields(f12="15/01/2030").expiry == date(2030, 1, 15)


@pytest.mark.parametrize(("fifteen", "sixteen"), [("160000001", "ABCDEF0123456789"), ("ABCDEF0123456789", "160000001")])
def test_old_number_and_serial_are_told_apart_by_their_looks(fifteen: str, sixteen: str) -> None:
    card = with_fields(f15=fifteen, f16=sixteen)
    assert (card.old_number, card.serial) == ("160000001", "ABCDEF0123456789")


def test_a_card_without_old_number_has_a_serial_all_the_same() -> None:
    card = with_fields(f15="", f16="ABCDEF0123456789")
    assert (card.old_number, card.serial) == (None, "ABCDEF0123456789")


GOOD = dg13(*(field(number, text(value)) for number, value in FIELDS.items()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD + b"\x00",
        GOOD + GOOD,
        b"\x6e" + GOOD[1:],
        build(0x6D, b""),
        build(0x6D, build(0x30, OID)),
        # Iraq's DG13 is something else.
        build(0x6D, build(0x5C, b"\x5f\x0e")),
        dg13(build(0x30)),
        dg13(build(0x30, text("x"))),
        dg13(build(0x30, build(0x02, b""), text("x"))),
        dg13(build(0x30, build(0x02, b"\x00\x00\x01"), text("x"))),
        dg13(text("x")),
        dg13(field(1, text("036155999992")), field(1, text("036090999991"))),
        dg13(field(1, text("03615599999"))),
        dg13(field(2, build(0x0C, b"Tr\xfa\xffn"))),
    ],
)
def test_what_does_not_follow_the_format_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Dg13.parse(data)


def nested(depth: int) -> bytes:
    """A string inside that many sequences."""
    return build(0x30, nested(depth - 1)) if depth else text("x")


@pytest.mark.parametrize("data", [
    dg13(field(14, nested(6))), dg13(*(field(1, b"") for _ in range(257))), dg13(field(2, text("x" * 65536))),
])  # fmt: skip
def test_more_than_a_card_can_need_is_refused(data: bytes) -> None:
    with pytest.raises(BoundExceeded):
        Dg13.parse(data)


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_truncated_file_is_malformed(length: int) -> None:
    with pytest.raises(MalformedData):
        Dg13.parse(GOOD[:length])


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_a_value_or_one_of_our_errors(at: int, difference: int) -> None:
    data = GOOD[:at] + bytes([GOOD[at] ^ difference]) + GOOD[at + 1 :]
    try:
        card = Dg13.parse(data)
    except IdCardError:
        return
    assert card.raw


@given(st.dictionaries(st.integers(17, 127), st.lists(st.text(max_size=30), max_size=4), max_size=9))
def test_what_is_built_is_what_is_parsed(fields: dict[int, list[str]]) -> None:
    card = Dg13.parse(dg13(*(field(number, *map(text, values)) for number, values in fields.items())))
    assert card.raw == {number: tuple(value.encode() for value in values) for number, values in fields.items()}


def test_it_prints_as_nothing() -> None:
    assert repr(with_fields()) == "Dg13(…)"
