"""Which differences become work, what is proposed, and what settles it."""

import pytest

from kiosk.domain.worklist import Field, Said, Source, mismatches, settles

CHIP = Said(source=Source.CHIP, name="Trần Thị Hoà", birth="1958-09-05", sex="F")


def found(**says: str) -> list[tuple[str, str, str]]:
    other = Said(source=Source.ROSTER, **says)
    return [(each.field.value, each.grade, each.proposed) for each in mismatches(other, CHIP)]


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({"name": "TRẦN  THỊ HOÀ", "birth": "1958-09-05", "sex": "F"}, []),
        ({"name": "", "birth": "", "sex": ""}, []),
        ({"name": "Trần Thị Hòa"}, [("name", "same_spelling", "Trần Thị Hoà")]),
        ({"name": "TRAN THI HOA"}, [("name", "no_accents", "Trần Thị Hoà")]),
        ({"name": "Trần Thị Hoài"}, [("name", "close", "Trần Thị Hoà")]),
        ({"name": "Lê Văn Tám"}, [("name", "different", "Trần Thị Hoà")]),
        ({"birth": "1958"}, [("birth", "partly", "1958-09-05")]),
        ({"birth": "1958-09"}, [("birth", "partly", "1958-09-05")]),
        ({"birth": "1958-05-09"}, [("birth", "different", "1958-09-05")]),
        ({"sex": "M"}, [("sex", "different", "F")]),
    ],
)
def test_every_difference_is_one_entry(says: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    assert found(**says) == expected


def test_the_chip_stands_left_whoever_is_asked_first() -> None:
    other = Said(source=Source.GATEWAY, name="Lê Văn Tám")
    for pair in ((CHIP, other), (other, CHIP)):
        [entry] = mismatches(*pair)
        assert (entry.left_source, entry.right_source) == (Source.CHIP, Source.GATEWAY)
        assert "Lê" not in repr(entry)


def test_a_latin_name_is_proposed_to_nobody() -> None:
    latin = Said(source=Source.CHIP, name="TRAN THI HOA", latin=True)
    assert mismatches(latin, Said(source=Source.ROSTER, name="Trần Thị Hoà")) == ()
    [entry] = mismatches(latin, Said(source=Source.ROSTER, name="Trần Thị Hoài"))
    assert entry.proposed == ""


def test_the_fuller_birth_is_proposed_whoever_has_it() -> None:
    shown = Said(source=Source.INSURANCE_QR, birth="1958")
    [entry] = mismatches(shown, Said(source=Source.ROSTER, birth="1958-09-05"))
    assert entry.proposed == "1958-09-05"


@pytest.mark.parametrize(
    ("field", "proposed", "now", "settled"),
    [
        (Field.NAME, "Trần Thị Hoà", "TRẦN THỊ HOÀ", True),
        (Field.NAME, "Trần Thị Hoà", "Trần Thị Hòa", False),
        (Field.NAME, "", "Trần Thị Hoà", False),
        (Field.BIRTH, "1958-09-05", "1958-09-05", True),
        (Field.BIRTH, "1958-09-05", "1958", False),
        (Field.SEX, "F", "F", True),
        (Field.SEX, "F", "M", False),
        (Field.LINK, "3699900001", "HT3363699900001", True),
        (Field.LINK, "3699900001", "HT3363699900002", False),
        (Field.LINK, "3699900001", "", False),
        (Field.PAPERS, "x", "x", False),
    ],
)
def test_only_the_proposed_value_settles(field: Field, proposed: str, now: str, settled: bool) -> None:
    assert settles(field, proposed, now) is settled


def test_a_document_that_says_no_sex_contradicts_nobody() -> None:
    for sex in ("M", "F", ""):
        assert mismatches(Said(source=Source.CHIP, sex="<"), Said(source=Source.GATEWAY, sex=sex)) == ()
    [sexes] = mismatches(Said(source=Source.GATEWAY, sex="M"), Said(source=Source.CHIP, sex="F"))
    assert (sexes.field, sexes.left, sexes.right, sexes.proposed) == (Field.SEX, "F", "M", "F")
