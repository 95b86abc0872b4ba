"""A scanner that types into the page, in a real Chromium: by the rules of the serial one, and apart from people."""

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.services.view import ScreenView

CARD = "036090999991||Nguyễn Thị Mẫu|15011990|Nữ|Số 1, Phố Mẫu, Đắk Lắk|01022022"
INSURANCE = "GD4360123456789|4e677579|15/01/1990|1|487579|36 - 001|01/01/2025|-|01/01/2025|$"

CASES = json.loads((Path(__file__).parents[1] / "scans.json").read_text("utf-8"))
# The cases of the serial scanner, key by key, at the times that they say: nothing here takes that long.
FRAMED = """async (cases) => {
    const { Framing } = await import("/static/js/framing.js");
    return cases.map(({ sent }) => {
        const [framing, rest, texts] = [new Framing(), [...sent], []];
        const until = sent.at(-1)[0] + 1000;
        for (let now = 0; now < until; now += 10) {
            while (rest.length > 0 && rest[0][0] <= now) for (const key of rest.shift()[1]) framing.feed(key, now);
            const text = framing.due(now);
            if (text !== null) texts.push(text);
        }
        return texts;
    });
}"""

# Keys as a scanner sends them, faster than people and than this test's own connection to the browser.
TYPE = """(keys) => keys.forEach(([key, composing]) => document.body.dispatchEvent(new KeyboardEvent("keydown",
    { key, isComposing: composing, bubbles: true, cancelable: true })))"""


@pytest.fixture
def wedge(served: Any, samples: Mapping[str, ScreenView], unused_port: int) -> Iterator[Any]:
    """The page for a kiosk whose scanner types."""
    config = served.config.model_copy(update={"scanner": "wedge", "port": unused_port})
    own = type(served)(desk=served.desk, config=config)
    served.desk.scanned.clear()
    served.desk.digits.clear()
    served.desk.show(samples["attract"])
    own.start()
    yield own
    own.stop()


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def page(wedge: Any, browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(wedge.address)
    expect(page.locator("[data-wedge=on]")).to_be_attached()
    yield page
    page.close()


def sent(page: Page, text: str, *, composing: str = "") -> None:
    page.evaluate(TYPE, [("Enter" if key == "\r" else key, key in composing) for key in text])


def scanned_after(wedge: Any, page: Page, wait_ms: int = 600) -> list[str]:
    page.wait_for_timeout(wait_ms)
    return list(wedge.desk.scanned)


def test_the_rules_are_those_of_the_serial_scanner(page: Page) -> None:
    given = page.evaluate(FRAMED, CASES)
    names = [case["name"] for case in CASES]
    assert dict(zip(names, given, strict=True)) == {case["name"]: case["gives"] for case in CASES}


@pytest.mark.parametrize("spoilt", [CARD[:40], CARD[:-1] + "x", CARD + CARD])
def test_a_spoilt_scan_does_not_spoil_the_next(wedge: Any, page: Page, spoilt: str) -> None:
    sent(page, spoilt + "\r")
    page.wait_for_timeout(700)
    sent(page, CARD + "\r")
    assert set(scanned_after(wedge, page)) == {CARD}


@pytest.mark.parametrize("text", [CARD, INSURANCE, "https://example.vn/unknown"])
def test_a_scan_is_sent_whole_without_trust_in_enter(wedge: Any, page: Page, text: str) -> None:
    sent(page, text[:15] + "\r" + text[15:] + "\r")
    assert scanned_after(wedge, page) == [text]


def test_bursts_with_an_enter_and_a_pause_between_make_one_scan(wedge: Any, page: Page) -> None:
    sent(page, CARD[:40] + "\r")
    page.wait_for_timeout(400)
    assert wedge.desk.scanned == []
    sent(page, CARD[40:] + "\r")
    assert scanned_after(wedge, page) == [CARD]


def test_half_a_card_is_forgotten(wedge: Any, page: Page) -> None:
    sent(page, CARD[:40] + "\r")
    page.wait_for_timeout(3300)
    sent(page, CARD)
    assert scanned_after(wedge, page) == [CARD]


@pytest.mark.parametrize("composing", ["ễ", "ữ"])
def test_what_an_input_method_touched_is_not_used(wedge: Any, page: Page, composing: str) -> None:
    with page.expect_request("**/scan") as request:
        sent(page, CARD, composing=composing)
    assert request.value.post_data_json == {"composed": True}
    assert scanned_after(wedge, page) == []


def test_letters_that_are_taken_back_betray_an_input_method(wedge: Any, page: Page) -> None:
    keys = [*CARD[:20], "Backspace", *CARD[20:]]
    page.evaluate(TYPE, [(key, False) for key in keys])
    assert scanned_after(wedge, page) == []


def test_people_still_type_their_digits(wedge: Any, page: Page, samples: Mapping[str, ScreenView]) -> None:
    wedge.desk.show(samples["digits"])
    expect(page.locator("[data-screen=digits]")).to_be_attached()
    page.keyboard.type("123456", delay=120)
    page.wait_for_timeout(900)
    assert wedge.desk.digits == [6]
    assert wedge.desk.scanned == []


def test_a_scan_types_no_digits(wedge: Any, page: Page, samples: Mapping[str, ScreenView]) -> None:
    wedge.desk.show(samples["digits"])
    expect(page.locator("[data-screen=digits]")).to_be_attached()
    sent(page, CARD + "\r")
    assert scanned_after(wedge, page) == [CARD]
    assert wedge.desk.digits == []
    expect(page.locator(".digit-on")).to_have_count(0)


def test_where_no_code_is_of_use_nothing_is_sent(wedge: Any, page: Page, samples: Mapping[str, ScreenView]) -> None:
    wedge.desk.show(samples["ticket"])
    expect(page.locator("[data-screen=ticket]")).to_be_attached()
    sent(page, CARD)
    assert scanned_after(wedge, page) == []


def test_without_that_setting_keys_are_keys(served: Any, samples: Mapping[str, ScreenView], open_in: Any) -> None:
    served.desk.scanned.clear()
    served.desk.show(samples["attract"])
    page: Page = open_in()
    page.evaluate(TYPE, [(key, False) for key in CARD])
    page.wait_for_timeout(400)
    assert served.desk.scanned == []
