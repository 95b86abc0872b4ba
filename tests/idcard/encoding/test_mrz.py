"""The machine-readable zone, field by field and mistake by mistake."""

import pytest

from idcard.encoding.mrz import Mrz, MrzFormat, check_digit, month_and_day, mrz_information
from idcard.errors import MalformedData

TD1 = ("IDVNM0909999917036090999991<<2", "9001158M3001156VNM<<<<<<<<<<<8", "NGUYEN<<VAN<THU<<<<<<<<<<<<<<<")
TD1_NO_EXPIRY = ("IDVNM1559999928036155999992<<3", "5503207F9912315VNM<<<<<<<<<<<0", "TRAN<<THI<MAU<<<<<<<<<<<<<<<<<")


def td1(*, birth: str = "900115", sex: str = "M", expiry: str = "300115", names: str = "NGUYEN<<VAN<THU") -> str:
    """A Vietnamese zone with right check digits around the given fields."""
    first = TD1[0]
    birth += check_digit(birth)
    expiry += check_digit(expiry)
    optional = "<" * 11
    composite = check_digit(first[5:] + birth + expiry + optional)
    return first + birth + sex + expiry + "VNM" + optional + composite + names.ljust(30, "<")


def test_a_vietnamese_card_has_its_personal_number_in_the_optional_data() -> None:
    mrz = Mrz.parse("\n".join(TD1))
    assert mrz.format is MrzFormat.TD1
    assert (mrz.document_code, mrz.issuing_state, mrz.nationality) == ("ID", "VNM", "VNM")
    assert mrz.document_number == "090999991"
    assert mrz.optional_1 == "036090999991<<2"
    assert mrz.optional_2 == ""
    assert (mrz.birth, mrz.sex, mrz.expiry) == ("900115", "M", "300115")
    assert (mrz.surname, mrz.given_names) == ("NGUYEN", "VAN THU")
    assert mrz.text == "".join(TD1)
    assert mrz.information == "090999991790011583001156"


def test_a_card_without_expiry_says_so_with_the_last_day_of_the_century() -> None:
    mrz = Mrz.parse("".join(TD1_NO_EXPIRY))
    assert (mrz.expiry, mrz.sex) == ("991231", "F")


@pytest.mark.parametrize("separator", ["", "\n", "\r\n", " "])
def test_lines_may_be_joined_or_separated(separator: str) -> None:
    assert Mrz.parse(separator.join(TD1) + separator).text == "".join(TD1)


def test_it_prints_as_nothing_of_the_person() -> None:
    assert repr(Mrz.parse("".join(TD1))) == "Mrz(TD1)"


@pytest.mark.parametrize("at", [index for index, character in enumerate("".join(TD1[:2])) if character.isdigit()])
def test_every_digit_is_guarded_by_a_check_digit(at: int) -> None:
    text = "".join(TD1)
    wrong = text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
    with pytest.raises(MalformedData, match="MRZ: "):
        Mrz.parse(wrong)


@pytest.mark.parametrize(("birth", "parts"), [
    ("55<<<<", (None, None)), ("5503<<", (3, None)), ("550000", (None, None)), ("550320", (3, 20)),
])  # fmt: skip
def test_a_birth_may_lack_its_day_or_month(birth: str, parts: tuple[int | None, int | None]) -> None:
    mrz = Mrz.parse(td1(birth=birth))
    assert mrz.birth == birth
    assert month_and_day(mrz.birth) == parts


@pytest.mark.parametrize("birth", ["901315", "900132", "9A0115", "90<115", "AAAAAA"])
def test_what_is_no_date_is_refused(birth: str) -> None:
    with pytest.raises(MalformedData, match="the birth is no date"):
        Mrz.parse(td1(birth=birth))


@pytest.mark.parametrize("sex", ["X", "0", "N"])
def test_an_unknown_sex_is_refused(sex: str) -> None:
    with pytest.raises(MalformedData, match="the sex is neither"):
        Mrz.parse(td1(sex=sex))


@pytest.mark.parametrize("names", ["", "<NGUYEN<<VAN", "NGUY3N<<VAN"])
def test_a_name_starts_with_a_letter_and_holds_no_digit(names: str) -> None:
    with pytest.raises(MalformedData, match="name"):
        Mrz.parse(td1(names=names))


def test_a_name_without_double_filler_is_all_surname() -> None:
    mrz = Mrz.parse(td1(names="ARKFREITH<THE<MAN"))
    assert (mrz.surname, mrz.given_names) == ("ARKFREITH THE MAN", "")


@pytest.mark.parametrize("text", [
    "", "ID", "".join(TD1)[:-1], "".join(TD1) + "<", "\n".join(TD1)[1:], "".join(TD1).lower(),
    "".join(TD1).replace("<", "«"),
    "A" * 10_000_000, "\n".join([TD1[0][:29], TD1[0][29] + TD1[1], TD1[2]]), "٠" * 90,
])  # fmt: skip
def test_what_is_no_mrz_is_refused(text: str) -> None:
    with pytest.raises(MalformedData):
        Mrz.parse(text)


def test_an_empty_document_number_is_refused() -> None:
    first = "IDVNM" + "<" * 9 + "0" + "<" * 15
    composite = check_digit(first[5:] + "90011583001156" + "<" * 11)
    with pytest.raises(MalformedData, match="the document number is empty"):
        Mrz.parse(first + "9001158M3001156VNM" + "<" * 11 + composite + TD1[2])


@pytest.mark.parametrize("rest", ["", "7", "734"])
def test_a_long_document_number_wants_its_rest_and_check_digit(rest: str) -> None:
    first = ("I<UTOD23145890<" + rest).ljust(30, "<") if rest != "734" else "I<UTOD23145<90<7349".ljust(30, "<")
    composite = check_digit(first[5:] + "34071279507122" + "<" * 11)
    with pytest.raises(MalformedData, match="document number"):
        Mrz.parse(first + "3407127M9507122UTO" + "<" * 11 + composite + TD1[2])


def test_an_error_holds_nothing_of_the_text() -> None:
    wrong = "".join(TD1).replace("7036", "8036")
    with pytest.raises(MalformedData) as caught:
        Mrz.parse(wrong)
    assert "0909" not in str(caught.value)
    assert caught.value.facts == {"where": "MRZ", "offset": None}


def test_the_check_digit_of_a_strange_character_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="check digit"):
        check_digit("é")


def test_information_pads_a_short_number() -> None:
    assert mrz_information("L898902C", "690806", "940623") == "L898902C<369080619406236"


@pytest.mark.parametrize("fields", [("", "690806", "940623"), ("L8", "6908", "940623"), ("L8", "690806", "94")])
def test_information_wants_whole_fields(fields: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="six characters"):
        mrz_information(*fields)
