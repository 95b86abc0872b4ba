"""What a verdict on a card means for the visit: which desk code, and how well the person is known all the same."""

from dataclasses import dataclass, replace

from idcard import CLOSED_READER, Fact, FactName, Outcome, Policy, Reason, Rung, Verdict
from kiosk.domain.assurance import Assurance
from kiosk.domain.card_generation import CardGeneration, generation_of
from kiosk.domain.codes import Code

VIETNAM = "VNM"
_SUSPICIOUS = (
    FactName.INTEGRITY,
    FactName.SIGNATURE,
    FactName.GENUINE_CHIP,
    FactName.ACCESS,
    FactName.CONSISTENCY,
)
"""Facts that fail only where somebody changed or copied something."""

_IMPOSTORS = (Reason.SAME_NAME_OTHER_KEY, Reason.ISSUER_NAME_DIFFERS, Reason.SIGNER_NOT_FOR_DOCUMENTS)
"""Why trust fails where somebody signed in the name of an issuer whom we know, and may not."""

_MAKES_GENUINE = (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST, FactName.GENUINE_CHIP)

_OF_RUNGS = {
    Rung.ANCHORED: Assurance.CHIP_ANCHORED,
    Rung.PINNED: Assurance.CHIP_PINNED,
    Rung.CONFIRMED: Assurance.CHIP_CONFIRMED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a card does not open the automatic lane: a code, and for staff the facts behind it."""

    code: Code
    reasons: tuple[str, ...]
    assurance: Assurance


def refusal_of(verdict: Verdict) -> Refusal:
    """The refusal that a verdict amounts to, once its policy was found not to be met."""
    return Refusal(code=_code_of(verdict), reasons=_reasons_of(verdict), assurance=assurance_of(verdict))


def assurance_of(verdict: Verdict) -> Assurance:
    """How well the chip makes the person known, whether or not the card may be used here today.

    A chip is called genuine only at the rung that proves it; one whose signer somebody else vouches for has a word of
    its own, also where the clinic's policy does not take that word.
    """
    if _suspicious(verdict):
        return Assurance.NONE
    lenient = replace(verdict.policy, name="on_any_word", rungs=frozenset(_OF_RUNGS))
    genuine = all(lenient.judge(verdict.fact(name)).outcome is Outcome.PASSED for name in _MAKES_GENUINE)
    if not genuine and _by_closed_reader(lenient, verdict):
        return Assurance.CLOSED_READER
    if not genuine or _revoked(verdict):
        return Assurance.CHIP_UNANCHORED
    return _OF_RUNGS.get(verdict.rung, Assurance.CHIP_UNANCHORED)


def card_of(verdict: Verdict) -> CardGeneration:
    """The generation of the card that was read, by the day of issue that it says, proved or not."""
    said = verdict.said
    return generation_of(said.issued if said is not None and said.issuing_state == VIETNAM else None)


def _by_closed_reader(lenient: Policy, verdict: Verdict) -> bool:
    """Whether the data are genuine, and nobody but the reader that handed them over speaks for the chip."""
    signed = (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST)
    return (
        verdict.policy.name.startswith(CLOSED_READER.name)
        and all(lenient.judge(verdict.fact(name)).outcome is Outcome.PASSED for name in signed)
        and verdict.fact(FactName.GENUINE_CHIP).outcome in (Outcome.NOT_PERFORMED, Outcome.NOT_SUPPORTED)
        and not _revoked(verdict)
    )


def _code_of(verdict: Verdict) -> Code:
    if _suspicious(verdict):
        return Code.NOT_GENUINE
    expired = verdict.fact(FactName.VALIDITY).outcome is Outcome.FAILED
    genuine = all(verdict.fact(name).outcome is Outcome.PASSED for name in _MAKES_GENUINE)
    if expired and genuine and not _revoked(verdict):
        return Code.CARD_EXPIRED
    return Code.UNKNOWN_CARD


def _revoked(verdict: Verdict) -> bool:
    return verdict.fact(FactName.REVOCATION).outcome is Outcome.FAILED


def _suspicious(verdict: Verdict) -> bool:
    """Somebody changed or copied something, or signed in the name of an issuer whom we know."""
    trust = verdict.fact(FactName.TRUST)
    impostor = trust.outcome is Outcome.FAILED and trust.reason in _IMPOSTORS
    return impostor or any(verdict.fact(name).outcome is Outcome.FAILED for name in _SUSPICIOUS)


def _reasons_of(verdict: Verdict) -> tuple[str, ...]:
    return tuple(f"{fact.name}.{fact.reason}" for fact in verdict.facts if not _unremarkable(fact))


def _unremarkable(fact: Fact) -> bool:
    """Passed, or what is never performed because no revocation list is published."""
    return fact.outcome is Outcome.PASSED or (
        fact.name is FactName.REVOCATION and fact.outcome is Outcome.NOT_PERFORMED
    )
