"""The code of the insurance card in both layouts, whole or refused."""

import random
from collections.abc import Callable
from datetime import date

import pytest

from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.identity import BirthDate, ClaimSource, Sex
from idcard.vietnam.bhyt_card import BhytCard, BhytNumber, looks_like_bhyt_card

NEW = (
    "3699999999|4e677579e1bb856e2056c4836e205468e1bbad|15/01/1990|1|-|36 - 001|01/01/2025|-|01/01/2025|"
    "00000000000000|-|4| 01/01/2027|0000000000000000-0000|4|487579e1bb876e204de1baab752c204e616d20c490e1bb8b6e68|$"
)
ADDRESS = "Thôn Mẫu, Xã Thử".encode().hex()
OLD = f"GD4363699999999|4e677579e1bb856e2056c4836e205468e1bbad|1990|2|{ADDRESS}|36 – C54|01/01/2020|31/12/2020|-|$"


def with_field(place: int, value: str, line: str = NEW) -> str:
    fields = line.split("|")
    fields[place] = value
    return "|".join(fields)


def test_the_card_of_ten_digits() -> None:
    card = BhytCard.parse(NEW)
    assert card == BhytCard(
        number=BhytNumber(text="3699999999"),
        name="Nguyễn Văn Thử",
        birth=BirthDate(year=1990, month=1, day=15),
        sex=Sex.MALE,
        address=None,
        facility="36001",
        valid_from=date(2025, 1, 1),
        valid_to=None,
        issued=date(2025, 1, 1),
        office="00000000000000",
        parent=None,
        living_area="4",
        five_years_from=date(2027, 1, 1),
        check_text="0000000000000000-0000",
        level="4",
        issuing_place="Huyện Mẫu, Nam Định",
        text=NEW,
    )
    assert (card.number.group, card.number.benefit_level, card.number.province_code) == (None, None, None)


def test_the_card_of_fifteen_characters() -> None:
    card = BhytCard.parse(OLD)
    assert (card.birth, card.sex) == (BirthDate(year=1990), Sex.FEMALE)
    assert (card.address, card.facility, card.valid_to) == ("Thôn Mẫu, Xã Thử", "36C54", date(2020, 12, 31))
    assert (card.number.group, card.number.benefit_level, card.number.province_code) == ("GD", 4, "36")
    assert card.number.social_insurance_number == "3699999999"
    assert card.extra == ()


def test_the_temporary_card_of_a_child() -> None:
    assert BhytCard.parse(OLD.replace("GD4", "TE1")).number.group == "TE"


@pytest.mark.parametrize(("line", "birth"), [
    (with_field(2, "15011990"), BirthDate(year=1990, month=1, day=15)), (with_field(2, "1990"), BirthDate(year=1990)),
])  # fmt: skip
def test_births_as_cards_have_them(line: str, birth: BirthDate) -> None:
    assert BhytCard.parse(line).birth == birth


@pytest.mark.parametrize("name", ["Nguyễn Văn Thử", "NGUYEN VAN THU", "Nguyễn Văn Thử".encode().hex().upper()])
def test_a_name_may_come_without_hexadecimal(name: str) -> None:
    line = with_field(1, name)
    assert looks_like_bhyt_card(line.encode())
    assert BhytCard.parse(line).name.casefold()[:3] == "ngu"


def test_fields_that_nobody_has_described_are_kept() -> None:
    assert BhytCard.parse(NEW.replace("|$", "|A|B|$")).extra == ("A", "B")


@pytest.mark.parametrize("around", ["{}\r\n", "\ufeff{}", "{}\x00", " {} "])
def test_what_scanners_add_is_left_out(around: str) -> None:
    assert BhytCard.from_bytes(around.format(NEW).encode()).text == NEW


@pytest.mark.parametrize("line", [
    NEW[:-1], NEW[:-2], NEW[:60], "", "$", "3699999999|$", with_field(0, "369999999"), with_field(0, "GD6363699999999"),
    with_field(1, "-"), with_field(1, ""), with_field(1, "c3"), with_field(1, "00"), with_field(1, "12345"),
    with_field(2, "-"), with_field(2, "0000"), with_field(2, "30/02/1990"), with_field(2, "1990-01-15"),
    with_field(3, "3"), with_field(3, "Nam"), with_field(6, "soon"), with_field(7, "31/02/2026"),
    with_field(12, "x"), NEW.replace("|-|", "|\x07|"), NEW + "|x",
])  # fmt: skip
def test_anything_else_is_malformed(line: str) -> None:
    with pytest.raises(MalformedData):
        BhytCard.parse(line)


def test_bounds() -> None:
    with pytest.raises(BoundExceeded):
        BhytCard.from_bytes(b"3" * 8193)
    with pytest.raises(BoundExceeded):
        BhytCard.parse("3" * 8193)
    with pytest.raises(BoundExceeded):
        BhytCard.parse(NEW.replace("$", "|" * 60 + "$"))
    with pytest.raises(MalformedData):
        BhytCard.from_bytes(b"\xff")


def test_it_claims_and_prints_nothing() -> None:
    card = BhytCard.parse(NEW)
    claimed = card.claimed_identity()
    assert (claimed.source, claimed.name, claimed.sex) == (ClaimSource.INSURANCE_QR, "Nguyễn Văn Thử", Sex.MALE)
    assert f"{card!r} {card.number!r} {claimed!r}" == "BhytCard(…) BhytNumber(…) ClaimedIdentity(insurance_qr)"


def test_ten_thousand_changed_lines_are_cards_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(5)
    seeds = [NEW.encode(), OLD.encode()]
    for _ in rounds(10_000):
        line = bytearray(draw.choice(seeds))
        for _ in range(draw.randrange(1, 5)):
            line[draw.randrange(len(line))] = draw.choice(b"|$-0123456789abcdefXYZ/ \xc3\xbb\x00")
        try:
            BhytCard.from_bytes(bytes(line))
        except IdCardError:
            continue
