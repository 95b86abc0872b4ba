"""What staff see of a scanner: that it is missing, or that an input method spoils what it types."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kiosk.services.parts import ScannerHealth
from kiosk.services.view import ScreenView

Desk = Any
Post = Callable[[Mapping[str, object]], int]

MISSING = {"vi": "Máy quét không trả lời", "en": "It does not answer"}
SPOILT = {"vi": "Bộ gõ tiếng Việt làm sai mã", "en": "An input method changes what the scanner types"}


@pytest.fixture
def post(desk: Desk, open_page: Any, samples: Mapping[str, ScreenView]) -> Post:
    """Sends what a typing scanner's page sends, to a kiosk whose staff see this store; the status of the answer."""
    _, client, _ = open_page(samples["attract"], ScannerHealth(desk.checkin))
    token = client.get("/").text.split('data-csrf="')[1].split('"')[0]

    def send(body: Mapping[str, object]) -> int:
        status: int = client.post("/scan", headers={"X-CSRFToken": token}, json=body).status_code
        return status

    return send


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_missing_scanner_is_a_fault_with_its_remedy(desk: Desk, language: str) -> None:
    ScannerHealth(desk.checkin).missing()
    row = desk.get(f"/?lang={language}").split({"vi": "Máy quét mã", "en": "Code scanner"}[language])
    assert row[0].rindex('<div class="fault">') == row[0].rindex("<div")
    assert MISSING[language] in row[1]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_input_method_is_named_to_staff_until_a_scan_comes_whole(desk: Desk, post: Post, language: str) -> None:
    assert SPOILT[language] not in desk.get(f"/?lang={language}")
    assert post({"composed": True}) == 204
    assert SPOILT[language] in desk.get(f"/?lang={language}")
    assert post({"text": "036090999991||Mẫu"}) == 204
    assert SPOILT[language] not in desk.get(f"/?lang={language}")


def test_a_reason_without_words_is_not_shown_raw(desk: Desk) -> None:
    desk.checkin.report("scanner", {"ok": False, "reason": "unheard_of"})
    assert "unheard_of" not in desk.get("/?lang=en")
