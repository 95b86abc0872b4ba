"""A card ends with its last day in Vietnam, whatever zone the clock tells."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest


@pytest.mark.parametrize(("hours", "code"), [(16, None), (17, "E06")], ids=["before midnight", "after midnight"])
def test_a_card_is_in_force_until_midnight_in_vietnam(kiosk: Any, hours: int, code: str | None) -> None:
    last_day = replace(kiosk.holders["insured"], expiry=date(2026, 11, 23))
    kiosk.clock.advance(hours * 3600)
    kiosk.put(kiosk.issuer.issue(last_day))
    view = kiosk.digits("insured")
    assert (view.desk.public_code if view.desk else None) == code
