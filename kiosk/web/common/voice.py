"""What is said, as words for the announcer and as names of clips for the ear, in the page's language."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flask_babel import get_translations

from kiosk.audio.clips import Clips
from kiosk.audio.pieces import own_clip, pieces
from kiosk.domain.numerals import GREATEST, digit_by_digit, numeral
from kiosk.web.common.preferences import current_preferences

_NUMBERED = re.compile(r"(.+?)\s+(\d{1,4})")


Value: TypeAlias = int | str
"""A number is said as a number, digits in a string one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One word of the catalogue. ``count`` chooses between its forms; ``private`` is for headphones only."""

    message: str
    values: Mapping[str, Value] = field(default_factory=dict)
    count: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Words of the clinic's own, in both languages."""

    vi: str
    en: str


Said: TypeAlias = Phrase | Own


def said(message: str, **values: Value) -> Phrase:
    """A word of the catalogue with its values."""
    return Phrase(message=message, values=values)


class Voice:
    """Turns phrases into words and clips.

    :param clips: what can be played; a piece that nobody has recorded is left out.
    """

    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    def words(self, phrases: Iterable[Said]) -> str:
        """What is said, in writing; nothing that is for headphones only."""
        return " ".join(_sentence(phrase) for phrase in phrases if not _is_private(phrase))

    def clips(self, phrases: Iterable[Said], *, private: bool = False) -> str:
        """The names of the clips that say it, in their order, with spaces between them.

        :param private: with what is for headphones only.
        """
        language = current_preferences().language
        heard = [phrase for phrase in phrases if private or not _is_private(phrase)]
        names = [clip for phrase in heard for clip in self._pieces(phrase, language)]
        return " ".join(name for name in names if self._clips.has(language, name))

    def label(self, message: str) -> str:
        """The clips that say a word on a button."""
        return self.clips((said(message),))

    def _pieces(self, phrase: Said, language: str) -> Iterator[str]:
        if isinstance(phrase, Phrase):
            return _phrase_pieces(phrase, language)
        return self._own(phrase.vi if language == "vi" else phrase.en, language)

    def _own(self, words: str, language: str) -> Iterator[str]:
        """The clip of the clinic's own words; a number behind words that are recorded is put together."""
        numbered = _NUMBERED.fullmatch(words)
        if not self._clips.has(language, own_clip(words)) and numbered is not None:
            yield own_clip(numbered[1])
            yield from _value(int(numbered[2]), language)
        else:
            yield own_clip(words)


def _is_private(phrase: Said) -> bool:
    return isinstance(phrase, Phrase) and phrase.private


def _sentence(phrase: Said) -> str:
    """One phrase in writing, with an end where it has none."""
    if isinstance(phrase, Own):
        text = phrase.vi if current_preferences().language == "vi" else phrase.en
    else:
        _, template = _template(phrase)
        text = template % ({"num": phrase.count} | dict(phrase.values))
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _phrase_pieces(phrase: Phrase, language: str) -> Iterator[str]:
    values = {"num": phrase.count} | dict(phrase.values) if phrase.count is not None else phrase.values
    for clip, _, value in pieces(*_template(phrase)):
        if clip:
            yield clip
        if value and (said_value := values.get(value)) is not None:
            yield from _value(said_value, language)


def _value(value: Value, language: str) -> tuple[str, ...]:
    if isinstance(value, int):
        return numeral(value, language) if 0 <= value <= GREATEST else digit_by_digit(str(value))
    return digit_by_digit(value)


def _template(phrase: Phrase) -> tuple[str, str]:
    """The id of the form that is said, and its words before values are put in."""
    catalogue = get_translations()
    if phrase.count is None:
        return phrase.message, str(catalogue.ugettext(phrase.message))
    many = f"{phrase.message}.many"
    form = phrase.message if phrase.count == 1 else many
    return form, str(catalogue.ungettext(phrase.message, many, phrase.count))
