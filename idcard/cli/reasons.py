"""The reasons and rungs of a verdict, as sentences for people in English and in Vietnamese."""

from idcard.cli.texts import Language
from idcard.verification.facts import Outcome, Reason, Rung
from idcard.verification.words import WORDS, words_of_rung


def sentence(reason: Reason, language: Language) -> str:
    """What ``reason`` means, in one sentence."""
    words = WORDS[reason]
    return words.vi if language is Language.VI else words.en


def words_of(rung: Rung, trust: Outcome, language: Language) -> str:
    """How well the signer is known, in a few words.

    :param trust: the outcome of the fact *trust*.
    """
    words = words_of_rung(rung, trust)
    return words.vi if language is Language.VI else words.en
