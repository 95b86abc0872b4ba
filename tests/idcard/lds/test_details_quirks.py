"""DG11, DG12 and DG16 as the standard prints them, and as states write them."""

from datetime import date

import pytest

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.lds.details import Dg11, Dg12
from idcard.lds.dg16 import parse_dg16

# ICAO Doc 9303-10, Appendix A.5; its two wrong lengths (6B and 5F12) put right.
ICAO_DG11 = bytes.fromhex(
    "6B605C0A5F0E5F115F425F125F135F0E0D534D4954483C3C4A4F484E3C4A5F110A414E59544F574E3C4D4E5F4217313233204D41504C4520"
    "52443C414E59544F574E3C4D4E5F120B31363132353535313231325F130C54524156454C3C4147454E54"
)
# ICAO Doc 9303-10, Appendix A.6.
ICAO_DG16 = bytes.fromhex(
    "7081A2020102A14C5F500832303032303130315F5110534D4954483C3C434841524C45533C525F520B31393532353535313231325F531D31"
    "3233204D41504C452052443C414E59544F574E3C4D4E3C3535313030A24F5F500832303032303331355F510D42524F574E3C3C4D4152593C"
    "4A5F520B31343135353535313231325F5323343920524544574F4F44204C4E3C4F4345414E20425245455A453C43413C3934303030"
)


def dg(tag: int, listed: str, *parts: bytes) -> bytes:
    return tlv.build(tag, tlv.build(0x5C, bytes.fromhex(listed)), *parts)


def test_the_worked_example_of_dg11() -> None:
    parsed = Dg11.parse(ICAO_DG11)
    assert parsed.name == "SMITH<<JOHN<J"
    assert parsed.birth_place == ("ANYTOWN", "MN")
    assert parsed.address == ("123 MAPLE RD", "ANYTOWN", "MN")
    assert parsed.telephone == "16125551212"
    assert parsed.profession == "TRAVEL<AGENT"
    assert (parsed.birth, parsed.other_names, parsed.custody) == (None, (), None)


def test_the_worked_example_of_dg16() -> None:
    first, second = parse_dg16(ICAO_DG16)
    assert (first.name, first.telephone) == ("SMITH<<CHARLES<R", "19525551212")
    assert first.address == ("123 MAPLE RD", "ANYTOWN", "MN", "55100")
    assert (first.recorded, second.recorded) == (date(2002, 1, 1), date(2002, 3, 15))
    assert second.name == "BROWN<<MARY<J"
    assert repr(first) == "PersonToNotify(…)"


@pytest.mark.parametrize("raw", ["", "7000", "7005020101A100", "70080201 01A1035F51FF", "7003020101 00"])
def test_what_is_no_dg16(raw: str) -> None:
    with pytest.raises(IdCardError):
        parse_dg16(bytes.fromhex(raw))


def test_dg16_without_anybody() -> None:
    assert parse_dg16(bytes.fromhex("7003020100")) == ()


def test_other_names_stand_in_a_template_with_their_number() -> None:
    names = [tlv.build(0x5F0F, name) for name in (b"SMITH<<J", b"JONES<<J")]
    template = tlv.build(0xA0, tlv.build(0x02, b"\x02"), *names)
    assert Dg11.parse(dg(0x6B, "5F0E5F0F", template)).other_names == ("SMITH<<J", "JONES<<J")


def test_the_list_may_name_the_template_as_in_belarus() -> None:
    template = tlv.build(0xA0, tlv.build(0x02, b"\x01"), tlv.build(0x5F0F, b"MUSTERMANN"))
    assert Dg11.parse(dg(0x6B, "A0", template)).other_names == ("MUSTERMANN",)


def test_other_names_without_a_template_as_in_china() -> None:
    parsed = Dg11.parse(bytes.fromhex("6B1B5C045F0E5F0F5F0E06E8B5B5E5BDAC5F0F095A48414F3C3C42494E"))
    assert (parsed.name, parsed.other_names) == ("赵彬", ("ZHAO<<BIN",))


def test_an_undocumented_tag_and_empty_ones_as_in_belgium() -> None:
    parts = (bytes.fromhex("5F85024142"), tlv.build(0x5F0E, b"PEETERS<<JAN"), tlv.build(0x5F11), tlv.build(0x5F42))
    parsed = Dg11.parse(dg(0x6B, "5F0E5F115F42", *parts))
    assert (parsed.name, parsed.birth_place, parsed.address) == ("PEETERS<<JAN", (), ())


def test_fillers_around_a_text_as_in_france() -> None:
    parsed = Dg11.parse(dg(0x6B, "5F0E", tlv.build(0x5F0E, b"<<DUPONT<<JEAN<< \x00")))
    assert parsed.name == "DUPONT<<JEAN"


def test_all_other_items_of_dg11() -> None:
    values = {0x5F14: b"DR", 0x5F15: b"SUMMARY", 0x5F16: b"\xff\xd8\xff", 0x5F17: b"A1<B2", 0x5F18: b"CUSTODY"}
    parsed = Dg11.parse(dg(0x6B, "", *(tlv.build(tag, value) for tag, value in values.items())))
    assert (parsed.title, parsed.personal_summary, parsed.custody) == ("DR", "SUMMARY", "CUSTODY")
    assert (parsed.proof_of_citizenship, parsed.other_documents) == (b"\xff\xd8\xff", ("A1", "B2"))


def test_dg12_of_new_zealand_and_of_france() -> None:
    zealand = Dg12.parse(bytes.fromhex("6C205C045F555F565F550E32303136313131353031333631325F56064E2D34393632"))
    assert (zealand.personalised, zealand.personalisation_system, zealand.issued) == ("20161115013612", "N-4962", None)
    france = Dg12.parse(
        bytes.fromhex(
            "6C3E5C045F195F265F192A4A414B41525441202D20414D42415353414445204445204652414E434520454E20494E444F4E45534945"
            "5F26083230313730393035"
        )
    )
    assert france.authority == "JAKARTA - AMBASSADE DE FRANCE EN INDONESIE"
    assert france.issued == date(2017, 9, 5)


def test_all_other_items_of_dg12() -> None:
    values = {0x5F1B: b"SEE PAGE 51", 0x5F1C: b"NONE", 0x5F1D: b"\xff\xd8\xff1", 0x5F1E: b"\xff\xd8\xff2"}
    persons = tlv.build(0xA0, tlv.build(0x02, b"\x01"), tlv.build(0x5F1A, b"SMITH<<BRENDA<P"))
    moment = tlv.build(0x5F55, bytes.fromhex("20171115013612"))
    parsed = Dg12.parse(dg(0x6C, "", *(tlv.build(tag, value) for tag, value in values.items()), persons, moment))
    assert (parsed.endorsements, parsed.tax_and_exit) == ("SEE PAGE 51", "NONE")
    assert (parsed.front, parsed.rear) == (b"\xff\xd8\xff1", b"\xff\xd8\xff2")
    assert (parsed.other_persons, parsed.personalised) == (("SMITH<<BRENDA<P",), "20171115013612")


@pytest.mark.parametrize("rest", ["5F", "5F0E", "5F0E05", "5F0E0541", "5F0E850000000001", "A0025F0F"])
def test_items_that_are_cut_short(rest: str) -> None:
    with pytest.raises(MalformedData):
        Dg11.parse(tlv.build(0x6B, bytes.fromhex(rest)))


def test_more_items_than_a_person_has() -> None:
    with pytest.raises(BoundExceeded):
        Dg11.parse(tlv.build(0x6B, bytes.fromhex("5F0E00") * 300))
