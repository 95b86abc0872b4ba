"""What one judged card proves of others of its type: that they have no PACE, so that nobody need ask each of them."""

from idcard.evidence import AccessProtocol, Evidence
from idcard.lds.layout import File
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.verdict import Verdict

_PROVED = (FactName.INTEGRITY, FactName.SIGNATURE, FactName.TRUST, FactName.GENUINE_CHIP)


def proves_no_pace(evidence: Evidence, verdict: Verdict) -> bool:
    """Whether a genuine chip gave no EF.CardAccess, was opened by BAC, and offers no PACE in its signed DG14.

    :param verdict: what was judged of this very ``evidence``.
    """
    access = evidence.access
    return (
        access is not None
        and access.protocol is AccessProtocol.BAC
        and access.card_access is None
        and File.DG14 in evidence.files
        and all(verdict.fact(name).outcome is Outcome.PASSED for name in _PROVED)
        and verdict.fact(FactName.ACCESS).reason is Reason.OPENED_WITH_BAC
    )
