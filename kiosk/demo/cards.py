"""The virtual cards of the bench: one builder for each kind of card that a citizen can have."""

from collections.abc import Callable
from typing import TypeAlias

from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from kiosk.demo.people import Citizen

_PACE_REFUSED_SW = 0x6982
"""What real cards were seen to answer to the first step of PACE."""

Builder: TypeAlias = Callable[[Issuer, Holder], SimulatedCard]

KINDS: dict[str, Builder] = {
    "honest": lambda issuer, holder: issuer.issue(holder),
    "pace_refused": lambda issuer, holder: issuer.issue(holder, pace_refused_sw=_PACE_REFUSED_SW),
    "altered_dg1": dishonest.altered_dg1,
    "altered_dg13": dishonest.altered_dg13,
    "foreign_issuer": dishonest.foreign_issuer,
    "unknown_issuer": lambda issuer, holder: dishonest.unknown_issuer(holder),
    "expired_signer": dishonest.expired_signer,
    "cloned_chip": dishonest.cloned_chip,
}
"""What a kind of card is made by; what it means is said in ``words.toml``."""


def issue(citizen: Citizen, issuer: Issuer) -> SimulatedCard:
    """A new card for this citizen, of the citizen's kind."""
    return KINDS[citizen.card](issuer, citizen.holder)
