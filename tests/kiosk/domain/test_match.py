"""Names, births and persons compared: what is one name, what is another, and what a clerk must look at."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard import BirthDate, Sex
from kiosk.domain.match import (
    BirthGrade,
    Grade,
    Kind,
    MatchRule,
    PersonFacts,
    match_births,
    match_names,
    match_person,
    parse_birth,
)

BORN = BirthDate(year=1960, month=3, day=8)
NUMBER = "036060999901"


def facts(name: str, birth: BirthDate | None = BORN, number: str | None = NUMBER, **more: object) -> PersonFacts:
    return PersonFacts(name=name, birth=birth, number=number, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        ("Trần Văn Hùng", "TRẦN  VĂN HÙNG ", Grade.EXACT),
        ("Trần Văn Hùng", unicodedata.normalize("NFD", "trần văn hùng"), Grade.EXACT),
        ("Đỗ Thị Mẫu", "Ðỗ\u00a0Thị\u200b Mẫu", Grade.EXACT),
        ("H’Hen Niê", "H'HEN NIÊ", Grade.EXACT),
        ("TRẦN, VĂN HÙNG", "Trần Văn Hùng", Grade.EXACT),
        ("Nguyễn Văn Thử", "4e677579e1bb856e2056c4836e205468e1bbad", Grade.EXACT),
        ("Lê Thị Hòa", "Lê Thị Hoà", Grade.SAME_SPELLING),
        ("Lê Thị Thúy", "Lê Thị Thuý", Grade.SAME_SPELLING),
        ("Lý Thị Mỹ", "Lí Thị Mĩ", Grade.SAME_SPELLING),
        ("Vũ Đình Quý", "Vũ Đình Quí", Grade.SAME_SPELLING),
        ("Nguyễn Văn A Dũng", "Nguyễn VănA Dũng", Grade.SAME_SPELLING),
        ("H'Hen Niê", "H Hen Niê", Grade.SAME_SPELLING),
        ("H'Bia Niê", "HBia Niê", Grade.SAME_SPELLING),
        ("Nguyễn-Văn-An", "Nguyễn Văn An", Grade.SAME_SPELLING),
        ("Nguyễn VănAn", "Nguyễn Văn An", Grade.SAME_SPELLING),
        ("Nguyễn ThịLan", "Nguyễn Thị Lan", Grade.SAME_SPELLING),
        ("Phạm NgọcLan", "Phạm Ngọc Lan", Grade.SAME_SPELLING),
        ("NguyễnVăn An", "Nguyễn Văn An", Grade.SAME_SPELLING),
        ("Đặng Hữu Nghĩa", "DANG HUU NGHIA", Grade.NO_ACCENTS),
        ("Phan Thị Hà", "PHAN THI HA", Grade.NO_ACCENTS),
        ("Cao Minh Đức", "Cao Minh Duc", Grade.NO_ACCENTS),
        ("Lý Thị Hoa", "LI THI HOA", Grade.NO_ACCENTS),
        ("Trần Văn Hùng", "Văn Hùng Trần", Grade.SWAPPED),
        ("Trần Văn Hùng", "HÙNG TRẦN VĂN", Grade.SWAPPED),
        # The same letters, and two names; or one text that two names may be.
        ("Nguyễn Thu Yên", "Nguyễn Thuyên", Grade.CLOSE),
        ("Lê Hồ Ngân", "Lê Hồng Ân", Grade.CLOSE),
        ("Lê Hồngân", "Lê Hồng Ân", Grade.CLOSE),
        ("Lê Hồ Ngân", "Lê Hồngân", Grade.CLOSE),
        ("Trần ThịMai", "Trần Thị Mai", Grade.CLOSE),
        ("Trần ThuÝ", "Trần Thuý", Grade.EXACT),
        ("Trần Thu Ý", "Trần Thuý", Grade.CLOSE),
        ("H'Ương Niê", "Hương Niê", Grade.CLOSE),
        ("K'Hoa", "Khoa", Grade.CLOSE),
        ("TRAN THU YEN", "TRAN THUYEN", Grade.CLOSE),
        # Without marks, and turned round: too many names are so.
        ("LE MAI ANH", "ANH LE MAI", Grade.CLOSE),
        ("Lê Mai Anh", "ANH LE MAI", Grade.CLOSE),
        # A slip of the keyboard, or a sister: only a clerk can tell.
        ("Phan Minh Ân", "Phan Minh An", Grade.CLOSE),
        ("Nguyễn Mai Anh", "Nguyễn Anh Mai", Grade.CLOSE),
        ("Nguyễn Mai Anh", "Anh Mai Nguyễn", Grade.CLOSE),
        ("Nguyễn Văn Duy", "Nguyễn Văn Huy", Grade.CLOSE),
        ("Nguyễn Thị Vy", "Nguyễn Thị Vi", Grade.CLOSE),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thị Hà", Grade.CLOSE),
        ("Nguyễn Văn Tuấn", "Nguyễn Văn Tuna", Grade.CLOSE),
        # Another mark is another name.
        ("Trần Văn Hùng", "Trần Văn Hưng", Grade.DIFFERENT),
        ("Phan Minh Ấn", "Phan Minh Ân", Grade.DIFFERENT),
        ("Lê Văn Dương", "Lê Văn Đương", Grade.DIFFERENT),
        ("Trần Van Hùng", "Trần Văn Hùng", Grade.DIFFERENT),
        ("Trần Văn Hùng", "Lê Thị Mẫu", Grade.DIFFERENT),
        ("Trần Văn Hùng", "", Grade.DIFFERENT),
    ],
)
def test_two_names_are_graded(one: str, other: str, grade: Grade) -> None:
    assert match_names(one, other).grade is grade
    assert match_names(other, one).grade is grade


def test_the_zone_of_the_chip_never_has_marks_so_nothing_is_missing() -> None:
    assert match_names("PHAN MINH AN", "Phan Minh Ân", a_latin=True).grade is Grade.NO_ACCENTS
    assert match_names("Phan Minh Ân", "PHAN MINH AN", b_latin=True).grade is Grade.NO_ACCENTS
    assert match_names("PHAN MINH AN", "PHAN MINH AN", a_latin=True).grade is Grade.NO_ACCENTS
    assert match_names("PHAN MINH AN", "Phan Minh An").grade is Grade.EXACT


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("Trần Văn Hùng", "Trần Văn Hưng", "same same marks"),
        ("Lê Thị Hòa", "Lê Thị Hoà", "same same spelling"),
        ("Nguyễn Văn Duy", "Nguyễn Văn Huy", "same same slip"),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thị Hà", "same same left_only same"),
        ("Nguyễn Thị Hà", "Nguyễn Thị Thu Hà", "same same right_only same"),
        ("Trần Văn Hùng", "Văn Hùng Trần", "place same same place"),
        ("Trần Văn Hùng", "Trần Văn Nam", "same same other"),
        ("Trần Hùng", "Trần Hùng", "same same"),
    ],
)
def test_differences_stand_side_by_side(one: str, other: str, kinds: str) -> None:
    match = match_names(one, other)
    assert [word.kind for word in match.words] == [Kind(kind) for kind in kinds.split()]
    assert " ".join(word.left for word in match.words if word.left) == one.lower()
    assert " ".join(word.right for word in match.words if word.right) == other.lower()
    assert all(difference.kind is not Kind.SAME for difference in match.differences)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_graded_both_ways_alike(one: str, other: str) -> None:
    match = match_names(one, other)
    assert match.grade is match_names(other, one).grade
    assert [word.right for word in match_names(one, one).words] == [word.left for word in match_names(one, one).words]


def test_nothing_shows_a_name() -> None:
    match = match_names("Trần Văn Hùng", "Trần Văn Hưng")
    shown = repr([match, match.words, facts("Trần Văn Hùng"), match_person(facts("Trần Mẫu"), facts("Trần Mẫu"))])
    assert not any(word in shown.lower() for word in ("hùng", "trần", NUMBER, "1960"))


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        (BORN, BORN, BirthGrade.SAME),
        (BORN, BirthDate(year=1960), BirthGrade.PARTLY),
        (BORN, BirthDate(year=1960, month=3), BirthGrade.PARTLY),
        (BirthDate(year=1960), BirthDate(year=1960), BirthGrade.PARTLY),
        (BORN, BirthDate(year=1961), BirthGrade.DIFFERENT),
        (BORN, BirthDate(year=1960, month=8, day=3), BirthGrade.DIFFERENT),
        (BORN, BirthDate(year=1960, month=1, day=1), BirthGrade.DIFFERENT),
        (BORN, None, BirthGrade.UNKNOWN),
    ],
)
def test_two_births_are_graded(one: BirthDate, other: BirthDate | None, grade: BirthGrade) -> None:
    assert match_births(one, other) is grade
    assert match_births(other, one) is grade


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("08/03/1960", BORN),
        ("8-3-1960", BORN),
        ("08031960", BORN),
        ("1960-03-08", BORN),
        (" 1960 ", BirthDate(year=1960)),
        ("03/1960", BirthDate(year=1960, month=3)),
        ("031960", BirthDate(year=1960, month=3)),
        ("00/00/1960", BirthDate(year=1960)),
        ("00/03/1960", BirthDate(year=1960, month=3)),
        ("31/02/1960", None),
        ("13/1960", None),
        ("00/00/0000", None),
        ("", None),
        ("không rõ", None),
    ],
)
def test_a_birth_is_read_as_records_write_it(text: str, birth: BirthDate | None) -> None:
    assert parse_birth(text) == birth


CHIP = facts("Trần Văn Hùng", sex=Sex.MALE)
YEAR = BirthDate(year=1960)


@pytest.mark.parametrize(
    ("other", "automatic"),
    [
        (facts("TRẦN VĂN HÙNG"), True),
        (facts("Trần Văn Hùng", sex=Sex.MALE), True),
        (facts("Trần Văn Hùng", birth=YEAR), True),
        (facts("TRAN VAN HUNG"), True),
        (facts("Văn Hùng Trần"), True),
        (facts("TRAN VAN HUNG", birth=YEAR), False),
        # The number tells the year already: a year adds nothing to a name that is turned round.
        (facts("Văn Hùng Trần", birth=YEAR), False),
        (facts("TRẦN VĂNHÙNG", birth=YEAR), True),
        (facts("Trần Văn Hưng"), False),
        (facts("Trần Văn Hùn"), False),
        (facts("Trần Văn Hùng", sex=Sex.FEMALE), False),
        (facts("Trần Văn Hùng", sex=Sex.UNSPECIFIED), True),
        (facts("Trần Văn Hùng", birth=None), False),
        (facts("Trần Văn Hùng", birth=BirthDate(year=1961)), False),
        (facts("Trần Văn Hùng", number=None), False),
        (facts("Trần Văn Hùng", number="036060999902"), False),
    ],
)
def test_only_who_agrees_in_number_birth_and_name_matches_by_itself(other: PersonFacts, automatic: bool) -> None:
    assert match_person(CHIP, other).automatic is automatic


def test_a_clinic_may_want_more_and_never_less() -> None:
    exact = MatchRule(automatic_up_to=Grade.EXACT)
    assert match_person(CHIP, facts("trần văn hùng"), exact).automatic
    assert not match_person(CHIP, facts("TRAN VAN HUNG"), exact).automatic
    for grade in (Grade.CLOSE, Grade.DIFFERENT):
        with pytest.raises(ValueError, match="never match automatically"):
            MatchRule(automatic_up_to=grade)


def test_what_no_rule_can_tell() -> None:
    """The insurer keeps the twin Hưng as HUNG, under Hùng's number: nothing in the records says so."""
    assert match_person(CHIP, facts("TRAN VAN HUNG")).automatic
