"""The gateway's client against the stand-in, which runs in a process of its own and shares no code with it."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

import pytest

from kiosk.devices.clock import ManualClock
from kiosk.insurance.bhxh import TRIES, Gateway, Officer
from kiosk.insurance.circuit import Circuit, CircuitState
from kiosk.insurance.gateway_errors import DownReason, GatewayDown, GatewayRefused
from kiosk.insurance.stand_in import direct
from kiosk.insurance.stand_in.moods import Lie, Mood

PERSON = ("036190999000", "Nguyễn Thị Mẫu", "15/01/1990")


class StandIn(Protocol):
    port: int
    url: str

    def behave(self, mood: Mood, **particulars: Any) -> None: ...
    def counted(self) -> dict[str, Any]: ...
    def start(self) -> None: ...
    def stop(self, *, kill: bool = False) -> None: ...


MakeGateway = Callable[..., Gateway]


def asked_since(stand_in: StandIn, before: dict[str, Any], what: str) -> int:
    return int(stand_in.counted()[what] - before[what])


@pytest.mark.parametrize("body", ["form", "json"])
def test_an_insured_person_is_looked_up(stand_in: StandIn, gateway: MakeGateway, duty: Officer, body: str) -> None:
    answer = gateway(stand_in, body=body).look_up(*PERSON, officer=duty)
    assert (answer.result_code, answer.number, answer.insurance_number) == ("000", "GD4363690999000", "3690999000")
    assert (answer.valid_from, answer.valid_to) == (date(2026, 1, 1), date(2027, 12, 31))
    assert answer.asked_number == PERSON[0]
    assert answer.home_clinic == "36999"


def test_an_open_end_is_no_date(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    answer = gateway(stand_in).look_up("3650999005", "Vũ Thị Năm Sinh", "1950", officer=duty)
    assert (answer.result_code, answer.valid_to, answer.birth) == ("000", None, "1950")


def test_on_an_error_what_was_asked_is_kept(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    answer = gateway(stand_in).look_up("036190111111", PERSON[1], PERSON[2], officer=duty)
    assert (answer.result_code, answer.asked_number) == ("050", "036190111111")
    assert (answer.number, answer.name, answer.valid_from) == ("", "", None)


def test_the_history_comes_without_diagnoses(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    visit = gateway(stand_in).history(*PERSON, officer=duty)[0]
    assert (visit.clinic, visit.came) == ("36999", "202602030810")
    assert PERSON[0] not in repr(visit)


def test_an_officer_who_is_not_registered_is_told(stand_in: StandIn, gateway: MakeGateway) -> None:
    class Stranger:
        name, personal_number = "Ai Đó", "036185999999"

    assert gateway(stand_in).look_up(*PERSON, officer=Stranger()).result_code == "054"


def test_a_fault_in_one_persons_data_is_an_answer(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    client = gateway(stand_in, circuit=Circuit(lambda: 0.0, failures=1))
    assert client.look_up("036190999100", "Đỗ Văn Mã", PERSON[2], officer=duty).result_code == "100"
    with pytest.raises(GatewayDown, match="server_error"):
        client.look_up("036190999101", "Đỗ Văn Mã", PERSON[2], officer=duty)


def test_one_token_serves_many_look_ups(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    client, before = gateway(stand_in), stand_in.counted()
    for _ in range(3):
        client.look_up(*PERSON, officer=duty)
    assert asked_since(stand_in, before, "tokens") == 1


def test_a_token_is_taken_anew_when_its_time_is_over(
    stand_in: StandIn, gateway: MakeGateway, duty: Officer, clock: ManualClock
) -> None:
    client, before = gateway(stand_in, token_s=540), stand_in.counted()
    client.look_up(*PERSON, officer=duty)
    clock.advance(541)
    client.look_up(*PERSON, officer=duty)
    assert asked_since(stand_in, before, "tokens") == 2
    assert asked_since(stand_in, before, "refused") == 0


def test_a_token_that_ends_in_the_middle_is_renewed_once(
    stand_in: StandIn, gateway: MakeGateway, duty: Officer
) -> None:
    client = gateway(stand_in)
    client.look_up(*PERSON, officer=duty)
    direct.forget_tokens(stand_in.port)
    before = stand_in.counted()
    assert client.look_up(*PERSON, officer=duty).result_code == "000"
    assert (asked_since(stand_in, before, "tokens"), asked_since(stand_in, before, "refused")) == (1, 1)


def test_two_threads_take_one_new_token(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    client = gateway(stand_in)
    client.look_up(*PERSON, officer=duty)
    direct.forget_tokens(stand_in.port)
    before, found = stand_in.counted(), []
    together = threading.Barrier(2)

    def ask() -> None:
        together.wait()
        found.append(client.look_up(*PERSON, officer=duty).result_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["000", "000"]
    assert asked_since(stand_in, before, "tokens") == 1


def test_a_wrong_password_is_tried_once_and_opens_the_circuit(
    stand_in: StandIn, gateway: MakeGateway, duty: Officer
) -> None:
    client = gateway(stand_in, password="wrong")
    with pytest.raises(GatewayRefused):
        client.look_up(*PERSON, officer=duty)
    assert client.circuit is CircuitState.OPEN
    with pytest.raises(GatewayDown, match="circuit_open"):
        client.look_up(*PERSON, officer=duty)


def test_lower_case_hashes_can_be_sent(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    assert gateway(stand_in, hash_letters="lower").look_up(*PERSON, officer=duty).result_code == "000"


@pytest.mark.parametrize("lie", list(Lie))
def test_wrong_bytes_are_no_answer(stand_in: StandIn, gateway: MakeGateway, duty: Officer, lie: Lie) -> None:
    stand_in.behave(Mood.LYING, lie=lie, only="look_up")
    before, pauses = stand_in.counted(), []
    with pytest.raises(GatewayDown) as told:
        gateway(stand_in, pauses=pauses).look_up(*PERSON, officer=duty)
    dropped = lie is Lie.CUT_SHORT
    assert told.value.reason in ({DownReason.DROPPED} if dropped else {DownReason.MALFORMED, DownReason.TOO_LARGE})
    assert len(pauses) == (TRIES - 1 if dropped else 0)
    assert asked_since(stand_in, before, "tokens") == 1


def test_wrong_bytes_about_one_person_close_the_way_to_nobody_else(
    stand_in: StandIn, gateway: MakeGateway, duty: Officer
) -> None:
    client = gateway(stand_in)
    stand_in.behave(Mood.LYING, lie=Lie.WRONG_DATE, only="look_up", times=10)
    for _ in range(10):
        with pytest.raises(GatewayDown, match="malformed"):
            client.look_up("036190999003", "Đỗ Văn Mã", PERSON[2], officer=duty)
    assert client.look_up(*PERSON, officer=duty).result_code == "000"


def test_a_gateway_that_only_lies_is_left_in_peace(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    client = gateway(stand_in)
    stand_in.behave(Mood.LYING, lie=Lie.HTML)
    for last in range(5):
        with pytest.raises(GatewayDown, match="malformed"):
            client.look_up(f"03619099900{last}", "Đỗ Văn Mã", PERSON[2], officer=duty)
    stand_in.behave(Mood.OK)
    with pytest.raises(GatewayDown, match="nonsense"):
        client.look_up(*PERSON, officer=duty)


@pytest.mark.parametrize("mood", [Mood.CUT, Mood.CUT_AFTER, Mood.FAILING])
def test_what_passes_by_itself_is_tried_again(
    stand_in: StandIn, gateway: MakeGateway, duty: Officer, mood: Mood
) -> None:
    stand_in.behave(mood, only="look_up", times=2)
    pauses: list[float] = []
    assert gateway(stand_in, pauses=pauses).look_up(*PERSON, officer=duty).result_code == "000"
    assert pauses == pytest.approx([0.2, 0.4])


@pytest.mark.parametrize("mood", [Mood.CUT, Mood.CUT_AFTER, Mood.FAILING])
def test_tries_end(stand_in: StandIn, gateway: MakeGateway, duty: Officer, mood: Mood) -> None:
    stand_in.behave(mood)
    pauses: list[float] = []
    with pytest.raises(GatewayDown):
        gateway(stand_in, pauses=pauses).look_up(*PERSON, officer=duty)
    assert len(pauses) == TRIES - 1


@pytest.mark.parametrize("mood", [Mood.SLOW, Mood.DRIPPING])
def test_the_deadline_bounds_the_whole_call(stand_in: StandIn, gateway: MakeGateway, duty: Officer, mood: Mood) -> None:
    stand_in.behave(mood, seconds=600.0)
    with pytest.raises(GatewayDown) as told:
        gateway(stand_in, deadline_s=0.3).look_up(*PERSON, officer=duty)
    assert told.value.reason is DownReason.TOO_SLOW


def test_no_pause_outlasts_the_deadline(stand_in: StandIn, gateway: MakeGateway, duty: Officer) -> None:
    stand_in.behave(Mood.CUT)
    pauses: list[float] = []
    with pytest.raises(GatewayDown):
        gateway(stand_in, pauses=pauses, deadline_s=0.19).look_up(*PERSON, officer=duty)
    assert pauses == []


def test_a_gateway_that_starts_again_is_found_again(
    own_stand_in: StandIn, gateway: MakeGateway, duty: Officer, clock: ManualClock
) -> None:
    client = gateway(own_stand_in, circuit=Circuit(clock.monotonic, failures=1, open_s=30))
    assert client.look_up(*PERSON, officer=duty).result_code == "000"
    own_stand_in.stop(kill=True)
    with pytest.raises(GatewayDown) as told:
        client.look_up(*PERSON, officer=duty)
    assert told.value.reason in (DownReason.UNREACHABLE, DownReason.DROPPED)
    own_stand_in.start()
    with pytest.raises(GatewayDown, match="circuit_open"):
        client.look_up(*PERSON, officer=duty)
    clock.advance(30)
    assert client.look_up(*PERSON, officer=duty).result_code == "000"
    assert client.circuit is CircuitState.CLOSED


def test_the_stand_in_writes_no_address_to_its_log(own_stand_in: Any, gateway: MakeGateway, duty: Officer) -> None:
    client = gateway(own_stand_in)
    client.look_up(*PERSON, officer=duty)
    own_stand_in.behave(Mood.CUT_AFTER, times=1)
    client.look_up(*PERSON, officer=duty)
    own_stand_in.stop()
    assert len(own_stand_in.said) == 1, "only that it serves"
