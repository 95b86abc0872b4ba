"""How the chip was opened, and whether the document is still in force.

Source: ICAO Doc 9303-11, "Chip access procedure" (PACE has precedence over BAC).
"""

from datetime import datetime

from idcard.errors import ProtocolViolation
from idcard.evidence import AccessProtocol, AccessRecord, Evidence
from idcard.lds.layout import File
from idcard.lds.security_infos import PaceInfo, SecurityInfos
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.identity import Contents
from idcard.verification.passive_authentication import PassiveAuthentication


def access(evidence: Evidence, passive: PassiveAuthentication, *, believed: bool) -> Fact:
    """The fact how the chip was opened. A downgrade is passed here; the policy has the last word on it.

    :param believed: whether somebody whom the judge believes bears witness to the record. A record that nobody known
        signed is as good as none, but for what it says against itself: leaving that out would not have made it better.
    """
    if evidence.access is None:
        return Fact(name=FactName.ACCESS, outcome=Outcome.NOT_PERFORMED, reason=Reason.NO_ACCESS_RECORD)
    fact = _judged(evidence, evidence.access, passive)
    if believed or fact.outcome is Outcome.FAILED:
        return fact
    return _access(Outcome.NOT_PERFORMED, Reason.ACCESS_UNWITNESSED, evidence.access)


def _judged(evidence: Evidence, record: AccessRecord, passive: PassiveAuthentication) -> Fact:
    signed = _signed_pace(evidence, passive)
    if record.protocol is AccessProtocol.PACE:
        return _opened_with_pace(record, signed or ())
    downgraded = bool(signed) or bool(_offered_pace(record)) or _refusal_counts(record, signed)
    return _access(Outcome.PASSED, Reason.DOWNGRADED if downgraded else Reason.OPENED_WITH_BAC, record)


def _opened_with_pace(record: AccessRecord, signed: tuple[PaceInfo, ...]) -> Fact:
    if signed and not any(_is(info, record) for info in signed):
        return _access(Outcome.FAILED, Reason.PACE_NOT_AS_SIGNED, record)
    if record.card_access is not None and set(signed) - set(_offered_pace(record)):
        return _access(Outcome.PASSED, Reason.CARD_ACCESS_NOT_AS_SIGNED, record)
    return _access(Outcome.PASSED, Reason.OPENED_WITH_PACE, record)


def _refusal_counts(record: AccessRecord, signed: tuple[PaceInfo, ...] | None) -> bool:
    """Whether a refusal of PACE says that the chip has it.

    Where the chip gave no EF.CardAccess, PACE was tried on a guess: a chip whose signed DG14 offers none only said
    that the guess was wrong. Where nothing signed says so either, the refusal stands.
    """
    guessed = record.card_access is None and signed is not None
    return record.pace_refused_sw is not None and not guessed


def _access(outcome: Outcome, reason: Reason, record: AccessRecord) -> Fact:
    details = {"protocol": record.protocol.value, "key": record.key_kind.value}
    if record.pace_refused_sw is not None:
        details["pace_refused_sw"] = f"{record.pace_refused_sw:04X}"
    return Fact(name=FactName.ACCESS, outcome=outcome, reason=reason, details=details)


def _is(info: PaceInfo, record: AccessRecord) -> bool:
    return info.oid == record.pace_oid and info.parameter_id in (None, record.parameter_id)


def _signed_pace(evidence: Evidence, passive: PassiveAuthentication) -> tuple[PaceInfo, ...] | None:
    """The variants of PACE that were signed; None where that is not known."""
    if passive.listed is not None and File.DG14.data_group not in passive.listed:
        return ()
    if File.DG14 not in passive.intact:
        return None
    try:
        return SecurityInfos.from_dg14(evidence.files[File.DG14]).pace
    except ProtocolViolation:
        return None


def _offered_pace(record: AccessRecord) -> tuple[PaceInfo, ...]:
    if record.card_access is None:
        return ()
    try:
        return SecurityInfos.from_bytes(record.card_access, where="EF.CardAccess").pace
    except ProtocolViolation:
        return ()


def validity(contents: Contents, at: datetime) -> Fact:
    """The fact whether the document has expired: it is in force to the end of its last day, in the zone of ``at``."""
    if contents.never_expires:
        return Fact(name=FactName.VALIDITY, outcome=Outcome.PASSED, reason=Reason.NEVER_EXPIRES)
    last_day = contents.last_day(at)
    if last_day is None:
        return Fact(name=FactName.VALIDITY, outcome=Outcome.INCONCLUSIVE, reason=Reason.EXPIRY_UNKNOWN)
    if at.date() > last_day:
        return Fact(name=FactName.VALIDITY, outcome=Outcome.FAILED, reason=Reason.EXPIRED)
    return Fact(name=FactName.VALIDITY, outcome=Outcome.PASSED, reason=Reason.IN_FORCE)
