"""The service over a real port: who is let in, what is read, what a card's coming and going tells."""

import json
import logging
import re
import socket
import stat
import threading
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import idcard
from idcard.service.openapi import DESCRIPTION, as_json
from idcard.service.server import Judging, start
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest

KEYS = ("can", "mrz", "card_qr")


@pytest.fixture(scope="module")
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder)


@pytest.fixture
def given(holder: Holder) -> dict[str, str]:
    """What stands on the card."""
    return {"can": holder.can, "mrz": holder.mrz_text(), "card_qr": holder.card_qr_text()}


def follows(value: Any, schema: str) -> bool:
    """Whether the value is as the description says."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": DESCRIPTION["components"]}
    errors = [error.message for error in Draft202012Validator(root).iter_errors(value)]
    assert not errors
    return True


def refused(answer: tuple[int, Any], status: int, code: str) -> bool:
    assert answer[0] == status, answer
    assert answer[1]["error"]["code"] == code
    return follows(answer[1], "Error")


@pytest.mark.parametrize("key", KEYS)
def test_a_card_is_read_and_judged(
    client: Any, hand: Any, card: SimulatedCard, given: dict[str, str], key: str
) -> None:
    hand.put(card)
    status, report = client.post("/v1/read", {key: given[key]})
    assert (status, report["met"], report["identity"]["verified"]) == (200, True, True)
    assert report["identity"]["name"] == "Nguyễn Văn Mẫu"
    assert "image" not in report["identity"]["portrait"]
    assert "evidence" not in report
    assert follows(report, "Report")


def test_portrait_and_evidence_are_given_on_demand(
    client: Any, hand: Any, card: SimulatedCard, given: dict[str, str]
) -> None:
    hand.put(card)
    challenge = b64encode(b"8 bytes!").decode()
    asked = {"can": given["can"], "portrait": True, "evidence": True, "challenge": challenge}
    _, report = client.post("/v1/read", asked)
    portrait = report["identity"]["portrait"]
    assert len(b64decode(portrait["image"])) == portrait["bytes"]
    evidence = idcard.EvidenceFile.from_bytes(b64decode(report["evidence"])).evidence
    assert evidence.active_authentication is not None
    assert evidence.active_authentication.challenge == b"8 bytes!"
    assert follows(report, "Report")
    judged = {"evidence": report["evidence"], "challenge": challenge, "portrait": True}
    status, again = client.post("/v1/verify", judged)
    assert (status, again["met"]) == (200, True)
    assert again["identity"] == report["identity"]
    assert follows(again, "Report")


def test_a_copy_is_not_met(client: Any, hand: Any, issuer: Issuer, holder: Holder, given: dict[str, str]) -> None:
    hand.put(dishonest.cloned_chip(issuer, holder))
    status, report = client.post("/v1/read", {"can": given["can"], "portrait": True})
    # The copy fails chip authentication, and this reader cannot reset it to read on: DG1 is not known.
    assert (status, report["met"], report["identity"]) == (200, False, None)
    assert follows(report, "Report")


def test_events_tell_when_a_card_comes_and_goes(client: Any, hand: Any, card: SimulatedCard) -> None:
    _, known = client.get("/v1/events?wait=5")
    assert known["reader"]
    assert not known["card"]
    seen = [known]
    for act in (lambda: hand.put(card), lambda: hand.put(None), lambda: hand.plug(False)):
        timer = threading.Timer(0.1, act)
        timer.start()
        _, state = client.get(f"/v1/events?after={seen[-1]['number']}&wait=20")
        assert follows(state, "State")
        seen.append(state)
    assert [(state["reader"], state["card"]) for state in seen[1:]] == [(True, True), (True, False), (False, False)]
    assert client.get("/v1/state") == (200, seen[-1])
    assert refused(client.get("/v1/readers"), 503, "reader_missing")


def test_waiting_ends_where_nothing_happens(client: Any) -> None:
    _, known = client.get("/v1/events?wait=5")
    assert client.get(f"/v1/events?after={known['number']}&wait=0") == (200, known)


def test_a_reader_that_comes_back_is_seen(client: Any, hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idcard.service.desk._WITHOUT_READER_S", 0.05)
    hand.plug(False)
    number = 0
    for plugged in (False, True):
        hand.plug(plugged)
        while (state := client.get(f"/v1/events?after={number}&wait=5")[1])["reader"] is not plugged:
            number = state["number"]


def test_the_readers_are_listed(client: Any) -> None:
    status, answer = client.get("/v1/readers")
    assert (status, answer) == (200, {"readers": ["Reader 00 00"]})
    assert follows(answer, "Readers")


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer t\u00f6ken"}, {"Host": "evil.example"}, {"Host": "127.0.0.1"}, {"Host": "localhost:1"},
    {"Origin": "http://127.0.0.1:8765"}, {"Origin": "null"}, {"Origin": ""},
])  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/state", "/v1/openapi.json", "/v1/nowhere"])
def test_who_is_not_let_in_learns_nothing(client: Any, headers: dict[str, str], path: str) -> None:
    sent = headers if not headers or "Authorization" in headers else client.headers | headers
    assert refused(client.ask("GET", path, headers=sent), 401, "refused")


def test_localhost_is_this_machine_too(client: Any) -> None:
    status, _ = client.ask("GET", "/v1/state", headers=client.headers | {"Host": f"localhost:{client.server.port}"})
    assert status == 200


def test_it_listens_on_loopback_only(client: Any) -> None:
    assert client.server.address == f"http://127.0.0.1:{client.server.port}"
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", client.server.port), reuse_port=False)


@pytest.mark.parametrize("body", [
    {}, [], None, b"{", {"can": "99999"}, {"can": "９９９９９９"}, {"can": 999991}, {"can": "999991", "mrz": "x"},
    {"can": "999991", "more": 1}, {"mrz": "IDVNM"}, {"card_qr": "036090999991|x"}, {"challenge": "AAAAAAAAAAA="},
    {"can": "999991", "challenge": "!"}, {"can": "999991", "challenge": "AAAA"}, {"can": "999991", "challenge": 1},
])  # fmt: skip
def test_what_is_not_understood_is_said_and_not_repeated(client: Any, body: Any) -> None:
    answer = client.post("/v1/read", b"null" if body is None else body)
    assert refused(answer, 400, "bad_request")
    assert "99999" not in json.dumps(answer[1])
    assert "IDVNM" not in json.dumps(answer[1])


@pytest.mark.parametrize("evidence", [None, 1, "!", "", "AAAA", b64encode(b"\xa0").decode()])
def test_what_is_no_evidence_is_said(client: Any, evidence: Any) -> None:
    assert refused(client.post("/v1/verify", {"evidence": evidence}), 400, "bad_request")


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=31", "wait=1e1", "after=", "after=99999999999999999"])
def test_a_number_that_is_none_is_said(client: Any, query: str) -> None:
    assert refused(client.get(f"/v1/events?{query}"), 400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/read", 405), ("GET", "/", 404), ("PUT", "/v1/state", 405)]
)
def test_other_addresses_and_methods_are_coded_too(client: Any, method: str, path: str, status: int) -> None:
    assert refused(client.ask(method, path), status, "bad_request")


def test_errors_of_the_card_are_coded(client: Any, hand: Any, card: SimulatedCard, given: dict[str, str]) -> None:
    assert refused(client.post("/v1/read", {"can": given["can"]}), 409, "card_removed")
    hand.put(card)
    assert refused(client.post("/v1/read", {"can": "000000"}), 403, "wrong_access_key")

    def answer_nonsense(command: bytes) -> bytes:
        return b"\x6a\x82"

    hand.transmit = answer_nonsense
    assert refused(client.post("/v1/read", {"mrz": given["mrz"]}), 502, "unsupported_document")


def test_one_card_is_read_once_at_a_time(client: Any, hand: Any, card: SimulatedCard, given: dict[str, str]) -> None:
    hand.put(card)
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(30)

    hand.before_command = hold
    first: list[Any] = []
    reading = threading.Thread(target=lambda: first.append(client.post("/v1/read", {"can": given["can"]})))
    reading.start()
    assert begun.wait(30)
    second = client.post("/v1/read", {"can": given["can"]})
    go_on.set()
    reading.join(30)
    assert refused(second, 409, "reader_busy")
    assert first[0][0] == 200


def test_nothing_of_the_person_is_logged(
    client: Any, hand: Any, card: SimulatedCard, given: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hand.put(card)
    client.post("/v1/read", {"card_qr": given["card_qr"]})
    client.post("/v1/read", {"card_qr": given["card_qr"] + "|x"})
    client.get(f"/v1/{given['can']}")
    assert "POST /v1/read 200" in caplog.text
    assert "GET (unknown) 404" in caplog.text
    assert not [secret for secret in ("Nguy", "NGUYEN", given["can"], client.server.token) if secret in caplog.text]


def test_the_token_is_written_for_its_owner_only(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("of an earlier start")
    client.server.write_token(path)
    assert path.read_text() == client.server.token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("form", "status"), [
    ("Bearer {}", 200), ("bearer {}", 200), ("{}", 401), ("Basic {}", 401), ("Bearer Bearer {}", 401),
])  # fmt: skip
def test_the_token_comes_with_its_scheme(client: Any, form: str, status: int) -> None:
    shown = form.format(client.server.token)
    assert client.ask("GET", "/v1/state", headers={"Authorization": shown})[0] == status


def test_a_fault_of_the_service_is_called_so_and_tells_nothing(
    hand: Any, trust: idcard.TrustStore, card: SimulatedCard, given: dict[str, str], ask: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """A clock that fails with a name in its error stands for any fault behind a request."""

    def broken() -> datetime:
        raise RuntimeError(f"of {given['can']}")

    caplog.set_level(logging.DEBUG)
    server = start(Judging(trust=trust, policy=idcard.STRICT, now=broken), desk=hand)
    running = threading.Thread(target=server.run)
    running.start()
    try:
        hand.put(card)
        answer = ask(server).post("/v1/read", {"can": given["can"]})
    finally:
        server.stop()
        running.join(30)
    assert refused(answer, 500, "internal")
    assert "RuntimeError in test_service.py, line " in caplog.text
    assert given["can"] not in caplog.text + json.dumps(answer[1])


def test_each_start_has_its_own_token(client: Any, hand: Any, trust: idcard.TrustStore) -> None:
    other = start(Judging(trust=trust, policy=idcard.STRICT), desk=hand)
    assert other.token != client.server.token
    assert len(other.token) >= 43
    other.stop()
    other.run()


def test_a_port_that_is_taken_is_said(client: Any, hand: Any, trust: idcard.TrustStore) -> None:
    with pytest.raises(OSError, match="in use"):
        start(Judging(trust=trust, policy=idcard.STRICT), desk=hand, port=client.server.port)


def test_the_description_is_served_and_committed(client: Any, root: Path) -> None:
    committed = (root / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert committed == as_json(), "write docs/openapi.json anew: idcard.service.openapi.as_json()"
    assert client.get("/v1/openapi.json") == (200, json.loads(committed))


def test_the_description_names_what_is_served_and_no_more(client: Any) -> None:
    for path, operations in DESCRIPTION["paths"].items():
        for method in ("get", "post", "put", "delete"):
            status, _ = client.ask(method.upper(), path + ("?wait=0" if path.endswith("events") else ""))
            assert (status == 405) == (method not in operations), (path, method)


def test_the_description_holds_together() -> None:
    text = json.dumps(DESCRIPTION)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named == set(DESCRIPTION["components"]["schemas"])
    for schema in DESCRIPTION["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
