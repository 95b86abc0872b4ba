"""The verdict as JSON keeps to its published schema."""

import json
from collections.abc import Callable
from datetime import date, datetime
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from idcard.evidence import Evidence
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import OF_CARDS, Outcome, Reason, Rung
from idcard.verification.policy import PRESETS, Policy
from idcard.verification.verdict import SCHEMA

Gather = Callable[..., Evidence]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("idcard.verification").joinpath("verdict-1.schema.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("policy", PRESETS.values(), ids=lambda policy: policy.name)
def test_every_verdict_keeps_to_it(
    policy: Policy,
    validator: Draft202012Validator,
    issuer: Issuer,
    holder: Holder,
    honest: SimulatedCard,
    gather: Gather,
    trust: TrustStore,
    at: datetime,
) -> None:
    empty = TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)
    forged = dishonest.altered_dg1(issuer, holder)
    for evidence in (gather(honest), gather(forged), Evidence(files={})):
        for store in (trust, empty):
            stored = json.loads(json.dumps(verify(evidence, store, policy, at=at).to_dict()))
            validator.validate(stored)
            assert holder.personal_number not in json.dumps(stored)


def test_it_names_what_the_library_knows(schema: dict[str, Any]) -> None:
    fact = schema["$defs"]["fact"]["properties"]
    assert schema["properties"]["schema"]["const"] == SCHEMA
    assert schema["properties"]["rung"]["enum"] == [rung.value for rung in Rung]
    assert fact["name"]["enum"] == [name.value for name in OF_CARDS]
    assert fact["outcome"]["enum"] == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_keeps_to_it(
    reason: Reason,
    validator: Draft202012Validator,
    honest: SimulatedCard,
    gather: Gather,
    trust: TrustStore,
    at: datetime,
) -> None:
    stored = verify(gather(honest), trust, at=at).to_dict()
    stored["facts"][0]["reason"] = reason.value
    validator.validate(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "idcard.verdict/2"},
        {"rung": "trusted"},
        {"met": 1},
        {"facts": []},
        {"anchor": "AB" * 32},
        {"signer": 1},
        {"at": None},
    ],
)
def test_it_is_not_kept_by_anything(
    change: dict[str, Any],
    validator: Draft202012Validator,
    honest: SimulatedCard,
    gather: Gather,
    trust: TrustStore,
    at: datetime,
) -> None:
    with pytest.raises(ValidationError):
        validator.validate(verify(gather(honest), trust, at=at).to_dict() | change)


def test_programs_of_today_read_the_verdicts_of_tomorrow(
    validator: Draft202012Validator, honest: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    """Within a version, properties, reasons and details may be added."""
    stored = verify(gather(honest), trust, at=at).to_dict()
    stored["facts"][0] = {**stored["facts"][0], "reason": "something_new", "more": 1}
    validator.validate(stored | {"more": True})
