"""For whose word the automatic lane opens: an anchor's; two people's, where the clinic says so; and for how long."""

import hashlib
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard import ConfigurationError, Pin, PinKeys, Pins, Policy, TrustStore, Vouchers
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.pins import draft_pins
from idcard.trust.signed_text import signature_line
from kiosk.config import PatientConfig
from kiosk.domain.assurance import Assurance
from kiosk.domain.flow import Screen
from kiosk.domain.freshness import StoreFreshness
from kiosk.services.card_reader import CardReader
from kiosk.services.trust_watch import TrustWatch
from kiosk.trust import policy_of

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any
DECLARED = date(2026, 11, 1)
NOWHERE = TrustStore.of([], no_anchor_declared=DECLARED, accept_demonstration=True)


def policy(*rungs: str) -> Policy:
    """What the configuration's ``rungs`` amount to."""
    return policy_of(PatientConfig.model_construct(policy="vietnam_strict", rungs=frozenset(rungs)))


def trusting(kiosk: Kiosk, trust: TrustStore, judged_by: Policy, vouchers: Vouchers | None = None, **ages: Any) -> None:
    """Let this kiosk believe somebody else from now on."""
    kiosk.reader._card_reader = CardReader(
        trust=trust,
        policy=judged_by,
        vouchers=vouchers or Vouchers(),
        source=kiosk.reader._card_reader._source,
        clinic="36001",
        clock=kiosk.clock,
        **ages,
    )


@pytest.fixture
def pinned(kiosk: Kiosk) -> Vouchers:
    """Two people signed for the signer of the kiosk's cards."""
    people = {name: Ed25519PrivateKey.generate() for name in ("an.nguyen", "binh.tran")}
    signer = hashlib.sha256(kiosk.issuer.signer.certificate).hexdigest()
    text = draft_pins([Pin(fingerprint=signer, first_day=date(2026, 11, 1), last_day=date(2027, 10, 31))], 1)
    data = text + b"".join(signature_line(text, name, key) for name, key in people.items())
    keys = PinKeys(keys={name: key.public_key() for name, key in people.items()})
    return Vouchers(pins=Pins.from_bytes(data, keys))


def test_where_the_clinic_says_so_two_people_s_word_opens_the_lane_and_is_recorded(
    kiosk: Kiosk, pinned: Vouchers
) -> None:
    trusting(kiosk, NOWHERE, policy("anchored", "pinned"), pinned)
    assert kiosk.admit("insured").screen is Screen.TICKET
    [row] = kiosk.staff.admissions()
    assert (row.assurance, row.read_assurance) == (Assurance.CHIP_PINNED, Assurance.CHIP_PINNED)
    assert (row.facts["rung"], row.facts["met"]) == ("pinned", True)


def test_otherwise_it_fills_in_a_desk_ticket(kiosk: Kiosk, pinned: Vouchers) -> None:
    trusting(kiosk, NOWHERE, policy("anchored"), pinned)
    kiosk.put("insured")
    assert kiosk.digits("insured").desk.public_code == "E04"
    [row] = kiosk.staff.desk_tickets()
    assert (row.read_assurance, row.needs_typing) == (Assurance.CHIP_PINNED, False)
    assert (row.facts["rung"], row.facts["met"]) == ("pinned", False)


def test_an_anchored_card_is_anchored_whoever_else_vouches(kiosk: Kiosk, trust: TrustStore, pinned: Vouchers) -> None:
    trusting(kiosk, trust, policy("anchored", "pinned"), pinned)
    kiosk.admit("insured")
    assert kiosk.staff.admissions()[0].assurance is Assurance.CHIP_ANCHORED


def test_a_store_with_no_anchor_yet_leaves_the_desk_tickets(kiosk: Kiosk) -> None:
    trusting(kiosk, NOWHERE, policy("anchored"))
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.public_code, view.desk.ticket_number) == (Screen.DESK, "E04", 1)
    [row] = kiosk.staff.desk_tickets()
    assert (row.read_assurance, row.person.name) == (Assurance.CHIP_UNANCHORED, "Trần Thị Mẫu")
    assert "trust.no_anchor_yet" in row.reasons
    assert kiosk.staff.confirm(row.visit_id, "noi", by="chi-hoa").number == 1


@pytest.fixture
def listed(kiosk: Kiosk, tmp_path: Any) -> TrustStore:
    """A store that was imported on the kiosk's day."""
    folder = tmp_path / "imported"
    with editing(folder, at=kiosk.clock.now()) as draft:
        add_file(draft, kiosk.issuer.csca_certificate, name="csca.cer", at=kiosk.clock.now(), accept_demonstration=True)
    return TrustStore.from_directory(folder, accept_demonstration=True)


AGES = StoreFreshness(old_days=10, too_old_days=20)


@pytest.mark.parametrize(("days", "screen"), [(15, Screen.TICKET), (21, Screen.DESK)])
def test_a_stale_store_closes_the_lane_and_not_the_desk(
    kiosk: Kiosk, listed: TrustStore, days: int, screen: Screen
) -> None:
    trusting(kiosk, listed, policy("anchored"), trust_freshness=AGES)
    kiosk.clock.advance(days * 86400)
    kiosk.put("insured")
    view = kiosk.digits("insured")
    if screen is Screen.TICKET:
        assert view.screen is Screen.CONFIRM
        return
    assert (view.screen, view.desk.public_code) == (screen, "E04")
    [row] = kiosk.staff.desk_tickets()
    assert (row.reasons, row.read_assurance) == (("trust_too_old",), Assurance.CHIP_ANCHORED)
    assert kiosk.staff.confirm(row.visit_id, "noi", by="chi-hoa").number == 1


def watch(kiosk: Kiosk, store: TrustStore | ConfigurationError, pins: int | None = None) -> TrustWatch:
    return TrustWatch(store=store, freshness=AGES, pins=pins, checkin=kiosk.checkin, clock=kiosk.clock)


def test_staff_see_the_store_grow_old(kiosk: Kiosk, listed: TrustStore) -> None:
    looking = watch(kiosk, listed, pins=7)
    seen = []
    for days in (0, 11, 11):
        kiosk.clock.advance(days * 86400)
        looking.look()
        [row] = kiosk.staff.devices()
        seen.append((row.state["ok"], row.state["age"], row.state["anchors"], row.state["pins"]))
    assert seen == [(True, "fresh", 1, 7), (True, "old", 1, 7), (False, "too_old", 1, 7)]


def test_staff_see_a_store_that_was_declared_without_anchor_and_one_that_cannot_be_used(kiosk: Kiosk) -> None:
    watch(kiosk, NOWHERE).look()
    assert kiosk.staff.devices()[0].state["no_anchor"] == "2026-11-01"
    watch(kiosk, ConfigurationError("It was rolled back.", reason="rolled_back", remedy="Put it back.")).look()
    assert kiosk.staff.devices()[0].state == {"ok": False, "reason": "rolled_back"}


def test_a_store_whose_declaration_is_older_than_its_anchor_has_an_anchor(kiosk: Kiosk) -> None:
    store = TrustStore.of([kiosk.issuer.csca_certificate], no_anchor_declared=DECLARED, accept_demonstration=True)
    watch(kiosk, store).look()
    assert "no_anchor" not in kiosk.staff.devices()[0].state
