"""Officers: let in by their password, made to wait, locked; everything they do is written down."""

import unicodedata
from typing import Any

import pytest

from kiosk.hub.picture.accounts import BadOfficer
from kiosk.hub.picture.acts import newest_acts
from kiosk.hub.picture.roles import OfficerRole

PASSWORD = "chiều qua bến cũ"


@pytest.fixture
def officers(picture: Any) -> Any:
    picture.officers.add("ha.tran", OfficerRole.AUDITOR, PASSWORD, by="command")
    return picture.officers


def acts(picture: Any) -> list[tuple[str, str]]:
    with picture.database.read() as connection:
        return [(row.sign, row.act) for row in newest_acts(connection, 50)]


def test_the_right_password_lets_in(picture: Any, officers: Any) -> None:
    assert officers.check("ha.tran", PASSWORD).role is OfficerRole.AUDITOR
    # The same letters, composed in another way by another keyboard.
    assert officers.check("ha.tran", unicodedata.normalize("NFD", PASSWORD)) is not None
    assert officers.check("ha.tran", PASSWORD + "x") is None
    assert ("ha.tran", "login_refused") in acts(picture)


def test_what_is_typed_in_place_of_a_name_is_not_written_down(picture: Any, officers: Any) -> None:
    assert officers.check("mat-khau-cua-toi", PASSWORD) is None
    assert ("?", "login_refused") in acts(picture)


def test_after_five_wrong_tries_even_the_right_one_waits(picture: Any, officers: Any) -> None:
    for _ in range(5):
        assert officers.check("ha.tran", "sai mật khẩu") is None
    assert officers.check("ha.tran", PASSWORD) is None
    picture.later(seconds=61)
    assert officers.check("ha.tran", PASSWORD) is not None
    assert officers.all()[0].wrong_tries == 0


def test_an_account_is_locked_and_unlocked(officers: Any) -> None:
    officers.lock("ha.tran", by="b")
    assert officers.check("ha.tran", PASSWORD) is None
    officers.unlock("ha.tran", by="b")
    assert officers.check("ha.tran", PASSWORD) is not None


@pytest.mark.parametrize(
    ("sign", "password", "why"),
    [
        ("Hà", PASSWORD, "sign"),
        ("ha.tran", PASSWORD, "taken"),
        ("lan", "ngắn", "password"),
        ("lan.nguyen", "lan.nguyen2026", "password"),
    ],
)
def test_what_makes_no_sense_is_refused(officers: Any, sign: str, password: str, why: str) -> None:
    with pytest.raises(BadOfficer, match=why):
        officers.add(sign, OfficerRole.OFFICER, password, by="command")


def test_an_unknown_account_cannot_be_changed(officers: Any) -> None:
    with pytest.raises(BadOfficer, match="unknown"):
        officers.lock("nobody", by="b")
