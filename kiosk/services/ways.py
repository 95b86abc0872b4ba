"""What a clerk tells of somebody who comes another way, and what came of it."""

import unicodedata
from dataclasses import dataclass

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.assurance import Assurance
from kiosk.domain.eligibility import Eligibility
from kiosk.domain.staff import Override
from kiosk.domain.tickets import Ticket
from kiosk.domain.ways import Paper, Way, WayDecision
from kiosk.insurance.sources import CoverFinding
from kiosk.keys import Fields
from kiosk.services.whose_number import Compared


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Guardian:
    """Who came with somebody, and acts for them. ``source`` says how they are known, as a record's source does.

    ``visit_id`` is the visit whose ticket names them, where they were read under one; it is not sealed.
    """

    name: str
    birth: BirthDate | None = None
    number: str | None = None
    source: str = ClaimSource.TYPED.value
    visit_id: str | None = None

    def __repr__(self) -> str:
        return "Guardian(…)"

    def fields(self) -> Fields:
        """What is sealed of them."""
        return {
            "guardian_name": self.name,
            "guardian_birth": None if self.birth is None else str(self.birth),
            "guardian_number": self.number,
            "guardian_source": self.source,
        }

    def is_same(self, name: str, birth: BirthDate | None, number: str | None) -> bool:
        """Whether this is the same person: by number where both have one, else by name and birth."""
        if self.number is not None and number is not None:
            return self.number == number
        return birth is not None and self.birth == birth and _plain(self.name) == _plain(name)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Presented:
    """What somebody presents at the desk: who they are, where the machine did not read it, and what they can show.

    ``override`` says why a doubt is set aside, and who agreed; ``spellings`` are other ways in which their papers
    write the name.
    """

    way: Way
    claim: ClaimedIdentity | None = None
    insurance_number: str | None = None
    document_number: str | None = None
    guardian: Guardian | None = None
    seen: frozenset[Paper] = frozenset()
    override: Override | None = None
    spellings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Presented({self.way.value})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Told:
    """What goes into the record of a visit that a clerk admits.

    ``finding`` is what was found of their cover, ``recheck`` whether the insurer is asked again later; ``override`` is
    why somebody is admitted although forgery is suspected, and who agreed.
    """

    claim: ClaimedIdentity | None = None
    insurance_number: str | None = None
    document_number: str | None = None
    guardian: Guardian | None = None
    way: Way | None = None
    rung: Assurance = Assurance.STAFF
    finding: CoverFinding | None = None
    recheck: bool = False
    override: Override | None = None

    def __repr__(self) -> str:
        return "Told(…)"

    @property
    def adds(self) -> bool:
        """Whether the sealed record changes."""
        added = (self.claim, self.insurance_number, self.document_number, self.guardian)
        return any(each is not None for each in added)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOutcome:
    """What came of a way: a ticket, or why there is none; ``cover`` is None where nobody could be asked about.

    ``compared`` are the two sides that differ, where the roster gives a number to somebody else.
    """

    decision: WayDecision
    cover: Eligibility | None
    ticket: Ticket | None
    compared: Compared | None = None
