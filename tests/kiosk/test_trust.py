"""Whom the kiosk trusts at its start, never less than before; and what everybody is told where it trusts nobody."""

import base64
import shutil
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from idcard import ConfigurationError, Pin, Rung
from idcard.cli import app
from idcard.trust.pins import draft_pins
from idcard.trust.signed_text import signature_line
from kiosk.checkup import problems_of
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.patient_process import open_parts
from kiosk.staff_process import open_parts as open_staff
from kiosk.staff_process import trust_problem
from kiosk.trust import Trust, policy_of, trust_of
from kiosk.web.patient import create_patient_app

VECTORS = Path(__file__).parents[1] / "vectors" / "trust"
FIRST, SECOND = VECTORS / "csca_vietnam_passport_2022.cer", VECTORS / "csca_austria_2019.cer"
PEOPLE = {name: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n, name in enumerate(("an", "binh", "chi"))}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return provision(tmp_path / "demo", Options())


def patient(place: Place, **changed: object) -> PatientConfig:
    return load(PatientConfig, place.config("patient")).model_copy(update=changed)


def staff(place: Place) -> StaffConfig:
    return load(StaffConfig, place.config("staff"))


def add(place: Place, certificate: Path) -> None:
    done = CliRunner().invoke(app, ["trust", "add", "--trust", str(place.trust), str(certificate)])
    assert done.exit_code == 0, done.output


def problem(found: Trust | ConfigurationError) -> ConfigurationError:
    assert isinstance(found, ConfigurationError)
    return found


@pytest.fixture
def rolled_back(place: Place) -> Place:
    """Both processes saw a store with two imports; then a copy with one came back."""
    add(place, FIRST)
    shutil.copytree(place.trust, place.root / "backup")
    add(place, SECOND)
    assert isinstance(trust_of(patient(place)), Trust)
    assert trust_problem(staff(place)) is None
    shutil.rmtree(place.trust)
    shutil.move(place.root / "backup", place.trust)
    return place


def test_a_store_that_was_rolled_back_closes_the_kiosk_and_staff_see_why(rolled_back: Place) -> None:
    config = patient(rolled_back)
    with open_parts(config) as parts:
        assert parts.threads == ()
        client = create_patient_app(parts.desk, config, parts.trust_problem).test_client()
        for path in ("/", "/screen", "/health"):
            answer = client.get(path, base_url="http://127.0.0.1:8000")
            assert answer.status_code == 503
        assert "E04" in client.get("/", base_url="http://127.0.0.1:8000").text
    found = trust_problem(staff(rolled_back))
    assert found is not None
    assert found.reason == "rolled_back"
    with open_staff(staff(rolled_back)) as at_desk:
        desk = at_desk.desk
        [trust] = [row for row in desk.devices() if row.part == "trust"]
    assert trust.state == {"ok": False, "reason": "rolled_back"}


def test_looking_at_a_configuration_finds_a_rollback_and_remembers_nothing(place: Place) -> None:
    add(place, FIRST)
    assert problems_of(patient(place)) == problems_of(staff(place)) == []
    assert list(place.root.glob("trust-*")) == []
    assert trust_problem(staff(place)) is None
    assert isinstance(trust_of(patient(place)), Trust)
    assert sorted(file.name for file in place.root.glob("trust-*")) == ["trust-desk-1.state", "trust-kiosk-1.state"]
    (place.trust / "imported.store").unlink()
    (place.trust / "trust.toml").write_text("format = 1\n")
    for config in (patient(place), staff(place)):
        assert [found.reason for found in problems_of(config)] == ["rolled_back"]


def test_the_state_may_lie_elsewhere(place: Place, tmp_path: Path) -> None:
    state = tmp_path / "other disk" / "trust.state"
    assert problem(trust_of(patient(place, trust_state=state))).reason == "not_writable"
    state.parent.mkdir()
    assert isinstance(trust_of(patient(place, trust_state=state)), Trust)
    state.write_text("no state")
    assert problem(trust_of(patient(place, trust_state=state))).reason == "damaged"
    assert list(place.root.glob("trust-*")) == []


def pins(place: Place, *signers: str, serial: int = 1) -> dict[str, object]:
    """Settings that name a list of pins which these people signed."""
    pin = Pin(fingerprint="ab" * 32, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
    text = draft_pins([pin], serial)
    file, keys = place.root / "signers.pins", place.root / "people.toml"
    file.write_bytes(text + b"".join(signature_line(text, name, PEOPLE[name]) for name in signers))
    lines = (f'{name} = "{_public(key)}"' for name, key in PEOPLE.items() if name != "chi")
    keys.write_text("format = 1\n[keys]\n" + "\n".join(lines) + "\n")
    return {"pins": file, "pin_keys": keys}


def _public(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def test_pins_count_that_two_people_signed(place: Place) -> None:
    trust = trust_of(patient(place, **pins(place, "an", "binh", serial=4)))
    assert isinstance(trust, Trust)
    assert trust.pins == 4
    assert trust.vouchers.pins is not None
    assert trust.vouchers.pins.signers == ("an", "binh")


@pytest.mark.parametrize("signers", [("an",), ("an", "chi")])
def test_pins_that_they_did_not_sign_close_the_kiosk(place: Place, signers: tuple[str, ...]) -> None:
    config = patient(place, **pins(place, *signers))
    assert problem(trust_of(config)).reason == "not_vouched_for"
    with open_parts(config) as parts:
        assert parts.trust_problem is not None


def test_a_list_of_pins_that_is_older_is_refused(place: Place) -> None:
    assert isinstance(trust_of(patient(place, **pins(place, "an", "binh", serial=2))), Trust)
    older = patient(place, **pins(place, "an", "binh", serial=1))
    assert problem(trust_of(older)).reason == "rolled_back"
    (place.root / "trust-kiosk-1.state.pins").write_text("two")
    assert problem(trust_of(older)).reason == "damaged"


def test_a_list_of_pins_whose_number_cannot_be_remembered_closes_the_kiosk(place: Place) -> None:
    (place.root / "trust-kiosk-1.state.pins").mkdir()
    config = patient(place, **pins(place, "an", "binh"))
    assert problem(trust_of(config)).reason == "damaged"
    assert [found.reason for found in problems_of(config)] == ["damaged"]


def test_a_list_of_pins_that_is_missing_closes_the_kiosk(place: Place) -> None:
    settings = pins(place, "an", "binh")
    (place.root / "signers.pins").unlink()
    assert problem(trust_of(patient(place, **settings))).reason == "never_set_up"


@pytest.mark.parametrize(
    ("policy", "rungs", "name"),
    [
        ("strict", ("anchored",), "strict"),
        ("strict", ("anchored", "pinned"), "strict_anchored_pinned"),
        ("vietnam_strict", ("anchored",), "vietnam_strict_anchored"),
        ("vietnam_strict", ("pinned",), "vietnam_strict_pinned"),
    ],
)
def test_a_policy_admits_on_the_configured_rungs_under_a_name_of_its_own(
    place: Place, policy: str, rungs: tuple[str, ...], name: str
) -> None:
    made = policy_of(patient(place, policy=policy, rungs=frozenset(rungs)))
    assert (made.name, made.rungs) == (name, {Rung(rung) for rung in rungs})


def test_two_kiosks_share_one_store(place: Place) -> None:
    names = ("kiosk-1", "kiosk-2")
    configs = [patient(place, device=name) for name in names]
    with open_parts(configs[0]) as one, open_parts(configs[1]) as two, open_staff(staff(place)) as at_desk:
        desk = at_desk.desk
        for parts in (one, two):
            parts.desk.call_staff("child")
        assert sorted(row.number for row in desk.desk_tickets()) == [1, 2]
        assert sorted(notice.device for notice in desk.exceptions()) == list(names)
        assert {row.device for row in desk.devices()} == set(names)
