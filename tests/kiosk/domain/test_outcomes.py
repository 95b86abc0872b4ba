"""What a verdict means for the visit: a table of single faults, and of faults that come together."""

from datetime import UTC, datetime

import pytest

from idcard import VIETNAM_STRICT, Fact, FactName, Outcome, Reason, Verdict
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.outcomes import assurance_of, refusal_of

GOOD = {
    FactName.INTEGRITY: (Outcome.PASSED, Reason.HASHES_MATCH),
    FactName.SIGNATURE: (Outcome.PASSED, Reason.SIGNATURE_VERIFIED),
    FactName.TRUST: (Outcome.PASSED, Reason.ANCHORED),
    FactName.REVOCATION: (Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST),
    FactName.GENUINE_CHIP: (Outcome.PASSED, Reason.CHIP_PROVED),
    FactName.ACCESS: (Outcome.PASSED, Reason.OPENED_WITH_PACE),
    FactName.VALIDITY: (Outcome.PASSED, Reason.IN_FORCE),
    FactName.CONSISTENCY: (Outcome.PASSED, Reason.CONSISTENT),
}
Facts = dict[FactName, tuple[Outcome, Reason]]

NO_ANCHOR: Facts = {
    FactName.TRUST: (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR),
    FactName.GENUINE_CHIP: (Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED),
}
EXPIRED: Facts = {FactName.VALIDITY: (Outcome.FAILED, Reason.EXPIRED)}


def verdict(changes: Facts) -> Verdict:
    facts = tuple(
        Fact(name=name, outcome=outcome, reason=reason) for name, (outcome, reason) in (GOOD | changes).items()
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Verdict(facts=facts, at=at, policy=VIETNAM_STRICT, anchor=None, signer=None, trust_version="")


@pytest.mark.parametrize(
    ("changes", "code", "assurance"),
    [
        ({FactName.INTEGRITY: (Outcome.FAILED, Reason.HASH_MISMATCH)}, "E05", Assurance.NONE),
        ({FactName.SIGNATURE: (Outcome.FAILED, Reason.SIGNATURE_WRONG)}, "E05", Assurance.NONE),
        ({FactName.GENUINE_CHIP: (Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)}, "E05", Assurance.NONE),
        ({FactName.CONSISTENCY: (Outcome.FAILED, Reason.DATA_GROUPS_DIFFER)}, "E05", Assurance.NONE),
        ({FactName.ACCESS: (Outcome.FAILED, Reason.PACE_NOT_AS_SIGNED)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SAME_NAME_OTHER_KEY)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.ISSUER_NAME_DIFFERS)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS)}, "E05", Assurance.NONE),
        ({FactName.TRUST: (Outcome.FAILED, Reason.SIGNER_EXPIRED)}, "E04", Assurance.CHIP_UNANCHORED),
        (NO_ANCHOR, "E04", Assurance.CHIP_UNANCHORED),
        ({FactName.GENUINE_CHIP: (Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED)}, "E04", Assurance.CHIP_UNANCHORED),
        (EXPIRED, "E06", Assurance.CHIP_ANCHORED),
        (EXPIRED | NO_ANCHOR, "E04", Assurance.CHIP_UNANCHORED),
        (EXPIRED | {FactName.INTEGRITY: (Outcome.FAILED, Reason.HASH_MISMATCH)}, "E05", Assurance.NONE),
        ({FactName.VALIDITY: (Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN)}, "E04", Assurance.CHIP_ANCHORED),
    ],
)
def test_a_fault_leads_to_its_code(changes: Facts, code: str, assurance: Assurance) -> None:
    refusal = refusal_of(verdict(changes))
    assert (refusal.code, refusal.assurance) == (Code(code), assurance)
    assert set(refusal.reasons) == {f"{name}.{reason}" for name, (_, reason) in changes.items()}


def test_a_good_card_is_anchored() -> None:
    assert assurance_of(verdict({})) is Assurance.CHIP_ANCHORED
