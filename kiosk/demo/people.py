"""The invented citizens of the demonstration, from ``people.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from idcard.testing import Holder
from kiosk.insurance.roster import RosterEntry
from kiosk.insurance.roster.names import Described

Generation = Literal[2021, 2024]
_GROUPS = {"1": "TE", "2": "BT", "3": "HT", "4": "GD", "5": "QN"}
COVERED, ENDED = "000", "010"
"""Result codes of the payer's service."""
NEWCOMER, NEWCOMERS = "newcomer", 500
"""The id of somebody who did not come yet, and how many there are in a row."""
_FILE = Path(__file__).with_name("people.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the demonstration's roster says of a citizen; ``until`` is None where it is open-ended.

    ``linked``: whether the personal number is linked to the insurance number. ``name`` and ``birth`` (ISO form) are how
    the roster writes them, where that is not as the card has them.
    """

    since: date
    until: date | None
    benefit: str
    home_clinic: str
    linked: bool = True
    name: str | None = None
    birth: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """An invented citizen and the card that the bench has of them.

    :param id: names the citizen in addresses; it says what the card shows, and nothing of the person.
    :param card: what kind of card: a name known to :func:`kiosk.demo.cards.issue`.
    :param generation: the card's printed form, of 2021 or of 2024.
    :param payer: the payer's result code, of somebody whom only the payer knows; the roster has no row then.
    """

    id: str
    card: str
    generation: Generation
    holder: Holder
    cover: Cover | None
    payer: str | None = None

    @property
    def qr_text(self) -> str:
        """The text of the code printed on the card."""
        return self.holder.card_qr_text(layout=self.generation)

    @property
    def insurance_number(self) -> str:
        """The ten digits of the citizen's invented insurance number."""
        return "36" + self.holder.personal_number[-8:]

    @property
    def card_number(self) -> str:
        """The 15 characters on the citizen's invented insurance card; ten digits where there is no cover."""
        if self.cover is None:
            return self.insurance_number
        return f"{_GROUPS[self.cover.benefit]}{self.cover.benefit}36{self.insurance_number}"

    @property
    def payer_result(self) -> str:
        """The payer's result code for the citizen, as long as nobody changes it: covered, ended, or what is set."""
        if self.payer is not None:
            return self.payer
        return COVERED if self.cover is not None and self.cover.until is None else ENDED

    def roster_entry(self) -> RosterEntry | None:
        """The citizen's row in the roster, where there is one."""
        if self.cover is None:
            return None
        described = Described(
            name=self.cover.name or self.holder.name,
            birth=self.cover.birth or self.holder.birth.isoformat(),
            sex=self.holder.sex,
        )
        return RosterEntry(
            personal_number=self.holder.personal_number if self.cover.linked else None,
            insurance_number=self.card_number,
            valid_from=self.cover.since,
            valid_to=self.cover.until,
            benefit=self.cover.benefit,
            home_clinic=self.cover.home_clinic,
            described=described,
        )


@cache
def citizens() -> Mapping[str, Citizen]:
    """The citizens by their id, in the order in which the bench shows them."""
    return {row["id"]: _citizen(dict(row)) for row in _rows()["citizen"]}


def newcomer(number: int) -> Citizen:
    """Somebody whom no other number gives, until there were :data:`NEWCOMERS`: one name, another number each."""
    row = _rows()["newcomer"]
    return _citizen(row | {"id": NEWCOMER, "personal_number": f"{row['personal_number']}{number % NEWCOMERS:03d}"})


@cache
def _rows() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def everybody() -> Iterator[Citizen]:
    """The citizens, and everybody who may come as a newcomer."""
    yield from citizens().values()
    yield from map(newcomer, range(NEWCOMERS))


def _citizen(row: dict[str, Any]) -> Citizen:
    own = {name: row.pop(name) for name in ("id", "card", "generation")} | {"payer": row.pop("payer", None)}
    cover = row.pop("cover", None)
    return Citizen(**own, cover=cover and _cover(cover), holder=Holder(**{"expiry": None} | row))


def _cover(row: dict[str, Any]) -> Cover:
    own = {name: row[name] for name in ("linked", "name", "birth") if name in row}
    return Cover(since=row["from"], until=row.get("to"), benefit=row["benefit"], home_clinic=row["home_clinic"], **own)
