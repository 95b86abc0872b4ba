"""Every citizen of the bench, from the card that is put down to the ticket or the desk, in both languages.

One demonstration as ``kiosk demo`` starts it, a second kiosk for English (a person has one ticket a day), and a real
Chromium. Pictures of every screen are kept in ``build/screenshots``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.serial

LANGUAGES = ("vi", "en")


@dataclass(frozen=True, kw_only=True)
class End:
    """What comes of a citizen at the desk: the code that staff see and the patient's, how well the person is known."""

    code: str
    public: str
    rung: str
    why: tuple[str, str]
    told: tuple[str, str]


NOT_ACCEPTED = ("Máy chưa nhận được thẻ này.", "This machine could not accept the card.")
RUNGS = {
    "chip_anchored": ("chip thật", "genuine chip"),
    "chip_unanchored": ("chip, chưa rõ nơi cấp", "chip, issuer not known"),
    "none": ("chưa có", "none"),
}


def known(code: str, *, why: tuple[str, str], told: tuple[str, str]) -> End:
    return End(code=code, public=code, rung="chip_anchored", why=why, told=told)


def strange(*why: str) -> End:
    return End(code="E04", public="E04", rung="chip_unanchored", why=(why[0], why[1]), told=NOT_ACCEPTED)


def not_genuine(*why: str) -> End:
    """Staff see E05; on the patient's screen nobody is accused, and it looks like E04."""
    return End(code="E05", public="E04", rung="none", why=(why[0], why[1]), told=NOT_ACCEPTED)


ADMITTED = {"insured": 12, "insured-2024": 12, "other-clinic": 5, "over-75": 7, "child": 5, "pace-refused": 21}
"""Who gets a ticket, and the room that is chosen."""
ROOMS = {12: ("Nội tổng quát", "General medicine"), 5: ("Răng hàm mặt", "Dentistry"), 7: ("Mắt", "Eyes")}
ROOMS |= {21: ("Y học cổ truyền", "Traditional medicine")}

NOT_FOUND = known(
    "E07",
    why=("không có trong danh sách", "not in the roster"),
    told=("Máy chưa tìm thấy bảo hiểm y tế.", "No health insurance was found yet."),
)

SENT_TO_DESK = {
    "not-insured": NOT_FOUND,
    "not-linked": NOT_FOUND,
    # Only the payer knows these two, and nobody opened a shift here in which it would be asked.
    "name-differs": NOT_FOUND,
    "cover-unclear": NOT_FOUND,
    "cover-ended": known(
        "E08",
        why=("Bảo hiểm y tế đã hết hạn", "The insurance has ended"),
        told=("Bảo hiểm y tế đã hết hạn hoặc đang tạm dừng.", "The health insurance has ended or is paused."),
    ),
    "card-expired": known(
        "E06",
        why=("thời hạn: thẻ hết hạn", "validity: card has expired"),
        told=("Thẻ căn cước đã hết hạn.", "The ID card has expired."),
    ),
    "forged": not_genuine("dữ liệu: dữ liệu khác bản đã ký", "integrity: data are not as signed"),
    "forged-details": not_genuine("dữ liệu: dữ liệu khác bản đã ký", "integrity: data are not as signed"),
    "foreign-issuer": not_genuine(
        "nơi cấp: trùng tên nơi cấp nhưng khác khóa", "trust: issuer's name with another key"
    ),
    "cloned-chip": not_genuine("chip: chip trả lời sai: có thể là bản sao", "chip: chip answered wrong: may be a copy"),
    "unknown-issuer": strange("nơi cấp: chưa có chứng thư của nơi cấp", "trust: no anchor for this issuer"),
    "expired-signer": strange("nơi cấp: chứng thư người ký hết hạn", "trust: signer's certificate has expired"),
}

HEADINGS = {
    "attract": ("Đặt thẻ căn cước lên đây", "Put your ID card here"),
    "digits": ("Nhập 6 số cuối của số căn cước", "Type the last 6 digits of the ID number"),
    "show_qr": ("Đưa mã QR của thẻ trước camera", "Show the card's QR code to the camera"),
    "reading": ("Giữ yên thẻ", "Keep the card still"),
    "confirm": ("Thông tin này đúng không?", "Is this right?"),
    "ticket": ("Xong rồi. Mời lấy phiếu và thẻ.", "Done. Please take your ticket and your card."),
    "take_card": ("Mời lấy thẻ căn cước", "Please take your ID card"),
    "desk": ("Mời đến quầy số 1", "Please go to desk 1"),
}
NOT_YET = ("Chưa đăng ký khám được.", "You are not checked in yet.")

Look = Callable[[Any, str, str], None]


@pytest.fixture(scope="module")
def kiosks(demo: Any, another: Callable[..., Any]) -> Mapping[str, Any]:
    """The kiosk for each language's day."""
    return {"vi": demo.kiosk, "en": another("english")}


@pytest.fixture(scope="module")
def look(axe: Callable[[Page], list[str]], people: Mapping[str, Mapping[str, Any]]) -> Look:
    """Keeps a picture, lets axe look at what it has not seen in this language, and looks for who must not be there."""
    looked_at: set[tuple[str, str, str]] = set()

    def run(lane: Any, citizen: str, screen: str) -> None:
        lane.is_at(screen)
        lane.picture(f"{citizen}-{screen}")
        code = lane.page.locator(".least").all_inner_texts() if screen == "desk" else [""]
        if (screen, lane.language, code[0]) not in looked_at:
            looked_at.add((screen, lane.language, code[0]))
            assert axe(lane.page) == []
        if screen != "digits":
            lane.shows_nobody(people[citizen])

    return run


def test_each_citizen_has_an_expected_end(people: Mapping[str, Any]) -> None:
    assert set(people) == {*ADMITTED, *SENT_TO_DESK}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("citizen", [*ADMITTED, *SENT_TO_DESK])
def test_from_the_card_to_the_end(
    citizen: str,
    language: str,
    people: Mapping[str, Mapping[str, Any]],
    kiosks: Mapping[str, Any],
    lane_of: Callable[..., Any],
    look: Look,
) -> None:
    lane, person = lane_of(kiosks[language], language), people[citizen]
    look(lane, citizen, "attract")
    lane.do(f"place-{citizen}")
    look(lane, citizen, "digits")
    lane.type(lane.number_of(citizen)[-6:])
    if citizen == "pace-refused":
        look(lane, citizen, "show_qr")
        lane.do(f"show-qr-{citizen}")
    if citizen in ADMITTED:
        number = gets_a_ticket(lane, citizen, person, look)
        ways = ["confirm", "ticket"]
    else:
        number = is_sent_to_the_desk(lane, citizen, SENT_TO_DESK[citizen], look)
        ways = ["desk"]
    lane.tap("acknowledge")
    look(lane, citizen, "take_card")
    if citizen == "pace-refused":
        lane.do("hide-qr")  # else the camera reads it again before the free kiosk was seen
    lane.do("take-away")
    lane.is_at("attract")
    lane.shows_nobody(person)
    expect(lane.page.locator("html")).to_have_attribute("lang", "vi")
    asked = ["digits", "reading", "show_qr", "reading"] if citizen == "pace-refused" else ["digits", "reading"]
    assert lane.passed()[-len(asked) - len(ways) - 2 :] == [
        *(f"{screen}: {HEADINGS[screen][LANGUAGES.index(language)]}" for screen in (*asked, *ways, "take_card")),
        f"attract: {HEADINGS['attract'][0]}",
    ]
    staff_see(lane, citizen, person, number)


def gets_a_ticket(lane: Any, citizen: str, person: Mapping[str, Any], look: Look) -> str:
    word, room = LANGUAGES.index(lane.language), ADMITTED[citizen]
    look(lane, citizen, "confirm")
    *family, given = person["name"].upper().split()
    expect(lane.page.locator(".who-name")).to_have_text(" ".join((*family, f"{given[0]}**")))
    expect(lane.page.locator(".who")).to_contain_text(f"{person['birth'].year}")
    expect(lane.page.locator(".who")).to_contain_text(f"···{person['personal_number'][-3:]}")
    lane.page.get_by_role("button", name=ROOMS[room][word]).click()
    look(lane, citizen, "ticket")
    slip = lane.page.locator(".slip")
    expect(slip).to_contain_text((f"Phòng {room}", f"Room {room}")[word])
    expect(slip.get_by_text(("Được ưu tiên", "Priority")[word])).to_have_count(1 if citizen == "over-75" else 0)
    assert lane.page.locator("#paper").evaluate("paper => paper.decode().then(() => paper.naturalWidth)") == 576
    return slip.locator(".number").inner_text()


def is_sent_to_the_desk(lane: Any, citizen: str, end: End, look: Look) -> str:
    word = LANGUAGES.index(lane.language)
    look(lane, citizen, "desk")
    main = lane.page.locator("main")
    for words in (NOT_YET[word], end.told[word], f"{('Mã', 'Code')[word]} {end.public}"):
        expect(main).to_contain_text(words)
    return str(lane.page.locator(".slip-desk .number").inner_text())


def staff_see(lane: Any, citizen: str, person: Mapping[str, Any], number: str) -> None:
    word = LANGUAGES.index(lane.language)
    page = lane.staff()
    if citizen in ADMITTED:
        row = lane.row(page, "admissions", number)
        for words in (person["name"], f"{person['birth'].year}", RUNGS["chip_anchored"][word]):
            expect(row).to_contain_text(words)
        return
    end = SENT_TO_DESK[citizen]
    exception, ticket = lane.row(page, "exceptions", number), lane.row(page, "tickets", number)
    for words in (end.code, end.why[word]):
        expect(exception).to_contain_text(words)
    for words in (end.code, RUNGS[end.rung][word]):
        expect(ticket).to_contain_text(words)
    if not citizen.startswith("forged"):
        expect(ticket).to_contain_text(person["name"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_staff_and_bench(
    language: str,
    kiosks: Mapping[str, Any],
    lane_of: Callable[..., Any],
    axe: Callable[[Page], list[str]],
) -> None:
    lane = lane_of(kiosks[language], language)
    lane.read("forged-details")
    lane.is_at("desk")
    for name, page in (("staff", lane.staff()), ("bench", lane.bench)):
        assert axe(page) == []
        lane.picture(name, page)
