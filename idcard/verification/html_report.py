"""A verdict as one page for the desk: what was judged, and whom the card is about, with the portrait.

Theory of operation. The page is one file that loads nothing and runs nothing; it says so to the browser, too (a content
security policy that allows the one style sheet by its hash, and the portrait as data). Every text of the card is
escaped: an unproved chip may say what it likes. The person is headed by what was proved, so that nobody takes a claim
for a proof, and the page is personal data as much as the card is.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from html import escape
from typing import Final, Literal

from idcard.identity import BirthDate, Portrait, Sex
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.html_texts import STYLE, TEXTS
from idcard.verification.identity import Subject
from idcard.verification.policy import Policy
from idcard.verification.verdict import NotVerified, Verdict
from idcard.verification.words import WORDS, Words, words_of_rung

Language = Literal["vi", "en"]

_SHOWN: Final = frozenset({"image/jpeg", "image/png"})
_MARKS: Final = {Outcome.PASSED: "✓", Outcome.FAILED: "✗"}
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_CONTENT_SECURITY: Final = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)


def _as_it_is(portrait: Portrait) -> Portrait:
    return portrait


def html_report(
    verdict: Verdict,
    language: Language = "vi",
    *,
    policy: Policy | None = None,
    picture: Callable[[Portrait], Portrait] = _as_it_is,
) -> str:
    """The page, as HTML in UTF-8.

    :param language: ``"vi"`` or ``"en"``.
    :param policy: the policy to ask; the verdict's own if none is given.
    :param picture: makes a portrait that browsers show of one that they do not, such as JPEG 2000; asked only where
        the portrait is proved, so that no decoder meets what a forger made.
    """
    return "".join(_Page(verdict, language, policy or verdict.policy, picture).lines())


class _Page:
    """One page in one language."""

    def __init__(
        self, verdict: Verdict, language: Language, policy: Policy, picture: Callable[[Portrait], Portrait]
    ) -> None:
        self.verdict = verdict
        self.language = language
        self.policy = policy
        self.proved = _is_proved(verdict, policy)
        self.picture = picture

    def say(self, words: Words) -> str:
        """The words in this page's language, safe to stand in HTML."""
        return escape(words.vi if self.language == "vi" else words.en)

    def text(self, key: str) -> str:
        """The page's own text of that name."""
        return escape(self.plain(key))

    def plain(self, key: str) -> str:
        """The same, as it is."""
        return TEXTS[key].vi if self.language == "vi" else TEXTS[key].en

    def lines(self) -> Iterator[str]:
        """The page, piece by piece."""
        yield f'<!doctype html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
        yield f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT_SECURITY}">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield '<meta name="referrer" content="no-referrer">\n'
        yield f"<title>{self.text('title')}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        yield from self.headline()
        yield from self.person()
        yield from self.facts()
        yield from self.particulars()
        yield "</main>\n</body>\n</html>\n"

    def headline(self) -> Iterator[str]:
        """What came of it, in one line."""
        key = self.headline_key()
        yield f'<header class="{key}"><p class="title">{self.text("title")}</p>'
        yield f"<h1>{self.text(key)}</h1>"
        words = words_of_rung(self.verdict.rung, self.verdict.fact(FactName.TRUST).outcome)
        yield f"<p>{self.text('rung')}: {self.say(words)}</p></header>\n"

    def headline_key(self) -> str:
        """Proved, read, failed or not proved."""
        if self.proved:
            return "proved"
        if any(self.policy.judge(fact).outcome is Outcome.FAILED for fact in self.verdict.facts):
            return "failed"
        return "not_proved" if self.policy.proves or not self.verdict.meets(self.policy) else "read"

    def person(self) -> Iterator[str]:
        """Whom the card is about, under a heading that says whether that is proved."""
        subject = self.verdict.proved if self.proved else self.verdict.said
        if subject is None:
            return
        key = "holder_proved" if self.proved else "holder_claimed"
        yield f'<section class="person"><h2>{self.text(key)}</h2>\n<div>{self.portrait(subject.portrait)}<dl>\n'
        for name, value in self.fields(subject):
            if value:
                yield f"<dt>{self.text(name)}</dt><dd>{escape(value)}</dd>\n"
        yield "</dl></div></section>\n"

    def fields(self, subject: Subject) -> Iterator[tuple[str, str | None]]:
        """The fields of the person, by the names of their texts."""
        yield "name", subject.name
        yield "name_latin", None if subject.name_latin == subject.name else subject.name_latin
        yield "personal_number", subject.personal_number
        yield "document_number", subject.document_number
        yield "birth", self.day(subject.birth)
        yield "sex", None if subject.sex is Sex.UNSPECIFIED else self.plain(f"sex_{subject.sex}")
        yield "issuing_state", subject.issuing_state
        yield "nationality", subject.nationality
        yield "expiry", self.expiry(subject)

    def expiry(self, subject: Subject) -> str | None:
        """The last day, or that there is none."""
        if self.verdict.fact(FactName.VALIDITY).reason is Reason.NEVER_EXPIRES:
            return self.plain("never")
        return self.day(subject.expiry) if subject.expiry else None

    def day(self, day: BirthDate | date) -> str:
        """The day as the language writes it; what is not known of it is left out."""
        numbers = [int(part) for part in str(day).split("-")]
        if self.language == "vi":
            return "/".join(f"{number:02}" for number in reversed(numbers))
        year, month, number = (*numbers, 0, 0)[:3]
        return " ".join(filter(None, (str(number or ""), _MONTHS[month - 1] if month else "", str(year))))

    def moment(self, moment: datetime) -> str:
        """The moment in its own zone."""
        return f"{self.day(moment.date())}, {moment:%H:%M} {moment.tzname() or ''}".strip()

    def portrait(self, portrait: Portrait | None) -> str:
        """The portrait, where a browser can show it."""
        if portrait is None:
            return ""
        if self.proved and portrait.media_type not in _SHOWN:
            portrait = self.picture(portrait)
        if portrait.media_type not in _SHOWN:
            return f'<p class="portrait">{self.text("portrait_not_shown")}</p>'
        data = base64.b64encode(portrait.image).decode()
        source = f"data:{portrait.media_type};base64,{data}"
        return f'<img class="portrait" alt="{self.text("portrait")}" src="{source}">'

    def facts(self) -> Iterator[str]:
        """Every fact with its outcome and reason."""
        yield f'<section class="facts"><h2>{self.text("facts")}</h2>\n<table>\n'
        for fact in map(self.policy.judge, self.verdict.facts):
            yield self.fact(fact)
        yield "</table></section>\n"

    def fact(self, fact: Fact) -> str:
        """One row: a mark and a word for the outcome, so that colour is never needed."""
        accepted = self.policy.satisfied_by(fact)
        kind = fact.outcome.value if fact.outcome in _MARKS else "noted" if accepted else "open"
        mark = _MARKS.get(fact.outcome, "–" if accepted else "?")
        return (
            f'<tr class="{kind}"><th scope="row">{self.say(WORDS[fact.name])}</th>'
            f'<td class="outcome"><span aria-hidden="true">{mark}</span> {self.say(WORDS[fact.outcome])}</td>'
            f"<td>{self.say(WORDS[fact.reason])}</td></tr>\n"
        )

    def particulars(self) -> Iterator[str]:
        """What somebody needs who looks into it later."""
        verdict, provenance = self.verdict, self.verdict.provenance
        read_at = provenance.read_at
        rows = [
            ("at", self.moment(verdict.at)),
            ("read_at", self.moment(read_at) if read_at and read_at.tzinfo and provenance.believed else "–"),
            ("witness", self.witness()),
            ("challenge", self.plain(f"challenge_{provenance.challenge}")),
            ("policy", self.policy.name),
            ("policy_digest", self.policy.digest),
            ("anchor", verdict.anchor or "–"),
            ("signer", verdict.signer or "–"),
            ("trust_version", verdict.trust_version),
        ]
        yield f'<section class="particulars"><h2>{self.text("particulars")}</h2><dl>\n'
        for name, value in rows:
            yield f"<dt>{self.text(name)}</dt><dd>{escape(value)}</dd>\n"
        yield f"</dl><p>{self.text('personal')}</p></section>\n"

    def witness(self) -> str:
        """Who bears witness to the reading; whoever is not believed is named as nobody."""
        provenance = self.verdict.provenance
        if not provenance.believed:
            return self.plain("witness_unknown")
        device = f" ({provenance.device})" if provenance.device else ""
        return self.plain(f"witness_{provenance.witness}") + device


def _is_proved(verdict: Verdict, policy: Policy) -> bool:
    try:
        verdict.require(policy)
    except NotVerified:
        return False
    return True
