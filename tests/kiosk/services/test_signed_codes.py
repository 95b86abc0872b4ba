"""How far a signed code leads: the clinic's policy, certificates and their anchors, single use, and who is named."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from idcard import CitizenClaims, QrTrust
from idcard.testing import CodeIssuer, Holder
from kiosk.devices.clock import ManualClock
from kiosk.domain.assurance import Assurance
from kiosk.domain.code_rules import CodeRule
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import Coverage, Eligibility, Step
from kiosk.domain.flow import Screen
from kiosk.domain.freshness import Freshness, StoreAge
from kiosk.insurance.sources import CoverDesk, NoOnlineAnswer
from kiosk.keys import VisitOpener
from kiosk.services.card_reader import ToDesk
from kiosk.services.codes import code_digest
from kiosk.services.signed_codes import Confirmed, SignedCodes
from kiosk.store.tables import Visit

Kiosk = Any
NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
LISTED, OTHER = CodeIssuer.create("https://codes.example"), CodeIssuer.create("https://other.example")
TRUST = QrTrust.of(issuers=[LISTED.listed(), OTHER.listed()])
RULE = CodeRule(format="mosip_claim_169", issuer=LISTED.name, claims=CitizenClaims(number="id"), step=Step.ADMIT)
COVER = Coverage(valid_from=date(2026, 1, 1), valid_to=None, benefit="4", home_clinic="36001", as_of=NOW)


class Nobody:
    """A roster that knows nobody."""

    version, as_of = "none", NOW

    def find(self, personal_number: str) -> Coverage | None:
        return None

    def find_insurance(self, number: str) -> Coverage | None:
        return None


@dataclass
class Payer:
    """The staff process's answer about whoever is asked about."""

    decision: Eligibility | None
    asked: int = 0

    def ask(self, asked: Asked) -> OnlineAnswer:
        self.asked += 1
        if self.decision is None:
            raise NoOnlineAnswer(Online.DOWN)
        return OnlineAnswer(eligibility=self.decision, as_of=NOW, shift_id="shift")


COVERED = Eligibility(code=None, reasons=(), coverage=COVER, result="000")
CONFIRMS = Payer(COVERED)
Judge = Callable[..., Confirmed | ToDesk]


def codes_of(*rules: CodeRule, payer: Payer | None = None, age: StoreAge = StoreAge.FRESH) -> SignedCodes:
    clock = ManualClock(NOW)
    cover = CoverDesk(source=Nobody(), freshness=Freshness(), clinic="36001", clock=clock, online=payer or CONFIRMS)
    return SignedCodes(rules=rules, trust=TRUST, cover=cover, clock=clock, trust_age=lambda at: age)


def code(holder: Holder, by: CodeIssuer = LISTED, hours: int = -1) -> bytes:
    issued = NOW + timedelta(hours=hours)
    return by.claim_169(holder, issued=issued, expires=NOW + timedelta(hours=2)).encode()


def judged(codes: SignedCodes, payload: bytes) -> Confirmed | ToDesk:
    found = codes.recognised(payload)
    assert found is not None
    return codes.outcome(found)


def why(outcome: Confirmed | ToDesk) -> str:
    assert isinstance(outcome, ToDesk)
    return outcome.reasons[0]


@pytest.fixture
def insured(holders: dict[str, Holder]) -> Holder:
    return holders["insured"]


def test_unless_the_clinic_says_otherwise_a_clerk_compares(insured: Holder) -> None:
    payer = Payer(COVERED)
    outcome = judged(
        codes_of(CodeRule(format=RULE.format, issuer=RULE.issuer, claims=RULE.claims), payer=payer), code(insured)
    )
    assert why(outcome) == "code_to_compare"
    assert payer.asked == 0


@pytest.mark.parametrize("step", [Step.ADMIT, Step.ADMIT_AND_RECHECK])
def test_the_policy_says_whether_the_insurer_is_asked_again(insured: Holder, step: Step) -> None:
    outcome = judged(codes_of(replace(RULE, step=step)), code(insured))
    assert isinstance(outcome, Confirmed)
    assert outcome.eligibility.step is step
    assert insured.name not in repr(outcome) + repr(outcome.identity)


def test_a_listed_signer_whom_the_clinic_did_not_name_names_nobody(insured: Holder) -> None:
    assert why(judged(codes_of(RULE), code(insured, by=OTHER))) == "code_not_trusted"


def test_a_format_that_the_clinic_did_not_name_is_no_code_here(insured: Holder) -> None:
    assert codes_of(replace(RULE, format="sd_jwt_vc")).recognised(code(insured)) is None
    assert codes_of().recognised(code(insured)) is None


def test_who_names_an_anchor_wants_a_certificate_under_it(insured: Holder) -> None:
    assert why(judged(codes_of(replace(RULE, anchor="0" * 64)), code(insured))) == "code_not_trusted"


def test_an_old_trust_store_confirms_nobody(insured: Holder) -> None:
    assert why(judged(codes_of(RULE, age=StoreAge.TOO_OLD), code(insured))) == "trust_too_old"


@pytest.mark.parametrize(
    "decision",
    [
        None,
        replace(COVERED, step=Step.ADMIT_AND_RECHECK),
        Eligibility(code=Code.COVER_ENDED, reasons=(), coverage=COVER, step=Step.DESK, result="010"),
    ],
    ids=["no answer", "in doubt", "ended"],
)
def test_only_the_payers_plain_yes_confirms(insured: Holder, decision: Eligibility | None) -> None:
    outcome = judged(codes_of(RULE, payer=Payer(decision)), code(insured))
    assert isinstance(outcome, ToDesk)
    assert (outcome.code, outcome.reasons[0], outcome.coverage) == (Code.QR_ONLY, "code_not_confirmed", None)


def test_a_code_that_counts_once_counts_once(insured: Holder) -> None:
    codes, new = codes_of(replace(RULE, once=True)), code(insured, hours=0)
    assert isinstance(judged(codes, new), Confirmed)
    assert why(judged(codes, new)) == "code_shown_before"
    assert isinstance(judged(codes_of(RULE), new), Confirmed)


def test_of_a_code_from_before_the_start_nobody_knows_whether_it_was_shown(insured: Holder) -> None:
    assert why(judged(codes_of(replace(RULE, once=True)), code(insured, hours=-1))) == "code_shown_before"


def test_a_small_child_goes_to_the_desk_as_a_child(insured: Holder) -> None:
    child = replace(insured, personal_number="036322900009", birth=date(2022, 5, 1))
    outcome = judged(codes_of(RULE), code(child))
    assert isinstance(outcome, ToDesk)
    assert outcome.code is Code.CHILD


def test_the_chip_card_afterwards_settles_the_ticket(kiosk: Kiosk, insured: Holder, qr_png: Any) -> None:
    kiosk.patient._signed = codes_of(RULE, payer=Payer(None))
    kiosk.bench.picture = qr_png(code(insured).decode())
    kiosk.camera.turn()
    assert kiosk.screen is Screen.DESK
    [row] = kiosk.staff.desk_tickets()
    assert (row.read_assurance, row.person.source) == (Assurance.QR_UNSIGNED, "signed_qr")
    kiosk.patient.acknowledge()
    kiosk.admit("insured")
    assert (kiosk.staff.desk_tickets(), len(kiosk.staff.admissions())) == ((), 1)


def test_a_code_never_settles_what_a_chip_card_left_open(kiosk: Kiosk, insured: Holder) -> None:
    ended = kiosk.holders["ended"]
    kiosk.put("ended")
    kiosk.digits("ended")
    assert kiosk.screen is Screen.DESK
    kiosk.clear()
    kiosk.patient._signed = codes_of(RULE)
    kiosk.patient.show_code(code(ended).decode())
    assert kiosk.screen is Screen.CONFIRM
    kiosk.patient.choose_room("noi")
    [row] = kiosk.staff.desk_tickets()
    assert row.code is Code.COVER_ENDED
    with kiosk.database.read() as session:
        [visit] = session.scalars(select(Visit).where(Visit.state == "admitted"))
        assert (visit.card, visit.readings, visit.shown_code is None) == (None, None, False)
        assert visit.shown_code is not None
        kept = VisitOpener(kiosk.private_key).open_code(visit.id, visit.shown_code)
    assert kept == code_digest(code(ended))


def test_beside_a_chip_card_it_counts_for_nothing(kiosk: Kiosk, insured: Holder) -> None:
    kiosk.patient._signed = codes_of(RULE)
    kiosk.put("insured")
    kiosk.patient.show_code(code(insured).decode())
    assert (kiosk.view.screen, kiosk.view.hint) == (Screen.DIGITS, "qr_unknown")


def test_the_name_does_not_stay_on_the_screen(kiosk: Kiosk, insured: Holder) -> None:
    kiosk.patient._signed = codes_of(RULE)
    kiosk.patient.show_code(code(insured).decode())
    assert kiosk.screen is Screen.CONFIRM
    assert kiosk.after(16).screen is Screen.ATTRACT
    assert kiosk.staff.admissions() == ()
