"""The verdict on a card: a pure function of what was read, whom we trust, the policy and the time."""

from datetime import datetime

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.trust.store import TrustStore
from idcard.verification.chip_proof import genuine_chip
from idcard.verification.circumstances import access, validity
from idcard.verification.consistency import consistency
from idcard.verification.facts import Fact
from idcard.verification.identity import Contents, Subject
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication
from idcard.verification.policy import VIETNAM_STRICT, Policy
from idcard.verification.verdict import Verdict

_PARSED = frozenset({File.DG1, File.DG2, File.DG13})


def verify(evidence: Evidence, trust: TrustStore, policy: Policy = VIETNAM_STRICT, *, at: datetime) -> Verdict:
    """The verdict on what was read: never an exception for what a card says, however odd.

    :param trust: the trust anchors.
    :param policy: which outcomes are good enough; it can be changed in :meth:`Verdict.require`.
    :param at: the moment of judgement, with a time zone; its calendar day decides whether the document has expired.
    :raises ValueError: if ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of judgement needs a time zone")
    passive = passive_authentication(evidence, trust, at)
    said = Contents.of(evidence.files)
    all_intact = passive.intact >= _PARSED & evidence.files.keys()
    intact = said if all_intact else Contents.of(_intact(evidence, passive))
    return Verdict(
        facts=tuple(policy.judge(fact) for fact in _facts(evidence, passive, said, intact, at)),
        at=at,
        policy=policy,
        anchor=passive.anchor.fingerprint if passive.anchor else None,
        signer=passive.signer.fingerprint if passive.signer else None,
        trust_version=trust.version,
        proved=Subject.of(intact, at),
        said=Subject.of(said, at),
    )


def _intact(evidence: Evidence, passive: PassiveAuthentication) -> dict[File, bytes]:
    return {file: data for file, data in evidence.files.items() if file in passive.intact}


def _facts(
    evidence: Evidence, passive: PassiveAuthentication, said: Contents, intact: Contents, at: datetime
) -> tuple[Fact, ...]:
    return (
        *passive.facts,
        genuine_chip(evidence, passive),
        access(evidence, passive),
        validity(said.mrz, at),
        consistency(evidence, passive, intact),
    )
