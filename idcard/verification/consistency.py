"""Is what is said in several places the same everywhere?

Theory of operation. Only files whose hashes were signed are compared with each other: where one was changed, integrity
has said so, and a second failure would only hide which fact it was. Each comparison that could be made is named in the
details; the first that does not agree gives the reason.

Source: ICAO Doc 9303-10, "EF.COM" and "EF.SOD"; Vietnam's profile for DG13 and the card's QR code.
"""

from collections.abc import Iterator

from idcard.encoding.mrz import Mrz
from idcard.errors import IdCardError, ProtocolViolation
from idcard.evidence import Evidence
from idcard.lds.com import Com
from idcard.lds.layout import File
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.identity import VIETNAM, Contents, births_agree, never_expires, personal_number_of
from idcard.verification.passive_authentication import PassiveAuthentication
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.dg13 import Dg13
from idcard.vietnam.names import mrz_form

_COMPARED = (File.DG1, File.DG13)
_VIETNAM_CODES = frozenset({"VN", VIETNAM})
_Finding = tuple[str, Reason | None]


def consistency(evidence: Evidence, passive: PassiveAuthentication, intact: Contents) -> Fact:
    """The fact whether all that was read or given agrees.

    :param intact: what the files with signed hashes say.
    """
    signed = passive.intact if passive.signature.outcome is Outcome.PASSED else frozenset()
    if any(file in evidence.files and file not in signed for file in _COMPARED):
        return _fact(Outcome.INCONCLUSIVE, Reason.INTEGRITY_NOT_VERIFIED)
    if intact.malformed:
        files = ",".join(file.label for file in intact.malformed)
        return _fact(Outcome.INCONCLUSIVE, Reason.MALFORMED_DATA_GROUP, files=files)
    findings = list(_findings(evidence, passive, intact))
    wrong = next((reason for _, reason in findings if reason is not None), None)
    compared = ",".join(name for name, _ in findings)
    if wrong is not None:
        outcome = Outcome.INCONCLUSIVE if wrong is Reason.CARD_QR_UNREADABLE else Outcome.FAILED
        return _fact(outcome, wrong, compared=compared)
    if not findings:
        return _fact(Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE)
    return _fact(Outcome.PASSED, Reason.CONSISTENT, compared=compared)


def _findings(evidence: Evidence, passive: PassiveAuthentication, intact: Contents) -> Iterator[_Finding]:
    """What was compared, and what came of it: None where it agrees."""
    if File.COM in evidence.files and passive.listed is not None:
        yield "com", _com(evidence.files[File.COM], passive.listed)
    if intact.mrz is None:
        return
    if passive.signer is not None and intact.mrz.issuing_state == VIETNAM:
        vietnamese = passive.signer.issuer.country in _VIETNAM_CODES
        yield "signer", None if vietnamese else Reason.SIGNER_OF_ANOTHER_STATE
    if intact.dg13 is not None:
        yield "dg13", None if dg13_agrees(intact.mrz, intact.dg13) else Reason.DATA_GROUPS_DIFFER
    if evidence.given_mrz is not None:
        yield "mrz", None if evidence.given_mrz == intact.mrz.information else Reason.MRZ_DIFFERS
    if evidence.given_card_qr is not None:
        yield "card_qr", _card_qr(evidence.given_card_qr, intact.mrz, intact.dg13)


def _com(data: bytes, listed: frozenset[int]) -> Reason | None:
    try:
        named = frozenset(Com.from_bytes(data).data_groups)
    except ProtocolViolation:
        return Reason.LISTS_DIFFER
    return None if named == listed else Reason.LISTS_DIFFER


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


def _card_qr(text: str, mrz: Mrz, dg13: Dg13 | None) -> Reason | None:
    try:
        qr = CardQr.parse(text)
    except IdCardError:
        return Reason.CARD_QR_UNREADABLE
    same = qr.personal_number.digits == personal_number_of(mrz) and births_agree(mrz, qr.birth)
    named = _same_name(mrz, qr.name) or (dg13 is not None and dg13.name == qr.name)
    return None if same and named else Reason.CARD_QR_DIFFERS


def _fact(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=FactName.CONSISTENCY, outcome=outcome, reason=reason, details=details)
