"""The verdict on VDS-NC: ICAO's seals of health proofs.

Theory of operation. The certificate that came with the seal must be for such seals, and an anchor must have issued it:
the same CSCAs that issue signers of passports do. One state must not sign for another. The seal itself does not say
until when it counts, only when a vaccine was given or a test was made: that is for whoever wants to see it to judge.

Source: ICAO TR "VDS-NC", "Validation"; ICAO Doc 9303-12, "Bar Code Signer Certificates".
"""

import unicodedata
from typing import Final

from idcard.encoding.oids import VDS_NC_SIGNER
from idcard.identity import ClaimedIdentity, ClaimSource, Sex
from idcard.lds.states import may_sign
from idcard.qr.vds_nc import VdsNc
from idcard.trust.certificates import Certificate
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import Circumstances, CodeFormat, Judged, birth_of, signer_revocation
from idcard.verification.qr_signature import Signed, fact, judge_chain, judge_listed, usage_by_purpose
from idcard.verification.qr_times import dates_fact, validity

FORMAT: Final = "icao_vds_nc"
_SEXES = {"M": Sex.MALE, "F": Sex.FEMALE}
_MAX_NAME = 160


def _judge(document: VdsNc, given: Circumstances) -> Judged:
    signed = _signed(document, given)
    person = document.person
    birth = birth_of(person["dob"]) if isinstance(person.get("dob"), str) else None
    name = person.get("n")
    claimed = None
    if isinstance(name, str) and 0 < len(name) <= _MAX_NAME:
        sex = _SEXES.get(person["sex"]) if isinstance(person.get("sex"), str) else None
        written = " ".join(unicodedata.normalize("NFC", name).split())
        claimed = ClaimedIdentity(source=ClaimSource.SIGNED_QR, name=written, birth=birth, sex=sex)
    return Judged(
        signed=signed,
        validity=validity(None, None, given.at),
        revocation=signer_revocation(signed, given),
        consistency=_of_another_state(signed, document.country) or dates_fact(birth, given.at),
        issuer=document.country,
        claimed=claimed,
    )


def _signed(document: VdsNc, given: Circumstances) -> Signed:
    if document.certificate is not None:
        chain = (document.certificate,)
        return judge_chain(document.verify, chain, given.trust, given.at, _usage, format_name=FORMAT)
    # The reference is outside what is signed: whose key it was, the signature says.
    candidates = [one for one in given.trust.listed if _usage(one.certificate).outcome is Outcome.PASSED]
    return judge_listed(document.verify, candidates, given.trust, given.at, _usage, format_name=FORMAT)


def _usage(certificate: Certificate) -> Fact:
    return usage_by_purpose(certificate, frozenset({VDS_NC_SIGNER}), must=True)


def _of_another_state(signed: Signed, country: str) -> Fact | None:
    if signed.signer is None:
        return None
    allowed = may_sign(signed.signer.issuer.country, country)
    if allowed is None:
        return fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)
    return None if allowed else fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


VDS_NC: Final = CodeFormat(document=VdsNc, judge=_judge, said=lambda document: document.signed_bytes)
