"""Where evidence comes from: who bears witness to it, when it was read, and whose challenge the chip answered.

Theory of operation. What a file says of its own reading is only as good as whoever signed it. This process's own
reading needs no signature; a file needs one by a device that the judge knows. The one thing that needs no witness is
what the judge contributed itself: an answer to the challenge that its caller gave cannot be an old one.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from idcard.evidence import WITNESSED_HERE, Evidence
from idcard.verification.transcripts import Expectation


class ChallengeFrom(StrEnum):
    """Who chose the challenge that the chip answered in active authentication."""

    CALLER = "caller"
    """Whoever asked for this judgement gave it."""
    HERE = "here"
    """This process, which read the card."""
    DEVICE = "device"
    """A reading device that the judge knows, and that signed for it."""
    UNKNOWN = "unknown"
    """Somebody, at some time."""
    NONE = "none"
    """There was no challenge."""

    @property
    def known(self) -> bool:
        """Whether it is known that the challenge was made for this reading."""
        return self in (ChallengeFrom.CALLER, ChallengeFrom.HERE, ChallengeFrom.DEVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where evidence comes from.

    ``witness`` is ``"here"`` where this process read the card, ``"device"`` where a device signed the file, else
    ``"none"``; ``device`` is that device's fingerprint. Only where ``believed`` is set does the judge take its word,
    and with it ``read_at``, when the card was read.
    """

    witness: str = "none"
    device: str | None = None
    believed: bool = False
    read_at: datetime | None = None
    challenge: ChallengeFrom = ChallengeFrom.NONE

    @classmethod
    def of(cls, evidence: Evidence, expectation: Expectation) -> "Provenance":
        """Where this evidence comes from, for a judge who contributed that."""
        here = evidence.witness == WITNESSED_HERE
        device = None if here else evidence.witness
        return cls(
            witness="here" if here else "none" if device is None else "device",
            device=device,
            believed=evidence.witness in expectation.witnesses,
            read_at=evidence.read_at,
            challenge=_challenge_from(evidence, expectation),
        )

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON. A time without a zone is no moment, and is left out."""
        moment = self.read_at if self.read_at is not None and self.read_at.tzinfo is not None else None
        return {
            "witness": self.witness,
            "device": self.device,
            "believed": self.believed,
            "read_at": moment.isoformat() if moment else None,
            "challenge": self.challenge.value,
        }


NOWHERE: Final = Provenance()
"""Where nothing is known of it."""


def _challenge_from(evidence: Evidence, expectation: Expectation) -> ChallengeFrom:
    proof = evidence.active_authentication
    if proof is None:
        return ChallengeFrom.NONE
    if expectation.challenge is not None and hmac.compare_digest(expectation.challenge, proof.challenge):
        return ChallengeFrom.CALLER
    if evidence.witness not in expectation.witnesses:
        return ChallengeFrom.UNKNOWN
    return ChallengeFrom.HERE if evidence.witness == WITNESSED_HERE else ChallengeFrom.DEVICE
