"""Small rules of the desk: which letters differ, how old is too old, on whom the lot falls."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ageing import Age, Thresholds
from kiosk.domain.holder import HolderMode, HolderPolicy
from kiosk.domain.letters import Pieces, pieces


def shown(text: Pieces) -> str:
    return "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in text)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Trần Thị Mẫu", "Trần Thị Mậu", ("Trần Thị M[ẫ]u", "Trần Thị M[ậ]u")),
        ("TRẦN THỊ MẪU", "Trần Thị Mẫu", ("TRẦN THỊ MẪU", "Trần Thị Mẫu")),
        (unicodedata.normalize("NFD", "Mẫu"), "Mẫu", ("Mẫu", "Mẫu")),
        ("Nguyễn Văn An", "Nguyễn An", ("Nguyễn [Văn ]An", "Nguyễn An")),
        ("", "An", ("", "[An]")),
        ("04/03/1958", "14/03/1958", ("[0]4/03/1958", "[1]4/03/1958")),
    ],
)
def test_the_letters_that_differ_are_marked(left: str, right: str, expected: tuple[str, str]) -> None:
    one, other = pieces(left, right)
    assert (shown(one), shown(other)) == expected


@given(st.text(), st.text())
def test_pieces_lose_nothing(left: str, right: str) -> None:
    for text, found in zip((left, right), pieces(left, right), strict=True):
        plain = " ".join(unicodedata.normalize("NFC", text).split())
        assert "".join(piece.text for piece in found) == plain
        assert all(piece.text for piece in found)


def test_ages_rise() -> None:
    limits = Thresholds(long_min=5, too_long_min=15)
    assert [limits.age(60 * minutes) for minutes in (0, 4.9, 5, 14.9, 15, 99)] == [
        Age.FRESH,
        Age.FRESH,
        Age.LONG,
        Age.LONG,
        Age.TOO_LONG,
        Age.TOO_LONG,
    ]
    with pytest.raises(ValueError, match="rise"):
        Thresholds(long_min=5, too_long_min=4)


def test_the_lot_falls_as_often_as_the_clinic_says() -> None:
    policy, drawn = HolderPolicy(mode=HolderMode.SAMPLE, rate=0.2), random.Random(5)
    fallen = sum(policy.draws(drawn.randbytes(4)) for _ in range(5000))
    assert 900 < fallen < 1100
    assert not any(HolderPolicy().draws(drawn.randbytes(4)) for _ in range(50))
    assert all(HolderPolicy(mode=HolderMode.EVERY).draws(drawn.randbytes(4)) for _ in range(50))


def test_only_a_check_of_everybody_is_waited_for() -> None:
    with pytest.raises(ValueError, match="waited"):
        HolderPolicy(mode=HolderMode.SAMPLE, waits=True)
    with pytest.raises(ValueError, match="share"):
        HolderPolicy(mode=HolderMode.SAMPLE, rate=1.5)
