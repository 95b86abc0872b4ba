"""Which signed codes may name a citizen at this clinic, and how far such a code leads.

A code proves nobody: a photo of it is as good as the code. So no code admits unless the clinic says so, for one format
of one issuer, and then only with the payer's confirmation.
"""

from dataclasses import dataclass

from idcard import CitizenClaims
from kiosk.domain.eligibility import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRule:
    """One format of one issuer, both as a verdict calls them.

    ``anchor`` is the fingerprint of the anchor above the certificate that comes with such codes: without it, no
    certificate counts. ``claims`` says where number, name and birth are written. ``step``: the clinic's policy.
    ``once``: the same code counts once at this machine.
    """

    format: str
    issuer: str
    claims: CitizenClaims
    anchor: str | None = None
    step: Step = Step.DESK
    once: bool = False

    @property
    def admits(self) -> bool:
        """Whether the clinic's policy lets the machine admit on such a code, once the payer confirms."""
        return self.step in (Step.ADMIT, Step.ADMIT_AND_RECHECK)
