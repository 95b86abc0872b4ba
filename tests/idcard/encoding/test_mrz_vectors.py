"""The specimens of ICAO Doc 9303: parts 4, 5 and 6 (layouts), part 11 Appendix D.2 (MRZ information)."""

import pytest

from idcard.encoding.mrz import Mrz, MrzFormat, check_digit

TD3 = """P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UTO7408122F1204159ZE184226B<<<<<10"""
TD2 = """I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
D231458907UTO7408122F1204159<<<<<<<6"""
TD1 = """I<UTOD231458907<<<<<<<<<<<<<<<
7408122F1204159UTO<<<<<<<<<<<6
ERIKSSON<<ANNA<MARIA<<<<<<<<<<"""
TD1_LONG = """I<UTOD23145890<7349<<<<<<<<<<<
3407127M9507122UTO<<<<<<<<<<<2
STEVENSON<<PETER<JOHN<<<<<<<<<"""
TD2_LONG = """I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<
D23145890<UTO3407127M95071227349<<<8"""


@pytest.mark.parametrize(("text", "layout"), [(TD1, MrzFormat.TD1), (TD2, MrzFormat.TD2), (TD3, MrzFormat.TD3)])
def test_the_specimen_of_each_layout(text: str, layout: MrzFormat) -> None:
    mrz = Mrz.parse(text)
    assert mrz.format is layout
    assert (mrz.surname, mrz.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (mrz.issuing_state, mrz.nationality) == ("UTO", "UTO")
    assert (mrz.birth, mrz.sex, mrz.expiry) == ("740812", "F", "120415")


def test_the_numbers_of_the_specimens() -> None:
    assert Mrz.parse(TD1).document_number == "D23145890"
    assert Mrz.parse(TD2).document_number == "D23145890"
    booklet = Mrz.parse(TD3)
    assert (booklet.document_number, booklet.optional_1) == ("L898902C3", "ZE184226B")


@pytest.mark.parametrize("text", [TD1_LONG, TD2_LONG])
def test_a_long_document_number_continues_in_the_optional_data(text: str) -> None:
    mrz = Mrz.parse(text)
    assert mrz.document_number == "D23145890734"
    assert mrz.optional_1 == ""
    assert mrz.information == "D23145890734934071279507122"


def test_the_information_of_the_worked_example_of_basic_access_control() -> None:
    text = """P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
              L898902C<3UTO6908061F9406236ZE184226B<<<<<14"""
    assert Mrz.parse(text).information == "L898902C<369080619406236"


@pytest.mark.parametrize(("text", "digit"), [("520727", "3"), ("AB2134<<<", "5"), ("HA672242<658022549601086", "8")])
def test_the_check_digits_of_part_3(text: str, digit: str) -> None:
    assert check_digit(text) == digit
