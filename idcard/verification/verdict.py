"""The verdict on a card: its facts, under which policy and when; and the one way to a verified identity."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from idcard.errors import IdCardError
from idcard.identity import _MAKER, ClaimedIdentity, ClaimSource, VerifiedIdentity
from idcard.lds.layout import File
from idcard.verification.facts import OF_CARDS, Fact, FactName, Outcome, Reason, Rung
from idcard.verification.identity import Subject
from idcard.verification.policy import Policy
from idcard.verification.provenance import NOWHERE, Provenance

__all__ = ["SCHEMA", "Fact", "FactName", "NotVerified", "Outcome", "Reason", "Rung", "Verdict"]

SCHEMA = "idcard.verdict/1"


class NotVerified(IdCardError):
    """The verdict does not meet the policy that was required.

    :param verdict: the verdict.
    :param policy: the policy that was required.
    """

    code: ClassVar[str] = "not_verified"

    def __init__(self, verdict: "Verdict", policy: Policy) -> None:
        self.verdict = verdict
        self.unmet = verdict.unmet(policy)
        names = ", ".join(f"{fact.name} {fact.outcome} ({fact.reason})" for fact in self.unmet)
        super().__init__(
            f"The policy {policy.name} is not met: {names or 'no identity is proved'}.",
            policy=policy.name,
            unmet=",".join(fact.name for fact in self.unmet),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was judged, and how; it is neither true nor false.

    ``anchor`` and ``signer`` are SHA-256 fingerprints in hexadecimal: of the trust anchor that was used, and of the
    document signer's certificate. That itself is ``signer_certificate``, in DER, whether the document brought it or the
    trust store; it is not in ``to_dict``. ``trust_version`` is the trust store's version. ``rung`` is how well the
    signer is known, whatever the policy makes of it. ``provenance`` is where the evidence comes from, and whose word
    that is.

    Only :func:`idcard.verify` makes one that proves anybody, and a changed copy of that is refused.

    :raises ValueError: if it does not say something of every fact in ``ABOUT``, each once.
    """

    ABOUT: ClassVar[frozenset[FactName]] = frozenset(OF_CARDS)
    PERHAPS: ClassVar[frozenset[FactName]] = frozenset()

    facts: tuple[Fact, ...]
    at: datetime
    policy: Policy
    anchor: str | None
    signer: str | None
    trust_version: str
    rung: Rung = Rung.UNSIGNED
    provenance: Provenance = NOWHERE
    proved: Subject | None = field(default=None, repr=False, compare=False)
    said: Subject | None = field(default=None, repr=False, compare=False)
    signer_certificate: bytes | None = field(default=None, repr=False, compare=False)
    maker: InitVar[object] = None

    def __post_init__(self, maker: object) -> None:
        names = [fact.name for fact in self.facts]
        if len(set(names)) != len(names) or not self.ABOUT <= set(names) <= self.ABOUT | self.PERHAPS:
            raise ValueError("a verdict says something of every fact, each once")
        if self.proved is not None and maker is not _MAKER:
            raise TypeError("a verdict that proves somebody comes from verify(), and from nowhere else")

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict is neither true nor false: write verdict.require(policy), or verdict.meets(policy)")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a verdict holds a person's data and never leaves its process: store verdict.to_dict()")

    def fact(self, name: FactName) -> Fact:
        """The fact called ``name``.

        :raises KeyError: if this kind of verdict has no such fact.
        """
        for fact in self.facts:
            if fact.name is name:
                return fact
        raise KeyError(name)

    def unmet(self, policy: Policy | None = None) -> tuple[Fact, ...]:
        """The facts that are not good enough, as the policy sees them (this verdict's own if none is given).

        :raises TypeError: if it is no :class:`Policy`, or of a class made of it, which could say anything.
        """
        policy = self._asked(policy)
        return tuple(policy.judge(fact) for fact in self.facts if not policy.satisfied_by(fact))

    def _asked(self, policy: Policy | None) -> Policy:
        asked = self.policy if policy is None else policy
        if type(asked) is not Policy:
            raise TypeError("a policy is of the class Policy itself")
        return asked

    def meets(self, policy: Policy | None = None) -> bool:
        """Whether every fact is good enough for the policy (this verdict's own if none is given)."""
        return not self.unmet(policy)

    def require(self, policy: Policy | None = None) -> VerifiedIdentity:
        """The identity that is proved under the policy (this verdict's own if none is given).

        Only data groups whose hashes were signed go into it.

        :raises NotVerified: if a fact is not good enough, the policy proves nobody, or no file names anybody that
            the policy takes for proof: DG1, and in some policies DG13 alone.
        :raises TypeError: if it is no :class:`Policy`, or of a class made of it, which could say anything.
        """
        policy = self._asked(policy)
        subject = self.proved
        if not policy.proves or subject is None or not self.meets(policy):
            raise NotVerified(self, policy)
        if subject.source is not File.DG1 and not policy.dg13_alone:
            raise NotVerified(self, policy)
        return VerifiedIdentity(
            name=subject.name,
            name_latin=subject.name_latin,
            birth=subject.birth,
            sex=subject.sex,
            document_number=subject.document_number,
            issuing_state=subject.issuing_state,
            nationality=subject.nationality,
            personal_number=subject.personal_number,
            expiry=subject.expiry,
            portrait=subject.portrait,
            maker=_MAKER,
        )

    def claimed_identity(self) -> ClaimedIdentity | None:
        """Whom the chip's files say the document is about, proved or not; None where DG1 is not readable."""
        subject = self.said
        if subject is None:
            return None
        return ClaimedIdentity(
            source=ClaimSource.CHIP_NOT_PROVED,
            personal_number=subject.personal_number,
            name=subject.name,
            name_latin=subject.name_latin,
            birth=subject.birth,
            sex=subject.sex,
            expiry=subject.expiry,
        )

    def to_dict(self) -> dict[str, Any]:
        """The verdict for JSON, without anything about the person."""
        return {
            "schema": SCHEMA,
            "at": self.at.isoformat(),
            "policy": self.policy.name,
            "policy_digest": self.policy.digest,
            "rung": self.rung.value,
            "met": self.meets(),
            "facts": [_fact_to_dict(fact, self.policy) for fact in self.facts],
            "anchor": self.anchor,
            "signer": self.signer,
            "trust_version": self.trust_version,
            "provenance": self.provenance.to_dict(),
        }


def _fact_to_dict(fact: Fact, policy: Policy) -> Mapping[str, Any]:
    return {
        "name": fact.name.value,
        "outcome": fact.outcome.value,
        "reason": fact.reason.value,
        "accepted": policy.satisfied_by(fact),
        "details": dict(fact.details),
    }
