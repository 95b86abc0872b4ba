"""Policies: which outcome of which fact is good enough, as frozen data with a name.

Theory of operation. Some findings are neither good nor bad by themselves: a chip opened with BAC although it offers
PACE, an EF.COM that differs from the signed list, a signer that no anchor issued but somebody vouches for. A fact
names such a finding by its reason, and the policy says what it amounts to. So one verdict can be asked under several
policies, and gives each its own answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung

RUNG: Final = "rung"
"""The detail of a fact that names the rung on which it stands."""

_DOWNGRADES = frozenset({Reason.DOWNGRADED, Reason.CARD_ACCESS_NOT_AS_SIGNED})
_VOUCHED = frozenset({Reason.SIGNER_PINNED, Reason.SIGNER_CONFIRMED, Reason.CHIP_ANSWERED_UNDER_VOUCHER})
_REMARK_OR_FAILURE = (Outcome.PASSED, Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a verdict must say.

    :param name: what the verdict records.
    :param accepts: for every fact, the outcomes that are good enough.
    :param rungs: how a signer may be known for the fact *trust*, and with it *genuine chip*, to pass.
    :param downgrade: what opening the chip with less than it offers amounts to (BAC where it has PACE, or a PACE that
        EF.CardAccess chose by leaving out another): ``PASSED`` (a remark) or ``FAILED``.
    :param lists_differ: what an EF.COM amounts to that differs from the signed list: ``PASSED`` or ``FAILED``.
    :param old_algorithms: what a fact amounts to that holds, but by an algorithm too old to rely on (SHA-1): ``PASSED``
        or ``FAILED``.
    :param dg13_alone: whether Vietnam's DG13 proves an identity where DG1 was not handed over.
    :param proves: whether meeting it proves an identity; where not, ``Verdict.require`` never returns one.
    :raises ValueError: if a fact is missing, an outcome is something else, or nobody stands behind a rung.
    """

    name: str
    accepts: Mapping[FactName, frozenset[Outcome]]
    rungs: frozenset[Rung] = frozenset({Rung.ANCHORED})
    downgrade: Outcome = Outcome.FAILED
    lists_differ: Outcome = Outcome.FAILED
    old_algorithms: Outcome = Outcome.FAILED
    dg13_alone: bool = False
    proves: bool = True

    def __post_init__(self) -> None:
        if self.accepts.keys() != set(FactName):
            raise ValueError("a policy says of every fact which outcomes it accepts")
        if self.downgrade not in _REMARK_OR_FAILURE:
            raise ValueError("a downgrade is passed or failed")
        if self.lists_differ not in _REMARK_OR_FAILURE:
            raise ValueError("lists that differ are passed or failed")
        if self.old_algorithms not in _REMARK_OR_FAILURE:
            raise ValueError("what an old algorithm says is passed or failed")
        if not all(rung.vouched for rung in self.rungs):
            raise ValueError("trust never passes where nobody vouches for the signer")
        object.__setattr__(self, "accepts", MappingProxyType(dict(self.accepts)))

    def judge(self, fact: Fact) -> Fact:
        """The fact as this policy sees it, where its outcome is the policy's to say."""
        if fact.reason in _DOWNGRADES:
            return replace(fact, outcome=self.downgrade)
        if fact.reason is Reason.LISTS_DIFFER:
            return replace(fact, outcome=self.lists_differ)
        if fact.reason is Reason.OLD_ALGORITHM:
            return replace(fact, outcome=self.old_algorithms)
        if fact.reason in _VOUCHED:
            enough = fact.details.get(RUNG) in self.rungs
            return replace(fact, outcome=Outcome.PASSED if enough else Outcome.INCONCLUSIVE)
        return fact

    def satisfied_by(self, fact: Fact) -> bool:
        """Whether the fact is good enough."""
        return self.judge(fact).outcome in self.accepts[fact.name]


_PASSED = frozenset({Outcome.PASSED})
_ALL_PASSED = dict.fromkeys(FactName, _PASSED)
_PASSED_OR_NOT_PERFORMED = frozenset({Outcome.PASSED, Outcome.NOT_PERFORMED})
_VOUCHED_FOR = frozenset(rung for rung in Rung if rung.vouched)

STRICT: Final = Policy(name="strict", accepts=_ALL_PASSED)
"""Every fact has passed, revocation included, under an anchor; opening with less than the chip offers fails."""

VIETNAM_STRICT: Final = Policy(
    name="vietnam_strict",
    accepts=_ALL_PASSED | {FactName.REVOCATION: _PASSED_OR_NOT_PERFORMED},
    rungs=_VOUCHED_FOR,
    downgrade=Outcome.PASSED,
    lists_differ=Outcome.PASSED,
)
"""Every fact has passed, but that no revocation list is published and that many cards open with BAC only.

A signer counts whom an anchor issued, two named people pinned, or the authority confirmed.
"""

CLOSED_READER: Final = Policy(
    name="closed_reader",
    accepts=_ALL_PASSED
    | {FactName.REVOCATION: _PASSED_OR_NOT_PERFORMED, FactName.ACCESS: _PASSED_OR_NOT_PERFORMED}
    | dict.fromkeys(
        (FactName.GENUINE_CHIP, FactName.CONSISTENCY),
        frozenset({Outcome.PASSED, Outcome.NOT_PERFORMED, Outcome.NOT_SUPPORTED}),
    ),
    rungs=_VOUCHED_FOR,
    downgrade=Outcome.PASSED,
    lists_differ=Outcome.PASSED,
    dg13_alone=True,
)
"""For files that a closed reader hands over: the data are what a known signer signed, and the card has not expired.

That the chip is no copy, and how it was opened, is the reader's word alone. A fact that was judged and did not pass is
no better here than elsewhere.
"""

READING_ONLY: Final = Policy(
    name="reading_only",
    accepts=dict.fromkeys(FactName, frozenset(Outcome) - {Outcome.FAILED}),
    rungs=_VOUCHED_FOR,
    downgrade=Outcome.PASSED,
    lists_differ=Outcome.PASSED,
    old_algorithms=Outcome.PASSED,
    proves=False,
)
"""Nothing has failed. It proves nobody's identity: use ``Verdict.claimed_identity``."""

PRESETS: Final[Mapping[str, Policy]] = MappingProxyType(
    {policy.name: policy for policy in (STRICT, VIETNAM_STRICT, CLOSED_READER, READING_ONLY)}
)
"""The named policies."""
