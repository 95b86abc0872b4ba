"""The reasons of a verdict, as sentences for people in English and in Vietnamese."""

from idcard.cli.texts import Language
from idcard.verification.facts import Reason
from idcard.verification.words import WORDS


def sentence(reason: Reason, language: Language) -> str:
    """What ``reason`` means, in one sentence."""
    words = WORDS[reason]
    return words.vi if language is Language.VI else words.en
