"""What is left of people once they have gone: nothing in any answer, any file below the data, any log, any browser.

One kiosk in its real processes, and four visits: a card, a code alone, papers that a clerk types, and a card that goes
to the desk. What is looked for is looked for in every way in which a program writes a text.
"""

import base64
import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from kiosk.config import PatientConfig
from kiosk.web.patient import create_patient_app

pytestmark = pytest.mark.serial

LaneOf = Callable[..., Any]
People = Mapping[str, Mapping[str, Any]]
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
CARD, CODE, TYPED, DESK = "insured-2024", "other-clinic", "not-linked", "cover-ended"
"""Who comes in which way."""
SHOWN = ("", "?lang=en", "?shown=confirm", "?shown=ticket&after=0")


@pytest.fixture(scope="module")
def kiosk(another: Callable[..., Any]) -> Any:
    """A kiosk at which a clerk looks at every holder, so that portraits travel, too."""
    return another("nobody", holder_check="every")


def secrets_of(person: Mapping[str, Any]) -> Iterator[str]:
    """Everything by which this person could be found: the name, as printed and as on the chip; numbers; birthday."""
    plain = "".join(char for char in unicodedata.normalize("NFD", person["name"]) if not unicodedata.combining(char))
    plain = plain.replace("Đ", "D").replace("đ", "d")
    for name in (person["name"], plain, plain.replace(" ", "<")):
        yield from (name, name.upper())
    yield person["personal_number"]
    yield person["personal_number"][-9:]
    for form in ("%d/%m/%Y", "%d%m%Y", "%Y-%m-%d", "%Y%m%d"):
        yield f"{person['birth']:{form}}"


def in_base64(data: bytes) -> Iterator[bytes]:
    """The letters that base64 certainly has for these bytes, wherever they begin in a longer text."""
    for before in range(3):
        letters = base64.b64encode(bytes(before) + data)
        # Letters at both ends hold bits of what stands beside them.
        first, after = -(-8 * before // 6), (before + len(data)) % 3
        yield letters[first : len(letters) - (4 if after else 0)]


@cache
def forms_of(secret: str) -> frozenset[bytes]:
    """How programs write this text."""
    found: set[bytes] = set()
    for text in {unicodedata.normalize(normal, secret) for normal in ("NFC", "NFD")}:
        plain = text.encode()
        found |= {text.encode(encoding) for encoding in ENCODINGS} | set(in_base64(plain))
        found |= {plain.hex().encode(), plain.hex().upper().encode(), quote(text).encode()}
        found |= {json.dumps(text).strip('"').encode(), text[::-1].encode()}
    return frozenset(found)


def traces(content: bytes, people: Iterable[Mapping[str, Any]]) -> set[str]:
    """The last digits of those who can be found in these bytes."""
    return {
        person["personal_number"][-3:]
        for person in people
        for secret in secrets_of(person)
        if any(form in content for form in forms_of(secret))
    }


WRITINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-16": lambda text: text.encode("utf-16-le"),
    "utf-16, the other way round": lambda text: text.encode("utf-16-be"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 of more": lambda text: base64.b64encode(b"name: " + text.encode() + b" and so on"),
    "base64 of still more": lambda text: base64.b64encode(b"name=" + text.encode() + b";"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "an address": lambda text: quote(text).encode(),
    "escapes": lambda text: json.dumps({"name": text}).encode(),
    "backwards": lambda text: text[::-1].encode(),
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_the_search_finds_what_it_looks_for(writing: str, people: People) -> None:
    for person in people.values():
        for secret in secrets_of(person):
            written = b"\x00a" + WRITINGS[writing](secret) + b"z\x00"
            assert person["personal_number"][-3:] in traces(written, [person]), writing
    assert traces(b"nobody, 2026-11-23", people.values()) == set()


def test_after_four_visits_nobody_can_be_found(
    demo: Any, kiosk: Any, lane_of: LaneOf, people: People, page_config: PatientConfig, desk: Any
) -> None:
    lane = lane_of(kiosk)
    visitors = [people[who] for who in (CARD, CODE, TYPED, DESK)]
    comes_with_a_card(lane)
    shows_a_code(lane)
    goes_to_the_desk(lane)
    types_papers(lane, people[TYPED])
    staff = lane.staff()
    board = staff.content()
    assert people[CARD]["name"] in board, "staff do see whom they admit"
    assert all(person["personal_number"] not in board for person in visitors)
    lane.page.goto(kiosk.patient)
    stored = """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
        (await caches.keys()).length]"""
    for page in (lane.page, staff):
        assert page.evaluate(stored) == [0, 0, 0, 0]
    told = {
        where: found for where, content in answers(kiosk, page_config, desk) if (found := traces(content, visitors))
    }
    assert told == {}
    # The stand-in's script is the payer's knowledge, and no file of the clinic.
    files = [path for path in demo.folder.parent.rglob("*") if path.is_file() and path.name != "gateway.toml"]
    assert {"store.db", "nobody.db", "patient.log", "staff.log", "demo.log"} <= {path.name for path in files}
    left = {path.name: found for path in files if (found := traces(path.read_bytes(), visitors))}
    assert left == {}


def comes_with_a_card(lane: Any) -> None:
    lane.read(CARD)
    lane.is_at("confirm")
    lane.page.get_by_role("button", name="Nội tổng quát").click()
    lane.is_at("ticket")
    lane.page.locator("#paper").evaluate("paper => paper.decode()")
    leaves(lane)


def shows_a_code(lane: Any) -> None:
    lane.do(f"show-qr-{CODE}")
    lane.is_at("place_card")
    lane.tap("no-card")
    lane.is_at("desk")
    lane.do("hide-qr")
    lane.tap("acknowledge")
    lane.is_at("attract")


def goes_to_the_desk(lane: Any) -> None:
    lane.read(DESK)
    lane.is_at("desk")
    leaves(lane)


def types_papers(lane: Any, person: Mapping[str, Any]) -> None:
    page = lane.staff()
    page.locator("#way-emergency").click()
    page.locator("#name").fill(person["name"])
    page.locator("#birth").fill(f"{person['birth']:%d/%m/%Y}")
    page.locator("#number").fill(person["personal_number"])
    page.locator("#admit").click()
    expect(page.locator(".flash-done").first).to_be_visible()


def leaves(lane: Any) -> None:
    lane.tap("acknowledge")
    lane.do("take-away")
    lane.is_at("attract")


def answers(kiosk: Any, page_config: PatientConfig, desk: Any) -> Iterator[tuple[str, bytes]]:
    """All that both processes answer to whoever asks without having logged in: every address, in every look."""
    visits = ids_in(kiosk.store)
    patient: Any = create_patient_app(None, page_config)  # type: ignore[arg-type]
    for app, base in ((patient, kiosk.patient), (desk.app(records=True, shifts=True), kiosk.staff)):
        for rule in sorted({rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}):
            for visit in visits if "_id>" in rule else ("",):
                address = re.sub(r"<(\w+:)?\w*_id>", visit, rule)
                address = re.sub(r"<path:filename>", "css/tokens.css", address)
                address = address.replace("<language>", "vi").replace("<clip>", "bar.help")
                address = re.sub(r"<[^>]+>", "papers", address)
                for shown in SHOWN:
                    yield address + shown, fetched(base + address + shown)


def fetched(address: str) -> bytes:
    """Body and headers of an answer, whatever it is."""
    request = Request(address, headers={"Cookie": "kiosk_staff=nobody; kiosk_patient=nobody"})
    try:
        with urlopen(request, timeout=30) as answer:
            return bytes(answer.read()) + str(answer.headers).encode()
    except HTTPError as refused:
        return refused.read() + str(refused.headers).encode()


def ids_in(store: Path) -> list[str]:
    """Three visits of the kiosk."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT id FROM visit ORDER BY id LIMIT 3")]
    finally:
        connection.close()
