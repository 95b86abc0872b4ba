"""The hub's device interface asked by its own description: every answer is one that it describes, and no other."""

import gzip
import json
import re
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from described import described, tried
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kiosk.hub.openapi import DESCRIPTION, EVENTS_PATH, RELEASES_PATH, as_json
from kiosk.wire.batch import MEDIA_TYPE
from kiosk.wire.cbor import encode
from kiosk.wire.joining import JOINING_TYPE

LEFT_OUT = ("positive_data_acceptance", "negative_data_rejection", "ignored_auth")
"""Bodies are bytes to a schema, so none is against it; and certificates are the proxy's to ask for."""
_VALUES = st.recursive(
    st.none() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text(max_size=9) | st.binary(max_size=70) | st.booleans(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=9), inside, max_size=4),
    max_leaves=6,
)


@pytest.fixture(params=["sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path, migrated: Any) -> str:
    """These tests ask nothing of the store that the contract does not."""
    found: str = migrated(tmp_path)
    return found


@pytest.fixture(autouse=True)
def bodies() -> None:
    """CBOR, for the types that the description names: whole messages come in by the tests themselves."""
    for kind in (MEDIA_TYPE, JOINING_TYPE):
        schemathesis.openapi.media_type(kind, st.binary(max_size=40) | _VALUES.map(encode))


def test_the_description_is_committed(root: Path) -> None:
    committed = (root / "docs" / "hub-openapi.json").read_text(encoding="utf-8")
    assert committed == as_json(), "write docs/hub-openapi.json anew: kiosk.hub.openapi.as_json()"


def test_the_description_names_what_is_served_and_no_more(hub_app: Any) -> None:
    served = {
        (re.sub(r"<path:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in hub_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, each in DESCRIPTION["paths"].items() for method in each}


def test_the_description_holds_together() -> None:
    schemas = DESCRIPTION["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DESCRIPTION))) == set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_answer_is_one_that_is_described(hub_app: Any, hub: Any, make: Any) -> None:
    device = hub.enrolled()
    turns, paths = count(), cycle(("metadata/1.root.json", "metadata/timestamp.json", "metadata/2.root.json"))

    def batches() -> Iterator[bytes]:
        while True:
            yield device.batch(device.event(make.admission()))
            yield device.batch(device.event(make.heartbeat()), ask=("kiosk-1",))
            yield device.batch(b"no event")

    whole = batches()

    def prepare(case: Any) -> None:
        turn = next(turns)
        if case.path == EVENTS_PATH and turn % 3 == 0:
            data, packed = next(whole), turn % 2 == 0
            case.body = gzip.compress(data) if packed else data
            case.headers["Content-Type"], case.headers["Content-Encoding"] = (
                MEDIA_TYPE,
                "gzip" if packed else "identity",
            )
        if case.path == RELEASES_PATH and turn % 2 == 0:
            case.path_parameters = {"path": next(paths)}

    found = tried(described(DESCRIPTION, hub_app), examples=8, excluded=LEFT_OUT, prepare=prepare)
    assert {f"POST {EVENTS_PATH} 200", f"POST {EVENTS_PATH} 400", f"GET {RELEASES_PATH} 404"} <= found.keys()
    asked = {answer.rpartition(" ")[0] for answer in found}
    assert asked == {f"{method.upper()} {path}" for path, each in DESCRIPTION["paths"].items() for method in each}
