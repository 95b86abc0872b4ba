"""The stand-alone page that verifies tokens: a second witness, in another language and another crypto library."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, sync_playwright

from idcard.qr import base45
from idcard.qr.token import HandOff, Receipt, key_id_of

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
RAW = KEY.public_key().public_bytes_raw()
KEYS = f"PK-MAU {base64.b64encode(RAW).decode()}"
NOW = datetime.now(UTC).replace(microsecond=0)
RECEIPT = Receipt(clinic="PK-MAU", ticket=12, place="noi-1", issued=NOW, expires=NOW + timedelta(hours=9))
HAND_OFF = HandOff(clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5))

Verify = Callable[..., tuple[str, str]]


def text_of(document: Receipt | HandOff, key: Ed25519PrivateKey = KEY, *, signed_by: Ed25519PrivateKey = KEY) -> str:
    key_id = key_id_of(key.public_key())
    return document.to_bytes(token_id=bytes(range(16)), key_id=key_id, sign=signed_by.sign).decode()


@pytest.fixture(scope="module")
def page(root: Path) -> Iterator[Page]:
    """The page, opened as a file, in a browser without a network."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        except Exception as problem:
            pytest.fail(f"Chromium does not start ({CHROMIUM}): {problem}\nRemedy: apt-get install chromium")
        context = browser.new_context(offline=True)
        opened = context.new_page()
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        opened.goto((root / "docs/assets/verify-code.html").as_uri())
        yield opened
        browser.close()
        assert problems == []


@pytest.fixture
def verify(page: Page) -> Verify:
    """What the page says of a code: the outcome, and its words."""
    page.reload()

    def run(code: str, keys: str = KEYS) -> tuple[str, str]:
        page.evaluate("document.getElementById('result').hidden = true")
        page.fill("#code", code)
        page.fill("#keys", keys)
        page.click("button")
        page.wait_for_selector("#result:not([hidden])")
        return page.get_attribute("#result", "data-outcome") or "", page.inner_text("#result")

    return run


WAYS_TO_WRITE_KEYS = {
    "as 32 bytes": KEYS,
    "as in a PEM file": f"PK-MAU {base64.b64encode(SPKI).decode()}",
    "among others": f"\n PK-KHAC {base64.b64encode(bytes(32)).decode()}\n{KEYS}\n",
}
LATE = replace(RECEIPT, issued=NOW - timedelta(hours=2), expires=NOW - timedelta(hours=1))
NOT_GOOD = {
    "signature is wrong": (text_of(RECEIPT, signed_by=OTHER_KEY), KEYS),
    "not in the list": (text_of(RECEIPT, OTHER_KEY, signed_by=OTHER_KEY), KEYS),
    "public key is not in the list": (text_of(RECEIPT), ""),
    "another clinic": (text_of(replace(RECEIPT, clinic="PK-KHAC")), KEYS),
    "no longer in force": (text_of(LATE), KEYS),
    "not in force yet": (text_of(replace(RECEIPT, issued=NOW + timedelta(hours=1))), KEYS),
    "not scanned whole": (text_of(RECEIPT)[:-3], KEYS),
    "is not well formed": ("HC1:6BF", KEYS),
    "not well formed": ("", KEYS),
    "list of keys is not well formed": (text_of(RECEIPT), "PK-MAU x"),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE_KEYS)
def test_a_receipt(verify: Verify, way: str) -> None:
    outcome, words = verify(text_of(RECEIPT) + "\r\n", WAYS_TO_WRITE_KEYS[way])
    assert outcome == "good"
    assert "Phiếu tiếp nhận đúng · Good receipt" in words
    assert "noi-1" in words


def test_a_hand_off_counts_once(verify: Verify) -> None:
    first, again = verify(text_of(HAND_OFF)), verify(text_of(HAND_OFF))
    assert first[0] == "good"
    assert "Good hand-off" in first[1]
    assert again[0] == "bad"
    assert "used on this page before" in again[1]


@pytest.mark.parametrize("words", NOT_GOOD)
def test_what_is_not_good(verify: Verify, words: str) -> None:
    outcome, said = verify(*NOT_GOOD[words])
    assert outcome == "bad"
    assert words in said


def test_what_nobody_vouches_for_is_not_shown(verify: Verify) -> None:
    _, words = verify(text_of(RECEIPT, signed_by=OTHER_KEY))
    assert "noi-1" not in words


def test_no_changed_character_is_good(page: Page, verify: Verify) -> None:
    """Every character is replaced by the next one of the alphabet; all in one call, since each click costs time."""
    verify(text_of(RECEIPT))
    code = text_of(RECEIPT)
    changed = [
        code[:place] + base45.ALPHABET[(base45.ALPHABET.index(character) + 1) % 45] + code[place + 1 :]
        for place, character in enumerate(code)
    ]
    outcomes = page.evaluate(
        """async ([codes, keys, now]) => {
            const outcomes = [];
            for (const code of codes) {
                await verify(code, keys, now);
                outcomes.push(document.getElementById("result").dataset.outcome);
            }
            return outcomes;
        }""",
        [changed, KEYS, int(NOW.timestamp())],
    )
    assert set(outcomes) == {"bad"}


def test_everybody_can_use_it(page: Page, verify: Verify) -> None:
    verify(text_of(RECEIPT))
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
