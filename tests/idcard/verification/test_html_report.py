"""The page for the desk: both languages, nothing but data from the card, and no word of it believed."""

import base64
import hashlib
import re
from calendar import month_name
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any

import pytest

from idcard.evidence import Evidence
from idcard.identity import _MAKER, BirthDate, Portrait, Sex
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.html_report import Language, html_report
from idcard.verification.html_texts import TEXTS
from idcard.verification.policy import READING_ONLY, STRICT, VIETNAM_STRICT
from idcard.verification.verdict import Verdict
from idcard.verification.words import RUNG_WORDS, WORDS

Gather = Callable[..., Evidence]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
VOID = {"meta", "img"}


class Page(HTMLParser):
    """A page as a browser sees it: its elements, well nested, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data + "\n"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def verdict(honest: SimulatedCard, gather: Gather, trust: TrustStore) -> Verdict:
    return verify(gather(honest), trust, at=datetime(2026, 11, 23, 15, 5, tzinfo=timezone(timedelta(hours=7))))


@pytest.fixture(scope="module")
def failed(issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime) -> Verdict:
    return verify(gather(dishonest.altered_dg13(issuer, holder)), trust, at=at)


def said_by(verdict: Verdict, **changes: Any) -> Verdict:
    assert verdict.said is not None
    return replace(verdict, said=replace(verdict.said, **changes), proved=None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proved_holder_is_shown_as_proved(verdict: Verdict, language: Language) -> None:
    page = Page(html_report(verdict, language))
    expected = {
        "vi": ("Đã xác minh", "Chủ thẻ, đã xác minh", "15/01/1990", "15/01/2030", "Nam", "23/11/2026, 15:05 UTC+07:00"),
        "en": (
            "Proved",
            "Holder, proved",
            "15 January 1990",
            "15 January 2030",
            "Male",
            "23 November 2026, 15:05 UTC+07:00",
        ),
    }[language]
    for text in (*expected, "Nguyễn Văn Thử", "NGUYEN VAN THU", "036090999991", "VNM", "vietnam_strict"):
        assert f"{text}\n" in page.text
    assert page.all("html") == [{"lang": language}]
    assert page.all("header") == [{"class": "proved"}]
    assert f"{verdict.signer}\n" in page.text
    assert TEXTS["holder_claimed"].en not in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_stands_there_with_outcome_and_reason(failed: Verdict, language: Language) -> None:
    page = Page(html_report(failed, language))
    for fact in failed.facts:
        for word in (fact.name, fact.outcome, fact.reason):
            assert getattr(WORDS[word], language) in page.text
    assert getattr(RUNG_WORDS[failed.rung], language) in page.text
    kinds = [row["class"] for row in page.all("tr")]
    assert kinds == ["failed", "passed", "passed", "noted", "passed", "passed", "passed", "open"]
    assert [mark in page.text for mark in "✓✗?–"] == [True] * 4


def test_an_outcome_has_its_mark_and_what_is_open_is_told_from_what_is_taken(verdict: Verdict) -> None:
    """Reading alone takes what was not performed; who wants proof does not."""
    said = {"passed": "✓", "failed": "✗", "noted": "–", "open": "?"}
    for policy in (READING_ONLY, VIETNAM_STRICT, STRICT):
        for outcome in Outcome:
            facts = tuple(replace(fact, outcome=outcome) for fact in verdict.facts)
            html = html_report(replace(verdict, facts=facts, proved=None), "en", policy=policy)
            rows = re.findall(r'<tr class="(\w+)">.*?<span aria-hidden="true">(.)</span>', html)
            assert len(rows) == len(facts)
            accepted = [policy.satisfied_by(fact) for fact in facts]
            for (kind, mark), good in zip(rows, accepted, strict=True):
                assert mark == said[kind]
                assert (kind in ("passed", "noted")) is good


def test_a_page_that_says_proved_shows_what_was_proved(verdict: Verdict) -> None:
    """No claim comes under that heading, whoever made the verdict."""
    assert verdict.proved is not None
    other = replace(verdict.proved, name="Trần Thị Khác", name_latin="TRAN THI KHAC", personal_number="036199999992")
    page = Page(html_report(replace(verdict, said=other, maker=_MAKER), "en"))
    assert page.all("header") == [{"class": "proved"}]
    assert "036090999991\n" in page.text
    assert "036199999992" not in page.text


def test_who_is_not_proved_is_shown_as_a_claim(failed: Verdict) -> None:
    page = Page(html_report(failed, "en"))
    assert page.all("header") == [{"class": "failed"}]
    assert "What the chip says, not proved" in page.text
    assert dishonest.IMPOSTOR in page.text
    assert "Holder, proved" not in page.text


@pytest.mark.parametrize(
    ("policy", "kind"), [(VIETNAM_STRICT, "proved"), (STRICT, "not_proved"), (READING_ONLY, "read")]
)
def test_the_headline_is_the_policys(verdict: Verdict, policy: Any, kind: str) -> None:
    page = Page(html_report(verdict, "en", policy=policy))
    assert page.all("header") == [{"class": kind}]
    assert TEXTS[kind].en in page.text
    assert f"{policy.name}\n" in page.text


def test_what_the_policy_makes_of_a_finding_counts(verdict: Verdict) -> None:
    bac = Fact(name=FactName.ACCESS, outcome=Outcome.PASSED, reason=Reason.DOWNGRADED)
    facts = tuple(bac if fact.name is FactName.ACCESS else fact for fact in verdict.facts)
    page = Page(html_report(replace(verdict, facts=facts, proved=None), "en", policy=STRICT))
    assert page.all("header") == [{"class": "failed"}]


def test_reading_without_meeting_even_that_is_not_proved(verdict: Verdict) -> None:
    unread = Fact(name=FactName.ACCESS, outcome=Outcome.INCONCLUSIVE, reason=Reason.NO_ACCESS_RECORD)
    facts = tuple(unread if fact.name is FactName.ACCESS else fact for fact in verdict.facts)
    narrow = replace(READING_ONLY, name="narrow", accepts=STRICT.accepts)
    page = Page(html_report(replace(verdict, facts=facts, proved=None), "en", policy=narrow))
    assert page.all("header") == [{"class": "not_proved"}]


def test_a_card_says_what_it_likes_and_none_of_it_is_markup(failed: Verdict) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y>\"'&"
    changed = said_by(
        failed, name=evil, name_latin=evil * 2, document_number=evil, issuing_state=evil, nationality=evil
    )
    page = Page(html_report(changed, "vi"))
    assert page.text.count("alert(1)") == 6
    assert len(page.all("img")) == 1
    assert not page.all("script")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_and_runs_nothing(verdict: Verdict, language: Language) -> None:
    html = html_report(verdict, language)
    page = Page(html)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "iframe", "object", "form", "a", "base"})
    named = {name for _, attributes in page.elements for name in attributes}
    assert named <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "aria-hidden", "alt", "src"}
    assert re.findall(r"https?:|url\(|@import", html) == []
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert (
        policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_the_portrait_is_in_the_page(verdict: Verdict, honest: SimulatedCard) -> None:
    (image,) = Page(html_report(verdict, "en")).all("img")
    kind, _, data = (image["src"] or "").partition(",")
    assert kind == "data:image/jpeg;base64"
    assert base64.b64decode(data) in honest.files[File.DG2]
    assert image["alt"] == "Portrait in the chip"


@pytest.mark.parametrize("media_type", ["image/jp2", "image/svg+xml", "text/html"])
def test_an_image_that_a_browser_should_not_show_is_named(failed: Verdict, media_type: str) -> None:
    page = Page(html_report(said_by(failed, portrait=Portrait(image=b"<svg>", media_type=media_type)), "en"))
    assert not page.all("img")
    assert TEXTS["portrait_not_shown"].en in page.text


def test_without_a_portrait_there_is_none(failed: Verdict) -> None:
    page = Page(html_report(said_by(failed, portrait=None), "en"))
    assert not page.all("img")
    assert TEXTS["portrait_not_shown"].en not in page.text


def test_without_a_person_there_is_none(trust: TrustStore, at: datetime) -> None:
    page = Page(html_report(verify(Evidence(files={}), trust, at=at), "en"))
    assert TEXTS["holder_claimed"].en not in page.text
    assert page.text.count("–") >= 2


@pytest.mark.parametrize(
    ("birth", "vietnamese", "english"),
    [
        (BirthDate(year=1955), "1955", "1955"),
        (BirthDate(year=1955, month=3), "03/1955", "March 1955"),
        (BirthDate(year=1955, month=12, day=31), "31/12/1955", "31 December 1955"),
        (BirthDate(year=1955, month=1, day=2), "02/01/1955", "2 January 1955"),
    ],
)
def test_a_birth_is_said_as_far_as_it_is_known(
    failed: Verdict, birth: BirthDate, vietnamese: str, english: str
) -> None:
    changed = said_by(failed, birth=birth)
    assert f"\n{vietnamese}\n" in Page(html_report(changed, "vi")).text
    assert f"\n{english}\n" in Page(html_report(changed, "en")).text


def test_what_is_not_known_has_no_row(failed: Verdict) -> None:
    changed = said_by(failed, sex=Sex.UNSPECIFIED, expiry=None, personal_number=None, name="A B", name_latin="A B")
    text = Page(html_report(changed, "en")).text
    for key in ("sex", "expiry", "personal_number", "name_latin"):
        assert f"\n{TEXTS[key].en}\n" not in text


@pytest.mark.parametrize(("language", "words"), [("vi", "Không thời hạn"), ("en", "Does not expire")])
def test_a_card_without_expiry(
    language: Language, words: str, issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(issuer.issue(replace(holder, expiry=None, sex="F"))), trust, at=at)
    text = Page(html_report(verdict, language)).text
    assert f"\n{words}\n" in text
    assert ("Nữ" if language == "vi" else "Female") in text


def test_every_text_is_there_in_both_languages() -> None:
    assert all(words.vi and words.en and words.vi != words.en for words in TEXTS.values())


def test_vietnamese_is_what_is_shown_unless_asked(verdict: Verdict) -> None:
    assert html_report(verdict) == html_report(verdict, "vi")
    assert (
        html_report(replace(verdict, at=datetime(2026, 2, 3, tzinfo=UTC), proved=None)).count("03/02/2026, 00:00 UTC")
        == 1
    )


def test_the_months_have_their_names(failed: Verdict) -> None:
    names = [Page(html_report(said_by(failed, expiry=date(2031, month, 1)), "en")).text for month in range(1, 13)]
    assert all(f"\n1 {name} 2031\n" in text for text, name in zip(names, month_name[1:], strict=True))
