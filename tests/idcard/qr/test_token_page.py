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

from idcard.errors import IdCardError
from idcard.qr import base45, cbor, cose
from idcard.qr.formats import RECOGNISERS
from idcard.qr.recognise import recognise
from idcard.qr.seen import Seen
from idcard.qr.token import PREFIX, HandOff, Receipt, TokenKind, key_id_of
from idcard.trust.signer_list import ClinicKey, QrTrust
from idcard.verification.qr import verify_qr
from idcard.verification.qr_policy import SIGNED_QR, SINGLE_USE_QR

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium-headless-shell"
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
            remedy = "Remedy: apt-get install chromium-headless-shell"
            pytest.fail(f"Chromium does not start ({CHROMIUM}): {problem}\n{remedy}")
        context = browser.new_context(offline=True)
        opened = context.new_page()
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        # A slow machine must not outlive the five minutes of a hand-off.
        opened.clock.set_fixed_time(NOW)
        opened.goto((root / "docs/assets/verify-code.html").as_uri())
        yield opened
        browser.close()
        assert problems == []


@pytest.fixture
def verify(page: Page) -> Verify:
    """What the page says of a code: the outcome, and its words."""
    page.reload()

    def run(code: str, keys: str = KEYS, machine: str = "quay-2") -> tuple[str, str]:
        page.evaluate("document.getElementById('result').hidden = true")
        page.fill("#code", code)
        page.fill("#keys", keys)
        page.fill("#machine", machine)
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


@pytest.mark.parametrize(("machine", "words"), [("quay-3", "for another machine"), (" ", "this one's name")])
def test_a_hand_off_is_for_one_machine(verify: Verify, machine: str, words: str) -> None:
    outcome, said = verify(text_of(HAND_OFF), KEYS, machine)
    assert outcome == "bad"
    assert words in said
    assert verify(text_of(HAND_OFF))[0] == "good"


SECONDS = int(NOW.timestamp())
CLAIMS = {1: "PK-MAU", 4: SECONDS + 900, 6: SECONDS, 7: bytes(16), -70001: {1: "receipt", 2: 12, 3: "noi-1"}}
PASSED_ON = CLAIMS | {3: "quay-2", 4: SECONDS + 300, -70001: {1: "hand_off", 4: "7Q2M"}}
HEADERS = {1: -8, 4: key_id_of(KEY.public_key())}


def inside(**content: object) -> dict[int, object]:
    return CLAIMS | {
        -70001: {1: "receipt", 2: 12, 3: "noi-1"} | {int(key[1:]): value for key, value in content.items()}
    }


def made(claims: object = CLAIMS, headers: object = HEADERS, *, tags: bytes = b"\xd2", more: bytes = b"") -> str:
    """The text of any claims under any headers, rightly signed; ``tags`` are the bytes in front of the message."""
    payload = claims if isinstance(claims, bytes) else cbor.encode(claims)
    protected = headers if isinstance(headers, bytes) else cbor.encode(headers)
    signature = KEY.sign(cose.signed_bytes(protected, payload))
    message = cbor.encode([protected, {}, payload, signature])
    return (PREFIX + base45.encode(tags + message + more)).decode()


def pair(item: tuple[int, object]) -> bytes:
    return cbor.encode(item[0]) + cbor.encode(item[1])


RIGHTLY_SIGNED = {
    "a receipt": (made(), True),
    "a hand-off": (made(PASSED_ON), True),
    "a hand-off for another": (made(PASSED_ON | {3: "quay-3"}), False),
    "a hand-off that lives longer": (made(PASSED_ON | {4: SECONDS + 301}), False),
    "not before": (made(CLAIMS | {5: SECONDS + 5000}), False),
    "not before, long ago": (made(CLAIMS | {5: 0}), False),
    "a claim more": (made(CLAIMS | {99: 1}), False),
    "an audience in a receipt": (made(CLAIMS | {3: "x"}), False),
    "a control character": (made(inside(_3="a\nb")), False),
    "a bidirectional control": (made(inside(_3="a\u202eb")), False),
    "a zero-width space": (made(inside(_3="a\u200bb")), False),
    "a no-break space": (made(inside(_3="a\u00a0b")), False),
    "letters and spaces": (made(inside(_3="Phòng khám số 3")), True),
    "64 letters beyond the basic plane": (made(inside(_3="\U0001d538" * 64)), True),
    "65 letters": (made(inside(_3="a" * 65)), False),
    "no letter": (made(inside(_3="")), False),
    "issued before time": (made(CLAIMS | {6: -5}), False),
    "issued at the beginning": (made(CLAIMS | {6: 0}), True),
    "ends as late as can be": (made(CLAIMS | {4: 253402300799}), True),
    "ends later": (made(CLAIMS | {4: 253402300800}), False),
    "ends before it begins": (made(CLAIMS | {4: SECONDS + 5, 6: SECONDS + 10}), False),
    "ends in a fraction": (made(CLAIMS | {4: SECONDS + 900.5}), False),
    "ends in a whole floating point number": (made(CLAIMS | {4: float(SECONDS + 900)}), False),
    "a ticket of seven digits": (made(inside(_2=1_000_000)), False),
    "a ticket of six digits": (made(inside(_2=999_999)), True),
    "ticket true": (made(inside(_2=True)), False),
    "ticket 0": (made(inside(_2=0)), False),
    "more in the content": (made(inside(_9="x")), False),
    "without a tag": (made(tags=b""), False),
    "as CWT": (made(tags=b"\xd8\x3d\xd2"), False),
    "tagged in the long form": (made(tags=b"\xd8\x12"), False),
    "tagged claims": (made(b"\xd2" + cbor.encode(CLAIMS)), False),
    "a header more": (made(headers=HEADERS | {99: 1}), False),
    "critical headers": (made(headers=HEADERS | {2: [1]}), False),
    "no critical header": (made(headers=HEADERS | {2: []}), False),
    "an algorithm with a fraction": (made(headers=HEADERS | {1: -8.0}), False),
    "no headers": (made(headers=b""), False),
    "an identifier of 15 bytes": (made(CLAIMS | {7: bytes(15)}), False),
    "an identifier as text": (made(CLAIMS | {7: "0" * 16}), False),
    "claims in another order": (made(b"\xa5" + b"".join(map(pair, reversed(CLAIMS.items())))), False),
    "a number longer than it need be": (made(cbor.encode(CLAIMS).replace(b"\x02\x0c", b"\x02\x18\x0c")), False),
    "bytes behind the end": (made(more=b"\x00"), False),
    "a clinic by another's name": (made(CLAIMS | {1: "__proto__"}), False),
}


def test_page_and_library_agree(page: Page) -> None:
    """On everything that the right key signed: one table, judged by both."""
    page.reload()
    told = page.evaluate(
        """async ([codes, keys, now]) => {
            const told = [];
            for (const code of codes) {
                await verify(code, keys, now, "quay-2");
                told.push(document.getElementById("result").dataset.outcome === "good");
            }
            return told;
        }""",
        [[code for code, _ in RIGHTLY_SIGNED.values()], KEYS, SECONDS],
    )
    expected = {name: good for name, (_, good) in RIGHTLY_SIGNED.items()}
    assert dict(zip(RIGHTLY_SIGNED, told, strict=True)) == expected
    assert {name: by_library(code) for name, (code, _) in RIGHTLY_SIGNED.items()} == expected


def by_library(code: str) -> bool:
    trust = QrTrust.of(keys=[ClinicKey(clinic="PK-MAU", key=KEY.public_key())])
    try:
        found = recognise(code.encode(), RECOGNISERS)
    except IdCardError:
        return False
    policy = SIGNED_QR if found.document and found.document.kind is TokenKind.RECEIPT else SINGLE_USE_QR  # type: ignore[attr-defined]
    return verify_qr(found, trust, policy, at=NOW, seen=Seen(first_at=None), audience="quay-2").meets()


def test_a_clinic_may_have_two_keys_and_a_key_two_clinics(verify: Verify) -> None:
    old = f"PK-MAU {base64.b64encode(OTHER_KEY.public_key().public_bytes_raw()).decode()}"
    for keys in (f"{old}\n{KEYS}", f"{KEYS}\n{KEYS.replace('PK-MAU', 'PK-KHAC')}", f"PK-KHAC {KEYS[7:]}\n{KEYS}"):
        assert verify(text_of(RECEIPT), keys)[0] == "good"


def test_everybody_can_use_it(page: Page, verify: Verify) -> None:
    verify(text_of(RECEIPT))
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
