"""What was learnt about a type of card, so that the next one is read with fewer commands.

A profile holds nothing about a person: lengths, and the way to EF.CardAccess. A refusal of PACE is not remembered: one
hostile card would have honest ones of its type opened with less, and its refusal told as theirs. The caller keeps
:class:`Profiles` as long as it likes, in memory or as text. A profile that is wrong costs a second opening of the chip
and corrects itself.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.iso7816.lengths import LONGEST_ANSWER, SHORT, Lengths

_FORMAT: Final = 1
_MAX_PROFILES: Final = 256


class CardAccessForm(StrEnum):
    """How a card gives EF.CardAccess."""

    SHORT_IDENTIFIER = "short_identifier"
    SELECTED = "selected"
    UNDER_MASTER_FILE = "under_master_file"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProfile:
    """What is known of a type of card on a reader.

    ``most`` is the largest answer in plain bytes that it was found to give, where that is less than the lengths allow.
    """

    lengths: Lengths = SHORT
    most: int | None = None
    card_access: CardAccessForm = CardAccessForm.SHORT_IDENTIFIER

    @property
    def roomier(self) -> "CardProfile":
        """The same with twice as much in one answer, or as much as the lengths allow."""
        most = 2 * (self.most or LONGEST_ANSWER)
        return replace(self, most=most if most < self.lengths.answer else None)

    @property
    def shorter(self) -> "CardProfile":
        """The same with short lengths only."""
        return replace(self, lengths=SHORT)


@dataclass(slots=True)
class Profiles:
    """The profiles of all types of cards that were read so far, by reader and answer to reset.

    Several threads may share one: every change replaces a whole profile.
    """

    _known: dict[str, CardProfile] = field(default_factory=dict)

    def of(self, reader: str, atr: bytes) -> CardProfile | None:
        """What is known of cards with this answer to reset on this reader, or None."""
        return self._known.get(_key(reader, atr))

    def learn(self, reader: str, atr: bytes, profile: CardProfile) -> None:
        """Remember ``profile``; of more than 256 the oldest is forgotten.

        A limit that was known before may be one odd card's: the next reading tries twice as much.
        """
        key = _key(reader, atr)
        known = self._known.pop(key, None)
        if known is not None and known.most is not None and known.most == profile.most:
            profile = profile.roomier
        while len(self._known) >= _MAX_PROFILES:
            self._known.pop(next(iter(self._known)))
        self._known[key] = profile

    def forget(self, reader: str, atr: bytes) -> None:
        """Forget what is known of such cards."""
        self._known.pop(_key(reader, atr), None)

    def to_json(self) -> str:
        """The profiles as text."""
        return json.dumps({"format": _FORMAT, "profiles": {key: asdict(one) for key, one in self._known.items()}})

    @classmethod
    def from_json(cls, text: str) -> "Profiles":
        """The profiles that :meth:`to_json` wrote.

        :raises MalformedData: if it did not.
        """
        try:
            whole = json.loads(text)
            if whole["format"] != _FORMAT or len(whole["profiles"]) > _MAX_PROFILES:
                raise ValueError
            return cls({str(key): _profile(value) for key, value in whole["profiles"].items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise MalformedData("not what to_json wrote", where="profiles") from error


def _key(reader: str, atr: bytes) -> str:
    return f"{atr.hex()} {reader}"


def _profile(value: Mapping[str, Any]) -> CardProfile:
    lengths = Lengths(**value["lengths"])
    numbers = [lengths.answer, lengths.command, *(value["most"],)]
    if any(type(number) is not int or not 0 <= number <= 0xFFFF for number in numbers if number is not None):
        raise ValueError
    return CardProfile(
        lengths=replace(lengths, answer=min(lengths.answer, LONGEST_ANSWER)),
        most=value["most"],
        card_access=CardAccessForm(value["card_access"]),
    )
