"""The reasons and rungs of a verdict, as sentences for people in English and in Vietnamese."""

from idcard.cli.texts import Language
from idcard.verification.facts import Reason, Rung
from idcard.verification.words import RUNG_WORDS, WORDS


def sentence(reason: Reason, language: Language) -> str:
    """What ``reason`` means, in one sentence."""
    words = WORDS[reason]
    return words.vi if language is Language.VI else words.en


def words_of(rung: Rung, language: Language) -> str:
    """How well the signer is known, in a few words."""
    words = RUNG_WORDS[rung]
    return words.vi if language is Language.VI else words.en
