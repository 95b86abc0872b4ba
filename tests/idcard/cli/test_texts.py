"""Every text exists in both languages, and every error says what to do."""

import string
import unicodedata

import pytest

import idcard
from idcard.cli import reasons, texts
from idcard.cli.texts import Language, remedy, say
from idcard.crypto.signature import SignatureInvalid

ERRORS = [
    kind
    for kind in (getattr(idcard, name) for name in idcard.__all__)
    if isinstance(kind, type) and issubclass(kind, idcard.IdCardError)
]
NEVER_TOLD = {idcard.IdCardError, idcard.NotVerified}


def places(text: str) -> set[str | None]:
    """The places to be filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


PAIRS = [*texts._PAIRS.values(), *texts._ERRORS.values()]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_text_says_the_same_in_both_languages(pair: tuple[str, str]) -> None:
    english, vietnamese = pair
    assert english.strip()
    assert vietnamese.strip()
    assert places(english) == places(vietnamese)
    assert unicodedata.is_normalized("NFC", vietnamese)


@pytest.mark.parametrize("language", Language)
def test_everything_a_verdict_can_say_has_words(language: Language) -> None:
    for fact in idcard.FactName:
        assert say(f"fact.{fact}", language)
    for outcome in idcard.Outcome:
        assert say(f"outcome.{outcome}", language)
    for step in idcard.ReadStep:
        assert say(f"step.{step}", language)
    for sex in idcard.Sex:
        assert say(f"sex.{sex}", language)


@pytest.mark.parametrize("reason", idcard.Reason)
def test_every_reason_has_a_sentence_in_both_languages(reason: idcard.Reason) -> None:
    english, vietnamese = (reasons.sentence(reason, language) for language in Language)
    assert english.endswith(".")
    assert vietnamese.endswith(".")
    assert english != vietnamese


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("language", Language)
def test_every_error_says_what_to_do(kind: type[idcard.IdCardError], language: Language) -> None:
    assert bool(remedy(kind.__new__(kind), language)) is (kind not in NEVER_TOLD)


def test_an_inner_error_says_what_its_kind_says() -> None:
    inner = SignatureInvalid("wrong")
    assert remedy(inner, Language.EN) == remedy(idcard.ProtocolViolation("wrong"), Language.EN)
