"""What a chip's right answer is worth: as much as the signature over its public key, and as its signer.

Theory of operation. Whoever copies a card can give it a key pair of its own, and that chip answers rightly. So an
answer counts only under a key that was signed, by a signer who is trusted. Where nobody but a pin or an authority
vouches for the signer, the policy decides. Where the transcript could have been invented by whoever held the reader's
key, it counts only if a known reader signed for it. Where the key is so short, or the hash so old, that a right answer
might come from somebody else, the policy decides again.
"""

from typing import Final

from idcard.crypto.signature import PublicKey
from idcard.crypto.strength import CURRENT
from idcard.lds.layout import File
from idcard.verification.assurance import rung_of
from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung
from idcard.verification.passive_authentication import PassiveAuthentication
from idcard.verification.policy import ANSWER_AGE, RUNG

OLD: Final = "old"
"""The detail of a fact that names what is too weak to rely on."""


def chip_fact(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    """A fact about the chip."""
    return Fact(name=FactName.GENUINE_CHIP, outcome=outcome, reason=reason, details=details)


def weaknesses(key: PublicKey, digest: str | None = None) -> str:
    """What of a chip's key, and of the hash that it signed, is too weak to rely on; empty where nothing is."""
    return ",".join(CURRENT.weaknesses(digest=digest, key=key))


def right_answer(
    passive: PassiveAuthentication, key_file: File, *, weak: str, witnessed: bool = False, **details: str
) -> Fact:
    """The fact that follows from a right answer.

    :param key_file: the file that holds the chip's public key.
    :param weak: what of key and hash is too weak to rely on.
    :param witnessed: whether it is a reader's word that the answer was given.
    """
    if key_file not in passive.intact:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, **details)
    if not passive.signed_and_trusted:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED, **details)
    if witnessed:
        details["witness"] = "reader"
    rung = rung_of(passive)
    if rung is not Rung.ANCHORED or weak:
        details |= {RUNG: rung.value} | _age_of_answer(passive)
    if weak:
        return chip_fact(Outcome.PASSED, Reason.CHIP_KEY_WEAK, **details, **{OLD: weak})
    if rung is not Rung.ANCHORED:
        return chip_fact(Outcome.PASSED, Reason.CHIP_ANSWERED_UNDER_VOUCHER, **details)
    reason = Reason.WITNESSED_BY_READER if witnessed else Reason.CHIP_PROVED
    return chip_fact(Outcome.PASSED, reason, **details)


def _age_of_answer(passive: PassiveAuthentication) -> dict[str, str]:
    """How old the authority's answer is on which trust stands, for a policy to judge both alike."""
    return {name: value for name, value in passive.trust.details.items() if name == ANSWER_AGE}
