"""What was learnt about a type of card, so that the next one is read with fewer commands.

A profile holds nothing about a person: lengths, and the way to EF.CardAccess. What it is filed under is a digest of the
reader's name and of the answer to reset without the data objects that may number a single card.

Any card can put on the answer to reset of another type, so a profile never makes access weaker. A refusal of PACE is
not remembered, nor what a card says of having no EF.CardAccess: that takes :meth:`Profiles.prove_absence`. The caller
keeps :class:`Profiles` as long as it likes, in memory or as text. A profile that is wrong costs a second opening of the
chip and corrects itself with the first reading that ends well; one that lets no card be opened is forgotten, and one
that only makes readings slow is dropped after a while, and everything is asked anew.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from threading import RLock
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.iso7816.lengths import LONGEST_ANSWER, SHORT, Lengths, without_numbers

_FORMAT: Final = 2
_MAX_PROFILES: Final = 256
_MAX_READINGS: Final = 16
"""After so many readings everything is asked anew: some seven short commands, against a card that taught us wrong."""
_KEY_DIGITS: Final = 32


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
    ``readings`` counts those that it has served. ``counts_tries`` is whether it said how many tries are left for BAC;
    None where nobody asked.
    """

    lengths: Lengths = SHORT
    most: int | None = None
    card_access: CardAccessForm = CardAccessForm.SHORT_IDENTIFIER
    readings: int = field(default=0, compare=False)
    counts_tries: bool | None = None

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

    Several threads may share one.
    """

    _known: dict[str, CardProfile] = field(default_factory=dict)
    _lock: AbstractContextManager[object] = field(default_factory=RLock, repr=False, compare=False)

    def of(self, reader: str, atr: bytes) -> CardProfile | None:
        """What is known of cards with this answer to reset on this reader; None where all is to be asked anew."""
        with self._lock:
            known = self._known.get(_key(reader, atr))
        return None if known is None or known.readings >= _MAX_READINGS else known

    def learn(self, reader: str, atr: bytes, profile: CardProfile) -> None:
        """Remember ``profile``; of more than 256 the oldest is forgotten.

        A limit that was known before may be one odd card's: the next reading tries twice as much. That there is no
        EF.CardAccess is not taken from a card's own word, see :meth:`prove_absence`.
        """
        with self._lock:
            self._replace(_key(reader, atr), self.of(reader, atr), profile)

    def _replace(self, key: str, before: CardProfile | None, profile: CardProfile) -> None:
        if before is not None and before.most is not None and before.most == profile.most:
            profile = profile.roomier
        if profile.card_access is CardAccessForm.ABSENT and (
            before is None or before.card_access is not profile.card_access
        ):
            profile = replace(profile, card_access=CardAccessForm.SHORT_IDENTIFIER)
        self._known.pop(key, None)
        while len(self._known) >= _MAX_PROFILES:
            self._known.pop(next(iter(self._known)))
        self._known[key] = replace(profile, readings=0 if before is None else before.readings + 1)

    def prove_absence(self, reader: str, atr: bytes) -> None:
        """Remember for some readings that such cards have no EF.CardAccess: the next ones are opened without a look.

        To be called only after a reading without EF.CardAccess whose files are signed by a trusted issuer, whose chip
        is proved genuine, and whose DG14 offers no PACE: whatever else says so may say it to have honest cards opened
        with less. :func:`idcard.remember_proved` asks for all of that.
        """
        with self._lock:
            known = self.of(reader, atr)
            if known is not None:
                self._known[_key(reader, atr)] = replace(known, card_access=CardAccessForm.ABSENT)

    def forget(self, reader: str, atr: bytes) -> None:
        """Forget what is known of such cards."""
        with self._lock:
            self._known.pop(_key(reader, atr), None)

    def to_json(self) -> str:
        """The profiles as text."""
        with self._lock:
            known = dict(self._known)
        return json.dumps({"format": _FORMAT, "profiles": {key: asdict(one) for key, one in known.items()}})

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
    return sha256(without_numbers(atr) + b"\0" + reader.encode()).hexdigest()[:_KEY_DIGITS]


def _profile(value: Mapping[str, Any]) -> CardProfile:
    lengths = Lengths(**value["lengths"])
    numbers = [lengths.answer, lengths.command, value["most"], value["readings"]]
    if any(type(number) is not int or not 0 <= number <= 0xFFFF for number in numbers if number is not None):
        raise ValueError
    if type(value["counts_tries"]) not in (bool, type(None)):
        raise ValueError
    return CardProfile(
        lengths=replace(lengths, answer=min(lengths.answer, LONGEST_ANSWER)),
        most=value["most"],
        card_access=CardAccessForm(value["card_access"]),
        readings=int(value["readings"]),
        counts_tries=value["counts_tries"],
    )
