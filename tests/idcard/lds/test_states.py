import pytest

from idcard.lds.states import ISSUING_STATES, KNOWN_STATES, may_sign


@pytest.mark.parametrize(
    ("country", "state", "allowed"),
    [
        ("VN", "VNM", True),
        ("VN", "LAO", False),
        ("DE", "D", True),
        ("DE", "DEU", True),
        ("AT", "D", False),
        ("GB", "GBR", True),
        ("GB", "GBD", True),
        ("GB", "GBS", True),
        ("EU", "EUE", True),
        ("DE", "EUE", False),
        ("UN", "UNO", True),
        ("UN", "UNA", True),
        ("KS", "RKS", True),
        ("XK", "XKX", True),
        ("KS", "UNK", True),
        ("RS", "RKS", False),
        ("XO", "XOM", True),
        ("HK", "CHN", True),
        ("CN", "HKG", True),
        ("UT", "UTO", True),
        ("ZZ", "UTO", True),
        ("UT", "VNM", False),
        ("QQ", "VNM", None),
        ("", "VNM", None),
        (None, "VNM", None),
        ("VN", "QQQ", None),
        ("VN", "", None),
    ],
)
def test_who_may_sign_for_whom(country: str | None, state: str, allowed: bool | None) -> None:
    assert may_sign(country, state) is allowed


def test_the_table_has_every_state_once() -> None:
    assert len(ISSUING_STATES) == 249 + len({"EU", "KS", "UN", "UT", "XK", "XO", "ZZ"})
    assert all(len(two) == 2 and two.isupper() for two in ISSUING_STATES)
    assert {code for code in KNOWN_STATES if len(code) != 3} == {"D"}
    assert sum(len(states) for states in ISSUING_STATES.values()) - len(KNOWN_STATES) == 9
