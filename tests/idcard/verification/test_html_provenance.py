"""The page for the desk says where the evidence comes from, and shows a picture that its caller converted."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import unescape

import pytest

from idcard.evidence import WITNESSED_HERE, Evidence
from idcard.identity import _MAKER, Portrait
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.html_report import Language, html_report
from idcard.verification.html_texts import TEXTS
from idcard.verification.policy import VIETNAM_STRICT
from idcard.verification.provenance import ChallengeFrom
from idcard.verification.transcripts import Expectation
from idcard.verification.verdict import Verdict

Gather = Callable[..., Evidence]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
DEVICE = "ab" * 32
DRAWN = Portrait(image=b"\xff\xd8 converted", media_type="image/jpeg")


@pytest.fixture
def judged(honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Callable[..., Verdict]:
    def run(witness: str | None, **contributed: bytes) -> Verdict:
        expectation = Expectation(witnesses=frozenset({DEVICE, WITNESSED_HERE}), **contributed)
        return verify(gather(honest, witness=witness, read_at=at), trust, at=at, expectation=expectation)

    return run


def rows(page: str) -> dict[str, str]:
    """What the page says under each of its names."""
    pairs = (row.partition("</dt><dd>") for row in page.split("<dt>")[1:])
    return {unescape(name): unescape(rest.partition("</dd>")[0]) for name, _, rest in pairs}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("witness", "read_by", "challenge"),
    [
        (WITNESSED_HERE, "witness_here", "challenge_here"),
        (DEVICE, "witness_device", "challenge_device"),
        ("cd" * 32, "witness_unknown", "challenge_unknown"),
        (None, "witness_unknown", "challenge_unknown"),
    ],
    ids=["here", "a known device", "a stranger", "nobody"],
)
def test_it_says_whose_word_it_is(
    witness: str | None, read_by: str, challenge: str, language: Language, judged: Callable[..., Verdict]
) -> None:
    said = rows(html_report(judged(witness), language))

    def text(key: str) -> str:
        return getattr(TEXTS[key], language)  # type: ignore[no-any-return]

    assert said[text("witness")] == text(read_by) + (f" ({DEVICE})" if witness == DEVICE else "")
    assert said[text("challenge")] == text(challenge)
    assert (said[text("read_at")] == "–") is (read_by == "witness_unknown")
    assert said[text("policy_digest")] == VIETNAM_STRICT.digest


def test_a_time_of_reading_is_told_where_it_is_one(judged: Callable[..., Verdict], at: datetime) -> None:
    verdict = judged(WITNESSED_HERE)
    assert rows(html_report(verdict, "en"))["Read"] == "23 November 2026, 08:00 UTC"
    for moment in (None, at.replace(tzinfo=None)):
        other = replace(verdict, provenance=replace(verdict.provenance, read_at=moment), proved=None)
        assert rows(html_report(other, "en"))["Read"] == "–"


def test_every_kind_of_challenge_has_its_words() -> None:
    assert {f"challenge_{kind}" for kind in ChallengeFrom} == {name for name in TEXTS if name.startswith("challenge_")}


def with_portrait(verdict: Verdict, portrait: Portrait) -> Verdict:
    """The verdict with another portrait; nobody can do that who does not hold what verdicts are made with."""
    assert verdict.said is not None
    subject = replace(verdict.said, portrait=portrait)
    return replace(verdict, said=subject, proved=subject if verdict.proved else None, maker=_MAKER)


def test_a_picture_that_browsers_do_not_show_is_the_callers_to_convert(judged: Callable[..., Verdict]) -> None:
    asked: list[Portrait] = []

    def picture(portrait: Portrait) -> Portrait:
        asked.append(portrait)
        return DRAWN

    jpeg_2000 = Portrait(image=b"\x00\x00\x00\x0cjP", media_type="image/jp2")
    page = html_report(with_portrait(judged(WITNESSED_HERE), jpeg_2000), "en", picture=picture)
    assert asked == [jpeg_2000]
    assert f'src="data:image/jpeg;base64,{base64.b64encode(DRAWN.image).decode()}"' in page
    html_report(judged(WITNESSED_HERE), "en", picture=picture)
    assert len(asked) == 1, "a JPEG is shown as it is"


def test_a_picture_that_is_still_none_is_not_shown(judged: Callable[..., Verdict]) -> None:
    verdict = with_portrait(judged(WITNESSED_HERE), Portrait(image=b"<svg>", media_type="image/svg+xml"))
    for page in (html_report(verdict, "en"), html_report(verdict, "en", picture=lambda portrait: portrait)):
        assert "<img" not in page
        assert TEXTS["portrait_not_shown"].en in page


def test_no_decoder_meets_what_is_not_proved(
    issuer: Issuer, holder: Holder, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    def picture(portrait: Portrait) -> Portrait:
        raise AssertionError("a picture that nobody proved was given to a decoder")

    forged = verify(gather(dishonest.altered_dg13(issuer, holder)), trust, at=at)
    page = html_report(with_portrait(forged, Portrait(image=b"jP", media_type="image/jp2")), "en", picture=picture)
    assert TEXTS["portrait_not_shown"].en in page
