"""Policies: which outcome of which fact is good enough, as frozen data with a name.

Theory of operation. Some findings are neither good nor bad by themselves: a chip opened with BAC although it offers
PACE, an EF.COM that differs from the signed list, a signer that no anchor issued but somebody vouches for. A fact
names such a finding by its reason, and the policy says what it amounts to. So one verdict can be asked under several
policies, and gives each its own answer.

A policy is free, within two bounds. A preset's name stands for the preset's content and for no other, so that a record
that says ``strict`` means it; and what proves a person has a floor (:data:`FLOOR`), so that no policy makes an identity
of a forgery.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung

RUNG: Final = "rung"
"""The detail of a fact that names the rung on which it stands."""
ANSWER_AGE: Final = "answer_age_s"
"""The detail of a fact that says how old the authority's answer was that it stands on, in seconds."""

_DOWNGRADES = frozenset({Reason.DOWNGRADED, Reason.CARD_ACCESS_NOT_AS_SIGNED})
_VOUCHED = frozenset(
    {Reason.SIGNER_PINNED, Reason.SIGNER_CONFIRMED, Reason.CHIP_ANSWERED_UNDER_VOUCHER, Reason.CHIP_KEY_WEAK}
)
_REMARK_OR_FAILURE = (Outcome.PASSED, Outcome.FAILED)
_FINDINGS = ("downgrade", "lists_differ", "old_algorithms", "weak_chip_keys")
_DAY_S = 86400
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

_PASSED = frozenset({Outcome.PASSED})
_NOT_FAILED = frozenset(Outcome) - {Outcome.FAILED}

FLOOR: Final[Mapping[FactName, frozenset[Outcome]]] = MappingProxyType(
    dict.fromkeys((FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST), _PASSED)
    | dict.fromkeys((FactName.REVOCATION, FactName.GENUINE_CHIP, FactName.CONSISTENCY), _NOT_FAILED)
)
"""The most that a policy may accept that proves an identity.

The data are what a trusted signer signed, and nothing speaks against it: the signer was not revoked, the chip gave no
wrong answer, and nothing contradicts itself. How the chip was opened, and whether the document has expired, is not
about who somebody is: there a policy may accept a failure.
"""

# What each preset is, to the last outcome. A preset that changes must change here, too, and in the changelog.
_CONTENT_OF_PRESETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "strict": "33890395950df4ac9df56818c6add534733e2d5ac73e9a55f4a8096bfc5c88fd",
        "vietnam_strict": "170d8527523c58985141861b1be40d34423c41e622474417e53a4b97e8d329bc",
        "closed_reader": "1f4185f90169f74d9391b359668d001d0d55e66e25b1f733834adfbcbe949182",
        "reading_only": "51675a5440fa5ca40aecf9ed9cfe64ffa24d3e2f12fbd506be8ec30ace65f28d",
        "signed_qr": "b58961e21dcc24229f20692618f7c5d898a5551cbfb03aef611897ea39eb04dd",
        "single_use_qr": "b7c72ede2a084c7c2198205dbceab39ea99bc6c937959ea3fde815f7b8907c72",
        "presented": "a7a3b02cefe9c73480951c19d81648a974daef1342d0072b13d6b34edbb16262",
        "online_qr": "b9895ffec2ac29bc967bb0b38c9087098e2634f446d50c1a433f9af781348ad8",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a verdict must say.

    :param name: what the verdict records: small letters, digits and underscores, at most 64. A preset's name is taken.
    :param accepts: for every fact, the outcomes that are good enough.
    :param rungs: how a signer may be known for the fact *trust*, and with it *genuine chip*, to pass.
    :param downgrade: what opening the chip with less than it offers amounts to (BAC where it has PACE, or a PACE that
        EF.CardAccess chose by leaving out another): ``PASSED`` (a remark) or ``FAILED``.
    :param lists_differ: what an EF.COM amounts to that differs from the signed list: ``PASSED`` or ``FAILED``.
    :param old_algorithms: what a fact amounts to that holds, but by an algorithm too old to rely on (SHA-1): ``PASSED``
        or ``FAILED``.
    :param weak_chip_keys: what a chip's right answer amounts to that was given with a key too short, or a hash too old,
        to rely on: ``PASSED`` or ``FAILED``.
    :param confirmation_days: for how many days at most an authority's answer counts, whatever it says itself.
    :param dg13_alone: whether Vietnam's DG13 proves an identity where DG1 was not handed over.
    :param proves: whether meeting it proves an identity; where not, ``Verdict.require`` never returns one.
    :raises ValueError: if a fact is missing, an outcome is something else, nobody stands behind a rung, it would prove
        an identity below :data:`FLOOR`, or its name is no name or that of a preset with another content.
    """

    name: str
    accepts: Mapping[FactName, frozenset[Outcome]]
    rungs: frozenset[Rung] = frozenset({Rung.ANCHORED})
    downgrade: Outcome = Outcome.FAILED
    lists_differ: Outcome = Outcome.FAILED
    old_algorithms: Outcome = Outcome.FAILED
    weak_chip_keys: Outcome = Outcome.FAILED
    confirmation_days: int = 7
    dg13_alone: bool = False
    proves: bool = True

    def __post_init__(self) -> None:
        if self.accepts.keys() != set(FactName):
            raise ValueError("a policy says of every fact which outcomes it accepts")
        # Copies, so that nobody who kept the originals can change a policy.
        accepts = {name: frozenset(self.accepts[name]) for name in FactName}
        object.__setattr__(self, "accepts", MappingProxyType(accepts))
        object.__setattr__(self, "rungs", frozenset(self.rungs))
        self._check()
        if not _NAME.fullmatch(self.name):
            raise ValueError("a policy's name is of small letters, digits and underscores")
        if _CONTENT_OF_PRESETS.get(self.name, self.digest) != self.digest:
            raise ValueError(f"{self.name} is a preset's name, and the preset has another content")

    def _check(self) -> None:
        for finding in _FINDINGS:
            if getattr(self, finding) not in _REMARK_OR_FAILURE:
                raise ValueError(f"what {finding} amounts to is passed or failed")
        if any(type(rung) is not Rung or not rung.vouched for rung in self.rungs):
            raise ValueError("trust never passes where nobody vouches for the signer")
        if type(self.confirmation_days) is not int or self.confirmation_days < 0:
            raise ValueError("an answer counts for a whole number of days")
        if self.proves and not all(self.accepts[name] <= most for name, most in FLOOR.items()):
            raise ValueError("a policy that proves an identity accepts neither forged data nor a copied chip")

    @property
    def digest(self) -> str:
        """SHA-256 of all that the policy says but its name, in hexadecimal: policies of one content have one digest."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {
            "accepts": {name.value: sorted(self.accepts[name]) for name in FactName},
            "rungs": sorted(self.rungs),
            "confirmation_days": self.confirmation_days,
            "dg13_alone": self.dg13_alone,
            "proves": self.proves,
            **{finding: getattr(self, finding).value for finding in _FINDINGS},
        }

    def judge(self, fact: Fact) -> Fact:
        """The fact as this policy sees it, where its outcome is the policy's to say."""
        if fact.reason in _DOWNGRADES:
            return replace(fact, outcome=self.downgrade)
        if fact.reason is Reason.LISTS_DIFFER:
            return replace(fact, outcome=self.lists_differ)
        if fact.reason is Reason.OLD_ALGORITHM:
            return replace(fact, outcome=self.old_algorithms)
        if fact.reason in _VOUCHED and not self._is_vouched_for(fact):
            return replace(fact, outcome=Outcome.INCONCLUSIVE)
        if fact.reason is Reason.CHIP_KEY_WEAK:
            return replace(fact, outcome=self.weak_chip_keys)
        return replace(fact, outcome=Outcome.PASSED) if fact.reason in _VOUCHED else fact

    def _is_vouched_for(self, fact: Fact) -> bool:
        """Whether those behind the signer are enough, and an answer of theirs young enough."""
        enough = fact.details.get(RUNG) in (Rung.ANCHORED, *self.rungs)
        return enough and int(fact.details.get(ANSWER_AGE, 0)) <= self.confirmation_days * _DAY_S

    def satisfied_by(self, fact: Fact) -> bool:
        """Whether the fact is good enough."""
        return self.judge(fact).outcome in self.accepts[fact.name]


_ALL_PASSED = dict.fromkeys(FactName, _PASSED)
_PASSED_OR_NOT_PERFORMED = frozenset({Outcome.PASSED, Outcome.NOT_PERFORMED})
_VOUCHED_FOR = frozenset(rung for rung in Rung if rung.vouched)

STRICT: Final = Policy(name="strict", accepts=_ALL_PASSED)
"""Every fact has passed, revocation included, under an anchor; opening with less than the chip offers fails."""

VIETNAM_STRICT: Final = Policy(
    name="vietnam_strict",
    accepts=_ALL_PASSED | {FactName.REVOCATION: _PASSED_OR_NOT_PERFORMED, FactName.ACCESS: _PASSED_OR_NOT_PERFORMED},
    rungs=_VOUCHED_FOR,
    downgrade=Outcome.PASSED,
    lists_differ=Outcome.PASSED,
    weak_chip_keys=Outcome.PASSED,
)
"""Every fact has passed, but that no revocation list is published, that many cards open with BAC only, and that which
keys Vietnamese chips have is not confirmed.

A signer counts whom an anchor issued, two named people pinned, or the authority confirmed. How the chip was opened
need not be known: somebody who judges what another read cannot know it, and it proves nothing of the card.
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
    weak_chip_keys=Outcome.PASSED,
    dg13_alone=True,
)
"""For files that a closed reader hands over: the data are what a known signer signed, and the card has not expired.

That the chip is no copy, and how it was opened, is the reader's word alone. A fact that was judged and did not pass is
no better here than elsewhere.
"""

READING_ONLY: Final = Policy(
    name="reading_only",
    accepts=dict.fromkeys(FactName, _NOT_FAILED),
    rungs=_VOUCHED_FOR,
    downgrade=Outcome.PASSED,
    lists_differ=Outcome.PASSED,
    old_algorithms=Outcome.PASSED,
    weak_chip_keys=Outcome.PASSED,
    proves=False,
)
"""Nothing has failed. It proves nobody's identity: use ``Verdict.claimed_identity``."""

PRESETS: Final[Mapping[str, Policy]] = MappingProxyType(
    {policy.name: policy for policy in (STRICT, VIETNAM_STRICT, CLOSED_READER, READING_ONLY)}
)
"""The named policies."""
