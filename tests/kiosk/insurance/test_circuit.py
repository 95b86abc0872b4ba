import pytest

from kiosk.insurance.circuit import Circuit, CircuitState
from kiosk.insurance.gateway_errors import DownReason, GatewayDown, GatewayRefused

NOW = [0.0]


@pytest.fixture
def circuit() -> Circuit:
    NOW[0] = 0.0
    return Circuit(lambda: NOW[0], failures=3, open_s=30, longest_s=100)


def fail(circuit: Circuit, error: Exception | None = None) -> None:
    with pytest.raises(type(error or GatewayDown(DownReason.DROPPED))), circuit.asking():
        raise error or GatewayDown(DownReason.DROPPED)


def test_failures_in_a_row_open_it(circuit: Circuit) -> None:
    fail(circuit)
    fail(circuit)
    assert circuit.state is CircuitState.CLOSED
    fail(circuit)
    assert circuit.state is CircuitState.OPEN
    with pytest.raises(GatewayDown, match="circuit_open"), circuit.asking():
        raise AssertionError


def test_a_success_between_them_counts_anew(circuit: Circuit) -> None:
    fail(circuit)
    fail(circuit)
    with circuit.asking():
        pass
    fail(circuit)
    assert circuit.state is CircuitState.CLOSED


def test_a_refused_account_opens_it_at_once(circuit: Circuit) -> None:
    fail(circuit, GatewayRefused("401"))
    assert circuit.state is CircuitState.OPEN


def test_after_a_while_one_may_probe(circuit: Circuit) -> None:
    fail(circuit, GatewayRefused("401"))
    NOW[0] = 30.0
    assert circuit.state is CircuitState.HALF_OPEN
    with circuit.asking(), pytest.raises(GatewayDown, match="circuit_open"), circuit.asking():
        raise AssertionError
    assert circuit.state is CircuitState.CLOSED


def test_each_failed_probe_doubles_the_wait_up_to_a_bound(circuit: Circuit) -> None:
    fail(circuit, GatewayRefused("401"))
    for wait in (30.0, 60.0, 100.0, 100.0):
        NOW[0] += wait - 1
        assert circuit.state is CircuitState.OPEN
        NOW[0] += 1
        assert circuit.state is CircuitState.HALF_OPEN
        fail(circuit)


def test_a_probe_that_breaks_for_our_own_fault_leaves_the_place_to_another(circuit: Circuit) -> None:
    fail(circuit, GatewayRefused("401"))
    NOW[0] = 30.0
    fail(circuit, KeyError())
    with circuit.asking():
        pass
    assert circuit.state is CircuitState.CLOSED


def odd(circuit: Circuit, about: str, reason: DownReason = DownReason.MALFORMED) -> None:
    with pytest.raises(GatewayDown, match=reason.value), circuit.asking(about):
        raise GatewayDown(reason)


def test_one_persons_bad_data_keep_nobody_else_away(circuit: Circuit) -> None:
    for _ in range(20):
        odd(circuit, "one")
        odd(circuit, "one", DownReason.TOO_LARGE)
    assert circuit.state is CircuitState.CLOSED


def test_a_gateway_that_makes_no_sense_to_anybody_is_down_and_says_why(circuit: Circuit) -> None:
    for about in ("one", "two", "three", "four"):
        odd(circuit, about)
    assert circuit.state is CircuitState.CLOSED
    odd(circuit, "five")
    assert circuit.state is CircuitState.OPEN
    with pytest.raises(GatewayDown, match="nonsense"), circuit.asking("six"):
        raise AssertionError


def test_sense_between_them_counts_people_anew(circuit: Circuit) -> None:
    for about in ("one", "two", "three", "four"):
        odd(circuit, about)
    with circuit.asking("five"):
        pass
    odd(circuit, "six")
    assert circuit.state is CircuitState.CLOSED


def test_nonsense_in_between_is_no_success(circuit: Circuit) -> None:
    fail(circuit)
    fail(circuit)
    odd(circuit, "one")
    fail(circuit)
    assert circuit.state is CircuitState.OPEN
    with pytest.raises(GatewayDown, match="circuit_open"), circuit.asking():
        raise AssertionError


def test_a_probe_that_is_answered_with_nonsense_leaves_the_place_to_another(circuit: Circuit) -> None:
    fail(circuit, GatewayRefused("401"))
    NOW[0] = 30.0
    odd(circuit, "one")
    assert circuit.state is CircuitState.HALF_OPEN
    with circuit.asking("two"):
        pass
    assert circuit.state is CircuitState.CLOSED


def test_nonsense_after_nonsense_doubles_the_wait_and_sense_ends_it(circuit: Circuit) -> None:
    for about in ("one", "two", "three", "four", "five"):
        odd(circuit, about)
    NOW[0] = 30.0
    odd(circuit, "one")
    NOW[0] = 89.0
    assert circuit.state is CircuitState.OPEN
    NOW[0] = 90.0
    with circuit.asking("one"):
        pass
    odd(circuit, "two")
    assert circuit.state is CircuitState.CLOSED
