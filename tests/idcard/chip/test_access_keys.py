import pytest

from idcard.chip.access_keys import Can, MrzKey, PinCode, PukCode
from idcard.evidence import KeyKind


@pytest.mark.parametrize("kind", [Can, PinCode, PukCode])
@pytest.mark.parametrize("number", ["", "12345A", "१२३", "1" * 21, " 123456"])
def test_a_number_is_digits(kind: type[Can | PinCode | PukCode], number: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        kind(number)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (Can("123456"), KeyKind.CAN),
        (PinCode("123456"), KeyKind.PIN),
        (PukCode("123456"), KeyKind.PUK),
        (MrzKey("123456"), KeyKind.MRZ),
    ],
)
def test_a_key_says_its_kind_and_nothing_else(key: Can | MrzKey | PinCode | PukCode, kind: KeyKind) -> None:
    assert key.kind is kind
    assert repr(key) == f"{type(key).__name__}(…)"


@pytest.mark.parametrize("birth", ["900115", "90<<<<", "9001<<", "<<<<<<"])
def test_a_date_of_which_parts_are_unknown_keeps_its_fillers(birth: str) -> None:
    key = MrzKey.of("C11T002JM", birth, "231031")
    assert key.information[10:16] == birth
    assert len(key.bac_seed) == 16
    assert key.password.startswith(key.bac_seed)
