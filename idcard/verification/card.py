"""The verdict on a card: a pure function of what was read, whom we trust, the policy and the time."""

from datetime import datetime

from idcard.evidence import Evidence
from idcard.identity import _MAKER
from idcard.lds.layout import File
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers, rung_of, vouched
from idcard.verification.chip_proof import genuine_chip
from idcard.verification.circumstances import access, validity
from idcard.verification.consistency import consistency
from idcard.verification.identity import Contents, Subject
from idcard.verification.passive_authentication import (
    PassiveAuthentication,
    card_security_authentication,
    passive_authentication,
)
from idcard.verification.policy import VIETNAM_STRICT, Policy
from idcard.verification.provenance import Provenance
from idcard.verification.transcripts import NOTHING_EXPECTED, Expectation
from idcard.verification.verdict import Verdict

_PARSED = frozenset({File.DG1, File.DG2, File.DG11, File.DG12, File.DG13})
_NOBODY_VOUCHES = Vouchers()


def verify(
    evidence: Evidence,
    trust: TrustStore,
    policy: Policy = VIETNAM_STRICT,
    *,
    at: datetime,
    expectation: Expectation = NOTHING_EXPECTED,
    vouchers: Vouchers = _NOBODY_VOUCHES,
) -> Verdict:
    """The verdict on what was read: never an exception for what a card says, however odd.

    :param trust: the trust anchors.
    :param policy: which outcomes are good enough; it can be changed in :meth:`Verdict.require`.
    :param at: the moment of judgement, with a time zone; its calendar day decides whether the document has expired.
    :param expectation: what the judge itself contributed to the reading: its challenge, its ephemeral key, its nonces,
        and the devices whose word it takes. Give it wherever somebody else read the card: of what nobody known signed
        for, only what the card itself proves counts.
    :param vouchers: who may vouch for a signer whose issuer no anchor is.
    :raises ValueError: if ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of judgement needs a time zone")
    passive = vouched(evidence, passive_authentication(evidence, trust, at), vouchers, at, nonces=expectation.nonces)
    card_security = card_security_authentication(evidence, trust, at)
    if card_security is not None:
        card_security = vouched(evidence, card_security, vouchers, at, nonces=expectation.nonces)
    provenance = Provenance.of(evidence, expectation)
    country = passive.country
    said = Contents.of(evidence.files, signer_country=country)
    all_intact = passive.intact >= _PARSED & evidence.files.keys()
    intact = said if all_intact else _of_intact(evidence, passive, country)
    facts = (
        *passive.facts,
        genuine_chip(evidence, passive, expectation, card_security),
        access(evidence, passive, believed=provenance.believed),
        validity(said, at),
        consistency(evidence, passive, intact, at),
    )
    proved = Subject.of(intact, at)
    return Verdict(
        facts=tuple(policy.judge(fact) for fact in facts),
        at=at,
        policy=policy,
        rung=rung_of(passive),
        provenance=provenance,
        anchor=passive.anchor.fingerprint if passive.anchor else None,
        signer=passive.signer.fingerprint if passive.signer else None,
        signer_certificate=passive.signer.der if passive.signer else None,
        trust_version=trust.version,
        proved=proved,
        said=proved if intact is said else Subject.of(said, at),
        maker=_MAKER,
    )


def _of_intact(evidence: Evidence, passive: PassiveAuthentication, country: str | None) -> Contents:
    """What the files say whose hashes were signed. A DG1 that is not among them is no missing DG1."""
    files = {file: data for file, data in evidence.files.items() if file in passive.intact}
    alone = File.DG1 not in evidence.files
    return Contents.of(files, signer_country=country if alone else None)
