"""The service asked by its own description: no answer that it does not describe, whatever is asked."""

import re
from base64 import b64encode
from itertools import count
from typing import Any

import pytest
from described import described, tried
from hypothesis import assume

import idcard
from idcard.service.app import Door, Judging, create_app
from idcard.service.desk import Watcher
from idcard.service.openapi import DESCRIPTION
from idcard.testing import Holder, Issuer

HOST = "127.0.0.1:8765"
DOOR = Door(token="t" * 43, hosts=frozenset({HOST}))
LEFT_OUT = ("positive_data_acceptance", "ignored_auth")
"""What no schema can say is refused: check digits that are wrong, Base64 that is none. And every request shows our
token, whatever was made up for it."""


@pytest.fixture
def evidence(hand: Any, issuer: Issuer, holder: Holder) -> str:
    """A file of a card that lies on the reader from now on."""
    hand.put(issuer.issue(holder))
    connection = hand.connect()
    read = idcard.read(idcard.Can(holder.can), connection)
    connection.close()
    return b64encode(idcard.EvidenceFile(evidence=read).to_bytes()).decode()


@pytest.mark.parametrize("is_there", [False, True], ids=["no card", "a card"])
def test_every_answer_is_one_that_is_described(
    request: pytest.FixtureRequest, hand: Any, trust: idcard.TrustStore, holder: Holder, is_there: bool
) -> None:
    right = {"can": holder.can, "evidence": request.getfixturevalue("evidence")} if is_there else {}
    app, turns = create_app(Judging(trust=trust, policy=idcard.VIETNAM_STRICT), DOOR, Watcher(hand)), count()

    def prepare(case: Any) -> None:
        case.headers["Authorization"], case.headers["Host"] = f"Bearer {DOOR.token}", HOST
        # What has no value is not written into an address, so nothing would be wrong there.
        assume(not any(value in ([], {}) for value in (case.query or {}).values()))
        if case.path == "/v1/events" and re.fullmatch("[0-9]{1,2}", str((case.query or {}).get("wait", "0"))):
            # Nobody has half a minute for each question.
            case.query = dict(case.query or {}) | {"wait": "0"}
        if isinstance(case.body, dict) and next(turns) % 4 == 0:
            case.body |= {name: value for name, value in right.items() if isinstance(case.body.get(name), str)}

    # What is right in it comes in whatever was wrong.
    left_out = (*LEFT_OUT, "negative_data_rejection") if is_there else LEFT_OUT
    found = tried(described(DESCRIPTION, app), examples=5, excluded=left_out, prepare=prepare)
    asked = {answer.rpartition(" ")[0] for answer in found}
    assert asked == {f"{method.upper()} {path}" for path, each in DESCRIPTION["paths"].items() for method in each}
