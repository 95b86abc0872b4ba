"""Policies: which outcome of which fact is good enough, as frozen data with a name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from idcard.verification.facts import Fact, FactName, Outcome, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a verdict must say.

    :param name: what the verdict records.
    :param accepts: for every fact, the outcomes that are good enough.
    :param downgrade: what opening the chip with BAC amounts to where it offers PACE: ``PASSED`` (a remark) or
        ``FAILED``.
    :param old_algorithms: what a fact amounts to that holds, but by an algorithm too old to rely on (SHA-1): ``PASSED``
        (a remark) or ``FAILED``.
    :param proves: whether meeting it proves an identity; where not, ``Verdict.require`` never returns one.
    :raises ValueError: if a fact is missing, or ``downgrade`` or ``old_algorithms`` is something else.
    """

    name: str
    accepts: Mapping[FactName, frozenset[Outcome]]
    downgrade: Outcome = Outcome.FAILED
    old_algorithms: Outcome = Outcome.FAILED
    proves: bool = True

    def __post_init__(self) -> None:
        if self.accepts.keys() != set(FactName):
            raise ValueError("a policy says of every fact which outcomes it accepts")
        if self.downgrade not in (Outcome.PASSED, Outcome.FAILED):
            raise ValueError("a downgrade is passed or failed")
        if self.old_algorithms not in (Outcome.PASSED, Outcome.FAILED):
            raise ValueError("what an old algorithm says is passed or failed")
        object.__setattr__(self, "accepts", MappingProxyType(dict(self.accepts)))

    def judge(self, fact: Fact) -> Fact:
        """The fact as this policy sees it: what a downgrade and an old algorithm amount to is the policy's to say."""
        if fact.reason is Reason.DOWNGRADED:
            return replace(fact, outcome=self.downgrade)
        return replace(fact, outcome=self.old_algorithms) if fact.reason is Reason.OLD_ALGORITHM else fact

    def satisfied_by(self, fact: Fact) -> bool:
        """Whether the fact is good enough."""
        return self.judge(fact).outcome in self.accepts[fact.name]


_PASSED = frozenset({Outcome.PASSED})
_ALL_PASSED = dict.fromkeys(FactName, _PASSED)

STRICT: Final = Policy(name="strict", accepts=_ALL_PASSED)
"""Every fact has passed, revocation included; opening with BAC a chip that offers PACE fails."""

VIETNAM_STRICT: Final = Policy(
    name="vietnam_strict",
    accepts=_ALL_PASSED | {FactName.REVOCATION: frozenset({Outcome.PASSED, Outcome.NOT_PERFORMED})},
    downgrade=Outcome.PASSED,
)
"""Every fact has passed, but that no revocation list is published and that many cards open with BAC only."""

READING_ONLY: Final = Policy(
    name="reading_only",
    accepts=dict.fromkeys(FactName, frozenset(Outcome) - {Outcome.FAILED}),
    downgrade=Outcome.PASSED,
    old_algorithms=Outcome.PASSED,
    proves=False,
)
"""Nothing has failed. It proves nobody's identity: use ``Verdict.claimed_identity``."""
