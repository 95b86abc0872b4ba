"""Is what is said in several places the same everywhere?

Theory of operation. Only files whose hashes were signed are compared with each other: where one was changed, integrity
has said so, and a second failure would only hide which fact it was. Each comparison that could be made is named in the
details; the gravest that does not agree gives the reason. EF.COM weighs least: nobody signs it, reading follows the
signed list, and so what it says or hides changes nothing that is believed.

Source: ICAO Doc 9303-10, "EF.COM" and "EF.SOD"; Vietnam's profile for DG13 and the card's QR code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from idcard.encoding.mrz import Mrz
from idcard.errors import IdCardError, ProtocolViolation
from idcard.evidence import Evidence
from idcard.lds.com import Com
from idcard.lds.details import Dg11
from idcard.lds.layout import File
from idcard.lds.states import may_sign
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.identity import VIETNAM, Contents, births_agree, never_expires, personal_number_of
from idcard.verification.passive_authentication import PassiveAuthentication
from idcard.verification.plausibility import implausible, read_in_the_future
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.dg13 import Dg13
from idcard.vietnam.names import mrz_form

_COMPARED = (File.DG1, File.DG11, File.DG12, File.DG13)
_NOT_KNOWN = (Reason.CARD_QR_UNREADABLE, Reason.ISSUING_STATE_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """What was compared, and what is wrong with it: nothing, where it agrees."""

    compared: str
    wrong: Reason | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[bool, bool]:
        """What is said first: a contradiction, then what cannot be decided, last what the policy decides."""
        return self.wrong is Reason.LISTS_DIFFER, self.wrong in _NOT_KNOWN


def consistency(evidence: Evidence, passive: PassiveAuthentication, intact: Contents, at: datetime) -> Fact:
    """The fact whether all that was read or given agrees.

    :param intact: what the files with signed hashes say.
    """
    signed = passive.intact if passive.signature.outcome is Outcome.PASSED else frozenset()
    if any(file in evidence.files and file not in signed for file in _COMPARED):
        return _fact(Outcome.INCONCLUSIVE, Reason.INTEGRITY_NOT_VERIFIED)
    if intact.malformed:
        files = ",".join(file.label for file in intact.malformed)
        return _fact(Outcome.INCONCLUSIVE, Reason.MALFORMED_DATA_GROUP, files=files)
    findings = list(_findings(evidence, passive, intact, at))
    if not findings:
        return _fact(Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE)
    return _of_findings(findings, {"clock": "read_after_judgement"} if read_in_the_future(evidence, at) else {})


def _of_findings(findings: list[_Finding], remarks: dict[str, str]) -> Fact:
    said = {"compared": ",".join(finding.compared for finding in findings)} | remarks
    gravest = min((finding for finding in findings if finding.wrong), key=lambda finding: finding.rank, default=None)
    if gravest is None or gravest.wrong is None:
        return _fact(Outcome.PASSED, Reason.CONSISTENT, **said)
    outcome = Outcome.INCONCLUSIVE if gravest.wrong in _NOT_KNOWN else Outcome.FAILED
    return _fact(outcome, gravest.wrong, **said, **gravest.details)


def _findings(evidence: Evidence, passive: PassiveAuthentication, intact: Contents, at: datetime) -> Iterator[_Finding]:
    if File.COM in evidence.files and passive.listed is not None:
        yield _com(evidence.files[File.COM], passive.listed)
    if intact.issuing_state is not None:
        yield from _of_document(evidence, passive, intact, intact.issuing_state)
        yield _times(implausible(intact, passive.signed_at, at))


def _of_document(
    evidence: Evidence, passive: PassiveAuthentication, intact: Contents, state: str
) -> Iterator[_Finding]:
    yield _Finding(compared="signer", wrong=_signer(passive.country, state))
    mrz, given_mrz, given_qr = intact.mrz, evidence.given_mrz, evidence.given_card_qr
    if mrz is not None and intact.dg11 is not None:
        yield _compared("dg11", dg11_agrees(mrz, intact.dg11), Reason.DATA_GROUPS_DIFFER)
    if mrz is not None and intact.dg13 is not None:
        yield _compared("dg13", dg13_agrees(mrz, intact.dg13), Reason.DATA_GROUPS_DIFFER)
    if mrz is not None and given_mrz is not None:
        yield _compared("mrz", given_mrz == mrz.information, Reason.MRZ_DIFFERS)
    if given_qr is not None:
        yield _Finding(compared="card_qr", wrong=_card_qr(given_qr, intact))


def _compared(name: str, agrees: bool, reason: Reason) -> _Finding:
    return _Finding(compared=name, wrong=None if agrees else reason)


def _times(pair: str | None) -> _Finding:
    if pair is None:
        return _Finding(compared="times")
    return _Finding(compared="times", wrong=Reason.TIMES_IMPLAUSIBLE, details={"times": pair})


def _signer(country: str | None, state: str) -> Reason | None:
    allowed = may_sign(country, state)
    if allowed is None:
        return Reason.ISSUING_STATE_UNKNOWN
    return None if allowed else Reason.SIGNER_OF_ANOTHER_STATE


def _com(data: bytes, listed: frozenset[int]) -> _Finding:
    try:
        named = frozenset(Com.from_bytes(data).data_groups)
    except ProtocolViolation:
        return _Finding(compared="com", wrong=Reason.LISTS_DIFFER, details={"com": "malformed"})
    if named == listed:
        return _Finding(compared="com")
    details = {"hidden": _numbers(listed - named), "not_signed": _numbers(named - listed)}
    return _Finding(
        compared="com", wrong=Reason.LISTS_DIFFER, details={key: text for key, text in details.items() if text}
    )


def _numbers(data_groups: frozenset[int]) -> str:
    return ",".join(str(number) for number in sorted(data_groups))


def dg11_agrees(mrz: Mrz, dg11: Dg11) -> bool:
    """Whether DG11 says nothing else than the MRZ; what either leaves out agrees with anything.

    Names and numbers are compared for Vietnam only: how others write them in DG11 is not standardised.
    """
    if dg11.birth is not None and not _same_birth(mrz.birth, dg11.birth):
        return False
    if mrz.issuing_state != VIETNAM:
        return True
    number = dg11.personal_number
    named = dg11.name is None or _same_name(mrz, dg11.name.replace("<", " "))
    return named and (number is None or number == personal_number_of(mrz))


def _same_birth(mrz: str, digits: str) -> bool:
    """Whether YYMMDD and YYYYMMDD are one day; zeros and fillers are not known."""
    same_year = digits[:4] == "0000" or mrz[:2] in ("<<", digits[2:4])
    pairs = ((mrz[2:4], digits[4:6]), (mrz[4:], digits[6:]))
    return same_year and all(one == other or other == "00" or one in ("00", "<<") for one, other in pairs)


def dg13_agrees(mrz: Mrz, dg13: Dg13) -> bool:
    """Whether DG13 says nothing else than the MRZ; what either leaves out agrees with anything."""
    number = dg13.personal_number
    return (
        (number is None or number.digits == personal_number_of(mrz))
        and (dg13.name is None or _same_name(mrz, dg13.name))
        and (dg13.birth is None or births_agree(mrz, dg13.birth))
        and (dg13.sex is None or mrz.sex in ("<", dg13.sex))
        and (dg13.expiry is None or never_expires(mrz) or f"{dg13.expiry:%y%m%d}" == mrz.expiry)
    )


def _same_name(mrz: Mrz, name: str) -> bool:
    """Whether the MRZ is this name without its accents; a long name is cut short there."""
    latin = f"{mrz.surname} {mrz.given_names}".strip()
    full = mrz_form(name)
    cut_short = not mrz.text.endswith("<")
    return latin == full or (cut_short and full.startswith(latin))


def _card_qr(text: str, intact: Contents) -> Reason | None:
    try:
        qr = CardQr.parse(text)
    except IdCardError:
        return Reason.CARD_QR_UNREADABLE
    agrees = qr.personal_number.digits == intact.personal_number and _is_of(qr, intact)
    return None if agrees else Reason.CARD_QR_DIFFERS


def _is_of(qr: CardQr, intact: Contents) -> bool:
    """Whether name and birth are those of the chip; DG13 writes the name as the QR does, the MRZ without accents."""
    written = intact.dg13.name == qr.name if intact.dg13 else False
    if intact.mrz is None:
        return written and intact.dg13 is not None and intact.dg13.birth == qr.birth
    return births_agree(intact.mrz, qr.birth) and (written or _same_name(intact.mrz, qr.name))


def _fact(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=FactName.CONSISTENCY, outcome=outcome, reason=reason, details=details)
